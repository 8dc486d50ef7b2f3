//! DRF263: a view names no serializer, so the generated schema shows it without a body.

use super::documentable::is_documentable;
use crate::catalog::route_words::handler_place;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::views::ViewKind;
use crate::django::{Method, Route, View};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::{Literal, Val};

pub(super) static CHECK: Check = Check {
    id: "DRF263",
    name: "view-unintrospectable",
    competency: Competency::C06,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("view_unintrospectable.md"),
    yields_to: &[],
    run,
};

/// Views for machines that watch: nobody writes a client for them.
const WATCHED: [&str; 6] = ["health", "live", "metrics", "ping", "ready", "status"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let installs = |app| django.settings().installs(app) == Some(true);
    let generator = if installs("drf_spectacular") {
        "drf-spectacular"
    } else if installs("drf_yasg") {
        "drf-yasg"
    } else {
        out.not_applicable("no schema generator is installed");
        return;
    };
    for route in django.routes() {
        let Some(view) = django.view_of(route) else {
            continue;
        };
        // A generic view without a serializer fails when it is asked for one; a plain view is
        // described without a body, which drf-spectacular calls an error and drf-yasg does not.
        let looked_into = match view.kind {
            ViewKind::Generic => true,
            ViewKind::ApiView | ViewKind::ApiFunction => generator == "drf-spectacular",
            _ => false,
        };
        // A DELETE is described well without a body.
        if !looked_into
            || !route.mounted
            || matches!(route.method, Method::Delete | Method::Any)
            || !is_documentable(cx, route)
        {
            continue;
        }
        out.looked();
        if let Some(reason) = &view.open {
            out.unknown(route.label(), reason.to_string());
            continue;
        }
        if names_a_serializer(view) || is_described(cx, view, route) || is_watched(view, route) {
            continue;
        }
        let Some(place) = handler_place(cx, route) else {
            continue;
        };
        out.found(
            Evidence::new(
                route.label(),
                cx.anchor(place),
                format!(
                    "{generator} cannot tell what `{}` takes and gives: the view names no \
                     serializer, and the schema shows no body.",
                    route.label()
                ),
            )
            .root(view.fq.to_string()),
        );
    }
}

fn names_a_serializer(view: &View) -> bool {
    view.attr("serializer_class")
        .is_some_and(|attr| !matches!(attr.val, Val::Known(Literal::None)))
        || view.method("get_serializer_class").is_some()
        || view.method("get_serializer").is_some()
}

/// `@extend_schema` and its like, on the view or on the handler.
fn is_described(cx: &Cx<'_>, view: &View, route: &Route) -> bool {
    let by_view = view
        .decorators
        .iter()
        .any(|decorator| decorator.name.contains("extend_schema"));
    by_view
        || route.func.is_some_and(|func| {
            cx.head
                .program
                .func_def(func)
                .decorators
                .iter()
                .any(|decorator| {
                    let named = decorator.as_call().map_or(decorator, |(func, _)| func);
                    named
                        .dotted()
                        .is_some_and(|dotted| dotted.contains("extend_schema"))
                })
        })
}

fn is_watched(view: &View, route: &Route) -> bool {
    let path = route.template.to_ascii_lowercase();
    let name = view.name.to_ascii_lowercase();
    WATCHED
        .iter()
        .any(|word| path.split('/').any(|part| part.starts_with(word)) || name.starts_with(word))
}
