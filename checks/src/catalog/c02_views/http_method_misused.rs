//! DRF148: a route's method says something else than what its handler does.

use super::handlers::{Handler, handlers};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::catalog::{Cx as Context, on_request};
use crate::django::function::{FunctionIr, WriteKind};
use crate::django::queryset::Taint;
use crate::django::views::ViewKind;
use crate::django::{Method, Route};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF148",
    name: "http-method-misused",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("http_method_misused.md"),
    yields_to: &[],
    run,
};

/// Parts of a path that name something to be done: it is no row that is read or removed.
const DEEDS: [&str; 34] = [
    "login",
    "signin",
    "logout",
    "token",
    "refresh",
    "verify",
    "otp",
    "reset",
    "forgot",
    "password",
    "register",
    "signup",
    "search",
    "query",
    "webhook",
    "callback",
    "upload",
    "import",
    "export",
    "cancel",
    "return",
    "revoke",
    "unfollow",
    "unlike",
    "leave",
    "clear",
    "purge",
    "check",
    "validate",
    "calculate",
    "predict",
    "graphql",
    "send",
    "auth",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for handler in handlers(cx) {
        let Some(route) = handler.routes.first().copied() else {
            continue;
        };
        out.looked();
        let Some(message) = misused(cx, &handler, route) else {
            continue;
        };
        out.found(Evidence::new(
            handler.function.fq.to_string(),
            cx.anchor(handler.function.place),
            message,
        ));
    }
}

fn misused(cx: &Context<'_>, handler: &Handler<'_>, route: &Route) -> Option<String> {
    let function = handler.function;
    if deed(cx, route) {
        return None;
    }
    if handler.only(&[Method::Put, Method::Patch]) {
        return hidden_action(cx, function, route);
    }
    if !handler.only(&[Method::Post]) || Some(function.func) != route.func {
        return None;
    }
    let effects = on_request::of_route(cx, route);
    let outside = effects.iter().any(|found| {
        !found.dispatches.is_empty() || !found.external.is_empty() || !found.cache.is_empty()
    });
    let opaque = effects.iter().any(|found| found.calls_super);
    if outside || opaque {
        return None;
    }
    let writes: Vec<_> = effects.iter().flat_map(|found| &found.writes).collect();
    if !writes.is_empty() && writes.iter().all(|write| write.kind == WriteKind::Delete) {
        return Some(format!(
            "All that `{}` does is delete: DELETE says so to clients and proxies, and may be repeated.",
            route.label()
        ));
    }
    // The URL names one row, this changes it, and nothing is made.
    let deactivates = !writes.is_empty()
        && function
            .serializers
            .iter()
            .all(|serializer| serializer.has_data)
        && writes.iter().all(|write| {
            matches!(write.kind, WriteKind::Save | WriteKind::Update) && write.model.is_some()
        })
        && ["remove", "delete", "destroy"]
            .iter()
            .any(|word| last_segment(route).starts_with(word));
    if deactivates {
        return Some(format!(
            "`{}` takes an existing row away, and POST says that something is sent to be made: DELETE fits.",
            route.label()
        ));
    }
    changes_named_row(cx, handler, function).then(|| {
        format!(
            "`{}` changes the row that the URL names: PUT or PATCH says so, POST says that something new is made.",
            handler
                .routes
                .iter()
                .find(|route| ends_in_param(route))
                .map_or_else(|| route.label(), |route| route.label())
        )
    })
}

/// POST on `…/{pk}/` with a row read by that key and written.
fn changes_named_row(cx: &Context<'_>, handler: &Handler<'_>, function: &FunctionIr) -> bool {
    // Below a collection the key names a row; below anything else the path may name a deed.
    let by_key = handler.routes.iter().any(|route| {
        let template = route.template.trim_end_matches('/');
        ends_in_param(route)
            && template.rsplit_once('/').is_some_and(|(parent, _)| {
                let mut all = cx.head.django.routes().iter();
                all.any(|other| other.template.trim_end_matches('/') == parent)
            })
    });
    let fetched = function.queries.iter().any(|query| {
        query
            .qs
            .conditions
            .iter()
            .any(|condition| condition.value == Taint::Url)
    }) || function.checks_object_permissions
        || function
            .calls
            .iter()
            .any(|call| &*call.text == "self.get_object");
    let changed = function.writes.iter().any(|write| {
        matches!(
            write.kind,
            WriteKind::Save | WriteKind::Update | WriteKind::Delete
        )
    }) || function
        .serializers
        .iter()
        .any(|serializer| serializer.saved.is_some() && serializer.has_instance);
    let made = function.writes.iter().any(|write| {
        matches!(
            write.kind,
            WriteKind::Create | WriteKind::GetOrCreate | WriteKind::UpdateOrCreate
        )
    });
    let also_collection = handler.routes.iter().any(|route| !ends_in_param(route));
    by_key && fetched && changed && (!made || also_collection)
}

/// A generic update view whose handler does not read what the client sends.
fn hidden_action(cx: &Context<'_>, function: &FunctionIr, route: &Route) -> Option<String> {
    let view = cx.head.django.view_of(route)?;
    let generic = matches!(view.kind, ViewKind::Generic | ViewKind::ViewSet);
    let name = &*cx.head.program.func_def(function.func).name;
    let extra = view
        .handler(route.handler.as_deref().unwrap_or(""))
        .is_some_and(|found| found.extra.is_some());
    let reads = !function.serializers.is_empty()
        || function.calls_super
        || function
            .request_reads
            .iter()
            .any(|read| read.from == Taint::Body)
        || mentions_data(cx, function)
        || !function
            .calls
            .iter()
            .all(|call| !matches!(call.callee, crate::django::function::Callee::Project(_)));
    let writes = function
        .writes
        .iter()
        .any(|write| matches!(write.kind, WriteKind::Save | WriteKind::Update));
    (generic && !extra && matches!(name, "update" | "put" | "patch" | "partial_update") && !reads && writes).then(|| {
        format!(
            "`{}` is an update that reads no body: it is an action, and PUT tells clients to send the whole row.",
            route.label()
        )
    })
}

fn mentions_data(cx: &Context<'_>, function: &FunctionIr) -> bool {
    crate::python::visit::any_expr(&cx.head.program.func_def(function.func).body, |expr| {
        matches!(&expr.kind, crate::python::syntax::ExprKind::Attribute { attr, .. }
            if matches!(&**attr, "data" | "validated_data" | "POST" | "body" | "FILES"))
    })
}

fn deed(cx: &Context<'_>, route: &Route) -> bool {
    let view = cx.head.django.view_of(route);
    // An extra action of a viewset names a deed on purpose.
    let extra = view
        .and_then(|view| view.handler(route.handler.as_deref()?))
        .is_some_and(|found| found.extra.is_some());
    let words = [
        route.template.to_ascii_lowercase(),
        view.map(|view| view.name.to_ascii_lowercase())
            .unwrap_or_default(),
    ];
    let put = matches!(route.method, Method::Put | Method::Patch);
    let named = words
        .iter()
        .any(|word| DEEDS.iter().any(|deed| word.contains(deed)));
    extra || named && !put
}

fn last_segment(route: &Route) -> String {
    route
        .template
        .trim_end_matches('/')
        .rsplit('/')
        .find(|segment| !segment.starts_with('{'))
        .unwrap_or("")
        .to_ascii_lowercase()
}

fn ends_in_param(route: &Route) -> bool {
    route.template.trim_end_matches('/').ends_with('}')
}
