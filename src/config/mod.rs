//! The organisation's rules: layered files, locked keys, errors with line and column. Never reads
//! the candidate's head: callers hand in the organisation's file and the one of the base branch.
//!
//! [`rules`] are the types; [`schema`] is the JSON Schema made from them; [`problem`] is what
//! people are told.

mod catalogue;
mod effect;
mod explain;
mod layer;
mod load;
mod meaning;
mod problem;
mod rules;
pub mod schema;
mod shape;
mod suggest;
mod yaml;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use explain::{Explained, explain};
pub use load::load;
pub use problem::{Problem, Weight, render};
pub use rules::{
    Assignment, AuthExpectation, CheckSettings, CompetencyRules, Contract, Counting, Database,
    DeployExpectation, FailOn, Labels, LevelRule, MediumConfidence, Profile, Publish, RubricRules,
    Rules, SchemaSettings, SeededDefect, Starter,
};

/// A rules file as it was read, and the name by which people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// `acme/.github:takehome.yml`, or a path.
    pub name: String,
    text: String,
    decoded: bool,
}

impl Source {
    /// Takes the bytes of a file as they came; bytes that are no UTF-8 become a problem when it is
    /// loaded.
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let (text, decoded) = match String::from_utf8(bytes.into()) {
            Ok(text) => (text, true),
            Err(error) => (
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
                false,
            ),
        };
        Self {
            name: name.into(),
            text,
            decoded,
        }
    }

    /// What the file says; bytes that are no UTF-8 are replaced by U+FFFD.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Where an effective value was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ValueSource {
    pub layer: Layer,
    /// Name of the file.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

/// The layers, lowest first: a later one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// What takehome brings along: `config/rubric.yaml` and `config/takehome.yml`.
    Default,
    /// The organisation's file, or the last good version of it.
    Organisation,
    /// The file on the base branch of the pull request's repository.
    Repository,
}

/// The effective rules, and everything that is to say about them.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub rules: Rules,
    /// In the order organisation, repository; within a file by place.
    pub problems: Vec<Problem>,
    /// The source of every effective value, by key path.
    pub sources: BTreeMap<String, ValueSource>,
    /// SHA-256 of the effective rules, 64 hex digits; the footer shows the first twelve.
    pub hash: String,
    /// The organisation's file is broken and its last good version was used.
    pub used_last_good: bool,
}
