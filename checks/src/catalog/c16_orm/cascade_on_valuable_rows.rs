//! DRF606: rows that have to outlive what they point at go with it.

use crate::catalog::words::says;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::FieldKind;
use crate::django::fields::Target;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF606",
    name: "cascade-on-valuable-rows",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::File,
    page: include_str!("cascade_on_valuable_rows.md"),
    yields_to: &[],
    run,
};

/// Models whose rows are records: of money, of an agreement, of what happened.
const VALUABLE: [&str; 16] = [
    "order",
    "payment",
    "invoice",
    "transaction",
    "transfer",
    "audit",
    "ledger",
    "receipt",
    "purchase",
    "wallet",
    "account",
    "refund",
    "charge",
    "sale",
    "contract",
    "loan",
];
/// Models that such rows only refer to: whoever acted, what was traded, where it was kept.
const REFERRED: [&str; 10] = [
    "user", "customer", "client", "product", "item", "wallet", "account", "merchant", "employee",
    "book",
];
/// Words of a requirement that people's rows be erased with them.
const ERASURE: [&str; 4] = [
    "gdpr",
    "right to be forgotten",
    "right to erasure",
    "delete all their data",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let erasure_asked = cx.head.infra.markdown.iter().any(|doc| {
        cx.head.tree.file(doc.file).text().is_some_and(|text| {
            let text = text.to_lowercase();
            ERASURE.iter().any(|words| text.contains(words))
        })
    });
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() || !says(&model.name, &VALUABLE) {
            continue;
        }
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            if field.kind != FieldKind::ForeignKey || seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            let cascades = field
                .kwargs
                .get("on_delete")
                .is_some_and(|kwarg| kwarg.text.rsplit('.').next() == Some("CASCADE"));
            let Some(target) = field.to.as_ref().and_then(Target::model) else {
                continue;
            };
            let target = cx.head.django.model(target);
            let referred = target.is_user || says(&target.name, &REFERRED);
            // The lines of an order go with the order: they are a part of it.
            let is_part = target.fields.is_empty() || target.id == model.id;
            if !cascades || !referred || is_part || erasure_asked {
                continue;
            }
            out.found(Evidence::new(
                format!("{}.{}", model.fq, field.name),
                cx.anchor(place),
                format!(
                    "Deleting one `{}` silently deletes its every `{}`. `PROTECT` or `SET_NULL` keeps the record.",
                    target.name, model.name
                ),
            ));
        }
    }
}
