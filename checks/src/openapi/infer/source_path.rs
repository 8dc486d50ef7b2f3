//! Where a dotted `source` leads: from a model over relations and properties to a field or a
//! function.
//!
//! Source of the rules: drf-spectacular's `follow_field_source`. Knows nothing of schemas.

use std::sync::Arc;

use super::components::Components;
use crate::django::fields::Target;
use crate::django::{FieldKind, ModelId};
use crate::python::{FuncId, Symbol};

/// What a source ends at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    Field(ModelId, Arc<str>),
    /// A property or method, whose return annotation says the type.
    Callable(FuncId),
    /// What drf-spectacular calls a string, as it cannot tell.
    Text,
    /// The reason is a clause for people.
    Unknown(Arc<str>),
}

impl Components<'_> {
    /// Follows a source (`author.email`) from a model.
    pub(super) fn follow(&self, model: ModelId, source: &str) -> End {
        let mut at = model;
        let mut parts = source.split('.').peekable();
        let mut steps = 0;
        while let Some(part) = parts.next() {
            steps += 1;
            if steps > 32 {
                return End::Text;
            }
            if parts.peek().is_none() {
                return self.last(at, part);
            }
            match self.step(at, part) {
                Ok(next) => at = next,
                Err(end) => return end,
            }
        }
        End::Text
    }

    fn last(&self, id: ModelId, name: &str) -> End {
        let model = self.facts.django.model(id);
        let key_of = |id: ModelId| match self.facts.django.model(id).pk() {
            Some(pk) => End::Field(id, Arc::clone(&pk.name)),
            None => End::Unknown("the key of its model is not known".into()),
        };
        let own = model.fields.iter().find(|f| &*f.name == name);
        if let Some(field) = own {
            return match (field.kind, field.to.as_ref().and_then(Target::model)) {
                (FieldKind::Scalar, _) => End::Field(id, Arc::clone(&field.name)),
                (FieldKind::GenericForeignKey | FieldKind::GenericRelation, _) => End::Text,
                (_, Some(to)) => match field.kwargs.str("to_field") {
                    Some(to_field) => End::Field(to, to_field.into()),
                    None => key_of(to),
                },
                (_, None) => End::Unknown("the model it leads to is not known".into()),
            };
        }
        if let Some(func) = model.method(name) {
            return End::Callable(func);
        }
        if let Some(reverse) = model.reverse(name) {
            return key_of(reverse.model);
        }
        if let Some(field) = model.field(name) {
            // `author_id` is the relation's column; `pk` is no attribute of the class's fields.
            return if name == "pk" {
                End::Text
            } else {
                End::Field(id, Arc::clone(&field.name))
            };
        }
        if let Some(reverse) = model.reverse.iter().find(|r| &*r.query_name == name) {
            return key_of(reverse.model);
        }
        if model.open.is_some() {
            return End::Unknown("a base of the model is not known".into());
        }
        End::Text
    }

    /// One relation on the way.
    fn step(&self, id: ModelId, name: &str) -> Result<ModelId, End> {
        let model = self.facts.django.model(id);
        if let Some(field) = model.field(name) {
            return match field.to.as_ref().and_then(Target::model) {
                Some(to) => Ok(to),
                None if field.is_relation() => {
                    Err(End::Unknown("the model it leads to is not known".into()))
                }
                None => Err(End::Text),
            };
        }
        if let Some(func) = model.method(name) {
            return self.returned_model(func).ok_or(End::Text);
        }
        // `get_field` knows reverse relations by the name of queries.
        if let Some(reverse) = model.reverse.iter().find(|r| &*r.query_name == name) {
            return Ok(reverse.model);
        }
        if model.open.is_some() {
            return Err(End::Unknown("a base of the model is not known".into()));
        }
        Err(End::Text)
    }

    /// The model that a property says it returns.
    fn returned_model(&self, func: FuncId) -> Option<ModelId> {
        let program = &self.facts.program;
        let hint = program.func_def(func).returns.as_ref()?;
        let forward = hint
            .as_str()
            .and_then(|text| super::type_hints::named(text, hint));
        let hint = forward.as_ref().unwrap_or(hint);
        match program.resolve(program.scope_around_func(func), hint) {
            Symbol::Class(class) => self.facts.django.model_of(class).map(|m| m.id),
            _ => None,
        }
    }
}
