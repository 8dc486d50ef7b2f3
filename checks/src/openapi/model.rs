//! The one form of an API: schema files and schemas inferred from source are both an [`Api`].
//!
//! Schemas live in an arena; one place in a file is one node, however many `$ref` lead to it, so a
//! comparison is made once per pair of nodes. Every node knows its place and how certain it is.
//! The model holds data; it is filled by [`super::lower`] (files) or by an inference, rewritten by
//! [`super::normalise`] and compared by [`super::diff`].

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::tree::{Document, NodeId, Position};

/// Index of a schema in its [`Api`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId(pub u32);

/// Where something stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// Index into [`Api::files`].
    pub file: u32,
    /// The key it stands under, or its own first character in a list.
    pub at: Position,
    /// The mapping in the file's document; places of its keys are looked up there.
    pub node: Option<NodeId>,
}

/// One file that the API was read from.
#[derive(Debug, Default)]
pub struct SourceFile {
    /// As it was named by the caller, with `/`.
    pub path: Arc<str>,
    /// `None` for a file that is not a schema document (a Python file that was inferred from).
    pub document: Option<Document>,
    /// Where an inferred document's parts come from: a position without a column stands for the
    /// entry with the number of its line (from 1). Empty for a file that was read.
    pub elsewhere: Vec<(Arc<str>, Position)>,
}

/// How much a schema can be trusted. Nothing that is not `Known` or `Assumed` gives an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Certainty {
    #[default]
    Known,
    /// A default of the framework was taken where the source is silent.
    Assumed(Arc<str>),
    /// It could not be told; the reason is for people.
    Unknown(Arc<str>),
}

/// The types of JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    Null,
    Boolean,
    Object,
    Array,
    Number,
    String,
    Integer,
    /// A word that JSON Schema does not know (`int`).
    Other,
}

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::Array => "array",
            Self::Number => "number",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Other => "a type that JSON Schema does not know",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "object" => Self::Object,
            "array" => Self::Array,
            "number" => Self::Number,
            "string" => Self::String,
            "integer" => Self::Integer,
            _ => return None,
        })
    }
}

/// A use of a schema: the node, and the `$ref` that led to it, if one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaRef {
    pub id: SchemaId,
    /// `#/components/schemas/Book`
    pub reference: Option<Arc<str>>,
}

impl SchemaRef {
    pub fn inline(id: SchemaId) -> Self {
        Self {
            id,
            reference: None,
        }
    }
}

/// A bound that OpenAPI 3.0 writes as a flag and 3.1 as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Bound {
    #[default]
    Unset,
    Flag(bool),
    Number(f64),
}

/// `additionalProperties` and its like: a flag or a schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Additional {
    #[default]
    Unset,
    Flag(bool),
    Schema(SchemaRef),
}

impl Additional {
    pub fn schema(&self) -> Option<&SchemaRef> {
        match self {
            Self::Schema(schema) => Some(schema),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discriminator {
    pub property: Arc<str>,
    pub mapping: IndexMap<Arc<str>, Arc<str>>,
}

/// Keywords of numbers, strings, arrays and objects that limit values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    pub minimum: Option<f64>,
    pub maximum: Option<f64>,
    pub exclusive_minimum: Bound,
    pub exclusive_maximum: Bound,
    pub multiple_of: Option<f64>,
    /// 0 where the file says nothing.
    pub min_length: u64,
    pub max_length: Option<u64>,
    pub pattern: Option<Arc<str>>,
    /// 0 where the file says nothing.
    pub min_items: u64,
    pub max_items: Option<u64>,
    pub unique_items: bool,
    pub min_properties: u64,
    pub max_properties: Option<u64>,
    pub min_contains: Option<u64>,
    pub max_contains: Option<u64>,
}

/// What describes an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object {
    pub properties: IndexMap<Arc<str>, SchemaRef>,
    pub required: Vec<Arc<str>>,
    pub additional: Additional,
}

/// `allOf`, `anyOf`, `oneOf`, `not`, `discriminator`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Composition {
    pub all_of: Vec<SchemaRef>,
    pub any_of: Vec<SchemaRef>,
    pub one_of: Vec<SchemaRef>,
    pub not: Option<SchemaRef>,
    pub discriminator: Option<Discriminator>,
}

/// Keywords that are seldom written; most came with JSON Schema 2020-12.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rare {
    pub constant: Option<Value>,
    pub prefix_items: Vec<SchemaRef>,
    pub contains: Option<SchemaRef>,
    pub property_names: Option<SchemaRef>,
    pub unevaluated_items: Additional,
    pub unevaluated_properties: Additional,
    pub condition: Option<SchemaRef>,
    pub then: Option<SchemaRef>,
    pub otherwise: Option<SchemaRef>,
    pub content_schema: Option<SchemaRef>,
    pub content_media_type: Option<Arc<str>>,
    pub content_encoding: Option<Arc<str>>,
    pub pattern_properties: IndexMap<Arc<str>, SchemaRef>,
    pub dependent_schemas: IndexMap<Arc<str>, SchemaRef>,
    pub dependent_required: IndexMap<Arc<str>, Vec<Arc<str>>>,
    pub definitions: IndexMap<Arc<str>, SchemaRef>,
}

/// A schema.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    pub origin: Origin,
    pub certainty: Certainty,
    /// In the order of the file; empty where any type is allowed.
    pub types: Vec<Type>,
    pub format: Option<Arc<str>>,
    pub title: Option<Arc<str>>,
    pub nullable: bool,
    pub read_only: bool,
    pub write_only: bool,
    pub deprecated: bool,
    /// The empty string is allowed beside what the rest says (drf-spectacular's
    /// `oneOf: [.., {type: string, maxLength: 0}]`); only the normaliser sets it.
    pub blank: bool,
    pub enumeration: Option<Vec<Value>>,
    pub default: Option<Value>,
    pub items: Option<SchemaRef>,
    pub object: Option<Box<Object>>,
    pub limits: Option<Box<Limits>>,
    pub composition: Option<Box<Composition>>,
    pub rare: Option<Box<Rare>>,
    /// Keys that begin with `x-`, and keys that OpenAPI does not know.
    pub extensions: Vec<(Arc<str>, Value)>,
    /// Digest of the keywords that only describe (description, example, externalDocs …).
    pub annotations: u64,
    /// Digest of the keywords that no rule speaks of but that are part of the contract (`xml` …).
    pub others: u64,
}

static NO_OBJECT: std::sync::LazyLock<Object> = std::sync::LazyLock::new(Object::default);
static NO_LIMITS: std::sync::LazyLock<Limits> = std::sync::LazyLock::new(Limits::default);
static NO_COMPOSITION: std::sync::LazyLock<Composition> =
    std::sync::LazyLock::new(Composition::default);
static NO_RARE: std::sync::LazyLock<Rare> = std::sync::LazyLock::new(Rare::default);

impl Schema {
    pub fn object(&self) -> &Object {
        self.object.as_deref().unwrap_or(&NO_OBJECT)
    }

    pub fn limits(&self) -> &Limits {
        self.limits.as_deref().unwrap_or(&NO_LIMITS)
    }

    pub fn composition(&self) -> &Composition {
        self.composition.as_deref().unwrap_or(&NO_COMPOSITION)
    }

    pub fn rare(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(&NO_RARE)
    }

    pub fn property(&self, name: &str) -> Option<&SchemaRef> {
        self.object().properties.get(name)
    }

    pub fn requires(&self, name: &str) -> bool {
        self.object().required.iter().any(|r| &**r == name)
    }

    pub fn extension(&self, name: &str) -> Option<&Value> {
        extension(&self.extensions, name)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self.certainty, Certainty::Unknown(_))
    }
}

pub(crate) fn extension<'e>(extensions: &'e [(Arc<str>, Value)], name: &str) -> Option<&'e Value> {
    extensions
        .iter()
        .find(|(key, _)| &**key == name)
        .map(|(_, value)| value)
}

#[derive(Clone, Debug, Default)]
pub struct Parameter {
    pub origin: Origin,
    pub name: Arc<str>,
    /// `path`, `query`, `header`, `cookie`
    pub location: Arc<str>,
    pub required: bool,
    pub deprecated: bool,
    pub style: Option<Arc<str>>,
    pub explode: Option<bool>,
    pub schema: Option<SchemaRef>,
    pub extensions: Vec<(Arc<str>, Value)>,
}

#[derive(Clone, Debug, Default)]
pub struct MediaType {
    pub origin: Origin,
    pub schema: Option<SchemaRef>,
}

pub type Content = IndexMap<Arc<str>, MediaType>;

#[derive(Clone, Debug, Default)]
pub struct RequestBody {
    pub origin: Origin,
    pub required: bool,
    pub content: Content,
}

#[derive(Clone, Debug, Default)]
pub struct Header {
    pub origin: Origin,
    pub required: bool,
    pub schema: Option<SchemaRef>,
}

#[derive(Clone, Debug, Default)]
pub struct Response {
    pub origin: Origin,
    pub content: Content,
    pub headers: IndexMap<Arc<str>, Header>,
}

/// One alternative: every scheme in it is needed; scheme → scopes.
pub type SecurityRequirement = IndexMap<Arc<str>, Vec<Arc<str>>>;

#[derive(Clone, Debug, Default)]
pub struct Operation {
    pub origin: Origin,
    pub operation_id: Option<Arc<str>>,
    pub tags: Vec<Arc<str>>,
    pub deprecated: bool,
    pub parameters: Vec<Parameter>,
    pub request_body: Option<RequestBody>,
    pub responses: IndexMap<Arc<str>, Response>,
    /// `None`: the API's own `security` holds.
    pub security: Option<Vec<SecurityRequirement>>,
    pub extensions: Vec<(Arc<str>, Value)>,
    /// Digest of the operation as it is written, `$ref` unresolved.
    pub digest: u64,
}

#[derive(Clone, Debug, Default)]
pub struct PathItem {
    pub origin: Origin,
    /// In the order of [`METHODS`].
    pub operations: Vec<(&'static str, Operation)>,
    /// Those of the path itself, for all its operations.
    pub parameters: Vec<Parameter>,
}

/// The methods of a path item.
pub const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE",
];

impl PathItem {
    pub fn operation(&self, method: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|(m, _)| *m == method)
            .map(|(_, operation)| operation)
    }
}

#[derive(Clone, Debug, Default)]
pub struct SecurityScheme {
    pub origin: Origin,
    pub kind: Arc<str>,
    /// Of the implicit flow.
    pub authorization_url: Arc<str>,
    pub token_url: Arc<str>,
    pub scopes: IndexMap<Arc<str>, Arc<str>>,
    pub has_implicit_flow: bool,
}

/// An API.
#[derive(Clone, Debug, Default)]
pub struct Api {
    pub files: Vec<Arc<SourceFile>>,
    /// `3.0.3`
    pub openapi: Arc<str>,
    /// `info.version`
    pub version: Arc<str>,
    pub schemas: Vec<Arc<Schema>>,
    pub paths: IndexMap<Arc<str>, PathItem>,
    pub webhooks: IndexMap<Arc<str>, PathItem>,
    pub security: Option<Vec<SecurityRequirement>>,
    /// The root mapping, for the place of the API's own keys.
    pub root: Origin,
    /// `components.schemas`
    pub components: IndexMap<Arc<str>, SchemaRef>,
    pub security_schemes: IndexMap<Arc<str>, SecurityScheme>,
    /// What was wrong in the files but did not stop the reading.
    pub problems: Vec<Problem>,
}

/// Something in a file that should be told to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: Arc<str>,
    pub at: Position,
    /// A sentence without a full stop.
    pub message: String,
}

impl Api {
    /// The schema with this id. An id of another API gives an empty schema.
    pub fn schema(&self, id: SchemaId) -> &Schema {
        static EMPTY: std::sync::LazyLock<Schema> = std::sync::LazyLock::new(Schema::default);
        self.schemas.get(id.0 as usize).map_or(&EMPTY, |s| s)
    }

    pub fn path_of(&self, origin: Origin) -> Option<&Arc<str>> {
        self.files.get(origin.file as usize).map(|file| &file.path)
    }

    /// File and position that a person would look at. `None`: it has none.
    pub fn place_of(&self, origin: Origin) -> Option<(&Arc<str>, Position)> {
        let file = self.files.get(origin.file as usize)?;
        if origin.at.line == 0 {
            return None;
        }
        if origin.at.column > 0 || file.elsewhere.is_empty() {
            return Some((&file.path, origin.at));
        }
        let (path, at) = file
            .elsewhere
            .get((origin.at.line as usize).checked_sub(1)?)?;
        (at.line > 0).then_some((path, *at))
    }

    /// The document and the mapping that something was read from.
    pub(crate) fn source(&self, origin: Origin) -> Option<(&Document, NodeId)> {
        let document = self.files.get(origin.file as usize)?.document.as_ref()?;
        Some((document, origin.node?))
    }

    /// The place of a key of the mapping.
    pub(crate) fn field(&self, origin: Origin, key: &str) -> Option<Origin> {
        let (document, node) = self.source(origin)?;
        let entry = document.entry(node, key)?;
        Some(Origin {
            at: entry.at,
            node: None,
            ..origin
        })
    }

    /// The place of an item with this text in a list under a key of the mapping.
    pub(crate) fn field_item(&self, origin: Origin, key: &str, text: &str) -> Option<Origin> {
        let (document, node) = self.source(origin)?;
        let list = document.get(node, key)?;
        let item = document
            .items(list)
            .iter()
            .find(|&&item| match document.str(item) {
                Some(found) => &**found == text,
                None => super::text::of_value(&document.value(item)) == text,
            })?;
        Some(Origin {
            at: document.at(*item),
            node: None,
            ..origin
        })
    }

    /// The place of the item at an index in a list under a key of the mapping.
    pub(crate) fn field_index(&self, origin: Origin, key: &str, index: usize) -> Option<Origin> {
        let (document, node) = self.source(origin)?;
        let list = document.get(node, key)?;
        let item = document.items(list).get(index)?;
        Some(Origin {
            at: document.at(*item),
            node: None,
            ..origin
        })
    }
}
