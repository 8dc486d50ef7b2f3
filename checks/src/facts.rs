//! All facts of one tree together: what a check may ask.

mod render;

use std::sync::Arc;

pub use render::{FactsView, render_text, value_words, view};

use crate::python::Program;
use crate::source::Tree;

/// One tree with everything that was worked out about it.
#[derive(Debug)]
pub struct Facts {
    pub tree: Arc<Tree>,
    pub program: Program,
    pub django: crate::django::Django,
    pub infra: crate::infra::Infra,
}

impl Facts {
    /// Works out the facts of a tree; never fails, what is unknown says so.
    pub fn of(tree: Arc<Tree>) -> Self {
        Self::with_settings(tree, None)
    }

    /// As [`Self::of`], with the settings module that stands for the project given by name.
    pub fn with_settings(tree: Arc<Tree>, module: Option<&str>) -> Self {
        let program = Program::of(&tree);
        let infra = crate::infra::Infra::of(&tree);
        let django = crate::django::Django::with_settings(&tree, &program, &infra, module);
        Self {
            tree,
            program,
            django,
            infra,
        }
    }
}

/// How much of the tree could be understood.
pub(crate) fn coverage(facts: &Facts) -> crate::evidence::Coverage {
    use crate::evidence::Share;
    let django = &facts.django;
    let share = |known: usize, all: usize| Share {
        known: known as u32,
        all: all as u32,
    };
    let routes = django.routes();
    let serializers: Vec<_> = django
        .serializers()
        .iter()
        .filter(|s| s.class.is_some())
        .collect();
    let settings: Vec<_> = django
        .settings()
        .prod()
        .map(|p| p.values().collect())
        .unwrap_or_default();
    let tests = django.tests();
    let python: Vec<_> = facts.program.modules().collect();
    let mut coverage = crate::evidence::Coverage {
        files: facts.tree.len() as u32,
        files_read: facts
            .tree
            .files()
            .filter(|(_, f)| f.text().is_some())
            .count() as u32,
        python_files: python.len() as u32,
        python_files_with_errors: python
            .iter()
            .filter(|(_, m)| !m.parsed().errors.is_empty())
            .count() as u32,
        routes: share(
            routes.iter().filter(|r| r.open.is_none()).count(),
            routes.len(),
        ),
        serializers: share(
            serializers.iter().filter(|s| s.is_closed()).count(),
            serializers.len(),
        ),
        settings: share(
            settings
                .iter()
                .filter(|(_, s)| !matches!(s.val, crate::python::Val::Unknown(_)))
                .count(),
            settings.len(),
        ),
        tests: share(
            tests
                .iter()
                .filter(|t| {
                    t.requests.is_empty() || t.requests.iter().any(|r| !r.routes.is_empty())
                })
                .count(),
            tests.len(),
        ),
        notes: django.notes().to_vec(),
        limited: false,
    };
    coverage.limited = coverage.routes.all > 0
        && coverage.routes.known * 100 < coverage.routes.all * LIMITED_BELOW_PERCENT;
    coverage
}

/// With fewer routes resolved than this, what the project lacks is not judged (specification 4.10).
const LIMITED_BELOW_PERCENT: u32 = 60;

/// The endpoints of the tree, in order of resolution.
pub(crate) fn endpoints(
    facts: &Facts,
    changes: &crate::source::Changes,
) -> Vec<crate::evidence::Endpoint> {
    use crate::evidence::{Endpoint, Origin};
    let django = &facts.django;
    let one = |classes: &crate::django::policy::Part<crate::django::policy::PolicyClass>| {
        (!classes.is_empty()).then(|| classes.words())
    };
    django
        .routes()
        .iter()
        .map(|route| {
            let place = route.chain.last();
            let (file, line) = place.map_or_else(
                || (String::new(), 1),
                |p| {
                    let file = facts.tree.file(p.file);
                    (file.path.to_string(), file.lines.line(p.span.start))
                },
            );
            let touched = route.chain.iter().any(|p| {
                let file = facts.tree.file(p.file);
                let line = file.lines.line(p.span.start);
                changes.touches(&file.path, line, line)
            });
            let serializer = route
                .input
                .first()
                .or(route.output.first())
                .map(|u| django.serializer(u.serializer).fq.to_string());
            Endpoint {
                method: route.method.as_str().to_owned(),
                path: route.template.to_string(),
                view: django
                    .view_of(route)
                    .map(|v| v.fq.to_string())
                    .or_else(|| route.open.as_ref().map(ToString::to_string))
                    .unwrap_or_default(),
                action: route.action.as_ref().map(ToString::to_string),
                permission: route.permission().words(),
                serializer,
                pagination: route
                    .is_list()
                    .then(|| one(&route.policy.pagination.part))
                    .flatten(),
                throttle: one(&route.policy.throttle),
                tests: django
                    .tests_of(route)
                    .map(|t| t.label.to_string())
                    .collect(),
                file,
                line,
                origin: if touched {
                    Origin::Introduced
                } else {
                    Origin::Preexisting
                },
            }
        })
        .collect()
}

impl Facts {
    /// Where a finding about the project as a whole stands: see
    /// [`crate::infra::Infra::project_anchor`]. `None` for an empty tree.
    pub fn project_anchor(&self) -> Option<crate::catalog::Anchor> {
        let file = self.infra.project_anchor(&self.tree)?;
        Some(crate::catalog::Anchor::line(file, 1))
    }
}
