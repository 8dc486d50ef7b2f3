//! Parts that more than one rendering has: findings by competency, what was not assessed, how much
//! could be read. Words and order only; the marking is the rendering's own.

use std::collections::BTreeMap;

use takehome_checks::evidence::{Competency, Coverage, Finding, Place, Severity, Share};

use super::{Review, words};
use crate::rubric::{CompetencyResult, NotAssessed};

/// Findings under their competencies, in the order of the rubric; the order within stays.
pub(super) fn by_competency<'a>(findings: &[&'a Finding]) -> Vec<(Competency, Vec<&'a Finding>)> {
    let mut groups: BTreeMap<Competency, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry(finding.competency).or_default().push(finding);
    }
    groups.into_iter().collect()
}

/// The title of a competency under this review's rules.
pub(super) fn title(review: &Review, competency: Competency) -> &str {
    review
        .rubric
        .competencies
        .iter()
        .find(|result| result.competency == competency)
        .map_or(competency.title(), |result| &result.title)
}

/// Competencies without a level, under the reason why, in an order of the reasons that begins with
/// what a person can do something about.
pub(super) fn not_assessed(review: &Review) -> Vec<(NotAssessed, Vec<&CompetencyResult>)> {
    [
        NotAssessed::LimitedCoverage,
        NotAssessed::OnlyUnknown,
        NotAssessed::NothingToJudge,
        NotAssessed::BonusWithoutStrength,
        NotAssessed::NoChecks,
        NotAssessed::OutOfScope,
    ]
    .into_iter()
    .map(|reason| {
        let of_reason = review
            .rubric
            .competencies
            .iter()
            .filter(|result| result.not_assessed == Some(reason))
            .collect();
        (reason, of_reason)
    })
    .filter(|(_, results): &(_, Vec<_>)| !results.is_empty())
    .collect()
}

/// Why there is no level, for everybody; never about the candidate.
pub(super) fn reason(reason: NotAssessed) -> &'static str {
    match reason {
        NotAssessed::OutOfScope => "Not part of this assignment",
        NotAssessed::BonusWithoutStrength => "A bonus, and nothing there that would count",
        NotAssessed::NoChecks => "Not looked at by this version, or switched off",
        NotAssessed::NothingToJudge => "The project has nothing to judge",
        NotAssessed::OnlyUnknown => "Could not be decided from the source alone",
        NotAssessed::LimitedCoverage => "Too few routes could be resolved to judge fairly",
    }
}

/// How much of the project could be understood, in sentences without a full stop.
pub(super) fn coverage(coverage: &Coverage) -> Vec<String> {
    let mut lines = Vec::new();
    if coverage.files > 0 {
        lines.push(format!(
            "{} of {} read as text",
            words::grouped(coverage.files_read as usize),
            words::count(coverage.files as usize, "file", "files")
        ));
    }
    if coverage.python_files > 0 {
        lines.push(match coverage.python_files_with_errors {
            0 => format!(
                "{} parsed, none with syntax errors",
                words::count(
                    coverage.python_files as usize,
                    "Python file",
                    "Python files"
                )
            ),
            bad => format!(
                "{} parsed, {} with syntax errors",
                words::count(
                    coverage.python_files as usize,
                    "Python file",
                    "Python files"
                ),
                words::grouped(bad as usize)
            ),
        });
    }
    for (share, one, many) in [
        (coverage.routes, "route", "routes"),
        (coverage.serializers, "serializer", "serializers"),
        (coverage.settings, "setting", "settings"),
        (coverage.tests, "test", "tests"),
    ] {
        if let Some(line) = resolved(share, one, many) {
            lines.push(line);
        }
    }
    lines
}

fn resolved(share: Share, one: &str, many: &str) -> Option<String> {
    (share.all > 0).then(|| {
        format!(
            "{} of {} resolved",
            words::grouped(share.known as usize),
            words::count(share.all as usize, one, many)
        )
    })
}

/// Checks that could not decide something, and how many subjects that were.
pub(super) fn undecided(review: &Review) -> Option<String> {
    let open: Vec<_> = review
        .analysis
        .outcomes
        .iter()
        .filter(|outcome| !outcome.unknown.is_empty())
        .collect();
    let subjects: usize = open.iter().map(|outcome| outcome.unknown.len()).sum();
    (!open.is_empty()).then(|| {
        format!(
            "{} left {} undecided; nothing undecided was scored",
            words::count(open.len(), "check", "checks"),
            words::count(subjects, "subject", "subjects")
        )
    })
}

/// `2 high, 3 medium`; empty where there is none.
pub(super) fn tally(findings: &[&Finding]) -> String {
    [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Info,
    ]
    .into_iter()
    .filter_map(|severity| {
        let n = findings.iter().filter(|f| f.severity == severity).count();
        (n > 0).then(|| format!("{} {}", words::grouped(n), words::severity(severity)))
    })
    .collect::<Vec<_>>()
    .join(", ")
}

/// `Showing 10 of 25 gaps.`, where some are left out.
pub(super) fn showing(shown: usize, all: usize, what: &str) -> Option<String> {
    (shown < all).then(|| {
        format!(
            "Showing {} of {} {what}.",
            words::grouped(shown),
            words::grouped(all)
        )
    })
}

/// Places besides the finding's own, each once: a check may say different things of one line, and a
/// list of places wants the line once.
pub(super) fn other_places(finding: &Finding) -> Vec<&Place> {
    let mut seen = vec![(finding.file.as_str(), finding.line)];
    finding
        .related
        .iter()
        .filter(|place| {
            let key = (place.file.as_str(), place.line);
            let new = !seen.contains(&key);
            seen.push(key);
            new
        })
        .collect()
}

/// `3 strengths, 5 points to look at again`; what there is none of is left out.
pub(super) fn headline(strengths: usize, gaps: usize) -> String {
    let strengths = match strengths {
        0 => None,
        n => Some(words::count(n, "strength", "strengths")),
    };
    let gaps = match gaps {
        0 => "nothing to look at again".to_owned(),
        n => words::count(n, "point to look at again", "points to look at again"),
    };
    strengths
        .into_iter()
        .chain([gaps])
        .collect::<Vec<_>>()
        .join(", ")
}

/// `orders/views.py:41`
pub(super) fn place(file: &str, line: u32) -> String {
    format!("{file}:{line}")
}
