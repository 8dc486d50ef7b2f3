//! DRF231: a list that answers with every row there is.

use super::lists::{
    answers_itself, effects, is_bounded, is_reference, lists, place_of_missing_default, rows,
};
use crate::catalog::route_words::view_place;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF231",
    name: "list-endpoint-unbounded",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("list_endpoint_unbounded.md"),
    yields_to: &["DRF232"],
    run,
};

/// The cause of all lists that nothing paginates.
const MISSING_DEFAULT: &str = "REST_FRAMEWORK.DEFAULT_PAGINATION_CLASS";

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let no_default = place_of_missing_default(cx);
    let (mut by_hand, mut spoke) = (false, false);
    for route in lists(cx) {
        // What a handler of its own does is another check's.
        if answers_itself(cx, route) {
            by_hand |= !is_bounded(cx, route);
            continue;
        }
        out.looked();
        if effects(cx, route).iter().any(|function| function.paginates) {
            continue;
        }
        let pagination = &route.policy.pagination;
        if pagination.part.open.is_some() || pagination.size_open {
            out.unknown(route.label(), "its pagination could not be told");
            continue;
        }
        if !pagination.part.is_empty() || is_bounded(cx, route) {
            continue;
        }
        let subject = django
            .view_of(route)
            .map_or_else(|| route.label(), |view| view.fq.to_string());
        let Some(place) = view_place(cx, route) else {
            continue;
        };
        let mut evidence = Evidence::new(
            subject.clone(),
            cx.anchor(place),
            format!(
                "`{}` answers with every row of {}: neither the view nor the settings paginate it.",
                route.label(),
                rows(cx, route)
            ),
        );
        if is_reference(cx, route) {
            evidence = evidence.severity(Severity::Low);
        }
        if let Some(place) = route.queryset.as_ref().and_then(|qs| qs.places.first()) {
            evidence = evidence.also(cx.anchor(*place).note("the rows"));
        }
        if let Some(place) = no_default {
            evidence = evidence.also(
                cx.anchor(place)
                    .note("no `DEFAULT_PAGINATION_CLASS` here: every list must see to itself"),
            );
        }
        spoke = true;
        // One default that is missing opens all of them.
        let cause = no_default.map_or(subject, |_| MISSING_DEFAULT.to_owned());
        out.found(evidence.root(cause));
    }
    if let Some(place) = no_default.filter(|_| by_hand && !spoke) {
        let message = "The settings have no `DEFAULT_PAGINATION_CLASS`, and every list here answers with all its rows: a list that is added to a generic view will too.";
        out.found(
            Evidence::new(MISSING_DEFAULT, cx.anchor(place), message)
                .severity(Severity::Low)
                .root(MISSING_DEFAULT),
        );
    }
}
