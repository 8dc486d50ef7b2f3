//! DRF604: a query that no index can serve.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF604",
    name: "random-or-leading-wildcard-scan",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("random_or_leading_wildcard_scan.md"),
    yields_to: &[],
    run,
};

/// Lookups that begin anywhere in the text.
const ANYWHERE: [&str; 6] = [
    "icontains",
    "contains",
    "iendswith",
    "endswith",
    "iregex",
    "regex",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let file = cx.head.tree.file(function.place.file);
        if file.role != Role::App || file.path.contains("admin") {
            continue;
        }
        for query in &function.queries {
            let Some(model) = query.qs.model.map(|id| cx.head.django.model(id)) else {
                continue;
            };
            out.looked();
            let random =
                query.text.contains("order_by(\"?\")") || query.text.contains("order_by('?')");
            let scanned = query.qs.conditions.iter().find(|condition| {
                ANYWHERE.contains(&&*condition.lookup)
                    && model.field(&condition.path).is_some_and(|field| {
                        field.is_text()
                            && field.db_index != Some(true)
                            && !field.kwargs.has("choices")
                    })
                    && !has_text_index(model, &condition.path)
            });
            let message = if random {
                format!(
                    "`order_by(\"?\")` gives every `{}` a random number and sorts them all for each request.",
                    model.name
                )
            } else if let Some(condition) = scanned.filter(|_| grows(cx, model)) {
                format!(
                    "`{}__{}` reads every `{}`, since no index begins in the middle of a text; the table grows with use.",
                    condition.path, condition.lookup, model.name
                )
            } else {
                continue;
            };
            out.found(
                Evidence::new(function.fq.to_string(), cx.anchor(query.place), message)
                    .root(function.fq.to_string()),
            );
        }
    }
}

/// Rows are added all the time, and some list shows them.
fn grows(cx: &Cx<'_>, model: &crate::django::Model) -> bool {
    let dated = model.fields.iter().any(crate::django::Field::is_temporal);
    model.is_growth_like
        && dated
        && cx
            .head
            .django
            .routes_on(model.id)
            .any(crate::django::Route::is_list)
}

/// A trigram or full-text index.
fn has_text_index(model: &crate::django::Model, field: &str) -> bool {
    model.meta.indexes.iter().any(|index| {
        index.class.name().starts_with("Gi")
            && (index.fields.is_empty() || index.fields.iter().any(|name| **name == *field))
    })
}
