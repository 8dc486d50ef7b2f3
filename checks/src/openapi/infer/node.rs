//! A node of a document that is being inferred: a JSON value whose every part knows the Python place
//! that caused it and how certain it is.
//!
//! Holds data and, but for `$ref`, knows nothing of OpenAPI: what the keys mean is for those who
//! build it.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use super::super::model::Certainty;
use crate::python::value::Place;

/// A value with its place and certainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub kind: Kind,
    /// The line a person would edit to change it; `None`: that of the node above.
    pub at: Option<Place>,
    /// Holds for the node and for all below it that say nothing worse.
    pub certainty: Certainty,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Number),
    String(Arc<str>),
    List(Vec<Node>),
    /// In the order in which they are written.
    Map(IndexMap<Arc<str>, Node>),
}

impl From<Kind> for Node {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            at: None,
            certainty: Certainty::Known,
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Kind::String(text.into()).into()
    }
}

impl From<Arc<str>> for Node {
    fn from(text: Arc<str>) -> Self {
        Kind::String(text).into()
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Kind::String(text.into()).into()
    }
}

impl From<bool> for Node {
    fn from(flag: bool) -> Self {
        Kind::Bool(flag).into()
    }
}

impl From<i64> for Node {
    fn from(number: i64) -> Self {
        Kind::Number(number.into()).into()
    }
}

impl From<Vec<Node>> for Node {
    fn from(items: Vec<Node>) -> Self {
        Kind::List(items).into()
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(flag) => Kind::Bool(*flag),
            Value::Number(number) => Kind::Number(number.clone()),
            Value::String(text) => Kind::String(text.as_str().into()),
            Value::Array(items) => Kind::List(items.iter().map(Self::from).collect()),
            Value::Object(entries) => Kind::Map(
                entries
                    .iter()
                    .map(|(key, value)| (key.as_str().into(), Self::from(value)))
                    .collect(),
            ),
        }
        .into()
    }
}

impl Node {
    /// An empty mapping.
    pub fn map() -> Self {
        Kind::Map(IndexMap::new()).into()
    }

    /// `{$ref: '#/components/schemas/NAME'}`
    pub fn reference(component: &str) -> Self {
        Self::map().with("$ref", format!("#/components/schemas/{component}"))
    }

    /// The mapping with one more entry; the same for what is no mapping.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Self>) -> Self {
        self.insert(key, value);
        self
    }

    /// Caused by this place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.at = Some(place);
        self
    }

    /// A default of the framework or a guess was taken; the reason is a clause for people.
    #[must_use]
    pub fn assumed(mut self, reason: &str) -> Self {
        if self.certainty == Certainty::Known {
            self.certainty = Certainty::Assumed(reason.into());
        }
        self
    }

    /// It could not be told; the reason is a clause for people.
    #[must_use]
    pub fn unknown(mut self, reason: &str) -> Self {
        self.certainty = Certainty::Unknown(reason.into());
        self
    }

    /// Adds or replaces an entry of a mapping; does nothing to what is no mapping.
    pub fn insert(&mut self, key: &str, value: impl Into<Self>) {
        if let Kind::Map(entries) = &mut self.kind {
            entries.insert(key.into(), value.into());
        }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.kind {
            Kind::Map(entries) => entries.get(key),
            _ => None,
        }
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.kind {
            Kind::Map(entries) => entries.get_mut(key),
            _ => None,
        }
    }

    /// Takes an entry out of a mapping.
    pub fn remove(&mut self, key: &str) -> Option<Self> {
        match &mut self.kind {
            Kind::Map(entries) => entries.shift_remove(key),
            _ => None,
        }
    }

    /// Entries of a mapping or list.
    pub fn len(&self) -> usize {
        match &self.kind {
            Kind::Map(entries) => entries.len(),
            Kind::List(items) => items.len(),
            _ => 0,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entries of a mapping, taken out; none for what is no mapping.
    pub fn into_entries(self) -> impl Iterator<Item = (Arc<str>, Self)> {
        match self.kind {
            Kind::Map(entries) => Some(entries.into_iter()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a mapping, in order; none for what is no mapping.
    pub fn entries(&self) -> impl Iterator<Item = (&Arc<str>, &Self)> {
        match &self.kind {
            Kind::Map(entries) => Some(entries.iter()),
            _ => None,
        }
        .into_iter()
        .flatten()
    }

    /// The plain JSON. With `certainty`, a mapping that is not known carries `x-certainty` and
    /// why; what cannot carry it (a list, a text) is named in that of the mapping around it.
    pub fn to_value(&self, certainty: bool) -> Value {
        match &self.kind {
            Kind::Null => Value::Null,
            Kind::Bool(flag) => Value::Bool(*flag),
            Kind::Number(number) => Value::Number(number.clone()),
            Kind::String(text) => Value::String(text.to_string()),
            Kind::List(items) => items.iter().map(|item| item.to_value(certainty)).collect(),
            Kind::Map(entries) => {
                let mut map: Map<String, Value> = entries
                    .iter()
                    .map(|(key, value)| (key.to_string(), value.to_value(certainty)))
                    .collect();
                if certainty {
                    self.mark(entries, &mut map);
                }
                Value::Object(map)
            }
        }
    }

    fn mark(&self, entries: &IndexMap<Arc<str>, Self>, map: &mut Map<String, Value>) {
        if let Some((word, reason)) = words(&self.certainty) {
            map.insert("x-certainty".to_owned(), word.into());
            map.insert("x-certainty-reason".to_owned(), reason.into());
            return;
        }
        let members: Map<String, Value> = entries
            .iter()
            .filter(|(_, value)| !matches!(value.kind, Kind::Map(_)))
            .filter_map(|(key, value)| {
                let (word, _) = words(&value.certainty)?;
                Some((key.to_string(), word.into()))
            })
            .collect();
        if !members.is_empty() {
            map.insert("x-certainty".to_owned(), members.into());
        }
    }
}

fn words(certainty: &Certainty) -> Option<(&'static str, &str)> {
    match certainty {
        Certainty::Known => None,
        Certainty::Assumed(reason) => Some(("assumed", reason)),
        Certainty::Unknown(reason) => Some(("unknown", reason)),
    }
}
