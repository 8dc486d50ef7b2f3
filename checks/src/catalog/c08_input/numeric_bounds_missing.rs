//! DRF340: a number that counts goods or money may be negative.

use std::collections::BTreeSet;

use super::client_fields::{Sent, compares, sent, tokens};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF340",
    name: "numeric-bounds-missing",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("numeric_bounds_missing.md"),
    yields_to: &[],
    run,
};

/// Parts of names of what has no negative amount.
const NAMES: [&str; 18] = [
    "quantity",
    "qty",
    "amount",
    "price",
    "total",
    "rating",
    "stock",
    "balance",
    "discount",
    "percent",
    "percentage",
    "count",
    "cost",
    "fee",
    "salary",
    "capacity",
    "seats",
    "duration",
];
/// Names that carry a sign.
const SIGNED: [&str; 6] = ["delta", "change", "adjustment", "offset", "diff", "ledger"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut said = BTreeSet::new();
    for sent in sent(cx) {
        if !is_amount(&sent) {
            continue;
        }
        out.looked();
        if is_bounded(cx, &sent) {
            continue;
        }
        let on_request = sent.on_request(cx);
        if on_request
            .iter()
            .any(|function| compares(cx, function.func, &sent.field.name))
        {
            continue;
        }
        let Some(place) = sent.place(cx) else {
            continue;
        };
        if !said.insert((place.file, place.span.start)) {
            continue;
        }
        let mut evidence = Evidence::new(
            sent.subject(),
            cx.anchor(place),
            format!(
                "`{}` takes negative numbers: `{}` accepts -5, and neither the serializer, the column nor the code refuses it.",
                sent.words(),
                sent.route.label()
            ),
        );
        if let Some(at) = sent.field.place.filter(|at| *at != place) {
            evidence = evidence.also(cx.anchor(at).note("a client can send it here"));
        }
        let cause = sent
            .model_field(cx)
            .map_or(&sent.serializer.fq, |(model, _)| &model.fq);
        out.found(evidence.root(cause.to_string()));
    }
}

fn is_amount(sent: &Sent<'_>) -> bool {
    let numeric = matches!(
        &*sent.field.base,
        "IntegerField" | "DecimalField" | "FloatField"
    );
    let name = sent.field.name.to_lowercase();
    numeric
        && tokens(&name).any(|part| NAMES.contains(&part))
        && !tokens(&name).any(|part| SIGNED.contains(&part))
        && !name.ends_with("_id")
}

fn is_bounded(cx: &Cx<'_>, sent: &Sent<'_>) -> bool {
    if sent.field.kwargs.has("min_value") || sent.is_validated(cx) {
        return true;
    }
    let Some((model, field)) = sent.model_field(cx) else {
        return false;
    };
    let constrained = model.meta.constraints.iter().any(|constraint| {
        !constraint.is_unique
            && (constraint.fields.contains(&field.name) || constraint.fields.is_empty())
    });
    constrained
        || field.base.starts_with("Positive")
        || field.choices.is_some()
        || field.kwargs.has("choices")
        || field.base.is_empty()
}
