//! What an operation takes and gives: request bodies per parser, responses per status and renderer.
//!
//! What a serializer looks like is the registry's matter.

use super::basic;
use super::components::{Components, Direction};
use super::endpoints::{Endpoint, lists};
use super::node::Node;
use super::parameters::page_schema;
use super::shape::Shape;
use crate::django::SerializerId;
use crate::django::names::{Method, as_str};
use crate::django::policy::{Part, PolicyClass};
use crate::python::value::Place;

/// What stands for the body of a request or response.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// No body.
    Nothing,
    Serializer {
        id: SerializerId,
        many: bool,
        /// `many=False` was asked for by `@extend_schema_serializer`.
        never_many: bool,
        place: Option<Place>,
    },
    /// A basic type.
    Basic(Node),
    /// A schema written by hand, or that of a type hint.
    Raw(Node),
    /// `inline_serializer(…)`: the name of its component and what it holds.
    Inline {
        name: String,
        schema: Node,
        many: bool,
    },
    /// It could not be told; a clause for people.
    Unknown(String),
}

/// One response.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// Empty: that of the method.
    pub(super) status: String,
    /// Empty: those of the renderers.
    pub(super) media_types: Vec<String>,
    pub(super) body: Body,
    pub(super) description: String,
    /// It stands in an `OpenApiResponse`, into which nobody looks for a list.
    pub(super) wrapped: bool,
}

/// What stands for the responses of an operation.
#[derive(Clone, Debug)]
pub(super) enum Answers {
    One(Answer),
    PerStatus(Vec<Answer>),
}

/// The operation that bodies belong to.
pub(super) struct Cx<'a, 'f> {
    pub(super) endpoint: &'a Endpoint<'f>,
    pub(super) shape: &'a Shape,
}

impl Body {
    /// The serializer that asking the view gives.
    pub(super) fn of_view(endpoint: &Endpoint<'_>) -> Self {
        let found = &endpoint.route.introspected;
        match found.serializers.as_slice() {
            [] => match &found.open {
                Some(reason) => Self::Unknown(reason.to_string()),
                None => Self::Nothing,
            },
            [used, ..] => Self::Serializer {
                id: used.serializer,
                many: used.many,
                never_many: false,
                place: used.place,
            },
        }
    }
}

impl Answers {
    pub(super) fn of_view(body: Body) -> Self {
        Self::One(Answer {
            status: String::new(),
            media_types: Vec::new(),
            body,
            description: String::new(),
            wrapped: false,
        })
    }

    /// The response that decides whether the operation lists: that of the lowest status.
    fn main(&self) -> Option<&Answer> {
        match self {
            Self::One(answer) => Some(answer),
            Self::PerStatus(all) => all.iter().min_by(|a, b| a.status.cmp(&b.status)),
        }
    }
}

/// Whether the operation gives a list, by what it answers.
pub(super) fn is_list(endpoint: &Endpoint<'_>, answers: &Answers) -> bool {
    match answers.main() {
        Some(answer) if !answer.wrapped => is_list_of(endpoint, &answer.body),
        _ => lists(endpoint),
    }
}

fn is_list_of(endpoint: &Endpoint<'_>, body: &Body) -> bool {
    match body {
        Body::Serializer { many: true, .. } | Body::Inline { many: true, .. } => true,
        // A missing serializer is a basic type too, as far as drf-spectacular is concerned.
        Body::Basic(_) | Body::Nothing => false,
        _ => lists(endpoint),
    }
}

/// `requestBody`; `None`: there is none.
pub(super) fn request(
    cx: &Cx<'_, '_>,
    components: &mut Components<'_>,
    given: &[(Option<String>, Body)],
) -> Option<Node> {
    let route = cx.endpoint.route;
    if !matches!(route.method, Method::Post | Method::Put | Method::Patch) {
        return None;
    }
    let partial = route.method == Method::Patch && cx.shape.split_patch;
    let mut content = Node::map();
    let mut required = true;
    let mut any = false;
    for (media_type, body) in given {
        let (schema, needed) = match body {
            Body::Nothing => continue,
            Body::Serializer {
                id, many: false, ..
            } => {
                let Some(schema) = components.serializer(*id, Direction::Request, partial) else {
                    continue;
                };
                let needed = components.is_body_required(*id, Direction::Request, partial);
                (schema, needed)
            }
            Body::Serializer { id, .. } => {
                match components.serializer(*id, Direction::Request, false) {
                    Some(schema) => (basic::array(schema), true),
                    None => continue,
                }
            }
            Body::Basic(schema) | Body::Raw(schema) => (schema.clone(), false),
            Body::Inline { name, schema, many } => {
                let needed = schema.get("required").is_some();
                let reference =
                    components.add(&inline_name(cx, name, partial), patched(schema, partial));
                if *many {
                    (basic::array(reference), true)
                } else {
                    (reference, needed && !partial)
                }
            }
            Body::Unknown(reason) => (basic::object(cx.shape).unknown(reason), false),
        };
        any = true;
        required &= needed;
        let media_types = match media_type {
            Some(one) => vec![one.clone()],
            None => media_types(&route.policy.parsers),
        };
        for name in media_types {
            content.insert(&name, Node::map().with("schema", schema.clone()));
        }
    }
    if !any || content.entries().next().is_none() {
        return None;
    }
    let mut out = Node::map().with("content", content);
    if required {
        out.insert("required", true);
    }
    if let Some(place) = given.iter().find_map(|(_, body)| place_of(body)) {
        out = out.at(place);
    }
    Some(out)
}

fn inline_name(cx: &Cx<'_, '_>, name: &str, partial: bool) -> String {
    let prefix = if partial { "Patched" } else { "" };
    let suffix = if cx.shape.split_request {
        "Request"
    } else {
        ""
    };
    format!("{prefix}{name}{suffix}")
}

/// Nothing is required of a part.
fn patched(schema: &Node, partial: bool) -> Node {
    let mut out = schema.clone();
    if partial && let super::node::Kind::Map(entries) = &mut out.kind {
        entries.shift_remove("required");
    }
    out
}

fn place_of(body: &Body) -> Option<Place> {
    match body {
        Body::Serializer { place, .. } => *place,
        _ => None,
    }
}

/// `responses`
pub(super) fn responses(
    cx: &Cx<'_, '_>,
    components: &mut Components<'_>,
    answers: &Answers,
) -> Node {
    let route = cx.endpoint.route;
    match answers {
        Answers::One(_) if route.method == Method::Delete => {
            Node::map().with("204", Node::map().with("description", "No response body"))
        }
        Answers::One(answer) => {
            let status = if is_create(cx.endpoint) { "201" } else { "200" };
            Node::map().with(status, response(cx, components, answers, answer, status))
        }
        Answers::PerStatus(all) => {
            let mut out = Node::map();
            for answer in all {
                let one = response(cx, components, answers, answer, &answer.status);
                match (out.get(&answer.status).cloned(), one.get("content")) {
                    // The same status with another media type.
                    (Some(mut before), Some(content)) => {
                        let mut both = before.get("content").cloned().unwrap_or_else(Node::map);
                        for (name, media) in content.entries() {
                            both.insert(name, media.clone());
                        }
                        before.insert("content", both);
                        out.insert(&answer.status, before);
                    }
                    _ => out.insert(&answer.status, one),
                }
            }
            out
        }
    }
}

fn is_create(endpoint: &Endpoint<'_>) -> bool {
    let route = endpoint.route;
    let is_viewset = endpoint.view.kind == crate::django::views::ViewKind::ViewSet;
    route.method == Method::Post
        && ((is_viewset && route.action.as_deref() == Some("create"))
            || route.introspected.is_create_view)
}

fn response(
    cx: &Cx<'_, '_>,
    components: &mut Components<'_>,
    answers: &Answers,
    answer: &Answer,
    status: &str,
) -> Node {
    let Answer {
        media_types: given,
        body,
        description,
        ..
    } = answer;
    let bare = || {
        let words = if description.is_empty() {
            "No response body"
        } else {
            description
        };
        Node::map().with("description", words)
    };
    let mut listed = is_list_of(cx.endpoint, body);
    let mut paged = None;
    let schema = match body {
        Body::Nothing => return bare(),
        Body::Serializer { id, never_many, .. } => {
            let Some(schema) = components.serializer(*id, Direction::Response, false) else {
                return bare();
            };
            listed &= !never_many;
            paged = Some(components.name(*id, Direction::Response, false));
            schema
        }
        Body::Inline { name, schema, .. } => {
            paged = Some(name.clone());
            components.add(name, schema.clone())
        }
        Body::Basic(schema) => schema.clone(),
        Body::Raw(schema) => {
            // drf-spectacular looks at the operation's main response instead.
            listed = is_list(cx.endpoint, answers);
            schema.clone()
        }
        Body::Unknown(reason) => basic::object(cx.shape).unknown(reason),
    };
    let schema = if listed && status.starts_with('2') {
        in_list(cx, components, schema, paged)
    } else {
        schema
    };
    let media = if given.is_empty() {
        media_types(&cx.endpoint.route.policy.renderers)
    } else {
        given.clone()
    };
    let mut content = Node::map();
    for name in media {
        content.insert(&name, Node::map().with("schema", schema.clone()));
    }
    let out = Node::map()
        .with("content", content)
        .with("description", description.as_str());
    match place_of(body) {
        Some(place) => out.at(place),
        None => out,
    }
}

/// An array of these, in a page where the view has pages.
fn in_list(
    cx: &Cx<'_, '_>,
    components: &mut Components<'_>,
    schema: Node,
    name: Option<String>,
) -> Node {
    let array = basic::array(schema);
    let pagination = &cx.endpoint.route.policy.pagination.part;
    let Some(class) = paginator(cx.endpoint) else {
        return match &pagination.open {
            Some(reason) => array.unknown(reason),
            None => array,
        };
    };
    let page = page_schema(class, array);
    let page = match pagination.place() {
        Some(place) => page.at(place),
        None => page,
    };
    match name {
        Some(name) => components.add(&format!("Paginated{name}List"), page),
        None => page,
    }
}

/// The pagination class that the view declares.
pub(super) fn paginator<'f>(endpoint: &Endpoint<'f>) -> Option<&'f PolicyClass> {
    endpoint
        .route
        .policy
        .pagination
        .part
        .alternatives
        .first()?
        .items
        .first()
}

/// Media types of parsers or renderers, each once.
pub(super) fn media_types(part: &Part<PolicyClass>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for class in part.alternatives.first().into_iter().flat_map(|a| &a.items) {
        if class.is("BrowsableAPIRenderer") || class.is("AdminRenderer") {
            continue;
        }
        let own = class.attrs.get("media_type").and_then(|k| as_str(&k.val));
        let name = own.map(str::to_owned).or_else(|| media_type(class));
        let Some(name) = name else { continue };
        let name = name.split(';').next().unwrap_or(&name).trim().to_owned();
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// Names of formats of renderers (`?format=`).
pub(super) fn formats(part: &Part<PolicyClass>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for class in part.alternatives.first().into_iter().flat_map(|a| &a.items) {
        if class.is("BrowsableAPIRenderer") || class.is("AdminRenderer") {
            continue;
        }
        let own = class.attrs.get("format").and_then(|k| as_str(&k.val));
        let name = own
            .map(str::to_owned)
            .or_else(|| known(class).map(|(_, _, format)| format.to_owned()));
        if let Some(name) = name.filter(|n| !n.is_empty() && !out.contains(n)) {
            out.push(name);
        }
    }
    out
}

fn media_type(class: &PolicyClass) -> Option<String> {
    known(class).map(|(_, media_type, _)| media_type.to_owned())
}

/// Parsers and renderers of DRF and the usual packages: name, media type, format.
const KNOWN: [(&str, &str, &str); 24] = [
    ("JSONParser", "application/json", ""),
    ("FormParser", "application/x-www-form-urlencoded", ""),
    ("MultiPartParser", "multipart/form-data", ""),
    ("FileUploadParser", "*/*", ""),
    ("CamelCaseJSONParser", "application/json", ""),
    (
        "CamelCaseFormParser",
        "application/x-www-form-urlencoded",
        "",
    ),
    ("CamelCaseMultiPartParser", "multipart/form-data", ""),
    ("XMLParser", "application/xml", ""),
    ("YAMLParser", "application/yaml", ""),
    ("JSONRenderer", "application/json", "json"),
    ("CamelCaseJSONRenderer", "application/json", "json"),
    ("ORJSONRenderer", "application/json", "json"),
    ("TemplateHTMLRenderer", "text/html", "html"),
    ("StaticHTMLRenderer", "text/html", "html"),
    ("HTMLFormRenderer", "text/html", "form"),
    ("MultiPartRenderer", "multipart/form-data", "multipart"),
    ("XMLRenderer", "application/xml", "xml"),
    ("CSVRenderer", "text/csv", "csv"),
    ("YAMLRenderer", "application/yaml", "yaml"),
    ("OpenApiYamlRenderer", "application/vnd.oai.openapi", "yaml"),
    (
        "OpenApiJsonRenderer",
        "application/vnd.oai.openapi+json",
        "json",
    ),
    ("OpenApiYamlRenderer2", "application/yaml", "yaml"),
    ("OpenApiJsonRenderer2", "application/json", "json"),
    ("CoreJSONRenderer", "application/coreapi+json", "corejson"),
];

fn known(class: &PolicyClass) -> Option<(&'static str, &'static str, &'static str)> {
    if class.class.fq().starts_with("rest_framework_json_api.") {
        return Some(("", "application/vnd.api+json", "vnd.api+json"));
    }
    KNOWN.iter().find(|(name, _, _)| class.is(name)).copied()
}
