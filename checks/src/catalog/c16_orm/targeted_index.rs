//! DRF608: an index that answers a question the project really asks.

use super::column_uses::{How, find};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Model;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::Place;

pub(super) static CHECK: Check = Check {
    id: "DRF608",
    name: "targeted-index",
    competency: Competency::C16,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("targeted_index.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let uses = find(cx);
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() {
            continue;
        }
        for (fields, place) in own(model) {
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            let Some(leading) = fields.first() else {
                continue;
            };
            // One column that has an index anyway.
            let repeats = fields.len() == 1
                && model
                    .field(leading)
                    .is_some_and(|field| field.db_index != Some(false));
            let used = uses
                .iter()
                .find(|one| one.model == model.id && one.field == *leading && one.how != How::Scan);
            let Some(used) = used.filter(|_| !repeats) else {
                continue;
            };
            out.found(
                Evidence::new(
                    format!("{}.{}", model.fq, fields.join("+")),
                    cx.anchor(place),
                    format!(
                        "The index on `{}` of `{}` serves a query of the project.",
                        fields.join("`, `"),
                        model.name
                    ),
                )
                .also(cx.anchor(used.place).note("the query"))
                .root(model.fq.to_string()),
            );
        }
    }
}

/// Columns of indexes and unique constraints, without their directions.
fn own(model: &Model) -> Vec<(Vec<String>, Place)> {
    let plain = |fields: &[std::sync::Arc<str>]| {
        fields
            .iter()
            .map(|field| field.trim_start_matches('-').to_owned())
            .collect()
    };
    let indexes = model
        .meta
        .indexes
        .iter()
        .map(|index| (plain(&index.fields), index.place));
    let constraints = model
        .meta
        .constraints
        .iter()
        .filter(|constraint| constraint.is_unique)
        // A foreign key has an index without it.
        .filter(|constraint| {
            constraint.fields.first().is_some_and(|name| {
                model
                    .field(name)
                    .is_some_and(|field| field.db_index == Some(false))
            })
        })
        .map(|constraint| (plain(&constraint.fields), constraint.place));
    indexes.chain(constraints).collect()
}
