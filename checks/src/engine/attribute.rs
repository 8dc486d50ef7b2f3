//! From evidence to findings: whose lines, one finding per root cause, caps, fingerprints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sha1::{Digest, Sha1};

use super::{CheckRules, MAX_PLACES};
use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Page};
use crate::evidence::{Confidence, Finding, Origin, Place, Severity};

/// Which subjects each check spoke about, so that lesser checks can yield.
#[derive(Debug, Default)]
pub(super) struct Spoken(BTreeMap<&'static str, BTreeSet<String>>);

impl Spoken {
    pub(super) fn note(&mut self, check: &Check, answers: Option<&Answers>) {
        let subjects = answers.into_iter().flat_map(|a| &a.found);
        self.0
            .entry(check.id)
            .or_default()
            .extend(subjects.map(|evidence| evidence.subject.clone()));
    }

    /// Whether a better cause was found for this subject.
    pub(super) fn covers(&self, check: &Check, subject: &str) -> bool {
        check.yields_to.iter().any(|id| {
            self.0
                .get(id)
                .is_some_and(|subjects| subjects.contains(subject))
        })
    }
}

/// One finding per root cause, in the order in which the check found them.
pub(super) fn findings(
    check: &Check,
    found: Vec<Evidence>,
    cx: &Cx<'_>,
    rules: &CheckRules,
) -> Vec<Finding> {
    let mut groups: Vec<Vec<Evidence>> = Vec::new();
    let mut by_root: BTreeMap<String, usize> = BTreeMap::new();
    for evidence in found {
        match &evidence.root {
            Some(root) => match by_root.get(root) {
                Some(&at) => groups
                    .get_mut(at)
                    .into_iter()
                    .for_each(|g| g.push(evidence.clone())),
                None => {
                    by_root.insert(root.clone(), groups.len());
                    groups.push(vec![evidence]);
                }
            },
            None => groups.push(vec![evidence]),
        }
    }
    let question = Page::parse(check.page)
        .map(|page| page.ask)
        .unwrap_or_default();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    groups
        .into_iter()
        .filter_map(|group| finding(check, group, &question, cx, rules, &mut seen))
        .collect()
}

fn finding(
    check: &Check,
    group: Vec<Evidence>,
    question: &str,
    cx: &Cx<'_>,
    rules: &CheckRules,
    seen: &mut BTreeMap<String, u32>,
) -> Option<Finding> {
    let is_new = |a: &&Anchor| {
        cx.changes
            .touches(&cx.head.tree.file(a.file).path, a.line, a.end_line)
    };
    let lead = group
        .iter()
        .find(|e| e.by_change || e.anchors.iter().any(|a| is_new(&a)))
        .or(group.first())?;
    let new = lead.anchors.iter().find(is_new);
    let anchor = new.or(lead.anchors.first())?;
    let origin = if new.is_some() || lead.by_change {
        Origin::Introduced
    } else {
        Origin::Preexisting
    };
    let path = |a: &Anchor| cx.head.tree.file(a.file).path.to_string();

    let mut related = Vec::new();
    for evidence in &group {
        for other in &evidence.anchors {
            let place = Place {
                file: path(other),
                line: other.line,
                message: other.note.clone(),
            };
            let is_lead = other == anchor;
            if !is_lead && !related.contains(&place) {
                related.push(place);
            }
        }
    }
    related.truncate(MAX_PLACES);

    let reachable = group.iter().any(|e| e.reachable);
    let confidence = group
        .iter()
        .map(|e| e.confidence.unwrap_or(check.confidence))
        .max()?
        .min(check.confidence);
    let own = group
        .iter()
        .map(|e| e.severity.unwrap_or(check.severity))
        .max()?;
    let mut severity = rules.severity.get(check.id).copied().unwrap_or(own);
    if severity == Severity::Critical && confidence < Confidence::High {
        severity = Severity::High;
    }
    if !reachable && check.polarity == crate::evidence::Polarity::Gap {
        severity = severity.min(Severity::Low);
    }
    let others = group.len() - 1;
    let message = match others {
        0 => lead.message.clone(),
        1 => format!("{} The same cause shows in one more place.", lead.message),
        n => format!("{} The same cause shows in {n} more places.", lead.message),
    };
    Some(Finding {
        check: check.id.to_owned(),
        name: check.name.to_owned(),
        polarity: check.polarity,
        severity,
        confidence,
        competency: check.competency,
        message,
        question: lead.question.clone().unwrap_or_else(|| question.to_owned()),
        file: path(anchor),
        line: anchor.line,
        end_line: anchor.end_line,
        column: anchor.column,
        symbol: lead.subject.clone(),
        related,
        origin,
        fingerprint: fingerprint(check, lead, &path(anchor), seen),
    })
}

/// Hash of check, file, subject and root, with a counter for repeats: no line numbers, so that the
/// same problem keeps its identity when lines move.
fn fingerprint(
    check: &Check,
    lead: &Evidence,
    file: &str,
    seen: &mut BTreeMap<String, u32>,
) -> String {
    let key = format!(
        "{}\0{file}\0{}\0{}",
        check.id,
        lead.subject,
        lead.root.as_deref().unwrap_or("")
    );
    let repeat = seen.entry(key.clone()).or_default();
    let digest = Sha1::digest(format!("{key}\0{repeat}"));
    *repeat += 1;
    let mut hex = String::with_capacity(16);
    for byte in digest.iter().take(8) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
