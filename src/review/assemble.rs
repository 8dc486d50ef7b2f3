//! From an analysis to the review that people read, and to what the check run says. Pure.

use std::collections::BTreeMap;

use globset::GlobSet;
use takehome_checks::evidence::{Analysis, Finding, Origin, Polarity};
use takehome_checks::source::BlobId;

use crate::config::{Loaded, Rules};
use crate::github::types::Conclusion;
use crate::report::{Links, Review, words};
use crate::rubric;
use crate::snapshot::Snapshot;

/// Protected paths that a note lists by name.
const MAX_PATHS_NAMED: usize = 10;

/// What a review is made from, besides the analysis.
#[derive(Debug)]
pub(crate) struct Circumstances<'a> {
    /// `None` for a folder without git.
    pub(crate) head: Option<&'a str>,
    pub(crate) base: Option<&'a str>,
    pub(crate) rules: &'a Loaded,
    /// What was left out of the trees, and the like.
    pub(crate) notes: Vec<String>,
    pub(crate) links: Links,
}

/// Fills in the rubric and puts everything together.
pub(crate) fn review(mut analysis: Analysis, of: Circumstances<'_>) -> Review {
    let rules = &of.rules.rules;
    give_to_starter(&mut analysis, &rules.starter_paths());
    let rubric = rubric::assess(&analysis, rules);
    let mut notes = rules_notes(of.rules);
    notes.extend(of.notes);
    Review {
        title: rules.assignment.title.clone(),
        head: of.head.map(str::to_owned),
        base: of.base.map(str::to_owned),
        analysis,
        rubric,
        rules_hash: of.rules.hash.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        notes,
        links: of.links,
    }
}

/// Files of the starter are never held against a candidate, whatever the history says.
fn give_to_starter(analysis: &mut Analysis, starter: &GlobSet) {
    let is_starter = |finding: &&mut Finding| starter.is_match(&finding.file);
    for finding in analysis.findings.iter_mut().filter(is_starter) {
        finding.origin = Origin::Preexisting;
    }
}

/// What reviewers are told about the rules files.
fn rules_notes(rules: &Loaded) -> Vec<String> {
    let mut notes = Vec::new();
    if rules.used_last_good {
        notes.push(
            "The organisation's rules file is broken; its last good version was used.".to_owned(),
        );
    }
    notes.extend(rules.problems.iter().map(ToString::to_string));
    notes
}

/// `failure` only where the organisation's rules say so, and never while too little was understood.
pub(super) fn conclusion(review: &Review, rules: &Rules) -> Conclusion {
    let Some(from) = rules.publish.fail_on.severity() else {
        return Conclusion::Neutral;
    };
    let gate = |finding: &&Finding| {
        finding.polarity == Polarity::Gap
            && finding.origin == Origin::Introduced
            && finding.severity >= from
    };
    if !review.analysis.coverage.limited && review.gaps().iter().any(gate) {
        Conclusion::Failure
    } else {
        Conclusion::Neutral
    }
}

/// A note where the candidate changed or removed what the assignment protects.
pub(super) fn protected_note(
    base: Option<&Snapshot>,
    head: &Snapshot,
    protected: &GlobSet,
) -> Option<String> {
    let base = base.filter(|_| !protected.is_empty())?;
    let (before, after) = (identities(base), identities(head));
    let mut touched: Vec<&str> = before
        .iter()
        .filter(|(path, id)| after.get(*path) != Some(id))
        .map(|(path, _)| *path)
        .chain(
            after
                .keys()
                .filter(|path| !before.contains_key(*path))
                .copied(),
        )
        .filter(|path| protected.is_match(path))
        .collect();
    touched.sort_unstable();
    if touched.is_empty() {
        return None;
    }
    let named: Vec<String> = touched
        .iter()
        .take(MAX_PATHS_NAMED)
        .map(|path| format!("`{path}`"))
        .collect();
    Some(format!(
        "The assignment protects {} that this pull request changes: {}{}.",
        words::count(touched.len(), "file", "files"),
        named.join(", "),
        if touched.len() > named.len() {
            " …"
        } else {
            ""
        }
    ))
}

fn identities(snapshot: &Snapshot) -> BTreeMap<&str, Option<BlobId>> {
    let read = snapshot
        .entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry.bytes.as_deref().map(BlobId::of)));
    let unread = snapshot
        .unread
        .iter()
        .map(|entry| (entry.path.as_str(), entry.blob));
    read.chain(unread).collect()
}
