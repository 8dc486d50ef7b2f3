//! The whole document: information about the API, paths, components.
//!
//! Gives every operation an id of its own where several have one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::components::Components;
use super::endpoints::endpoints;
use super::node::{Kind, Node};
use super::operation::{World, operation};
use super::security::Schemes;
use super::shape::Shape;
use super::versions::{Versioned, versioned};
use crate::django::Route;
use crate::facts::Facts;
use crate::python::value::Place;

/// The document and what could not be told.
pub(super) fn document<'f>(facts: &'f Facts, shape: &'f Shape) -> (Node, Vec<String>) {
    let mut found = endpoints(facts, shape);
    let mut notes = std::mem::take(&mut found.notes);
    let world = World {
        facts,
        shape,
        prefix: &found.prefix,
    };
    let mut components = Components::new(facts, shape);
    let mut schemes = Schemes::default();
    let mut paths = Node::map();
    for endpoint in &found.all {
        let path = match versioned(&facts.django, endpoint) {
            Versioned::As(path) => path,
            Versioned::LeftOut(reason) => {
                notes.push(format!("{}: {reason}", endpoint.route.label()));
                continue;
            }
        };
        let Some(operation) = operation(&world, &mut components, &mut schemes, endpoint, &path)
        else {
            continue;
        };
        let mut path = path;
        if shape.path_prefix_trim {
            path = found.prefix.replace(&path, "").into_owned();
        }
        path.insert_str(0, &shape.path_prefix_insert);
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        let method = endpoint.route.method.handler();
        if let Kind::Map(entries) = &mut paths.kind {
            entries
                .entry(Arc::from(path.as_str()))
                .or_insert_with(|| Node {
                    at: named_in_urls(facts, endpoint.route),
                    ..Node::map()
                })
                .insert(method, operation);
        }
    }
    separate(&mut paths);
    notes.append(&mut schemes.notes);
    let schemas = components.finish(&mut paths);
    let mut all = Node::map();
    if schemas.entries().next().is_some() {
        all.insert("schemas", schemas);
    }
    if let Some(schemes) = schemes.into_node() {
        all.insert("securitySchemes", schemes);
    }
    (root(facts, shape, paths, all), notes)
}

/// The entry of the URL configuration that leads to a route.
fn named_in_urls(facts: &Facts, route: &Route) -> Option<Place> {
    let view = facts.django.view_of(route).and_then(|view| view.place);
    route
        .chain
        .iter()
        .rev()
        .find(|place| view.is_none_or(|view| view.file != place.file))
        .or(route.chain.last())
        .copied()
}

fn root(facts: &Facts, shape: &Shape, paths: Node, components: Node) -> Node {
    let setting = |key: &str| {
        facts
            .django
            .settings()
            .get(&format!("SPECTACULAR_SETTINGS.{key}"))
            .and_then(|f| super::json::node(f.val).map(|n| n.at(f.place)))
            .filter(|n| !matches!(n.kind, Kind::Null))
    };
    let mut info = Node::map().with("title", Arc::clone(&shape.title));
    match &shape.version {
        Some(version) => info.insert("version", Arc::clone(version)),
        None => info.insert(
            "version",
            Node::from("").unknown("VERSION is not a literal"),
        ),
    }
    if !shape.description.is_empty() {
        info.insert("description", Arc::clone(&shape.description));
    }
    for (key, name) in [
        ("TOS", "termsOfService"),
        ("CONTACT", "contact"),
        ("LICENSE", "license"),
    ] {
        if let Some(node) = setting(key).filter(|n| !is_empty(n)) {
            info.insert(name, node);
        }
    }
    let mut out = Node::map()
        .with("openapi", Arc::clone(&shape.oas_version))
        .with("info", info)
        .with("paths", paths)
        .with("components", components);
    for (key, name) in [
        ("SERVERS", "servers"),
        ("TAGS", "tags"),
        ("EXTERNAL_DOCS", "externalDocs"),
    ] {
        if let Some(node) = setting(key).filter(|n| !is_empty(n)) {
            out.insert(name, node);
        }
    }
    out
}

fn is_empty(node: &Node) -> bool {
    match &node.kind {
        Kind::List(items) => items.is_empty(),
        Kind::Map(entries) => entries.is_empty(),
        Kind::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Operations that share an id get `_2`, `_3` in the order of their paths and methods.
fn separate(paths: &mut Node) {
    let mut by_id: BTreeMap<String, Vec<(Arc<str>, Arc<str>)>> = BTreeMap::new();
    for (path, methods) in paths.entries() {
        for (method, operation) in methods.entries() {
            if let Some(id) = operation.get("operationId").and_then(Node::as_str) {
                by_id
                    .entry(id.to_owned())
                    .or_default()
                    .push((Arc::clone(path), Arc::clone(method)));
            }
        }
    }
    for (id, mut places) in by_id {
        places.sort();
        for (number, (path, method)) in places.iter().enumerate().skip(1) {
            if let Kind::Map(all) = &mut paths.kind
                && let Some(Kind::Map(methods)) = all.get_mut(path).map(|n| &mut n.kind)
                && let Some(operation) = methods.get_mut(method)
            {
                operation.insert("operationId", format!("{id}_{}", number + 1));
            }
        }
    }
}
