//! The rules as data: what a change is called, how much it matters, how it is said.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::rule_table::RULES;

/// How much a change matters to the clients of the API. Ordered: `Info < Warning < Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Clients need not care.
    Info,
    /// Some clients may break.
    Warning,
    /// Clients break.
    Error,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Which way the values go that a rule speaks of: requests may only widen, responses only narrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Request,
    Response,
    Neither,
}

/// What a rule speaks of; a larger change that was recognised claims changes by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Structure,
    Constraints,
    Existence,
    Type,
    Values,
    Lifecycle,
    Requiredness,
    Mutability,
}

/// One row of the table.
#[derive(Debug)]
pub struct Rule {
    pub id: &'static str,
    pub level: Level,
    pub direction: Direction,
    pub kind: Kind,
    pub text: &'static str,
}

static BY_ID: LazyLock<HashMap<&'static str, &'static Rule>> =
    LazyLock::new(|| RULES.iter().map(|rule| (rule.id, rule)).collect());

/// The rule with this id; where there is none, oasdiff says nothing about such a change.
pub fn find(id: &str) -> Option<&'static Rule> {
    BY_ID.get(id).copied()
}

/// All rules, in the order of ids.
pub fn all() -> &'static [Rule] {
    RULES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sorted_and_unique() {
        assert!(RULES.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert_eq!(find("endpoint-added").unwrap().level, Level::Info);
        assert!(find("request-body-pattern-added").is_none());
    }

    #[test]
    fn sentences_end_without_a_full_stop_and_braces_are_words() {
        for rule in RULES {
            assert!(!rule.text.ends_with('.'), "{}", rule.id);
            for part in rule.text.split('{').skip(1) {
                let word = part.split('}').next().unwrap();
                assert!(word.bytes().all(|b| b.is_ascii_lowercase()), "{}", rule.id);
            }
        }
    }
}
