//! The registry of components: serializers become schemas, once each and under the name that
//! drf-spectacular gives them. Of two classes with one name the first stays, as there.
//!
//! Knows nothing of paths and operations.

use indexmap::IndexMap;

use super::drf_field::DrfField;
use super::field_schema::Holder;
use super::model_field_schema::Mapping;
use super::node::{Kind, Node};
use super::places::Call;
use super::shape::Shape;
use super::{enums, package_serializers};
use crate::django::names::truth;
use crate::django::{ModelId, SerializerId};
use crate::facts::Facts;
use crate::python::ClassId;
use crate::python::syntax::Expr;

/// Whether a serializer reads a body or writes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Direction {
    Request,
    Response,
}

/// Components of a document that is being inferred.
pub(super) struct Components<'f> {
    pub(super) facts: &'f Facts,
    pub(super) shape: &'f Shape,
    pub(super) mapping: Mapping<'f>,
    /// `COERCE_DECIMAL_TO_STRING` of DRF's settings.
    pub(super) coerce_decimal: bool,
    /// `UPLOADED_FILES_USE_URL` of DRF's settings.
    pub(super) files_use_url: bool,
    /// `None`: on its way, or dropped because it was empty.
    schemas: IndexMap<String, Option<Node>>,
    /// Fields within fields at the moment.
    pub(super) depth: u32,
}

impl<'f> Components<'f> {
    pub(super) fn new(facts: &'f Facts, shape: &'f Shape) -> Self {
        let flag = |key: &str| {
            facts
                .django
                .settings()
                .get(&format!("REST_FRAMEWORK.{key}"))
                .and_then(|found| truth(found.val))
                .unwrap_or(true)
        };
        Self {
            facts,
            shape,
            mapping: Mapping::new(facts, shape),
            coerce_decimal: flag("COERCE_DECIMAL_TO_STRING"),
            files_use_url: flag("UPLOADED_FILES_USE_URL"),
            schemas: IndexMap::new(),
            depth: 0,
        }
    }

    /// `$ref` of the serializer's component, which is registered where it was not yet. `None`: its
    /// component would be empty, and drf-spectacular drops those.
    pub(super) fn serializer(
        &mut self,
        serializer: SerializerId,
        direction: Direction,
        partial: bool,
    ) -> Option<Node> {
        if let Some(child) = self.list_child(serializer) {
            return child.map(|child| self.field_schema(&child, Holder::default(), direction))?;
        }
        let name = self.name(serializer, direction, partial);
        self.component(&name, |components| {
            components.serializer_schema(serializer, direction, partial)
        })
    }

    /// A component by its name, made on first use. While it is being made it can be referred to.
    pub(super) fn component(
        &mut self,
        name: &str,
        make: impl FnOnce(&mut Self) -> Node,
    ) -> Option<Node> {
        if self.schemas.contains_key(name) {
            return Some(Node::reference(name));
        }
        self.schemas.insert(name.to_owned(), None);
        let schema = make(self);
        if is_empty(&schema) {
            self.schemas.shift_remove(name);
            return None;
        }
        self.schemas.insert(name.to_owned(), Some(schema));
        Some(Node::reference(name))
    }

    /// Whether a body of this serializer must be sent: some required property is not read-only.
    pub(super) fn is_body_required(
        &mut self,
        serializer: SerializerId,
        direction: Direction,
        partial: bool,
    ) -> bool {
        if partial || self.serializer(serializer, direction, partial).is_none() {
            return false;
        }
        let name = self.name(serializer, direction, partial);
        self.schemas
            .get(&name)
            .and_then(Option::as_ref)
            .is_some_and(needs_body)
    }

    /// The properties of a serializer as it reads a request, without registering it.
    pub(super) fn properties(&mut self, serializer: SerializerId) -> Option<Node> {
        let name = self.name(serializer, Direction::Request, false);
        let known = self.schemas.contains_key(&name);
        self.serializer(serializer, Direction::Request, false)?;
        let schema = self.schemas.get(&name).cloned().flatten()?;
        if !known {
            self.schemas.shift_remove(&name);
        }
        schema.get("properties").cloned()
    }

    /// The schema of a model's field, for path parameters and django-filter. `None`: no such field.
    pub(super) fn model_field(&mut self, model: ModelId, field: &str) -> Option<Node> {
        self.model_field_schema(model, field, Direction::Response)
    }

    /// `_map_model_field`: as a field of a serializer would be mapped, without validators.
    pub(super) fn model_field_schema(
        &mut self,
        model: ModelId,
        name: &str,
        direction: Direction,
    ) -> Option<Node> {
        let model = self.facts.django.model(model);
        let field = model.field(name)?;
        let built = self.mapping.field(model, field, &field.name, false);
        self.field_schema(&built, Holder::default(), direction)
    }

    /// `$ref` of a component that an operation makes, such as a page of results; the first one
    /// of a name stays.
    pub(super) fn add(&mut self, name: &str, schema: Node) -> Node {
        self.schemas.entry(name.to_owned()).or_insert(Some(schema));
        Node::reference(name)
    }

    /// Names the enumerations, in `paths` too, and gives `components.schemas` sorted by name.
    pub(super) fn finish(self, paths: &mut Node) -> Node {
        let mut schemas = self.schemas;
        schemas.sort_keys();
        let mut all: IndexMap<String, Node> = schemas
            .into_iter()
            .filter_map(|(name, schema)| Some((name, schema?)))
            .collect();
        enums::name_all(&mut all, self.facts, self.shape);
        enums::remove_identities(paths);
        all.sort_keys();
        let mut out = Node::map();
        for (name, mut schema) in all {
            enums::remove_identities(&mut schema);
            out.insert(&name, schema);
        }
        out
    }

    /// The child of a `ListSerializer` class; `Some(None)`: it is not known.
    #[expect(
        clippy::option_option,
        reason = "no list serializer, and a list of something unknown, are two answers"
    )]
    fn list_child(&self, id: SerializerId) -> Option<Option<DrfField>> {
        let serializer = self.facts.django.serializer(id);
        if serializer.kind != crate::django::serializers::SerializerKind::List {
            return None;
        }
        let found = serializer
            .class
            .and_then(|class| self.facts.program.attribute(class, "child"))
            .and_then(|attribute| {
                let crate::python::AttributeKind::Value(expr) = attribute.kind else {
                    return None;
                };
                let crate::python::Base::Project(owner) = attribute.owner else {
                    return None;
                };
                let scope = self.facts.program.scope_of_class(owner);
                let mut list = DrfField::new(&"".into(), "ListField");
                list.child = DrfField::of_expr(self.facts, scope, expr, &"".into()).map(Box::new);
                list.child.is_some().then_some(list)
            });
        Some(found)
    }

    /// The call of a decorator on a class: `@extend_schema_serializer(…)`.
    pub(super) fn decoration(&self, class: ClassId, name: &str) -> Option<Call<'f>> {
        let program = &self.facts.program;
        let scope = program.scope_around_class(class);
        decoration(&program.class_def(class).decorators, name).map(|(_, args)| Call { scope, args })
    }

    /// The schema that a package's serializer has, where it is in the table.
    pub(super) fn package_schema(&self, fq: &str, direction: Direction) -> Option<Node> {
        package_serializers::schema(self.facts, fq, direction, self.shape.split_request)
    }
}

/// The call of a decorator by the last part of its name.
pub(super) fn decoration<'e>(
    decorators: &'e [Expr],
    name: &str,
) -> Option<(&'e Expr, &'e [crate::python::syntax::Arg])> {
    decorators.iter().find_map(|decorator| {
        let (func, args) = decorator.as_call()?;
        let dotted = func.dotted()?;
        (dotted.rsplit('.').next() == Some(name)).then_some((func, args))
    })
}

/// Schemas that say nothing, which drf-spectacular does not register.
fn is_empty(schema: &Node) -> bool {
    if schema.len() == 0 {
        return true;
    }
    schema.get("type").and_then(Node::as_str) == Some("object")
        && schema.get("properties").is_none_or(|p| p.len() == 0)
        && schema.get("additionalProperties").is_none()
        && schema.certainty == super::super::model::Certainty::Known
}

fn needs_body(schema: &Node) -> bool {
    let Some(Node {
        kind: Kind::List(required),
        ..
    }) = schema.get("required")
    else {
        return false;
    };
    required.iter().filter_map(Node::as_str).any(|name| {
        schema
            .get("properties")
            .and_then(|p| p.get(name))
            .is_some_and(|p| p.get("readOnly").is_none())
    })
}
