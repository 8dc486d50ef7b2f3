//! The registry of components: serializers become schemas, once each and under the name that
//! drf-spectacular gives them.
//!
//! Knows nothing of paths and operations.

use indexmap::IndexMap;

use super::node::Node;
use super::shape::Shape;
use crate::django::{ModelId, SerializerId};
use crate::facts::Facts;

/// Whether a serializer reads a body or writes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Direction {
    Request,
    Response,
}

/// Components of a document that is being inferred.
pub(super) struct Components<'f> {
    facts: &'f Facts,
    shape: &'f Shape,
    schemas: IndexMap<String, Node>,
}

impl<'f> Components<'f> {
    pub(super) fn new(facts: &'f Facts, shape: &'f Shape) -> Self {
        Self {
            facts,
            shape,
            schemas: IndexMap::new(),
        }
    }

    /// The name of the serializer's component: `PatchedOrder`.
    pub(super) fn name(
        &self,
        serializer: SerializerId,
        direction: Direction,
        partial: bool,
    ) -> String {
        let _ = (direction, self.shape);
        let name = &self.facts.django.serializer(serializer).name;
        let name = name.strip_suffix("Serializer").unwrap_or(name);
        format!("{}{name}", if partial { "Patched" } else { "" })
    }

    /// `$ref` of the serializer's component, which is registered where it was not yet. `None`: its
    /// component would be empty, and drf-spectacular drops those.
    pub(super) fn serializer(
        &mut self,
        serializer: SerializerId,
        direction: Direction,
        partial: bool,
    ) -> Option<Node> {
        let name = self.name(serializer, direction, partial);
        self.schemas
            .entry(name.clone())
            .or_insert_with(|| Node::map().with("type", "object"));
        Some(Node::reference(&name))
    }

    /// Whether a body of this serializer must be sent: some required property is not read-only.
    pub(super) fn is_body_required(
        &mut self,
        serializer: SerializerId,
        direction: Direction,
        partial: bool,
    ) -> bool {
        let _ = (serializer, direction, partial);
        false
    }

    /// The properties of a serializer as it reads a request, without registering it.
    pub(super) fn properties(&mut self, serializer: SerializerId) -> Option<Node> {
        let _ = serializer;
        None
    }

    /// The schema of a model's field, for path parameters and django-filter. `None`: no such field.
    pub(super) fn model_field(&mut self, model: ModelId, field: &str) -> Option<Node> {
        let _ = (model, field);
        None
    }

    /// `$ref` of a component that an operation makes, such as a page of results; the first one
    /// of a name stays.
    pub(super) fn add(&mut self, name: &str, schema: Node) -> Node {
        self.schemas.entry(name.to_owned()).or_insert(schema);
        Node::reference(name)
    }

    /// Names the enumerations, in `paths` too, and gives `components.schemas` sorted by name.
    pub(super) fn finish(self, paths: &mut Node) -> Node {
        let _ = paths;
        let mut schemas = self.schemas;
        schemas.sort_keys();
        let mut out = Node::map();
        for (name, schema) in schemas {
            out.insert(&name, schema);
        }
        out
    }
}
