//! Models with their effective fields, options and managers.
//!
//! A model's fields are those of its own body, of its abstract bases in MRO order, of the framework
//! catalogue's abstract models (`AbstractUser`), and the reverse accessors that relations of other
//! models give it. Models of packages that the project refers to (`auth.User`) are here too, with
//! [`Model::class`] empty.

pub(super) mod find;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::fields::{Field, FieldKind};
use super::names::{AppId, ClassRef, Kwargs, ModelId};
use crate::python::value::{Place, Val};
use crate::python::{ClassId, FuncId};

/// A model class.
#[derive(Clone, Debug)]
pub struct Model {
    pub id: ModelId,
    /// `None`: a model of a package, from the framework catalogue.
    pub class: Option<ClassId>,
    /// `orders.models.Order`
    pub fq: Arc<str>,
    pub name: Arc<str>,
    /// `orders`; with the name this is Django's `app_label.ModelName`.
    pub app_label: Arc<str>,
    pub app: Option<AppId>,
    pub is_abstract: bool,
    pub is_proxy: bool,
    /// `Meta.managed`
    pub is_managed: bool,
    /// It is the project's (or Django's) `AUTH_USER_MODEL`.
    pub is_user: bool,
    /// Concrete parents of multi-table inheritance, and of a proxy.
    pub parents: Vec<ModelId>,
    pub meta: ModelMeta,
    /// Effective fields: inherited first as Django orders them, without reverse accessors.
    pub fields: Vec<Field>,
    /// Accessors that other models' relations give this one.
    pub reverse: Vec<Reverse>,
    pub managers: Vec<Manager>,
    /// Properties and cached properties by MRO, project classes only.
    pub properties: Vec<(Arc<str>, FuncId)>,
    /// Other methods by MRO, project classes only.
    pub methods: Vec<(Arc<str>, FuncId)>,
    /// A `__str__` in the MRO's project or catalogue classes (not Django's own default).
    pub has_str: bool,
    /// Paths of relations (`__`-joined) to the user model, shortest and best named first; see
    /// [`super::ownership`].
    pub owner: Vec<OwnerPath>,
    /// Name or fields say that rows belong to somebody in particular (order, payment, message …).
    pub is_private_like: bool,
    /// Rows are added all the time: a write route or an `auto_now_add` timestamp.
    pub is_growth_like: bool,
    /// A base is not known: absence of a field or method proves nothing.
    pub open: Option<Arc<str>>,
    /// The class's name in its definition.
    pub place: Option<Place>,
}

/// `class Meta` after inheritance.
#[derive(Clone, Debug, Default)]
pub struct ModelMeta {
    /// All options as written, inherited ones included (Django inherits `ordering` and
    /// `get_latest_by` from concrete parents, everything from abstract ones).
    pub options: Kwargs,
    /// `None`: not known. Empty: no ordering.
    pub ordering: Option<Vec<Arc<str>>>,
    /// Each with its field names where they are literals.
    pub indexes: Vec<Index>,
    pub constraints: Vec<Constraint>,
    pub unique_together: Vec<Vec<Arc<str>>>,
    pub db_table: Option<Arc<str>>,
    /// Place of the `Meta` class.
    pub place: Option<Place>,
}

/// One entry of `Meta.indexes`.
#[derive(Clone, Debug)]
pub struct Index {
    /// `Index`, `GinIndex` …
    pub class: ClassRef,
    /// With a leading `-` for descending order, as written.
    pub fields: Vec<Arc<str>>,
    pub kwargs: Kwargs,
    pub place: Place,
}

/// One entry of `Meta.constraints`.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// `UniqueConstraint`, `CheckConstraint`, `ExclusionConstraint`.
    pub class: ClassRef,
    /// Fields of a `UniqueConstraint`; names that a check's condition mentions.
    pub fields: Vec<Arc<str>>,
    pub is_unique: bool,
    /// Has a `condition`: unique for some rows only.
    pub is_partial: bool,
    pub kwargs: Kwargs,
    pub place: Place,
}

/// The accessor that a relation of another model gives to its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reverse {
    /// Accessor name on instances: `order_set`, or the `related_name`.
    pub accessor: Arc<str>,
    /// Name in query paths: `related_query_name`, else `related_name`, else the model's name.
    pub query_name: Arc<str>,
    /// The model that declares the relation, and the name of the field.
    pub model: ModelId,
    pub field: Arc<str>,
    /// One object (reverse of a one-to-one) or a manager.
    pub is_single: bool,
    pub kind: FieldKind,
}

/// A manager attribute of a model.
#[derive(Clone, Debug)]
pub struct Manager {
    pub name: Arc<str>,
    /// The manager's or (for `as_manager`/`from_queryset`) queryset's class.
    pub class: ClassRef,
    /// Queryset classes whose methods it offers too.
    pub querysets: Vec<ClassRef>,
    pub place: Option<Place>,
}

/// A way from a model to the user who owns its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerPath {
    /// `owner`, `order__customer`
    pub path: Arc<str>,
    /// Through a profile, account, organisation, team, tenant or membership.
    pub via_group: bool,
    /// The name says ownership (owner, user, author, created_by, creator, customer, account).
    pub is_named: bool,
}

impl Model {
    /// A field by its name, or by its `attname` (`author_id`), or `pk`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        if name == "pk" {
            return self.pk();
        }
        self.fields.iter().find(|f| &*f.name == name).or_else(|| {
            self.fields
                .iter()
                .find(|f| f.attname().as_deref() == Some(name))
        })
    }

    /// The primary key, the automatic `id` included.
    pub fn pk(&self) -> Option<&Field> {
        self.fields.iter().find(|f| f.is_pk)
    }

    /// A reverse accessor by its accessor name.
    pub fn reverse(&self, accessor: &str) -> Option<&Reverse> {
        self.reverse.iter().find(|r| &*r.accessor == accessor)
    }

    /// A property or method by its name.
    pub fn method(&self, name: &str) -> Option<FuncId> {
        self.properties
            .iter()
            .chain(&self.methods)
            .find(|(n, _)| &**n == name)
            .map(|(_, id)| *id)
    }

    /// The best path to the owner; see [`Model::owner`] for all.
    pub fn owner(&self) -> Option<&OwnerPath> {
        self.owner.first()
    }

    /// Whether rows are unique for these fields together: a primary key or unique field among
    /// them, or an unconditional constraint over a part of them.
    pub fn is_unique_for(&self, fields: &[&str]) -> bool {
        let has = |name: &str| fields.contains(&name);
        fields.iter().any(|name| {
            self.field(name)
                .is_some_and(|f| f.is_pk || f.unique == Some(true))
        }) || self
            .meta
            .unique_together
            .iter()
            .any(|set| !set.is_empty() && set.iter().all(|f| has(f)))
            || self.meta.constraints.iter().any(|c| {
                c.is_unique
                    && !c.is_partial
                    && !c.fields.is_empty()
                    && c.fields.iter().all(|f| has(f))
            })
    }

    /// Whether an index (not counting the implicit ones of unique fields and foreign keys) leads
    /// with this field.
    pub fn is_index_leader(&self, field: &str) -> bool {
        self.meta.indexes.iter().any(|i| {
            i.fields
                .first()
                .is_some_and(|f| f.trim_start_matches('-') == field)
        }) || self
            .meta
            .unique_together
            .iter()
            .any(|set| set.first().is_some_and(|f| &**f == field))
            || self
                .meta
                .constraints
                .iter()
                .any(|c| c.is_unique && c.fields.first().is_some_and(|f| &**f == field))
    }

    /// Fields in lists of choices: `(value, place)` of a field's known choices.
    pub fn choices(&self, field: &str) -> Option<Vec<Val>> {
        self.field(field)?.choices.clone()
    }

    /// `orders.Order`
    pub fn label(&self) -> String {
        format!("{}.{}", self.app_label, self.name)
    }
}

/// Follows a path of relations; see [`super::Django::resolve_path`].
pub(super) fn resolve_path<'a>(
    models: &'a [Model],
    from: ModelId,
    path: &str,
) -> super::PathEnd<'a> {
    use super::PathEnd;
    let Some(mut model) = models.get(from.0 as usize) else {
        return PathEnd::Unknown;
    };
    let mut parts = path.split("__").peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        if let Some(field) = model.field(part) {
            if last {
                return PathEnd::Field(model, field);
            }
            match field.to.as_ref().and_then(super::fields::Target::model) {
                Some(id) => match models.get(id.0 as usize) {
                    Some(next) => model = next,
                    None => return PathEnd::Unknown,
                },
                None if field.is_relation() => return PathEnd::Unknown,
                None => return PathEnd::Missing(model),
            }
            continue;
        }
        let reverse = model
            .reverse
            .iter()
            .find(|r| &*r.query_name == part || &*r.accessor == part);
        let Some(reverse) = reverse else {
            return if model.open.is_some() {
                PathEnd::Unknown
            } else {
                PathEnd::Missing(model)
            };
        };
        let Some(next) = models.get(reverse.model.0 as usize) else {
            return PathEnd::Unknown;
        };
        if last {
            return PathEnd::Reverse(next, reverse);
        }
        model = next;
    }
    PathEnd::Unknown
}
