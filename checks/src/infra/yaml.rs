//! A YAML document to walk with lines at hand; absent things answer with nothing.

use crate::openapi::syntax;
use crate::openapi::tree::{Document, NodeId};

/// A node, or the absence of one.
#[derive(Clone, Copy)]
pub(super) struct Yaml<'d> {
    document: &'d Document,
    node: Option<NodeId>,
}

/// Reads a file.
///
/// # Errors
/// What was wrong, with line and column, as a clause for people.
pub(super) fn read(text: &str) -> Result<Document, String> {
    syntax::read(text)
        .map_err(|e| format!("line {}, column {}: {}", e.at.line, e.at.column, e.message))
}

impl<'d> Yaml<'d> {
    pub(super) fn root(document: &'d Document) -> Self {
        Self {
            document,
            node: document.root(),
        }
    }

    fn with(self, node: Option<NodeId>) -> Self {
        Self { node, ..self }
    }

    pub(super) fn get(self, key: &str) -> Self {
        self.with(self.node.and_then(|node| self.document.get(node, key)))
    }

    pub(super) fn exists(self) -> bool {
        self.node.is_some()
    }

    /// From 1; 0 where there is nothing.
    pub(super) fn line(self) -> u32 {
        self.node.map_or(0, |node| self.document.at(node).line)
    }

    /// A scalar as text: `true`, `3` and `"x"` alike.
    pub(super) fn text(self) -> Option<String> {
        match self.document.value(self.node?) {
            serde_json::Value::String(text) => Some(text),
            value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_)) => {
                Some(value.to_string())
            }
            _ => None,
        }
    }

    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        let items = self.node.map_or(&[][..], |node| self.document.items(node));
        items.iter().map(move |&item| self.with(Some(item)))
    }

    /// Keys and values of a mapping, with the line of the key.
    pub(super) fn entries(self) -> impl Iterator<Item = (String, u32, Self)> {
        let entries = self
            .node
            .map_or(&[][..], |node| self.document.entries(node));
        entries.iter().map(move |entry| {
            (
                self.document.key(entry).to_string(),
                entry.at.line,
                self.with(Some(entry.value)),
            )
        })
    }

    /// A scalar, the items of a sequence, or the keys of a mapping.
    pub(super) fn words(self) -> Vec<String> {
        if let Some(text) = self.text() {
            return vec![text];
        }
        let items: Vec<String> = self.items().filter_map(Self::text).collect();
        if items.is_empty() {
            self.entries().map(|(key, ..)| key).collect()
        } else {
            items
        }
    }

    /// `KEY: value` or `- KEY=value`.
    pub(super) fn environment(self) -> Vec<(String, Option<String>)> {
        let pairs = self.entries().map(|(key, _, value)| (key, value.text()));
        let lines = self
            .items()
            .filter_map(Self::text)
            .map(|line| match line.split_once('=') {
                Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                None => (line, None),
            });
        pairs.chain(lines).collect()
    }
}
