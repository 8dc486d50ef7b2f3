//! What a comparison found: changes with their places, in order, said in sentences.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::model::{Api, Origin, SchemaId};
use super::rules::{Level, Rule};
use super::text;

/// A place in a file, for people and for links.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sources {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub base: Option<Place>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revision: Option<Place>,
}

/// An operation of the API.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OperationKey {
    /// `GET`
    pub operation: String,
    /// `/books/{id}/`
    pub path: String,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// oasdiff's rule id, or ours beginning with `drf-`.
    pub id: String,
    pub level: Level,
    /// The (first) operation it concerns; absent where it belongs to none.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub at: Option<OperationKey>,
    pub text: String,
    pub source: Sources,
    /// Every operation that the change reaches, where it was grouped.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub operations: Vec<OperationKey>,
}

/// All changes, breaking first; the JSON of `takehome schema diff`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    pub changes: Vec<Change>,
    /// There were more than could be listed.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub truncated: bool,
}

impl Changes {
    pub fn count(&self, level: Level) -> usize {
        self.changes.iter().filter(|c| c.level == level).count()
    }
}

/// A change as a rule found it.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) rule: &'static Rule,
    pub(crate) operation: Option<u32>,
    pub(crate) base: Option<Origin>,
    pub(crate) revision: Option<Origin>,
    pub(crate) args: Vec<(&'static str, String)>,
    /// The schemas whose comparison found it.
    pub(crate) node: Option<(SchemaId, SchemaId)>,
}

/// Turns findings into changes: one for each (`grouped` false), or one for all that have the same
/// cause.
pub(crate) fn conclude(
    base: &Api,
    revision: &Api,
    operations: &[OperationKey],
    raws: Vec<Raw>,
    grouped: bool,
    truncated: bool,
) -> Changes {
    let place = |api: &Api, origin: Option<Origin>| -> Option<Place> {
        let (path, at) = api.place_of(origin?)?;
        Some(Place {
            file: path.to_string(),
            line: at.line,
            column: at.column,
        })
    };
    let mut changes: Vec<Change> = Vec::new();
    let mut known: HashMap<Cause, usize> = HashMap::new();
    for raw in raws {
        let operation = raw
            .operation
            .and_then(|index| operations.get(index as usize))
            .cloned();
        if grouped {
            let cause = Cause::of(&raw);
            if let Some(change) = known.get(&cause).and_then(|&at| changes.get_mut(at)) {
                change.operations.extend(operation);
                continue;
            }
            known.insert(cause, changes.len());
        }
        changes.push(Change {
            id: raw.rule.id.to_owned(),
            level: raw.rule.level,
            text: text::fill(raw.rule.text, &raw.args),
            source: Sources {
                base: place(base, raw.base),
                revision: place(revision, raw.revision),
            },
            operations: if grouped {
                operation.iter().cloned().collect()
            } else {
                Vec::new()
            },
            at: operation,
        });
    }
    for change in &mut changes {
        change.operations.sort();
        change.operations.dedup();
        if let Some(first) = change.operations.first() {
            change.at = Some(first.clone());
        }
    }
    changes.sort_by(|a, b| {
        b.level
            .cmp(&a.level)
            .then_with(|| sort_key(a).cmp(&sort_key(b)))
    });
    Changes { changes, truncated }
}

fn sort_key(change: &Change) -> (Option<(&str, &str)>, &str, &str, &Sources) {
    (
        change
            .at
            .as_ref()
            .map(|at| (at.path.as_str(), at.operation.as_str())),
        &change.id,
        &change.text,
        &change.source,
    )
}

/// What makes two findings one.
#[derive(PartialEq, Eq, Hash)]
struct Cause {
    rule: &'static str,
    places: Option<(Option<(u32, u32, u32)>, Option<(u32, u32, u32)>)>,
    node: Option<(SchemaId, SchemaId)>,
    args: Vec<(&'static str, String)>,
}

impl Cause {
    fn of(raw: &Raw) -> Self {
        let key = |origin: Option<Origin>| origin.map(|o| (o.file, o.at.line, o.at.column));
        // Authentication is set per view but decided once; its places differ per operation.
        let by_words = raw.rule.id.starts_with("api-security")
            || raw.rule.id.starts_with("drf-auth")
            || raw.rule.id.starts_with("api-tag");
        Self {
            rule: raw.rule.id,
            places: (!by_words).then(|| (key(raw.base), key(raw.revision))),
            node: raw.node,
            args: raw
                .args
                .iter()
                .filter(|(name, _)| {
                    // Through which property or status a shared schema was reached is no cause.
                    raw.node.is_none() || !matches!(*name, "name" | "status" | "media")
                })
                .cloned()
                .collect(),
        }
    }
}

/// A place's file for messages that name both sides.
impl Place {
    pub fn short(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}
