//! DRF322: the project decided for a user model of its own, and everything refers to it properly.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF322",
    name: "custom-user-model",
    competency: Competency::C07,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("custom_user_model.md"),
    yields_to: &["DRF316"],
    run,
};
use crate::python::syntax::StmtKind;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let facts = cx.head;
    let Some(prod) = facts.django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    let Some(setting) = prod.get("AUTH_USER_MODEL") else {
        return;
    };
    out.looked();
    let Some(user) = facts
        .django
        .user_model()
        .filter(|model| model.class.is_some())
    else {
        return;
    };
    // Set late, the first migrations refer to auth.User; imported by name, some queries do.
    let migrated_late = facts.django.migrations().all.iter().any(|migration| {
        let is_first = migration.initial == Some(true) || migration.name.starts_with("0001");
        Some(migration.app) == user.app
            && !is_first
            && migration.operations.iter().any(|op| {
                &*op.kind == "CreateModel"
                    && op
                        .name
                        .as_ref()
                        .or(op.model.as_ref())
                        .is_some_and(|name| **name == *user.name)
            })
    });
    if migrated_late || imports_auth_user(cx) {
        return;
    }
    let Some(place) = user.place else { return };
    out.found(
        Evidence::new(user.fq.to_string(), cx.anchor(place), format!("`{}` is the project's user model from the first migration, and nothing refers to Django's own by name.", user.fq))
            .also(cx.anchor(setting.place).note("`AUTH_USER_MODEL`")),
    );
}

fn imports_auth_user(cx: &Cx<'_>) -> bool {
    cx.head.program.modules().any(|(id, module)| {
        cx.head.tree.file(module.file).role.is_product_code()
            && cx
                .head
                .program
                .body(id)
                .iter()
                .any(|statement| match &statement.kind {
                    StmtKind::ImportFrom(import) => {
                        &*import.module == "django.contrib.auth.models"
                            && import.names.iter().any(|name| &*name.path == "User")
                    }
                    _ => false,
                })
    })
}
