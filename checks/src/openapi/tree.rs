//! A document as it stands in its file: nodes with their places, whatever the syntax was.
//!
//! YAML and JSON readers build the same [`Document`]. It knows nothing of OpenAPI and never follows
//! a `$ref`; aliases of YAML are shared nodes, so a million of them cost a million indices, not a
//! million copies.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexSet;

/// Index of a node in its [`Document`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Line and column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// Index of an interned string of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Text(u32);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Null,
    Bool(bool),
    Number(f64),
    Text(Text),
    Sequence { start: u32, len: u32 },
    Mapping { start: u32, len: u32 },
}

#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    at: Position,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    key: Text,
    pub(crate) at: Position,
    pub(crate) value: NodeId,
}

/// A key that stands twice in one mapping; the first one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    pub key: String,
    pub at: Position,
    pub first: Position,
}

/// One file, read.
#[derive(Debug, Default)]
pub struct Document {
    nodes: Vec<Node>,
    items: Vec<NodeId>,
    entries: Vec<Entry>,
    texts: IndexSet<Arc<str>>,
    root: Option<NodeId>,
    /// At most [`MAX_DUPLICATES`].
    pub duplicates: Vec<DuplicateKey>,
}

/// Duplicate keys that are reported for one file; more help nobody.
pub const MAX_DUPLICATES: usize = 100;

impl Document {
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// Nodes in the document; a measure of its size.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(crate) fn kind(&self, id: NodeId) -> Kind {
        self.nodes.get(id.0 as usize).map_or(Kind::Null, |n| n.kind)
    }

    /// Where the node begins.
    pub fn at(&self, id: NodeId) -> Position {
        self.nodes
            .get(id.0 as usize)
            .map_or(Position::default(), |n| n.at)
    }

    pub(crate) fn text_of(&self, text: Text) -> &Arc<str> {
        static EMPTY: std::sync::LazyLock<Arc<str>> = std::sync::LazyLock::new(|| Arc::from(""));
        self.texts.get_index(text.0 as usize).unwrap_or(&EMPTY)
    }

    pub(crate) fn key(&self, entry: &Entry) -> &Arc<str> {
        self.text_of(entry.key)
    }

    /// The entries of a mapping; none for any other node.
    pub(crate) fn entries(&self, id: NodeId) -> &[Entry] {
        match self.kind(id) {
            Kind::Mapping { start, len } => self
                .entries
                .get(start as usize..(start + len) as usize)
                .unwrap_or(&[]),
            _ => &[],
        }
    }

    /// The items of a sequence; none for any other node.
    pub(crate) fn items(&self, id: NodeId) -> &[NodeId] {
        match self.kind(id) {
            Kind::Sequence { start, len } => self
                .items
                .get(start as usize..(start + len) as usize)
                .unwrap_or(&[]),
            _ => &[],
        }
    }

    pub(crate) fn is_mapping(&self, id: NodeId) -> bool {
        matches!(self.kind(id), Kind::Mapping { .. })
    }

    pub(crate) fn entry(&self, id: NodeId, key: &str) -> Option<&Entry> {
        self.entries(id).iter().find(|e| &**self.key(e) == key)
    }

    pub(crate) fn get(&self, id: NodeId, key: &str) -> Option<NodeId> {
        self.entry(id, key).map(|e| e.value)
    }

    pub(crate) fn str(&self, id: NodeId) -> Option<&Arc<str>> {
        match self.kind(id) {
            Kind::Text(text) => Some(self.text_of(text)),
            _ => None,
        }
    }

    pub(crate) fn get_str(&self, id: NodeId, key: &str) -> Option<&Arc<str>> {
        self.str(self.get(id, key)?)
    }

    pub(crate) fn bool(&self, id: NodeId) -> Option<bool> {
        match self.kind(id) {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn number(&self, id: NodeId) -> Option<f64> {
        match self.kind(id) {
            Kind::Number(value) => Some(value),
            _ => None,
        }
    }

    /// The node as a value; numbers without a fraction become integers, so `1` and `1.0` are equal.
    /// Values deeper than [`MAX_VALUE_DEPTH`] are cut off with null.
    pub(crate) fn value(&self, id: NodeId) -> serde_json::Value {
        let mut budget = MAX_VALUE_NODES;
        self.value_within(id, MAX_VALUE_DEPTH, &mut budget)
    }

    fn value_within(&self, id: NodeId, depth: u32, budget: &mut u32) -> serde_json::Value {
        use serde_json::Value;
        if depth == 0 || *budget == 0 {
            return Value::Null;
        }
        *budget -= 1;
        match self.kind(id) {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Number(value) => number_value(value),
            Kind::Text(text) => Value::String(self.text_of(text).to_string()),
            Kind::Sequence { .. } => Value::Array(
                self.items(id)
                    .iter()
                    .map(|&item| self.value_within(item, depth - 1, budget))
                    .collect(),
            ),
            Kind::Mapping { .. } => Value::Object(
                self.entries(id)
                    .iter()
                    .map(|entry| {
                        (
                            self.key(entry).to_string(),
                            self.value_within(entry.value, depth - 1, budget),
                        )
                    })
                    .collect(),
            ),
        }
    }

    /// A digest of the node's content that does not depend on the order of keys.
    pub(crate) fn digest(&self, id: NodeId) -> u64 {
        let mut budget = MAX_VALUE_NODES;
        self.digest_within(id, MAX_VALUE_DEPTH, &mut budget)
    }

    fn digest_within(&self, id: NodeId, depth: u32, budget: &mut u32) -> u64 {
        use std::hash::{DefaultHasher, Hash, Hasher};
        if depth == 0 || *budget == 0 {
            return 0;
        }
        *budget -= 1;
        let mut hasher = DefaultHasher::new();
        match self.kind(id) {
            Kind::Null => 0u8.hash(&mut hasher),
            Kind::Bool(value) => (1u8, value).hash(&mut hasher),
            Kind::Number(value) => (2u8, value.to_bits()).hash(&mut hasher),
            Kind::Text(text) => (3u8, &**self.text_of(text)).hash(&mut hasher),
            Kind::Sequence { .. } => {
                4u8.hash(&mut hasher);
                for &item in self.items(id) {
                    self.digest_within(item, depth - 1, budget)
                        .hash(&mut hasher);
                }
            }
            Kind::Mapping { .. } => {
                let mut sum = 5u64;
                for entry in self.entries(id) {
                    let mut of_entry = DefaultHasher::new();
                    self.key(entry).hash(&mut of_entry);
                    self.digest_within(entry.value, depth - 1, budget)
                        .hash(&mut of_entry);
                    sum = sum.wrapping_add(of_entry.finish());
                }
                sum.hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

/// Values (examples, defaults, extensions) are looked at to this depth.
const MAX_VALUE_DEPTH: u32 = 64;
/// Nodes of one value that are looked at: aliases of YAML can blow a small file up.
const MAX_VALUE_NODES: u32 = 200_000;

/// A number without a fraction becomes an integer, as in JSON Schema, where `1` and `1.0` are one.
pub(crate) fn number_value(value: f64) -> serde_json::Value {
    if value.fract() == 0.0 && value.abs() < 9.0e15 {
        serde_json::Value::from(value as i64)
    } else {
        serde_json::Number::from_f64(value).map_or(serde_json::Value::Null, Into::into)
    }
}

/// Builds a [`Document`] from the events of a reader.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    document: Document,
    open: Vec<Open>,
    item_stack: Vec<NodeId>,
    entry_stack: Vec<Entry>,
}

#[derive(Debug)]
struct Open {
    mapping: bool,
    node: NodeId,
    /// Where its items or entries begin on the stack.
    start: usize,
    key: Option<(Text, Position)>,
    /// Mappings that `<<` names.
    merged: Vec<NodeId>,
}

impl Builder {
    pub(crate) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Is the next scalar a key of the mapping that is open?
    pub(crate) fn expects_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.mapping && open.key.is_none())
    }

    pub(crate) fn len(&self) -> usize {
        self.document.nodes.len()
    }

    pub(crate) fn key(&mut self, key: &str, at: Position) {
        let text = self.intern(key);
        if let Some(open) = self.open.last_mut() {
            open.key = Some((text, at));
        }
    }

    fn intern(&mut self, text: &str) -> Text {
        if let Some(at) = self.document.texts.get_index_of(text) {
            return Text(at as u32);
        }
        Text(self.document.texts.insert_full(Arc::from(text)).0 as u32)
    }

    fn push(&mut self, kind: Kind, at: Position) -> NodeId {
        let id = NodeId(self.document.nodes.len() as u32);
        self.document.nodes.push(Node { kind, at });
        id
    }

    /// Puts a finished node where it belongs.
    pub(crate) fn place(&mut self, node: NodeId) {
        match self.open.last_mut() {
            None => {
                self.document.root.get_or_insert(node);
            }
            Some(open) if open.mapping => {
                if let Some((key, at)) = open.key.take() {
                    self.entry_stack.push(Entry {
                        key,
                        at,
                        value: node,
                    });
                }
            }
            Some(_) => self.item_stack.push(node),
        }
    }

    pub(crate) fn scalar(&mut self, kind: Kind, at: Position) -> NodeId {
        let node = self.push(kind, at);
        self.place(node);
        node
    }

    pub(crate) fn text(&mut self, text: &str, at: Position) -> NodeId {
        let text = self.intern(text);
        self.scalar(Kind::Text(text), at)
    }

    pub(crate) fn start(&mut self, mapping: bool, at: Position) -> NodeId {
        let node = self.push(Kind::Null, at);
        let start = if mapping {
            self.entry_stack.len()
        } else {
            self.item_stack.len()
        };
        self.open.push(Open {
            mapping,
            node,
            start,
            key: None,
            merged: Vec::new(),
        });
        node
    }

    pub(crate) fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        let kind = if open.mapping {
            let start = self.document.entries.len();
            let fresh: Vec<Entry> = self.entry_stack.drain(open.start..).collect();
            self.add_entries(fresh);
            self.add_merged(start, &open.merged);
            Kind::Mapping {
                start: start as u32,
                len: (self.document.entries.len() - start) as u32,
            }
        } else {
            let start = self.document.items.len();
            self.document
                .items
                .extend(self.item_stack.drain(open.start..));
            Kind::Sequence {
                start: start as u32,
                len: (self.document.items.len() - start) as u32,
            }
        };
        if let Some(node) = self.document.nodes.get_mut(open.node.0 as usize) {
            node.kind = kind;
        }
        self.place(open.node);
    }

    fn add_entries(&mut self, fresh: Vec<Entry>) {
        // Small mappings, the rule, are compared pair by pair; large ones through a table.
        const SMALL: usize = 12;
        let mut seen: HashMap<Text, Position> = HashMap::new();
        let begin = self.document.entries.len();
        for entry in fresh {
            let first = if self.document.entries.len() - begin < SMALL {
                self.document
                    .entries
                    .get(begin..)
                    .unwrap_or(&[])
                    .iter()
                    .find(|e| e.key == entry.key)
                    .map(|e| e.at)
            } else {
                if seen.is_empty() {
                    seen = self
                        .document
                        .entries
                        .get(begin..)
                        .unwrap_or(&[])
                        .iter()
                        .map(|e| (e.key, e.at))
                        .collect();
                }
                let first = seen.get(&entry.key).copied();
                seen.entry(entry.key).or_insert(entry.at);
                first
            };
            match first {
                None => self.document.entries.push(entry),
                Some(first) => {
                    if self.document.duplicates.len() < MAX_DUPLICATES {
                        let key = self.document.key(&entry).to_string();
                        self.document.duplicates.push(DuplicateKey {
                            key,
                            at: entry.at,
                            first,
                        });
                    }
                }
            }
        }
    }

    /// `<<: *alias` of YAML: the entries of another mapping, where the key is not there itself.
    pub(crate) fn merge_into_open(&mut self, from: NodeId) {
        if let Some(open) = self.open.last_mut() {
            open.merged.push(from);
        }
    }

    /// Adds the entries of merged mappings to the entries that were added from `begin` on.
    fn add_merged(&mut self, begin: usize, merged: &[NodeId]) {
        for &from in merged {
            let mappings: Vec<NodeId> = match self.document.kind(from) {
                Kind::Mapping { .. } => vec![from],
                Kind::Sequence { .. } => self.document.items(from).to_vec(),
                _ => Vec::new(),
            };
            for mapping in mappings {
                let added: Vec<Entry> = self.document.entries(mapping).to_vec();
                let known: std::collections::HashSet<Text> = self
                    .document
                    .entries
                    .get(begin..)
                    .unwrap_or(&[])
                    .iter()
                    .map(|e| e.key)
                    .collect();
                self.document
                    .entries
                    .extend(added.into_iter().filter(|e| !known.contains(&e.key)));
            }
        }
    }

    pub(crate) fn drop_key(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.key = None;
        }
    }

    pub(crate) fn finish(mut self) -> Document {
        while !self.open.is_empty() {
            self.end();
        }
        self.document
    }
}
