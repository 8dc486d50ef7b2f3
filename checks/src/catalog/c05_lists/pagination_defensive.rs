//! DRF242: lists have a size, a cap and a stable order.

use crate::catalog::route_words::{is_drf, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Route;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF242",
    name: "pagination-defensive",
    competency: Competency::C05,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("pagination_defensive.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for route in cx.head.django.routes() {
        if !route.is_list() || !route.mounted || !is_own(cx, route) || !is_drf(cx, route) {
            continue;
        }
        out.looked();
        let pagination = &route.policy.pagination;
        let Some(part) = pagination.part.certain() else {
            continue;
        };
        let Some(class) = part
            .items
            .first()
            .filter(|_| pagination.applied != Some(false))
        else {
            continue;
        };
        let sized = pagination.page_size.is_some()
            && (pagination.size_param.is_none() || pagination.max_size.is_some());
        if !sized || !is_ordered(cx, route, class.is("CursorPagination")) {
            continue;
        }
        let Some(place) = part.place else { continue };
        let size = pagination.page_size.unwrap_or_default();
        let cap = pagination
            .max_size
            .map_or(String::new(), |max| format!(", at most {max} on request"));
        out.found(
            Evidence::new(
                class.class.fq(),
                cx.anchor(place),
                format!("Lists come in pages of {size}{cap}, in a stable order."),
            )
            .root(class.class.fq()),
        );
    }
}

/// Ordered by the queryset, by `Meta.ordering`, or by the cursor itself.
fn is_ordered(cx: &Cx<'_>, route: &Route, by_cursor: bool) -> bool {
    let by_queryset = route
        .queryset
        .as_ref()
        .and_then(|queryset| queryset.ordering.as_ref());
    match by_queryset {
        Some(ordering) => !ordering.is_empty() && !ordering.iter().any(|name| &**name == "?"),
        None => {
            by_cursor
                || route.model.is_some_and(|id| {
                    cx.head
                        .django
                        .model(id)
                        .meta
                        .ordering
                        .as_ref()
                        .is_some_and(|ordering| !ordering.is_empty())
                })
        }
    }
}
