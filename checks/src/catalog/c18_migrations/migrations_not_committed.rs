//! DRF662: models without the migrations that would make their tables.

use crate::catalog::Anchor;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::facts::Facts;
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF662",
    name: "migrations-not-committed",
    competency: Competency::C18,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("migrations_not_committed.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let facts = cx.head;
    let django = &facts.django;
    let elsewhere = django.settings().profiles().iter().any(|profile| {
        profile.get("MIGRATION_MODULES").is_some() || profile.is_open("MIGRATION_MODULES")
    });
    if elsewhere {
        out.not_applicable("`MIGRATION_MODULES` keeps migrations elsewhere");
        return;
    }
    let by_another_tool = facts.infra.dependencies.has("alembic")
        || facts
            .tree
            .files()
            .any(|(_, file)| file.name() == "alembic.ini" && file.role != Role::Vendored);
    if by_another_tool {
        out.not_applicable("another tool keeps the schema");
        return;
    }
    for app in django.apps() {
        if app.is_installed() != Some(true) {
            continue;
        }
        let Some(place) = first_model(facts, &app.package) else {
            continue;
        };
        out.looked();
        if app
            .migrations
            .as_ref()
            .is_some_and(|files| !files.is_empty())
        {
            continue;
        }
        // The tree that the candidate was given had none either.
        let given = cx.base.is_some_and(|base| {
            first_model(base, &app.package).is_some()
                && base.django.apps().iter().any(|old| {
                    old.package == app.package && old.migrations.as_ref().is_none_or(Vec::is_empty)
                })
        });
        if given {
            continue;
        }
        let folder = &app.folder;
        let file = format!("{folder}/migrations/0001_initial.py");
        let init = facts.tree.find(&format!("{folder}/migrations/__init__.py"));
        let models = cx.anchor(place).note("a model without a table");
        let message = format!(
            "`{}` has models and no committed migration: a fresh checkout makes no tables for them.",
            app.package
        );
        let subject = app.package.to_string();
        let evidence = if let Some((ignoring, line)) = facts.infra.gitignore.ignores(&file) {
            Evidence::new(
                subject,
                Anchor::line(ignoring, line),
                format!("{message} This line keeps them out of git."),
            )
            .also(models)
            .root(".gitignore")
        } else if let Some(init) = init {
            Evidence::new(subject, Anchor::line(init, 1), message).also(models)
        } else {
            Evidence::new(subject, cx.anchor(place), message)
        };
        out.found(evidence);
    }
}

/// The first concrete model with a table in the app; its place.
fn first_model(facts: &Facts, package: &str) -> Option<crate::python::value::Place> {
    let django = &facts.django;
    let app = django.apps().iter().find(|app| *app.package == *package)?;
    django
        .models()
        .iter()
        .find(|model| {
            model.app == Some(app.id)
                && model.class.is_some()
                && !model.is_abstract
                && !model.is_proxy
                && model.is_managed
                && model
                    .place
                    .is_some_and(|place| facts.tree.file(place.file).role != Role::Test)
        })
        .and_then(|model| model.place)
}
