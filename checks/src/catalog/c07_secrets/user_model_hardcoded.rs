//! DRF316: Django's own `User` is named where the project has another user model.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF316",
    name: "user-model-hardcoded",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("user_model_hardcoded.md"),
    yields_to: &[],
    run,
};
use crate::python::syntax::StmtKind;
use crate::source::Role;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let facts = cx.head;
    let custom = facts
        .django
        .user_model()
        .is_some_and(|model| model.class.is_some());
    for (id, module) in facts.program.modules() {
        let file = facts.tree.file(module.file);
        if !file.role.is_product_code() && file.role != Role::Test {
            continue;
        }
        for statement in facts.program.body(id) {
            let StmtKind::ImportFrom(import) = &statement.kind else {
                continue;
            };
            if import.level != 0 || &*import.module != "django.contrib.auth.models" {
                continue;
            }
            let Some(name) = import.names.iter().find(|name| &*name.path == "User") else {
                continue;
            };
            out.looked();
            let place = crate::python::value::Place {
                file: module.file,
                span: name.span,
            };
            let (message, severity) = if custom && file.role != Role::Test {
                let user = facts
                    .django
                    .user_model()
                    .map_or("another model", |model| &*model.fq);
                (
                    format!(
                        "Django's `User` is imported, and the project's user model is `{user}`: queries and foreign keys through this name go to a table that has no users."
                    ),
                    Severity::Medium,
                )
            } else if custom {
                ("Django's `User` is imported in a test of a project with a user model of its own.".to_owned(), Severity::Low)
            } else {
                ("Django's `User` is imported by name; `get_user_model()` and `settings.AUTH_USER_MODEL` keep working when the project gets a user model of its own.".to_owned(), Severity::Low)
            };
            let mut evidence =
                Evidence::new(format!("{}.User", module.name), cx.anchor(place), message)
                    .severity(severity);
            for field in direct_relations(cx, module.file) {
                evidence = evidence.also(cx.anchor(field).note("a relation to it"));
            }
            if !custom {
                evidence = evidence.root("auth.User");
            }
            out.found(evidence);
        }
    }
}

/// Relations in the models of a file that name `User` itself.
fn direct_relations(cx: &Cx<'_>, file: crate::source::FileId) -> Vec<crate::python::value::Place> {
    cx.head
        .django
        .models()
        .iter()
        .flat_map(|model| &model.fields)
        .filter(|field| {
            field
                .kwargs
                .get("to")
                .is_some_and(|kwarg| &*kwarg.text == "User")
        })
        .filter_map(|field| field.place)
        .filter(|place| place.file == file)
        .collect()
}
