//! DRF672: a change of the data that can be run, run again, and undone.

use crate::catalog::Anchor;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::WriteKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF672",
    name: "migration-craft",
    competency: Competency::C18,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("migration_craft.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let migrations = cx.head.django.migrations();
    for migration in &migrations.all {
        out.looked();
        for operation in &migration.operations {
            if &*operation.kind == "RunPython" && operation.reversible == Some(true) {
                out.found(
                    Evidence::new(
                        format!("{}.{}", migration.app_label, migration.name),
                        cx.anchor(operation.place),
                        format!(
                            "`{}.{}` changes rows in a migration that can be undone.",
                            migration.app_label, migration.name
                        ),
                    )
                    .root("data migrations"),
                );
            }
        }
    }
    coherent(cx, out);
    for function in cx.head.django.functions() {
        if cx.head.tree.file(function.place.file).role != Role::Command {
            continue;
        }
        out.looked();
        let repeatable = function.writes.iter().find(|write| {
            matches!(
                write.kind,
                WriteKind::GetOrCreate | WriteKind::UpdateOrCreate
            )
        });
        let plain = function
            .writes
            .iter()
            .any(|write| matches!(write.kind, WriteKind::Create | WriteKind::BulkCreate));
        if let Some(write) = repeatable.filter(|_| !plain) {
            out.found(
                Evidence::new(
                    function.fq.to_string(),
                    cx.anchor(write.place),
                    "The command fills tables and can be run again without making rows twice.",
                )
                .root("seed commands"),
            );
        }
    }
    for (id, file) in cx.head.tree.files() {
        let is_fixture = file.folder().split('/').any(|part| part == "fixtures")
            && (file.name().ends_with(".json") || file.name().ends_with(".yaml"));
        let Some(text) = file.text().filter(|_| is_fixture) else {
            continue;
        };
        out.looked();
        // A row names its model, one that exists here.
        let fills = cx.head.django.models().iter().any(|model| {
            model.class.is_some() && text.to_lowercase().contains(&model.label().to_lowercase())
        });
        if fills {
            out.found(
                Evidence::new(
                    "fixtures",
                    Anchor::line(id, 1),
                    format!("`{}` brings rows to start with, by primary key.", file.path),
                )
                .root("fixtures"),
            );
        }
    }
}

/// Every app's migrations add up to its models, with nothing left for `makemigrations`.
fn coherent(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let migrations = django.migrations();
    let with_models: Vec<_> = django
        .models()
        .iter()
        .filter(|model| model.class.is_some() && !model.is_abstract && model.is_managed)
        .filter_map(|model| model.app)
        .collect();
    let complete = !with_models.is_empty()
        && with_models
            .iter()
            .all(|app| migrations.of(*app).next().is_some());
    if !complete
        || !migrations.drift.is_empty()
        || !migrations.faults.is_empty()
        || !migrations.unknown.is_empty()
    {
        return;
    }
    let Some(first) = migrations.all.first() else {
        return;
    };
    let all = migrations.all.len();
    let what = if all == 1 {
        "The one migration adds up".to_owned()
    } else {
        format!("The {all} migrations add up")
    };
    // A duty more than a feat.
    out.found(
        Evidence::new(
            "migrations",
            cx.anchor(first.place),
            format!("{what} to the models exactly: `makemigrations` has nothing to write."),
        )
        .confidence(Confidence::Medium),
    );
}
