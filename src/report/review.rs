//! A finished review, as every rendering takes it. Data, and questions about it that more than one
//! rendering asks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use takehome_checks::evidence::{Analysis, Finding, Origin, Polarity};

use super::Links;
use crate::rubric::{CompetencyResult, RubricResult};

/// Everything that is known about one review.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Title of the assignment, from the rules.
    pub title: Option<String>,
    /// Full id of the reviewed commit; `None` for a folder without git.
    pub head: Option<String>,
    /// Full id of the merge base; `None` where everything counts as the candidate's.
    pub base: Option<String>,
    pub analysis: Analysis,
    pub rubric: RubricResult,
    /// SHA-256 of the effective rules, 64 hex digits.
    pub rules_hash: String,
    /// Version of takehome.
    pub version: String,
    /// Sentences for reviewers: what was left out of the trees, problems of the rules files. Not for
    /// candidates.
    pub notes: Vec<String>,
    pub links: Links,
}

impl Review {
    /// What the candidate left open and the rubric shows, weightiest first.
    pub fn gaps(&self) -> Vec<&Finding> {
        self.shown(|competency| &competency.gaps)
    }

    /// What the candidate did well and the rubric shows, weightiest first.
    pub fn strengths(&self) -> Vec<&Finding> {
        self.shown(|competency| &competency.strengths)
    }

    fn shown(
        &self,
        lines: impl Fn(&CompetencyResult) -> &Vec<crate::rubric::EvidenceLine>,
    ) -> Vec<&Finding> {
        let mut keys: Vec<&str> = self
            .rubric
            .competencies
            .iter()
            .flat_map(&lines)
            .map(|line| line.fingerprint.as_str())
            .collect();
        keys.sort_unstable();
        self.analysis
            .findings
            .iter()
            .filter(|finding| keys.binary_search(&finding.fingerprint.as_str()).is_ok())
            .collect()
    }

    /// Gaps that stood there before the candidate began.
    pub fn preexisting(&self) -> Vec<&Finding> {
        self.analysis
            .findings
            .iter()
            .filter(|f| f.origin == Origin::Preexisting && f.polarity == Polarity::Gap)
            .collect()
    }

    /// Findings by fingerprint.
    pub fn by_fingerprint(&self) -> BTreeMap<&str, &Finding> {
        self.analysis
            .findings
            .iter()
            .map(|finding| (finding.fingerprint.as_str(), finding))
            .collect()
    }

    /// The first ten digits of the reviewed commit.
    pub fn short_head(&self) -> Option<&str> {
        self.head
            .as_deref()
            .map(|head| head.get(..10).unwrap_or(head))
    }

    /// The first twelve digits of the rules' hash.
    pub fn short_rules(&self) -> &str {
        self.rules_hash.get(..12).unwrap_or(&self.rules_hash)
    }
}
