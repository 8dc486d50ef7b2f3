//! DRF413: no test that a runner would collect.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::django::Test;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF413",
    name: "tests-absent",
    competency: Competency::C10,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("tests_absent.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(project) = cx.head.project_anchor() else {
        return;
    };
    let django = &cx.head.django;
    if django.routes().is_empty() && django.models().iter().all(|model| model.class.is_none()) {
        out.not_applicable("there is no route and no model to test");
        return;
    }
    out.looked();
    let collected = |test: &&Test| test.is_collected();
    if !django.tests().iter().any(|test| collected(&test)) {
        out.found(Evidence::new(
            "tests",
            stub(cx).unwrap_or(project),
            "No test stands in the project that a test runner would collect.",
        ));
        return;
    }
    // Tests were there before; the candidate wrote routes or models and no test.
    let Some(base) = cx.base else { return };
    let wrote = |place: crate::python::value::Place| {
        let anchor = cx.anchor(place);
        cx.changes.touches(
            &cx.head.tree.file(anchor.file).path,
            anchor.line,
            anchor.end_line,
        )
    };
    let tests_written = django.tests().iter().any(|test| wrote(test.place));
    let new_model = django.models().iter().find(|model| {
        model.place.is_some_and(wrote) && !base.django.models().iter().any(|old| old.fq == model.fq)
    });
    let new_route = django.routes().iter().find(|route| {
        !base
            .django
            .routes()
            .iter()
            .any(|old| old.template == route.template && old.method == route.method)
    });
    let place = new_model
        .and_then(|model| model.place)
        .or_else(|| new_route.and_then(|route| route.chain.last().copied()));
    if let (false, Some(place)) = (tests_written, place) {
        out.found(Evidence::new(
            "tests",
            cx.anchor(place),
            "The change adds routes or models, and no test.",
        ));
    }
}

/// A `tests.py` that `startapp` left: the place where the first test would go.
fn stub(cx: &Cx<'_>) -> Option<Anchor> {
    let (id, _) = cx
        .head
        .tree
        .files()
        .find(|(_, file)| file.role == Role::Test && file.name() == "tests.py")?;
    Some(Anchor::line(id, 1))
}
