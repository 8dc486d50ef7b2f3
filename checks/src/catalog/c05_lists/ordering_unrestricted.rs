//! DRF238: a client may order by any column.

use std::collections::BTreeSet;

use super::lists::lists;
use super::sensitive::is_secret;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::as_str;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF238",
    name: "ordering-unrestricted",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("ordering_unrestricted.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let mut said = BTreeSet::new();
    for route in lists(cx) {
        let (Some(view), Some(model)) = (django.view_of(route), route.model) else {
            continue;
        };
        if route.policy.filters.includes("OrderingFilter") != Some(true) {
            continue;
        }
        out.looked();
        let model = django.model(model);
        let (place, severity, what) = match view.attr("ordering_fields") {
            Some(attr) if as_str(&attr.val) == Some("__all__") => {
                let secret = model.fields.iter().any(|field| is_secret(&field.name));
                let severity = if secret {
                    Severity::Low
                } else {
                    Severity::Info
                };
                (
                    attr.place,
                    severity,
                    "every column of the table, those that are not shown too",
                )
            }
            Some(_) => continue,
            // Without the option every readable field of the serializer may be ordered by.
            None => {
                let explicit = route
                    .policy
                    .filters
                    .source()
                    .is_some_and(crate::django::policy::Source::is_explicit);
                if !explicit || view.open.is_some() {
                    continue;
                }
                let secret = route.output.iter().any(|used| {
                    django
                        .serializer(used.serializer)
                        .output_fields()
                        .any(|field| is_secret(&field.name))
                });
                let severity = if secret {
                    Severity::Low
                } else {
                    Severity::Info
                };
                (
                    route.policy.filters.place(),
                    severity,
                    "every field that the serializer shows, since no `ordering_fields` names them",
                )
            }
        };
        let Some(place) = place.filter(|_| said.insert(view.id)) else {
            continue;
        };
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(place),
                format!("`{}` may be ordered by {what}. Columns without an index are slow, and an order tells of what it orders by.", route.label()),
            )
            .severity(severity),
        );
    }
}
