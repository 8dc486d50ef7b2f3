//! Serializers: what each declares, and the fields that are really there after inheritance, `Meta`
//! and the model's own rules.
//!
//! [`Serializer::fields`] is what DRF's `get_fields()` would return; `input_fields` and
//! `output_fields` are the parts a client may send and sees. Where fields are computed at run time
//! the serializer is [`Serializer::dynamic`] and the list holds what is known.

pub(super) mod effective;
pub(super) mod find;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::names::{ClassRef, Kwargs, ModelId, SerializerId};
use crate::python::value::Place;
use crate::python::{ClassId, FuncId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SerializerKind {
    Plain,
    Model,
    Hyperlinked,
    List,
}

/// `Meta.fields` and `Meta.exclude` after `Meta` inheritance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MetaFields {
    /// No `Meta.fields` and no `exclude` (a plain serializer, or a fault on a model serializer).
    None,
    /// Names in order.
    List(Vec<Arc<str>>),
    /// `"__all__"` or `serializers.ALL_FIELDS`.
    All,
    Exclude(Vec<Arc<str>>),
    /// The reason is a clause for people.
    Unknown(Arc<str>),
}

/// A serializer class of the project, or one of a package that a route uses.
#[derive(Clone, Debug)]
pub struct Serializer {
    pub id: SerializerId,
    /// `None`: of a package.
    pub class: Option<ClassId>,
    pub fq: Arc<str>,
    pub name: Arc<str>,
    pub kind: SerializerKind,
    pub model: Option<ModelId>,
    /// `Meta.model` as written, where it could not be resolved.
    pub model_open: Option<Arc<str>>,
    pub meta: MetaFields,
    /// Place of the value of `Meta.fields` or `Meta.exclude`.
    pub meta_place: Option<Place>,
    /// The class whose `Meta` gives it (another serializer where `Meta` is inherited).
    pub meta_owner: Option<ClassRef>,
    pub read_only_fields: Vec<(Arc<str>, Place)>,
    /// `Meta.extra_kwargs` by field; `open` on the outer list: could not be read.
    pub extra_kwargs: Vec<(Arc<str>, Kwargs, Place)>,
    pub extra_kwargs_open: bool,
    /// All options of `Meta` as written.
    pub meta_options: Kwargs,
    pub depth: u32,
    /// Declared fields by MRO, as DRF's metaclass orders them: bases first, own fields in order.
    pub declared: Vec<DeclaredField>,
    /// Effective fields in order.
    pub fields: Vec<SerializerField>,
    /// `validate`, `validate_<field>`, `create`, `update`, `save`, `to_representation`,
    /// `to_internal_value`, `get_fields`, `get_extra_kwargs`, `__init__`, `get_<method field>`,
    /// found by MRO in project classes.
    pub methods: Vec<(Arc<str>, FuncId)>,
    /// Fields change at run time in a way that was not read; absence of a field proves nothing.
    pub dynamic: Option<Arc<str>>,
    /// A base is not known.
    pub open: Option<Arc<str>>,
    /// Of the class's name; `None` for a package's.
    pub place: Option<Place>,
}

/// A field assigned in a serializer's class body.
#[derive(Clone, Debug)]
pub struct DeclaredField {
    pub name: Arc<str>,
    pub owner: ClassRef,
    pub class: ClassRef,
    /// The framework's class it is or derives from: `CharField`, `PrimaryKeyRelatedField`,
    /// `SerializerMethodField`; `Serializer` for a nested one; empty if unknown.
    pub base: Arc<str>,
    /// The serializer of a nested field.
    pub nested: Option<SerializerId>,
    pub many: bool,
    pub kwargs: Kwargs,
    /// Field class of a `ListField`/`DictField` child.
    pub child: Option<ClassRef>,
    /// Of the whole assignment's value.
    pub place: Place,
}

/// Where an effective field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldOrigin {
    Declared,
    /// Built from a field of the model.
    ModelField,
    /// Built from a reverse accessor that `Meta.fields` names.
    ReverseRelation,
    /// A property or method of the model: read-only.
    Property,
    /// The `url` of a hyperlinked serializer.
    Url,
    /// A relation expanded by `Meta.depth`: a nested read-only serializer of all the model's fields.
    Depth,
    /// Of a package's serializer, from the framework catalogue.
    Catalogue,
    /// Named by `Meta.fields` and found nowhere.
    Unresolved,
}

/// One field that the serializer really has.
#[derive(Clone, Debug)]
pub struct SerializerField {
    pub name: Arc<str>,
    pub origin: FieldOrigin,
    pub class: ClassRef,
    /// The framework's field class; see [`DeclaredField::base`].
    pub base: Arc<str>,
    /// Dotted source: the name itself where none is given, `*` for the whole object.
    pub source: Arc<str>,
    /// `None`: not known.
    pub read_only: Option<bool>,
    pub write_only: Option<bool>,
    pub required: Option<bool>,
    pub allow_null: Option<bool>,
    pub many: bool,
    /// `HiddenField`: takes part in validation, never sent by a client nor shown.
    pub hidden: bool,
    pub nested: Option<SerializerId>,
    /// The model a relational or nested field leads to.
    pub related_model: Option<ModelId>,
    /// Model and field its source ends at, where that is a field.
    pub model_field: Option<(ModelId, Arc<str>)>,
    /// Effective options: declared ones, or those DRF derives from the model field with
    /// `extra_kwargs` on top.
    pub kwargs: Kwargs,
    /// The method of a `SerializerMethodField`.
    pub method: Option<FuncId>,
    /// The name that the method must have.
    pub method_name: Option<Arc<str>>,
    /// Of the declaration, of the name in `Meta.fields`, or of `__all__`.
    pub place: Option<Place>,
}

impl SerializerField {
    /// A client can send it: not read-only, not hidden. `None`: not known.
    pub fn is_input(&self) -> Option<bool> {
        if self.hidden {
            return Some(false);
        }
        self.read_only.map(|r| !r)
    }

    /// A client sees it: not write-only, not hidden. `None`: not known.
    pub fn is_output(&self) -> Option<bool> {
        if self.hidden {
            return Some(false);
        }
        self.write_only.map(|w| !w)
    }

    /// A relation as key, link, slug or text.
    pub fn is_relational(&self) -> bool {
        matches!(
            &*self.base,
            "PrimaryKeyRelatedField"
                | "HyperlinkedRelatedField"
                | "HyperlinkedIdentityField"
                | "SlugRelatedField"
                | "StringRelatedField"
                | "RelatedField"
                | "ManyRelatedField"
        )
    }
}

impl Serializer {
    /// Fields a client can send.
    pub fn input_fields(&self) -> impl Iterator<Item = &SerializerField> {
        self.fields.iter().filter(|f| f.is_input() == Some(true))
    }

    /// Fields a client sees.
    pub fn output_fields(&self) -> impl Iterator<Item = &SerializerField> {
        self.fields.iter().filter(|f| f.is_output() == Some(true))
    }

    pub fn field(&self, name: &str) -> Option<&SerializerField> {
        self.fields.iter().find(|f| &*f.name == name)
    }

    pub fn declared(&self, name: &str) -> Option<&DeclaredField> {
        self.declared.iter().find(|f| &*f.name == name)
    }

    /// A method by MRO in project classes.
    pub fn method(&self, name: &str) -> Option<FuncId> {
        self.methods
            .iter()
            .find(|(n, _)| &**n == name)
            .map(|(_, id)| *id)
    }

    pub fn is_model_serializer(&self) -> bool {
        matches!(
            self.kind,
            SerializerKind::Model | SerializerKind::Hyperlinked
        )
    }

    /// Whether a field that is not in [`Self::fields`] is really absent: nothing is dynamic or open.
    pub fn is_closed(&self) -> bool {
        self.dynamic.is_none()
            && self.open.is_none()
            && self.model_open.is_none()
            && !matches!(self.meta, MetaFields::Unknown(_))
    }
}
