//! Parameters of an operation: those of its path, of pagination, search and ordering.
//!
//! Filters of django-filter are in `filtersets`.

use std::sync::Arc;

use super::basic;
use super::components::Components;
use super::endpoints::Endpoint;
use super::node::{Kind, Node};
use crate::django::names::Kwargs;
use crate::django::policy::PolicyClass;
use crate::django::{Django, ModelId};
use crate::python::value::{Literal, Place, Val};

/// A parameter before it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) location: &'static str,
    pub(super) schema: Option<Node>,
    pub(super) description: Option<String>,
    pub(super) required: bool,
    /// DRF's own parameters say that they are not required.
    pub(super) says_optional: bool,
    pub(super) deprecated: bool,
    pub(super) choices: Option<Vec<Node>>,
    pub(super) pattern: Option<String>,
    pub(super) style: Option<String>,
    pub(super) explode: Option<bool>,
    pub(super) default: Option<Node>,
    pub(super) place: Option<Place>,
    /// The schema is that of a serializer's field.
    pub(super) serializer: Option<(crate::django::SerializerId, Arc<str>)>,
}

impl Parameter {
    pub(super) fn query(name: &str, schema: Node) -> Self {
        Self {
            name: name.to_owned(),
            location: "query",
            schema: Some(schema),
            ..Self::default()
        }
    }

    /// In the order of keys that drf-spectacular writes.
    pub(super) fn node(self) -> Node {
        let is_path = self.location == "path";
        let mut schema = self.schema.unwrap_or_else(Node::map);
        if let Kind::Map(entries) = &mut schema.kind {
            entries.retain(|key, _| {
                let is_dropped = match &**key {
                    "readOnly" | "writeOnly" => true,
                    "nullable" | "default" => is_path,
                    _ => false,
                };
                !is_dropped
            });
        }
        if let Some(choices) = self.choices.filter(|c| !c.is_empty()) {
            inner(&mut schema, |s| s.insert("enum", sorted(choices)));
        }
        if let Some(pattern) = self.pattern {
            inner(&mut schema, |s| s.insert("pattern", pattern));
        }
        if let Some(default) = self.default {
            schema.insert("default", default);
        }
        let mut out = Node::map()
            .with("in", self.location)
            .with("name", self.name)
            .with("schema", schema);
        if let Some(description) = self.description.filter(|d| !d.is_empty()) {
            out.insert("description", description);
        }
        if self.required || is_path {
            out.insert("required", true);
        } else if self.says_optional {
            out.insert("required", false);
        }
        if self.deprecated {
            out.insert("deprecated", true);
        }
        if let Some(explode) = self.explode {
            out.insert("explode", explode);
        }
        if let Some(style) = self.style {
            out.insert("style", style);
        }
        match self.place {
            Some(place) => out.at(place),
            None => out,
        }
    }
}

/// Enumerations and patterns of an array are those of its items.
fn inner(schema: &mut Node, change: impl FnOnce(&mut Node)) {
    let is_array = schema.get("type").and_then(Node::as_str) == Some("array");
    if is_array && let Kind::Map(entries) = &mut schema.kind {
        if let Some(items) = entries.get_mut("items") {
            change(items);
        }
        return;
    }
    change(schema);
}

/// `sorted(values, key=str)`
fn sorted(mut values: Vec<Node>) -> Node {
    values.sort_by_key(|value| match &value.kind {
        Kind::String(text) => text.to_string(),
        Kind::Bool(true) => "True".to_owned(),
        Kind::Bool(false) => "False".to_owned(),
        Kind::Null => "None".to_owned(),
        Kind::Number(number) => number.to_string(),
        _ => String::new(),
    });
    values.into()
}

/// Parameters of the path.
pub(super) fn of_path(
    django: &Django,
    components: &mut Components<'_>,
    endpoint: &Endpoint<'_>,
    path: &str,
) -> Vec<Parameter> {
    let mut out: Vec<Parameter> = Vec::new();
    let place = django.pattern(endpoint.route.pattern).chain.last().copied();
    for (name, param) in &endpoint.params {
        if !path.contains(&format!("{{{name}}}")) || out.iter().any(|p| *p.name == **name) {
            continue;
        }
        let mut parameter = Parameter {
            name: name.to_string(),
            location: "path",
            schema: Some(basic::of("string")),
            place,
            ..Parameter::default()
        };
        match param.converter.as_deref() {
            Some("int") => parameter.schema = Some(basic::of("integer")),
            Some("uuid") => parameter.schema = Some(basic::formatted("string", "uuid")),
            // An untyped `<pk>` has the converter `str` and still asks the model.
            Some("slug" | "path") => {}
            Some("str") if param.is_typed => {}
            Some("str") => of_model(django, components, endpoint, name, &mut parameter),
            Some(_) => parameter.pattern = Some(anchored(&param.regex)),
            None if &*param.regex != "[^/.]+" => parameter.pattern = Some(anchored(&param.regex)),
            None => of_model(django, components, endpoint, name, &mut parameter),
        }
        out.push(parameter);
    }
    out
}

fn anchored(pattern: &str) -> String {
    let start = if pattern.starts_with('^') { "" } else { "^" };
    let end = if pattern.ends_with('$') { "" } else { "$" };
    format!("{start}{pattern}{end}")
}

/// The type of the model field that the URL looks up.
fn of_model(
    django: &Django,
    components: &mut Components<'_>,
    endpoint: &Endpoint<'_>,
    name: &Arc<str>,
    parameter: &mut Parameter,
) {
    let Some(model) = endpoint.route.introspected.model else {
        return;
    };
    let attr = |key: &str| {
        endpoint
            .view
            .attr(key)
            .and_then(|a| crate::django::names::as_str(&a.val))
    };
    let field = if attr("lookup_url_kwarg") == Some(name) {
        attr("lookup_field").unwrap_or("pk").to_owned()
    } else if let Some(stem) = name.strip_suffix("_pk") {
        format!("{stem}_id")
    } else {
        name.to_string()
    };
    let Some((owner, end)) = follow(django, model, &field) else {
        return;
    };
    let Some(schema) = components.model_field(owner, &end) else {
        return;
    };
    let mut schema = schema;
    let mut description = None;
    if let Kind::Map(entries) = &mut schema.kind {
        description = entries
            .shift_remove("description")
            .and_then(|d| d.as_str().map(str::to_owned));
        if let Some(description) = &description {
            entries.insert("description".into(), description.as_str().into());
        }
    }
    let model = django.model(owner);
    if description.is_none()
        && let Some(field) = model.field(&end).filter(|f| f.is_pk)
    {
        let kind = if field.is_auto() {
            "unique integer value"
        } else if &*field.base == "UUIDField" {
            "UUID string"
        } else {
            "unique value"
        };
        parameter.description = Some(format!(
            "A {kind} identifying this {}.",
            verbose_name(model)
        ));
    }
    parameter.schema = Some(schema);
}

/// The model and field at the end of `a__b__c`.
fn follow(django: &Django, model: ModelId, path: &str) -> Option<(ModelId, String)> {
    match django.resolve_path(model, path) {
        crate::django::PathEnd::Field(model, field) => Some((model.id, field.name.to_string())),
        _ => None,
    }
}

/// `Meta.verbose_name`, else the name of the class in words.
pub(super) fn verbose_name(model: &crate::django::Model) -> String {
    if let Some(name) = model.meta.options.str("verbose_name") {
        return name.to_owned();
    }
    let mut out = String::new();
    let chars: Vec<char> = model.name.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|i| chars.get(i));
        let after = chars.get(at + 1);
        let starts = c.is_uppercase()
            && before.is_some_and(|b| {
                b.is_lowercase()
                    || b.is_ascii_digit()
                    || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase()))
            });
        if starts {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The pagination of JSON:API, whose parameters have other names.
const JSON_API_PAGES: &str = "rest_framework_json_api.pagination.JsonApiPageNumberPagination";

/// Parameters by which a client asks for a page.
pub(super) fn of_pagination(class: &PolicyClass, place: Option<Place>) -> Vec<Parameter> {
    let page = |name: Option<String>, kind: &str, description: &str| {
        name.map(|name| Parameter {
            description: Some(description.to_owned()),
            says_optional: true,
            place,
            ..Parameter::query(&name, basic::of(kind))
        })
    };
    let attr = |key: &str, default: &str| text(&class.attrs, key, Some(default));
    let size = || {
        page(
            text(&class.attrs, "page_size_query_param", None),
            "integer",
            "Number of results to return per page.",
        )
    };
    let all = if class.class.fq() == JSON_API_PAGES {
        vec![
            page(
                Some("page[number]".to_owned()),
                "integer",
                "A page number within the paginated result set.",
            ),
            page(
                Some("page[size]".to_owned()),
                "integer",
                "Number of results to return per page.",
            ),
        ]
    } else if class.is("PageNumberPagination") {
        vec![
            page(
                attr("page_query_param", "page"),
                "integer",
                "A page number within the paginated result set.",
            ),
            size(),
        ]
    } else if class.is("LimitOffsetPagination") {
        vec![
            page(
                attr("limit_query_param", "limit"),
                "integer",
                "Number of results to return per page.",
            ),
            page(
                attr("offset_query_param", "offset"),
                "integer",
                "The initial index from which to return the results.",
            ),
        ]
    } else if class.is("CursorPagination") {
        vec![
            page(
                attr("cursor_query_param", "cursor"),
                "string",
                "The pagination cursor value.",
            ),
            size(),
        ]
    } else {
        Vec::new()
    };
    all.into_iter().flatten().collect()
}

/// An option that is a text, its default, or absent (`None`).
fn text(attrs: &Kwargs, key: &str, default: Option<&str>) -> Option<String> {
    match attrs.get(key).map(|k| &k.val) {
        Some(Val::Known(Literal::Str(text))) => Some(text.to_string()),
        Some(Val::Known(Literal::None)) => None,
        _ => default.map(str::to_owned),
    }
}

/// What a page of results looks like.
pub(super) fn page_schema(class: &PolicyClass, items: Node) -> Node {
    let attr = |key: &str, default: &str| {
        text(&class.attrs, key, Some(default)).unwrap_or_else(|| default.to_owned())
    };
    let link = |example: String| {
        Node::map()
            .with("type", "string")
            .with("nullable", true)
            .with("format", "uri")
            .with("example", example)
    };
    let base = "http://api.example.org/accounts/?";
    let is_json_api = class.class.fq() == JSON_API_PAGES;
    let (next, previous, counted) = if is_json_api || class.is("PageNumberPagination") {
        let page = if is_json_api {
            "page[number]".to_owned()
        } else {
            attr("page_query_param", "page")
        };
        (format!("{base}{page}=4"), format!("{base}{page}=2"), true)
    } else if class.is("LimitOffsetPagination") {
        let limit = attr("limit_query_param", "limit");
        let offset = attr("offset_query_param", "offset");
        (
            format!("{base}{offset}=400&{limit}=100"),
            format!("{base}{offset}=200&{limit}=100"),
            true,
        )
    } else if class.is("CursorPagination") {
        let cursor = attr("cursor_query_param", "cursor");
        (
            format!("{base}{cursor}=cD00ODY%3D\""),
            format!("{base}{cursor}=cj0xJnA9NDg3"),
            false,
        )
    } else {
        return items;
    };
    let mut required: Vec<Node> = Vec::new();
    let mut properties = Node::map();
    if counted {
        required.push("count".into());
        properties.insert(
            "count",
            Node::map().with("type", "integer").with("example", 123_i64),
        );
    }
    required.push("results".into());
    properties.insert("next", link(next));
    properties.insert("previous", link(previous));
    properties.insert("results", items);
    Node::map()
        .with("type", "object")
        .with("required", required)
        .with("properties", properties)
}

/// Search and ordering.
pub(super) fn of_filter(
    django: &Django,
    class: &PolicyClass,
    place: Option<Place>,
) -> Option<Parameter> {
    let setting = |key: &str, default: &str| {
        django
            .settings()
            .get(&format!("REST_FRAMEWORK.{key}"))
            .and_then(|f| f.str().map(str::to_owned))
            .unwrap_or_else(|| default.to_owned())
    };
    let (name, description) = if class.is("SearchFilter") {
        (
            text(&class.attrs, "search_param", None)
                .unwrap_or_else(|| setting("SEARCH_PARAM", "search")),
            "A search term.",
        )
    } else if class.is("OrderingFilter") {
        let own = class.class.fq() == "rest_framework_json_api.filters.OrderingFilter";
        (
            text(&class.attrs, "ordering_param", None)
                .or_else(|| own.then(|| "sort".to_owned()))
                .unwrap_or_else(|| setting("ORDERING_PARAM", "ordering")),
            "Which field to use when ordering the results.",
        )
    } else {
        return None;
    };
    Some(Parameter {
        description: Some(description.to_owned()),
        says_optional: true,
        place,
        ..Parameter::query(&name, basic::of("string"))
    })
}
