//! The sentences that explain a level. Plain text; numbers and severities only, never a file, a name
//! or anything else that a candidate wrote.

use takehome_checks::evidence::Severity;

use super::count::{Missing, Tally};
use super::result::{CheckCount, NotAssessed};
use crate::config::Profile;

/// "no strength", "1 strength", "3 strengths"
pub(super) fn count(number: u32, one: &str) -> String {
    match number {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        n => format!("{n} {one}s"),
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

/// "1 high gap, 2 medium gaps and 1 strength count here."
pub(super) fn evidence(tally: &Tally, fixed: u32) -> String {
    let mut parts: Vec<String> = tally
        .gaps
        .iter()
        .rev()
        .filter(|(weight, _)| **weight > Severity::Info)
        .map(|(weight, number)| count(*number, &format!("{} gap", severity(*weight))))
        .collect();
    if parts.is_empty() {
        parts.push("no gap".to_owned());
    }
    let strengths = tally.strengths - fixed;
    parts.push(count(strengths, "strength"));
    if fixed > 0 {
        parts.push(format!("{} fixed", count(fixed, "seeded defect")));
    }
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}

/// What would have made the next level.
pub(super) fn next(level: u8, missing: &Missing, tally: &Tally, possible: u32) -> String {
    match missing {
        Missing::Gaps(Severity::Info, most) => {
            format!(
                "Level {level} allows {} of any severity.",
                count(*most, "gap")
            )
        }
        Missing::Gaps(Severity::Critical, most) => {
            format!("Level {level} allows {}.", count(*most, "critical gap"))
        }
        Missing::Gaps(weight, most) => format!(
            "Level {level} allows {} of severity {} or worse.",
            count(*most, "gap"),
            severity(*weight)
        ),
        Missing::Never(id) => format!("Level {level} is not given with {id}."),
        Missing::Strengths(least) if possible < *least => format!(
            "Level {level} asks for {}; the checks that ran can show {}.",
            count(*least, "strength"),
            count(possible, "strength")
        ),
        Missing::Strengths(least) => {
            let more = least - tally.strengths;
            let more = match (tally.strengths, more) {
                (0, 1) => "A strength".to_owned(),
                (0, n) => count(n, "strength"),
                (_, 1) => "One more strength".to_owned(),
                (_, n) => format!("{n} more strengths"),
            };
            format!("{more} would make level {level}.")
        }
    }
}

/// "2 checks could not decide; that counts for nothing."
pub(super) fn unknown(checks: &CheckCount) -> Option<String> {
    (checks.unknown > 0).then(|| {
        format!(
            "{} could not decide; that counts for nothing.",
            count(checks.unknown, "check")
        )
    })
}

/// Why there is no level.
pub(super) fn not_assessed(why: NotAssessed, profile: Profile, checks: &CheckCount) -> String {
    match why {
        NotAssessed::OutOfScope => "Out of scope for this assignment.".to_owned(),
        NotAssessed::BonusWithoutStrength => {
            "A bonus in this assignment, and nothing was found that would count for it.".to_owned()
        }
        NotAssessed::NoChecks if profile == Profile::Bonus => {
            "A bonus in this assignment, and no check that ran looks for strengths here.".to_owned()
        }
        NotAssessed::NoChecks if checks.off > 0 => {
            "All checks that look at it are switched off.".to_owned()
        }
        NotAssessed::NoChecks => "No check of this version looks at it.".to_owned(),
        NotAssessed::NothingToJudge if checks.looked > 0 => {
            "Only checks for strengths had something to look at, and the absence of a strength is \
             not a gap."
                .to_owned()
        }
        NotAssessed::NothingToJudge => {
            "The project has nothing that could be judged here.".to_owned()
        }
        NotAssessed::OnlyUnknown => format!(
            "Nothing could be decided from the source ({} tried).",
            count(checks.unknown, "check")
        ),
        NotAssessed::LimitedCoverage => {
            "Too few routes could be resolved to judge this fairly.".to_owned()
        }
    }
}
