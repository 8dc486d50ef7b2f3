//! Which routes a schema generator writes down; judges nothing.

use crate::catalog::Cx;
use crate::catalog::route_words::{is_drf, is_own};
use crate::django::Route;

/// Would a generator write this route down? Not where it is left out by a decorator, depends on a
/// condition, or serves the schema itself.
pub(super) fn is_documentable(cx: &Cx<'_>, route: &Route) -> bool {
    if !is_own(cx, route) || !is_drf(cx, route) || route.conditional || route.open.is_some() {
        return false;
    }
    let excluded = |text: &str| text.contains("exclude=True") || text.contains("auto_schema=None");
    let tree = &cx.head.tree;
    let source = |place: crate::python::Place| {
        let text = tree.file(place.file).text().unwrap_or("");
        text.get(place.span.start as usize..place.span.end as usize)
            .unwrap_or("")
    };
    let by_handler = route
        .func
        .and_then(|func| cx.head.django.function(func))
        .is_some_and(|ir| {
            let definition = source(ir.span);
            let decorators = definition.split("def ").next().unwrap_or("");
            excluded(decorators)
        });
    let by_view = cx.head.django.view_of(route).is_some_and(|view| {
        view.decorators.iter().any(|d| excluded(source(d.place)))
            || view.attr("schema").is_some_and(|a| &*a.text == "None")
            || view
                .attr("swagger_schema")
                .is_some_and(|a| &*a.text == "None")
            || view.name.contains("Schema")
            || view.name.contains("Spectacular")
    });
    !by_handler && !by_view
}
