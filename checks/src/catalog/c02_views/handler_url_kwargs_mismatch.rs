//! DRF152: a handler cannot take the arguments that its URL gives.

use super::handlers::url_place;
use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Route;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::FuncId;
use crate::python::syntax::{Param, ParamKind};

pub(super) static CHECK: Check = Check {
    id: "DRF152",
    name: "handler-url-kwargs-mismatch",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("handler_url_kwargs_mismatch.md"),
    yields_to: &[],
    run,
};

/// Decorators that keep the signature.
const TRANSPARENT: [&str; 24] = [
    "action",
    "api_view",
    "permission_classes",
    "authentication_classes",
    "throttle_classes",
    "renderer_classes",
    "parser_classes",
    "schema",
    "swagger_auto_schema",
    "extend_schema",
    "csrf_exempt",
    "method_decorator",
    "cache_page",
    "atomic",
    "login_required",
    "list_route",
    "detail_route",
    "ensure_csrf_cookie",
    "never_cache",
    "vary_on_cookie",
    "vary_on_headers",
    "staff_member_required",
    "require_http_methods",
    "sensitive_post_parameters",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for route in cx.head.django.routes() {
        let Some(func) = route.func else { continue };
        let Some(view) = cx.head.django.view_of(route) else {
            continue;
        };
        let unnamed = route
            .params
            .iter()
            .any(|param| param.name.starts_with("var"));
        if unnamed || view.method("dispatch").is_some() || !transparent(cx, func) {
            continue;
        }
        out.looked();
        let Some(message) = misfit(cx, route, func) else {
            continue;
        };
        let Some(function) = cx.head.django.function(func) else {
            continue;
        };
        let mut evidence = Evidence::new(
            format!("{} {}", route.template, function.fq),
            cx.anchor(function.place),
            message,
        )
        .root(function.fq.to_string());
        if let Some(place) = url_place(&route.chain, Some(view)) {
            evidence = evidence.also(cx.anchor(place).note("the URL"));
        }
        out.found(evidence);
    }
}

fn transparent(cx: &Context<'_>, func: FuncId) -> bool {
    cx.head
        .program
        .func_def(func)
        .decorators
        .iter()
        .all(|decorator| {
            let called = decorator.as_call().map_or(decorator, |(called, _)| called);
            called
                .dotted()
                .is_some_and(|name| TRANSPARENT.contains(&name.rsplit('.').next().unwrap_or("")))
        })
}

fn misfit(cx: &Context<'_>, route: &Route, func: FuncId) -> Option<String> {
    let def = cx.head.program.func_def(func);
    let is_method = cx.head.program.func(func).class.is_some();
    let own: Vec<&Param> = def
        .params
        .iter()
        .filter(|param| matches!(param.kind, ParamKind::Normal | ParamKind::KeywordOnly))
        .skip(1 + usize::from(is_method))
        .collect();
    let takes_all = def
        .params
        .iter()
        .any(|param| param.kind == ParamKind::DoubleStar);
    let takes_request = def
        .params
        .iter()
        .filter(|param| matches!(param.kind, ParamKind::Normal))
        .count()
        > usize::from(is_method);
    // `def get(self, *args, **kwargs)`: nothing is said about names.
    if !takes_request {
        return None;
    }
    let given = |name: &str| route.params.iter().any(|param| &*param.name == name);
    if let Some(param) = own
        .iter()
        .find(|param| param.default.is_none() && !given(&param.name))
    {
        if named_in_urls(cx, route, &param.name) {
            return None;
        }
        return Some(format!(
            "`{}` of `{}` has no default, and `{}` does not capture it: every request raises `TypeError`.",
            param.name, def.name, route.template
        ));
    }
    let refused = route.params.iter().find(|param| {
        !takes_all && &*param.name != "format" && !own.iter().any(|own| own.name == param.name)
    })?;
    Some(format!(
        "`{}` captures `{}`, and `{}` does not take it: every request raises `TypeError`.",
        route.template, refused.name, def.name
    ))
}

/// `path(…, View.as_view(), {"name": value})` gives it too.
fn named_in_urls(cx: &Context<'_>, route: &Route, name: &str) -> bool {
    route.chain.iter().any(|place| {
        let text = cx.head.tree.file(place.file).text().unwrap_or("");
        let start = place.span.start as usize;
        let mut end = (start + 400).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.get(start..end).is_some_and(|text| {
            text.contains(&format!("\"{name}\":")) || text.contains(&format!("'{name}':"))
        })
    })
}
