//! DRF661: the models and the state that the migrations add up to differ.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::migrations::DriftKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF661",
    name: "model-change-without-migration",
    competency: Competency::C18,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("model_change_without_migration.md"),
    yields_to: &["DRF662"],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let migrations = django.migrations();
    for app in django.apps() {
        if app.migrations.as_ref().is_none_or(Vec::is_empty) {
            continue;
        }
        out.looked();
        if let Some((_, reason)) = migrations.unknown.iter().find(|(id, _)| *id == app.id) {
            out.unknown(app.package.to_string(), reason.to_string());
            continue;
        }
        for drift in migrations.drift.iter().filter(|drift| drift.app == app.id) {
            let Some(place) = drift.place.or(drift.stated_at) else {
                continue;
            };
            let subject = match &drift.field {
                Some(field) => format!("{}.{}.{field}", drift.app_label, drift.model),
                None => format!("{}.{}", drift.app_label, drift.model),
            };
            let schema = drift.kind == DriftKind::Schema;
            let follows = if schema {
                "the table that `migrate` makes is not the one the code expects"
            } else {
                "`makemigrations --check` fails, the tables agree"
            };
            let mut evidence = Evidence::new(
                subject,
                cx.anchor(place),
                format!("{}: {follows}.", drift.text),
            )
            .severity(if schema {
                Severity::High
            } else {
                Severity::Info
            })
            .confidence(drift.confidence);
            if !schema {
                evidence = evidence.root(format!("state only {}", drift.app_label));
            }
            if let Some(stated) = drift.stated_at.filter(|_| drift.place.is_some()) {
                evidence =
                    evidence.also(cx.anchor(stated).note("the migration that last stated it"));
            }
            out.found(evidence);
        }
    }
}
