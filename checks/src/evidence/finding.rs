//! One finding: a gap or a strength, with the places that show it.

use serde::{Deserialize, Serialize};

use super::Competency;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Polarity {
    Gap,
    Strength,
}

/// Ordered: `Info < Low < … < Critical`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// Ordered: `Medium < High < Certain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Medium,
    High,
    Certain,
}

/// Who wrote the lines: the candidate in this pull request, or somebody before.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    #[default]
    Introduced,
    Preexisting,
}

/// A place in a file that belongs to a finding, with what it has to do with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Path from the root of the tree, with `/`.
    pub file: String,
    /// From 1.
    pub line: u32,
    pub message: String,
}

/// The JSON of `takehome review` holds these as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// `DRF631`
    pub check: String,
    /// `lost-update-race`
    pub name: String,
    pub polarity: Polarity,
    pub severity: Severity,
    pub confidence: Confidence,
    pub competency: Competency,
    /// One or two sentences, plain text; names of the candidate's code stand in backquotes.
    pub message: String,
    /// An open question for the interview.
    pub question: String,
    /// Path of the line to look at first; for something absent, the file where it belongs.
    pub file: String,
    /// From 1.
    pub line: u32,
    pub end_line: u32,
    /// From 1, in characters; `None` where the whole line is meant.
    pub column: Option<u32>,
    /// Fully qualified name of the class, function, setting or route that is judged.
    pub symbol: String,
    /// At most [`crate::engine::MAX_PLACES`]; `message` says how many there are in all.
    pub related: Vec<Place>,
    pub origin: Origin,
    /// Stable when lines move: the same problem keeps it from push to push. 16 hex digits.
    pub fingerprint: String,
}
