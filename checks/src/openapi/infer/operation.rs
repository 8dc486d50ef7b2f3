//! One operation: its id, words, tags, parameters, bodies, security.
//!
//! Puts together what its neighbours work out; `@extend_schema` goes before all of them.

use std::sync::Arc;

use regex::Regex;

use super::bodies::{Answers, Body, Cx, formats, is_list, paginator, request, responses};
use super::components::Components;
use super::docstrings;
use super::endpoints::{Endpoint, tokens};
use super::filtersets;
use super::node::{Kind, Node};
use super::overrides::{Overrides, overrides};
use super::packaged;
use super::parameters::{Parameter, of_filter, of_pagination, of_path};
use super::security::{Schemes, requirements};
use super::shape::Shape;
use super::spelled::Spelled;
use crate::django::names::Method;
use crate::facts::Facts;

/// Everything operations share.
pub(super) struct World<'a, 'f> {
    pub(super) facts: &'f Facts,
    pub(super) shape: &'f Shape,
    pub(super) prefix: &'a Regex,
}

/// The operation of an endpoint under its final path. `None`: it was taken out by hand.
pub(super) fn operation(
    world: &World<'_, '_>,
    components: &mut Components<'_>,
    schemes: &mut Schemes,
    endpoint: &Endpoint<'_>,
    path: &str,
) -> Option<Node> {
    let django = &world.facts.django;
    let route = endpoint.route;
    let spelled = Spelled {
        facts: world.facts,
        shape: world.shape,
    };
    let mut told = overrides(&spelled, endpoint);
    packaged::told(world, endpoint, &mut told);
    if let Some(whole) = told.operation {
        return Some(whole);
    }
    if told.exclude == Some(true) {
        return None;
    }
    let own = Body::of_view(endpoint);
    let answers = told
        .answers
        .take()
        .unwrap_or_else(|| Answers::of_view(own.clone()));
    let takes = told.request.take().unwrap_or_else(|| vec![(None, own)]);
    let listed = is_list(endpoint, &answers);
    let words: Vec<String> = tokens(path, world.prefix);

    let id = told
        .operation_id
        .take()
        .unwrap_or_else(|| operation_id(world, route.method, listed, &words));
    let mut out = Node::map().with("operationId", id);
    let described = told.description.take().or_else(|| {
        world
            .shape
            .docstring_descriptions
            .then(|| docstrings::of_endpoint(world.facts, endpoint))
            .flatten()
    });
    if let Some(text) = described {
        out.insert("description", text);
    }
    if let Some(text) = told.summary.take() {
        out.insert("summary", text);
    }
    if let Some(docs) = told.external_docs.take() {
        out.insert("externalDocs", docs);
    }
    let parameters = parameters(world, components, endpoint, path, listed, &mut told);
    if !parameters.is_empty() {
        let nodes: Vec<Node> = parameters.into_iter().map(Parameter::node).collect();
        out.insert("parameters", nodes);
    }
    let tags: Vec<Node> = told
        .tags
        .take()
        .unwrap_or_else(|| words.into_iter().take(1).collect())
        .into_iter()
        .map(Node::from)
        .collect();
    if !tags.is_empty() {
        out.insert("tags", tags);
    }
    let cx = Cx {
        endpoint,
        shape: world.shape,
    };
    if let Some(body) = request(&cx, components, &takes) {
        out.insert("requestBody", body);
    }
    let required = match told.auth.take() {
        Some(auth) => Some(auth),
        None => requirements(world.facts, route, schemes),
    };
    if let Some(security) = required {
        out.insert("security", security);
    }
    if told.deprecated {
        out.insert("deprecated", true);
    }
    out.insert("responses", responses(&cx, components, &answers));
    if let Some(extensions) = told.extensions.take() {
        for (key, value) in extensions
            .entries()
            .filter(|(key, _)| key.starts_with("x-"))
        {
            out.insert(key, value.clone());
        }
    }
    let place = django.pattern(route.pattern).chain.last();
    Some(match place {
        Some(place) => out.at(*place),
        None => out,
    })
}

fn operation_id(world: &World<'_, '_>, method: Method, listed: bool, words: &[String]) -> String {
    let action = match method {
        Method::Get if listed => "list",
        Method::Post => "create",
        Method::Put => "update",
        Method::Patch => "partial_update",
        Method::Delete => "destroy",
        _ => "retrieve",
    };
    let mut parts: Vec<String> = words.iter().map(|w| w.replace('-', "_")).collect();
    if parts.is_empty() {
        parts.push("root".to_owned());
    }
    if world.shape.method_first {
        parts.insert(0, action.to_owned());
    } else {
        parts.push(action.to_owned());
    }
    parts.join("_")
}

fn parameters(
    world: &World<'_, '_>,
    components: &mut Components<'_>,
    endpoint: &Endpoint<'_>,
    path: &str,
    listed: bool,
    told: &mut Overrides,
) -> Vec<Parameter> {
    let django = &world.facts.django;
    let policy = &endpoint.route.policy;
    let mut out: Vec<Parameter> = Vec::new();
    let mut add = |parameter: Parameter| {
        out.retain(|p| {
            (p.name.as_str(), p.location) != (parameter.name.as_str(), parameter.location)
        });
        out.push(parameter);
    };
    for parameter in of_path(django, components, endpoint, path) {
        add(parameter);
    }
    if told.filters.unwrap_or(listed) {
        let place = policy.filters.place();
        for class in policy
            .filters
            .alternatives
            .first()
            .into_iter()
            .flat_map(|a| &a.items)
        {
            if class.is("DjangoFilterBackend") {
                for parameter in filtersets::parameters(world, components, endpoint) {
                    add(parameter);
                }
            } else if let Some(parameter) = of_filter(django, class, place) {
                add(parameter);
            }
        }
    }
    if listed {
        if let Some(class) = paginator(endpoint) {
            for parameter in of_pagination(class, policy.pagination.part.place()) {
                add(parameter);
            }
        }
    }
    let names = formats(&policy.renderers);
    if names.len() > 1 {
        let key = django
            .settings()
            .get("REST_FRAMEWORK.URL_FORMAT_OVERRIDE")
            .map_or(Some("format".to_owned()), |f| f.str().map(str::to_owned));
        if let Some(key) = key {
            add(Parameter {
                choices: Some(
                    names
                        .iter()
                        .map(|n| Node::from(Arc::from(n.as_str())))
                        .collect(),
                ),
                place: policy.renderers.place(),
                ..Parameter::query(&key, super::basic::of("string"))
            });
        }
    }
    for (name, location, parameter) in std::mem::take(&mut told.parameters) {
        let known = out
            .iter()
            .position(|p| p.name == name && p.location == location);
        match (parameter, known) {
            (None, Some(at)) => {
                out.remove(at);
            }
            (None, None) => {}
            (Some(parameter), known) => {
                let parameter = with_field(components, parameter);
                match known.and_then(|at| out.get_mut(at)) {
                    Some(before) => *before = parameter,
                    None => out.push(parameter),
                }
            }
        }
    }
    if world.shape.sort_parameters {
        out.sort_by(|a, b| a.name.cmp(&b.name));
    }
    out
}

/// A parameter that stands for a field of a serializer has that field's schema.
fn with_field(components: &mut Components<'_>, mut parameter: Parameter) -> Parameter {
    let Some((serializer, field)) = parameter.serializer.take() else {
        return parameter;
    };
    let mut schema = components
        .properties(serializer)
        .and_then(|all| all.get(&field).cloned())
        .unwrap_or_else(|| super::basic::of("string").unknown("its field could not be told"));
    if let Kind::Map(entries) = &mut schema.kind {
        parameter.description = entries
            .shift_remove("description")
            .and_then(|d| d.as_str().map(str::to_owned));
    }
    parameter.schema = Some(schema);
    parameter
}
