//! What a serializer reads from each row: the relations that must be loaded with the rows, or each
//! row costs queries of its own.

pub(super) mod find;
mod rows;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::names::SerializerId;
use crate::python::value::Place;

/// Why a relation is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// A nested serializer of one object.
    Nested,
    /// A nested serializer with `many=True`.
    NestedMany,
    /// `StringRelatedField`, `SlugRelatedField`.
    RelatedText,
    /// `source="author.name"`
    DottedSource,
    /// `Meta.depth`
    Depth,
    /// Many-to-many or reverse relation shown as keys.
    ManyKeys,
    /// A method field or `to_representation` reads the relation.
    MethodField,
    /// A model property, method or `__str__` that is shown reads the relation.
    ModelMethod,
    /// A generic foreign key.
    Generic,
}

/// One relation path a serializer reads from each row.
#[derive(Clone, Debug, PartialEq)]
pub struct RelationNeed {
    /// `author`, `items__product`
    pub path: Arc<str>,
    pub kind: NeedKind,
    /// Name of the serializer field (of the outermost serializer) that needs it.
    pub field: Arc<str>,
    /// The serializer that declares it (a nested one for deeper paths).
    pub serializer: SerializerId,
    /// A single related row: `select_related` can load it; else only `prefetch_related`.
    pub selectable: bool,
    /// Each row runs this query whatever is loaded (`.filter(…)` on a related manager,
    /// `Model.objects…`): the text of the call.
    pub always_query: Option<Arc<str>>,
    /// From the serializer field to the code that reads it.
    pub places: Vec<Place>,
}

/// Everything a serializer reads.
#[derive(Clone, Debug, Default)]
pub struct RelationNeeds {
    /// Ordered by path, then field.
    pub needs: Vec<RelationNeed>,
    /// Some field could not be followed.
    pub open: Option<Arc<str>>,
}
