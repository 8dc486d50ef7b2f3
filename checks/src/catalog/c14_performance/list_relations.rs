//! Which relations a list route reads from each row, and which of them its queryset loads.
//!
//! Shared by the checks on eager loading; judges nothing.

use crate::catalog::Cx;
use crate::django::relations::RelationNeed;
use crate::django::{QsIr, Route, SerializerId};

/// One list route with a serializer whose relations are known.
pub(super) struct ListUse<'a> {
    pub(super) route: &'a Route,
    pub(super) serializer: SerializerId,
    pub(super) queryset: &'a QsIr,
    /// Relations that the queryset loads with the rows.
    pub(super) covered: Vec<&'a RelationNeed>,
    /// Relations that cost queries of their own for each row.
    pub(super) uncovered: Vec<&'a RelationNeed>,
}

/// Every list route of the project, with what its rows need. `Err` carries the route's label and
/// why it could not be told.
pub(super) fn list_uses<'a>(cx: &Cx<'a>) -> Vec<Result<ListUse<'a>, (String, String)>> {
    let django = &cx.head.django;
    let mut uses = Vec::new();
    for route in django.routes().iter().filter(|route| route.is_list()) {
        let used = route
            .output
            .iter()
            .find(|used| used.many)
            .or(route.output.first());
        let Some(used) = used else { continue };
        let Some(needs) = django.needs(used.serializer) else {
            continue;
        };
        if needs.needs.is_empty() {
            continue;
        }
        let Some(queryset) = route.queryset.as_ref() else {
            uses.push(Err((
                route.label(),
                "the queryset of the list is not known".to_owned(),
            )));
            continue;
        };
        if queryset.values || queryset.empty || queryset.slice == Some(1) {
            continue;
        }
        if let Some(reason) = &queryset.open {
            uses.push(Err((route.label(), reason.to_string())));
            continue;
        }
        let (covered, uncovered) = needs
            .needs
            .iter()
            .partition(|need| is_covered(cx, queryset, need));
        uses.push(Ok(ListUse {
            route,
            serializer: used.serializer,
            queryset,
            covered,
            uncovered,
        }));
    }
    uses
}

fn is_covered(cx: &Cx<'_>, queryset: &QsIr, need: &RelationNeed) -> bool {
    if need.always_query.is_some() {
        return false;
    }
    if queryset.covers(&need.path) {
        return true;
    }
    // `select_related()` without arguments follows forward relations that are not null.
    queryset.select_related.all_non_null
        && need.selectable
        && queryset.model.is_some_and(|model| {
            let first = need.path.split("__").next().unwrap_or("");
            cx.head
                .django
                .model(model)
                .field(first)
                .is_some_and(|field| field.null == Some(false))
        })
}
