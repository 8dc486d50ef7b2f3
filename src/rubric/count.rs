//! Which findings count, and as what. Order and file names play no part in it.

use std::collections::{BTreeMap, BTreeSet};

use takehome_checks::evidence::{Confidence, Finding, Polarity, Severity};

use super::result::EvidenceLine;
use crate::config::{Counting, LevelRule, MediumConfidence};

/// The evidence of one competency, counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Gaps that count, by the severity that they count as.
    pub gaps: BTreeMap<Severity, u32>,
    pub strengths: u32,
    /// Ids of checks with a gap that counts.
    pub gap_checks: Vec<String>,
    pub gap_lines: Vec<EvidenceLine>,
    pub strength_lines: Vec<EvidenceLine>,
}

impl Tally {
    /// Gaps of this severity or worse.
    pub(super) fn at_least(&self, severity: Severity) -> u32 {
        self.gaps.range(severity..).map(|(_, count)| count).sum()
    }

    /// The first condition of a level that does not hold; `None`: the level is met.
    pub(super) fn missing(&self, rule: &LevelRule) -> Option<Missing> {
        for (severity, most) in rule.gaps_at_most.iter().rev() {
            if self.at_least(*severity) > *most {
                return Some(Missing::Gaps(*severity, *most));
            }
        }
        if let Some(id) = rule
            .never_with
            .iter()
            .find(|id| self.gap_checks.contains(id))
        {
            return Some(Missing::Never(id.clone()));
        }
        (self.strengths < rule.strengths_at_least)
            .then_some(Missing::Strengths(rule.strengths_at_least))
    }
}

/// A condition that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// More gaps of this severity or worse than so many.
    Gaps(Severity, u32),
    /// A gap of this check.
    Never(String),
    /// Fewer strengths than so many.
    Strengths(u32),
}

/// Counts findings; each fingerprint once.
///
/// A check counts with its weightiest findings, up to the limit for one check, so that "how many of
/// this severity or worse" never falls when a finding is added or becomes worse.
pub(super) fn tally<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
    counting: &Counting,
    unscored: &[String],
    lowest_that_counts: Severity,
) -> Tally {
    let mut ranked: Vec<(Option<Severity>, &Finding)> = findings
        .into_iter()
        .map(|finding| {
            let scored = !unscored.contains(&finding.check);
            let weight = scored.then(|| weight(finding, counting)).flatten();
            (weight, finding)
        })
        .collect();
    ranked.sort_by(|(a_weight, a), (b_weight, b)| {
        let key = |f: &Finding| (f.severity, f.confidence);
        b_weight
            .cmp(a_weight)
            .then_with(|| key(b).cmp(&key(a)))
            .then_with(|| {
                (&a.check, &a.file, a.line, &a.fingerprint, &a.message).cmp(&(
                    &b.check,
                    &b.file,
                    b.line,
                    &b.fingerprint,
                    &b.message,
                ))
            })
    });
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut used: BTreeMap<(Polarity, &str), u32> = BTreeMap::new();
    let mut tally = Tally::default();
    for (weight, finding) in ranked {
        let identity = (finding.check.as_str(), finding.fingerprint.as_str());
        if !seen.insert(identity) {
            continue;
        }
        let used = used
            .entry((finding.polarity, finding.check.as_str()))
            .or_default();
        match finding.polarity {
            Polarity::Strength => {
                let counted = weight.is_some() && *used < counting.strengths_per_check;
                if counted {
                    *used += 1;
                    tally.strengths += 1;
                }
                tally.strength_lines.push(line(finding, counted));
            }
            Polarity::Gap => {
                let counted = *used < counting.gaps_per_check;
                match weight {
                    Some(severity) if counted => {
                        *used += 1;
                        *tally.gaps.entry(severity).or_default() += 1;
                        tally.gap_checks.push(finding.check.clone());
                        let moved = severity >= lowest_that_counts;
                        tally.gap_lines.push(line(finding, moved));
                    }
                    _ => tally.gap_lines.push(line(finding, false)),
                }
            }
        }
    }
    tally.gap_checks.sort();
    tally.gap_checks.dedup();
    tally
}

/// What a finding counts as; `None`: not at all.
fn weight(finding: &Finding, counting: &Counting) -> Option<Severity> {
    if finding.polarity == Polarity::Strength || finding.confidence > Confidence::Medium {
        return Some(finding.severity);
    }
    match counting.medium_confidence {
        MediumConfidence::Full => Some(finding.severity),
        MediumConfidence::Ignored => None,
        MediumConfidence::OneLower => Some(match finding.severity {
            Severity::Critical => Severity::High,
            Severity::High => Severity::Medium,
            Severity::Medium => Severity::Low,
            Severity::Low | Severity::Info => Severity::Info,
        }),
    }
}

fn line(finding: &Finding, counted: bool) -> EvidenceLine {
    EvidenceLine {
        fingerprint: finding.fingerprint.clone(),
        check: finding.check.clone(),
        name: finding.name.clone(),
        severity: finding.severity,
        confidence: finding.confidence,
        message: finding.message.clone(),
        file: finding.file.clone(),
        line: finding.line,
        counted,
    }
}
