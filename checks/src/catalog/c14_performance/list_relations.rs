//! Which relations a list route reads from each row, and which of them its queryset loads.
//!
//! Shared by the checks on eager loading; judges nothing.

use crate::catalog::{Anchor, Cx};
use crate::django::relations::{NeedKind, RelationNeed};
use crate::django::{Method, QsIr, Route, SerializerId, View};
use crate::python::value::Place;

/// One route that shows rows, with a serializer whose relations are known.
pub(super) struct ListUse<'a> {
    pub(super) route: &'a Route,
    pub(super) serializer: SerializerId,
    pub(super) queryset: &'a QsIr,
    /// Relations that the queryset loads with the rows.
    pub(super) covered: Vec<&'a RelationNeed>,
    /// Relations that cost queries of their own for each row.
    pub(super) uncovered: Vec<&'a RelationNeed>,
    /// The route shows one object: only rows nested in it are many.
    pub(super) single: bool,
}

/// Every list route of the project, with what its rows need; then routes that show one object with
/// rows nested in it, where no list shows the same. `Err` carries the route's label and why it
/// could not be told.
pub(super) fn list_uses<'a>(cx: &Cx<'a>) -> Vec<Result<ListUse<'a>, (String, String)>> {
    let django = &cx.head.django;
    let mut uses = Vec::new();
    let mut listed = Vec::new();
    for route in django.routes().iter().filter(|route| route.is_list()) {
        let used = route
            .output
            .iter()
            .find(|used| used.many)
            .or(route.output.first());
        let Some(used) = used else { continue };
        listed.push(used.serializer);
        uses.extend(list_use(cx, route, used.serializer, false));
    }
    for route in django
        .routes()
        .iter()
        .filter(|route| route.method == Method::Get && !route.is_list())
    {
        for used in &route.output {
            if !listed.contains(&used.serializer) {
                listed.push(used.serializer);
                uses.extend(list_use(cx, route, used.serializer, true));
            }
        }
    }
    uses
}

fn list_use<'a>(
    cx: &Cx<'a>,
    route: &'a Route,
    serializer: SerializerId,
    single: bool,
) -> Option<Result<ListUse<'a>, (String, String)>> {
    let needs = cx.head.django.needs(serializer)?;
    let wanted: Vec<&RelationNeed> = needs
        .needs
        .iter()
        .filter(|need| !single || is_of_nested_rows(&needs.needs, need))
        .collect();
    if wanted.is_empty() {
        return None;
    }
    let Some(queryset) = route.queryset.as_ref() else {
        let reason = "the queryset of the list is not known".to_owned();
        return Some(Err((route.label(), reason)));
    };
    if queryset.values || queryset.empty || (queryset.slice == Some(1) && !single) {
        return None;
    }
    if let Some(reason) = &queryset.open {
        return Some(Err((route.label(), reason.to_string())));
    }
    let (covered, uncovered) = wanted
        .into_iter()
        .partition(|need| is_covered(cx, queryset, need));
    Some(Ok(ListUse {
        route,
        serializer,
        queryset,
        covered,
        uncovered,
        single,
    }))
}

/// Read from rows that are many within one object: a step before the last leads to several rows.
fn is_of_nested_rows(all: &[RelationNeed], need: &RelationNeed) -> bool {
    let mut path = &*need.path;
    while let Some((parent, _)) = path.rsplit_once("__") {
        path = parent;
        if all
            .iter()
            .any(|other| &*other.path == path && !other.selectable)
        {
            return true;
        }
    }
    false
}

fn is_covered(cx: &Cx<'_>, queryset: &QsIr, need: &RelationNeed) -> bool {
    if need.always_query.is_some() {
        return false;
    }
    if queryset.covers(&need.path) {
        return true;
    }
    if comes_from(cx, queryset, &need.path) {
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

/// Rows of `order.items` know their `order`.
fn comes_from(cx: &Cx<'_>, queryset: &QsIr, path: &str) -> bool {
    let (Some(model), Some(accessor)) = (queryset.model, &queryset.manager) else {
        return false;
    };
    let django = &cx.head.django;
    let target = django
        .model(model)
        .field(path)
        .filter(|field| field.is_forward_single())
        .and_then(|field| field.to.as_ref()?.model());
    (queryset.from_instance || queryset.from_user)
        && target.is_some_and(|target| {
            django
                .model(target)
                .reverse(accessor)
                .is_some_and(|reverse| reverse.model == model && &*reverse.field == path)
        })
}

/// Needs that a method of the serializer has, or a method of the model: whose code one would change.
pub(super) fn is_by_code(need: &RelationNeed) -> bool {
    matches!(need.kind, NeedKind::MethodField | NeedKind::ModelMethod)
        || need.always_query.is_some()
}

/// Where the rows come from: the queryset, else the view.
pub(super) fn rows_place(cx: &Cx<'_>, list: &ListUse<'_>) -> Option<Place> {
    let view = || {
        cx.head
            .django
            .view_of(list.route)
            .and_then(View::class_place)
    };
    list.queryset.places.first().copied().or_else(view)
}

/// The places from the serializer's field to the code that reads a relation, the last one first.
pub(super) fn reading(cx: &Cx<'_>, need: &RelationNeed) -> Vec<Anchor> {
    let words = need.path.replace("__", ".");
    let mut places: Vec<Place> = Vec::new();
    for place in need.places.iter().rev() {
        if !places.contains(place) {
            places.push(*place);
        }
    }
    places
        .into_iter()
        .take(4)
        .enumerate()
        .map(|(at, place)| {
            let note = match (at, words.is_empty()) {
                (0, false) => format!("reads `{words}`"),
                (0, true) => "the query".to_owned(),
                _ => format!("on the way, for `{}`", need.field),
            };
            cx.anchor(place).note(note)
        })
        .collect()
}
