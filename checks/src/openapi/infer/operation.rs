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
use super::node::Node;
use super::parameters::{Parameter, of_filter, of_pagination, of_path};
use super::security::{Schemes, requirements};
use super::shape::Shape;
use crate::django::names::Method;
use crate::facts::Facts;

/// Everything operations share.
pub(super) struct World<'a, 'f> {
    pub(super) facts: &'f Facts,
    pub(super) shape: &'a Shape,
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
    let own = Body::of_view(endpoint);
    let answers = Answers::One(own.clone(), String::new());
    let takes = vec![(None, own)];
    let listed = is_list(endpoint, &answers);
    let words: Vec<String> = tokens(path, world.prefix);

    let mut out = Node::map().with(
        "operationId",
        operation_id(world, route.method, listed, &words),
    );
    if world.shape.docstring_descriptions
        && let Some(text) = docstrings::of_endpoint(world.facts, endpoint)
    {
        out.insert("description", text);
    }
    let parameters = parameters(world, components, endpoint, path, listed);
    if !parameters.is_empty() {
        let nodes: Vec<Node> = parameters.into_iter().map(Parameter::node).collect();
        out.insert("parameters", nodes);
    }
    let tags: Vec<Node> = words.into_iter().take(1).map(Node::from).collect();
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
    if let Some(security) = requirements(django, route, schemes) {
        out.insert("security", security);
    }
    out.insert("responses", responses(&cx, components, &answers));
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
    if listed {
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
    if world.shape.sort_parameters {
        out.sort_by(|a, b| a.name.cmp(&b.name));
    }
    out
}
