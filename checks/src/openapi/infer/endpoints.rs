//! Which routes become operations, under which path and in which order.
//!
//! Knows URLs and views; what an operation says is not decided here.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::Regex;

use super::shape::Shape;
use crate::django::names::{Method, truth};
use crate::django::routes::PathParam;
use crate::django::views::ViewKind;
use crate::django::{Django, Route, View};
use crate::facts::Facts;

/// One operation to be.
pub(super) struct Endpoint<'f> {
    pub(super) route: &'f Route,
    pub(super) view: &'f View,
    /// `/api/orders/{id}/`
    pub(super) path: String,
    /// Names in `path`, in order, with the parameter each was made from.
    pub(super) params: Vec<(Arc<str>, &'f PathParam)>,
}

/// Endpoints in the order in which drf-spectacular takes them, and what was left out.
pub(super) struct Endpoints<'f> {
    pub(super) all: Vec<Endpoint<'f>>,
    /// A regular expression that operation ids and tags leave out.
    pub(super) prefix: Regex,
    pub(super) notes: Vec<String>,
}

pub(super) fn endpoints<'f>(facts: &'f Facts, shape: &Shape) -> Endpoints<'f> {
    let django = &facts.django;
    let mut notes = Vec::new();
    let mut all: Vec<(String, Endpoint<'f>)> = Vec::new();
    let mut taken: BTreeSet<(Arc<str>, Method)> = BTreeSet::new();
    let coerce = django
        .settings()
        .get("REST_FRAMEWORK.SCHEMA_COERCE_PATH_PK")
        .and_then(|f| truth(f.val))
        .unwrap_or(true);
    let any_mounted = django.routes().iter().any(|r| r.mounted);
    for route in django.routes() {
        if any_mounted && !route.mounted {
            continue;
        }
        let Some(view) = django.view_of(route) else {
            if let Some(reason) = &route.open {
                notes.push(format!("{}: {reason}", route.template));
            }
            continue;
        };
        if !view.kind.is_drf() {
            if let Some(reason) = &view.open {
                notes.push(format!("{}: {reason}", route.template));
            }
            continue;
        }
        if is_left_out(view, route) {
            continue;
        }
        if route.method == Method::Any {
            if let Some(reason) = &route.open {
                notes.push(format!("{}: {reason}", route.template));
            }
            continue;
        }
        if !taken.insert((Arc::clone(&route.template), route.method)) {
            continue;
        }
        let key = order_key(&route.template);
        let (path, params) = coerced(django, route, shape, coerce);
        all.push((
            key,
            Endpoint {
                route,
                view,
                path,
                params,
            },
        ));
    }
    if shape.sort_operations {
        all.sort_by(|(a, x), (b, y)| {
            (a, method_order(x.route.method)).cmp(&(b, method_order(y.route.method)))
        });
    }
    let all: Vec<Endpoint<'f>> = all.into_iter().map(|(_, endpoint)| endpoint).collect();
    let prefix = prefix(&all, shape, &mut notes);
    Endpoints { all, prefix, notes }
}

/// Views without a schema (`schema = None`), formats as suffixes, pages that show the schema.
fn is_left_out(view: &View, route: &Route) -> bool {
    if route.template.ends_with(".{format}") || route.template.ends_with(".{format}/") {
        return true;
    }
    if view.is_project() {
        return view.attr("schema").is_some_and(|a| {
            matches!(
                a.val,
                crate::python::value::Val::Known(crate::python::value::Literal::None)
            )
        });
    }
    matches!(
        view.name.as_ref(),
        "APIRootView"
            | "SchemaView"
            | "SpectacularSwaggerView"
            | "SpectacularRedocView"
            | "SpectacularSwaggerSplitView"
            | "SpectacularSwaggerOauthRedirectView"
            | "SpectacularRapiDocView"
    )
}

/// `foo{arg}` after `foo/`, before `foo/bar`.
fn order_key(path: &str) -> String {
    let path = match path.strip_suffix('/') {
        Some(rest) => format!("{rest} "),
        None => path.to_owned(),
    };
    path.replace('{', "!")
}

pub(super) fn method_order(method: Method) -> usize {
    Method::HANDLED
        .iter()
        .position(|m| *m == method)
        .unwrap_or(Method::HANDLED.len())
}

/// `{pk}` gets the name of the model's key.
fn coerced<'f>(
    django: &'f Django,
    route: &'f Route,
    shape: &Shape,
    coerce: bool,
) -> (String, Vec<(Arc<str>, &'f PathParam)>) {
    let mut path = route.template.to_string();
    let mut params = Vec::new();
    for param in &route.params {
        let mut name = Arc::clone(&param.name);
        if coerce && &*name == "pk" {
            name = pk_name(django, route);
        } else if shape.coerce_path_pk_suffix
            && let Some(stem) = name.strip_suffix("_pk")
        {
            name = format!("{stem}_id").into();
        }
        if name != param.name {
            path = path.replace(&format!("{{{}}}", param.name), &format!("{{{name}}}"));
        }
        params.push((name, param));
    }
    (path, params)
}

fn pk_name(django: &Django, route: &Route) -> Arc<str> {
    let mut model = route.introspected.queryset;
    for _ in 0..16 {
        let Some(pk) = model.and_then(|id| django.model(id).pk()) else {
            break;
        };
        let parent_link = pk.name.ends_with("_ptr");
        match pk
            .to
            .as_ref()
            .and_then(crate::django::fields::Target::model)
        {
            Some(parent) if parent_link => model = Some(parent),
            _ => return Arc::clone(&pk.name),
        }
    }
    "id".into()
}

/// `SCHEMA_PATH_PREFIX`, else the longest path that all have in common.
fn prefix(all: &[Endpoint<'_>], shape: &Shape, notes: &mut Vec<String>) -> Regex {
    let written = match &shape.path_prefix {
        Some(given) => given.to_string(),
        None => {
            let mut views: Vec<&str> = all
                .iter()
                .map(|e| &*e.route.introspected.identity)
                .collect();
            views.sort_unstable();
            views.dedup();
            if views.len() > 1 {
                regex::escape(&common_path(all.iter().map(|e| e.path.as_str())))
            } else {
                "/".to_owned()
            }
        }
    };
    let anchored = format!(
        "(?i){}{written}",
        if written.starts_with('^') { "" } else { "^" }
    );
    Regex::new(&anchored).unwrap_or_else(|_| {
        notes.push(format!("SCHEMA_PATH_PREFIX `{written}` could not be read"));
        nothing()
    })
}

#[expect(clippy::unwrap_used, reason = "a constant expression")]
fn nothing() -> Regex {
    Regex::new("^/").unwrap()
}

/// `posixpath.commonpath`
fn common_path<'p>(paths: impl Iterator<Item = &'p str>) -> String {
    let mut common: Option<Vec<&str>> = None;
    for path in paths {
        let parts: Vec<&str> = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        common = Some(match common {
            None => parts,
            Some(before) => before
                .into_iter()
                .zip(parts)
                .take_while(|(a, b)| a == b)
                .map(|(a, _)| a)
                .collect(),
        });
    }
    format!("/{}", common.unwrap_or_default().join("/"))
}

/// The words of a path without prefix and parameters.
pub(super) fn tokens(path: &str, prefix: &Regex) -> Vec<String> {
    let rest = prefix.replace(path, "");
    let mut plain = String::new();
    let mut depth = 0_usize;
    for c in rest.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
        .split('/')
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether `GET` of this endpoint lists, apart from what its serializer says.
pub(super) fn lists(endpoint: &Endpoint<'_>) -> bool {
    match endpoint.view.kind {
        ViewKind::ViewSet => endpoint.route.action.as_deref() == Some("list"),
        _ => endpoint.route.method == Method::Get && endpoint.route.introspected.is_list_mixin,
    }
}
