//! Model fields: class, kind, relation target, options as Django sees them.

pub(super) mod find;

use std::sync::Arc;

use super::names::{ClassRef, Kwargs, ModelId};
use crate::python::value::{Place, Val};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Scalar,
    ForeignKey,
    OneToOne,
    ManyToMany,
    GenericForeignKey,
    GenericRelation,
}

/// What a relation points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Model(ModelId),
    /// A model that is in no file here and not in the catalogue: `"blog.Post"` as written.
    Unknown(Arc<str>),
}

impl Target {
    pub fn model(&self) -> Option<ModelId> {
        match self {
            Self::Model(id) => Some(*id),
            Self::Unknown(_) => None,
        }
    }
}

/// A field of a model after inheritance.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: Arc<str>,
    /// The class that declares it (the model, an abstract base, a mixin of a package).
    pub declared_in: ClassRef,
    pub class: ClassRef,
    /// The framework's class it is or derives from: `CharField`, `ForeignKey`; empty if unknown.
    pub base: Arc<str>,
    pub kind: FieldKind,
    pub to: Option<Target>,
    /// Model of an explicit `through=`.
    pub through: Option<Target>,
    /// As written; `+` for none. `%(class)s` is filled in.
    pub related_name: Option<Arc<str>>,
    /// All keyword arguments, positional ones under their names; values of the catalogue's field
    /// class where it presets them.
    pub kwargs: Kwargs,
    pub is_pk: bool,
    /// The automatic `id` that no source line declares.
    pub is_implicit: bool,
    /// `unique=True`, a primary key or a one-to-one. `None`: not known.
    pub unique: Option<bool>,
    /// An index of its own, implicit ones included (foreign key, slug, unique).
    pub db_index: Option<bool>,
    pub null: Option<bool>,
    pub blank: Option<bool>,
    /// `default=` or `db_default=`
    pub default: Option<Val>,
    /// Known values in order, without labels; `None`: none, or not known (see `kwargs`).
    pub choices: Option<Vec<Val>>,
    /// `editable=False`, `auto_now`, `auto_now_add`, generated and automatic fields are not.
    pub editable: Option<bool>,
    /// `auto_now` or `auto_now_add`.
    pub auto_now: bool,
    /// Of the assignment; `None` for fields of the catalogue and the automatic `id`.
    pub place: Option<Place>,
}

impl Field {
    /// Column attribute of a relation on instances: `author_id`.
    pub fn attname(&self) -> Option<String> {
        matches!(self.kind, FieldKind::ForeignKey | FieldKind::OneToOne)
            .then(|| format!("{}_id", self.name))
    }

    pub fn is_relation(&self) -> bool {
        self.kind != FieldKind::Scalar
    }

    /// A relation to at most one row by a column of this table.
    pub fn is_forward_single(&self) -> bool {
        matches!(self.kind, FieldKind::ForeignKey | FieldKind::OneToOne)
    }

    /// Text in a column: Char, Text, Slug, Email, URL …
    pub fn is_text(&self) -> bool {
        matches!(
            &*self.base,
            "CharField"
                | "TextField"
                | "SlugField"
                | "EmailField"
                | "URLField"
                | "FilePathField"
                | "FileField"
                | "ImageField"
        )
    }

    pub fn is_numeric(&self) -> bool {
        self.is_integer() || matches!(&*self.base, "DecimalField" | "FloatField")
    }

    pub fn is_integer(&self) -> bool {
        matches!(
            &*self.base,
            "IntegerField"
                | "BigIntegerField"
                | "SmallIntegerField"
                | "PositiveIntegerField"
                | "PositiveBigIntegerField"
                | "PositiveSmallIntegerField"
        ) || self.is_auto()
    }

    /// An automatic primary key.
    pub fn is_auto(&self) -> bool {
        matches!(&*self.base, "AutoField" | "BigAutoField" | "SmallAutoField")
    }

    pub fn is_temporal(&self) -> bool {
        matches!(&*self.base, "DateField" | "DateTimeField" | "TimeField")
    }

    /// Whether creating a row may leave it out: a default, null, blank, automatic or many-to-many.
    pub fn has_default(&self) -> bool {
        self.default.is_some() || self.auto_now || self.is_auto()
    }
}
