//! List routes, and whether the rows of one can grow. Shared by the checks on lists; judges nothing.

use crate::catalog::Cx;
use crate::django::{FunctionIr, Route};
use crate::python::syntax::Span;
use crate::python::value::Place;

const DEFAULT: &str = "REST_FRAMEWORK.DEFAULT_PAGINATION_CLASS";

/// Mounted list routes of the project's own REST framework views.
pub(super) fn lists<'a>(cx: &Cx<'a>) -> impl Iterator<Item = &'a Route> {
    let head = cx.head;
    head.django.routes().iter().filter(move |route| {
        let view = head.django.view_of(route);
        route.is_list()
            && route.mounted
            && view.is_some_and(|view| view.is_project() && view.kind.is_drf())
    })
}

/// The handler is the project's own and neither pages nor hands on to the framework's list.
pub(super) fn answers_itself(cx: &Cx<'_>, route: &Route) -> bool {
    let effects = effects(cx, route);
    let calls_list = effects.first().is_some_and(|function| function.calls_super);
    route.policy.pagination.applied == Some(false)
        && !calls_list
        && !effects.iter().any(|function| function.paginates)
}

pub(super) fn effects<'a>(cx: &Cx<'a>, route: &Route) -> Vec<&'a FunctionIr> {
    route
        .func
        .map(|func| cx.head.django.effects(func))
        .unwrap_or_default()
}

/// A slice, or a queryset that cannot grow.
pub(super) fn is_bounded(cx: &Cx<'_>, route: &Route) -> bool {
    route
        .queryset
        .as_ref()
        .is_some_and(|queryset| queryset.slice.is_some() || queryset.empty)
        || effects(cx, route).iter().any(|function| {
            function
                .queries
                .iter()
                .any(|query| query.qs.slice.is_some())
        })
}

/// Rows that no route writes: a list of countries, of categories.
pub(super) fn is_reference(cx: &Cx<'_>, route: &Route) -> bool {
    let Some(model) = route.model else {
        return false;
    };
    let django = &cx.head.django;
    let writes = django.routes_on(model).any(Route::is_unsafe);
    let created = django.functions().any(|function| {
        function
            .writes
            .iter()
            .any(|write| write.model == Some(model))
    });
    !writes && !created && !django.model(model).is_growth_like
}

/// Name of the rows for messages.
pub(super) fn rows(cx: &Cx<'_>, route: &Route) -> String {
    route.model.map_or_else(
        || "its queryset".to_owned(),
        |id| format!("`{}`", cx.head.django.model(id).name),
    )
}

/// Where a default paginator would be set, if the settings are known to have none.
pub(super) fn place_of_missing_default(cx: &Cx<'_>) -> Option<Place> {
    let prod = cx.head.django.settings().prod()?;
    let has_one = prod
        .get(DEFAULT)
        .is_some_and(|found| found.truth() != Some(false));
    if has_one || prod.is_open(DEFAULT) {
        return None;
    }
    let whole = prod.get("REST_FRAMEWORK").map(|found| found.place);
    Some(whole.unwrap_or(Place {
        file: prod.file,
        span: Span { start: 0, end: 0 },
    }))
}
