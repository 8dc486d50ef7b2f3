//! One analysis under one set of rules: a level for each competency, the seeded defects, the whole.
//! Pure; the same input gives the same words.

use std::collections::BTreeMap;

use takehome_checks::Analysis;
use takehome_checks::catalog;
use takehome_checks::evidence::{CheckState, Competency, Finding, Origin, Polarity, Severity};

use super::count::{Tally, tally};
use super::result::{
    CheckCount, CompetencyResult, NotAssessed, Overall, RubricResult, SeededResult, SeededState,
};
use super::words;
use crate::config::{CompetencyRules, Profile, Rules, SeededDefect};

/// Fills in the rubric.
///
/// Only what the candidate introduced is scored, and the defects that the assignment seeded. What is
/// unknown never lowers a level: at worst there is none.
pub fn assess(analysis: &Analysis, rules: &Rules) -> RubricResult {
    let seeded: Vec<SeededResult> = rules
        .assignment
        .seeded_defects
        .iter()
        .map(|defect| became(defect, analysis))
        .collect();
    let competencies: Vec<CompetencyResult> = rules
        .rubric
        .competencies
        .iter()
        .map(|(competency, own)| one(*competency, own, analysis, rules, &seeded))
        .collect();
    RubricResult {
        overall: overall(&competencies, rules),
        competencies,
        seeded,
    }
}

/// What became of a seeded defect.
fn became(defect: &SeededDefect, analysis: &Analysis) -> SeededResult {
    let outcome = analysis.outcomes.iter().find(|o| o.check == defect.check);
    let found = analysis.findings.iter().any(|f| is_of(f, defect));
    let undecided = |why: &str| (SeededState::Undecided, format!("Not decided: {why}."));
    let (state, explanation) = match outcome.map(|o| (&o.state, &o.unknown)) {
        _ if found => (
            SeededState::Left,
            "Still there: the check finds it at the head.".to_owned(),
        ),
        None => undecided("this version does not have the check"),
        Some((CheckState::Off, _)) => undecided("the check is switched off"),
        Some((CheckState::NotApplicable(_), _)) => {
            undecided("the project has nothing that the check speaks of")
        }
        Some((CheckState::Unknown(_), _)) => undecided("the check could not resolve its subjects"),
        Some((_, unknown)) if unknown.iter().any(|u| u.subject == defect.subject) => {
            undecided("the check could not resolve this subject")
        }
        Some(_) => (
            SeededState::Fixed,
            "Fixed: the check no longer finds it.".to_owned(),
        ),
    };
    SeededResult {
        check: defect.check.clone(),
        subject: defect.subject.clone(),
        note: defect.note.clone(),
        competency: outcome
            .map(|o| o.competency)
            .or_else(|| catalog::find(&defect.check).map(|check| check.competency)),
        state,
        explanation,
    }
}

fn is_of(finding: &Finding, defect: &SeededDefect) -> bool {
    finding.check == defect.check
        && finding.symbol == defect.subject
        && finding.polarity == Polarity::Gap
}

fn one(
    competency: Competency,
    own: &CompetencyRules,
    analysis: &Analysis,
    rules: &Rules,
    seeded: &[SeededResult],
) -> CompetencyResult {
    let (checks, possible, gaps_judged) = checks(competency, analysis, rules);
    let is_seeded = |finding: &Finding| {
        let mut defects = rules.assignment.seeded_defects.iter();
        defects.any(|defect| is_of(finding, defect))
    };
    let counts = |finding: &&Finding| {
        let theirs = finding.origin == Origin::Introduced || is_seeded(finding);
        let shown = match own.profile {
            Profile::Expected => true,
            Profile::Bonus => finding.polarity == Polarity::Strength,
            Profile::OutOfScope => false,
        };
        finding.competency == competency && theirs && shown
    };
    let lowest = own
        .levels
        .values()
        .filter_map(|rule| rule.gaps_at_most.keys().next())
        .min()
        .copied()
        .unwrap_or(Severity::Info);
    let mut tally = tally(
        analysis.findings.iter().filter(counts),
        &rules.rubric.counting,
        &rules.rubric.unscored,
        lowest,
    );
    let mut fixed = 0;
    if own.profile != Profile::OutOfScope {
        let here = seeded.iter().filter(|s| s.competency == Some(competency));
        fixed = here.filter(|s| s.state == SeededState::Fixed).count() as u32;
    }
    tally.strengths += fixed;

    let scored_evidence = tally.strengths > 0 || !tally.gaps.is_empty();
    let why = if own.profile == Profile::OutOfScope {
        Some(NotAssessed::OutOfScope)
    } else if own.needs_routes && analysis.coverage.limited {
        Some(NotAssessed::LimitedCoverage)
    } else if own.profile == Profile::Bonus && tally.strengths == 0 && possible == 0 {
        Some(NotAssessed::NoChecks)
    } else if own.profile == Profile::Bonus && tally.strengths == 0 {
        Some(NotAssessed::BonusWithoutStrength)
    } else if scored_evidence || gaps_judged {
        None
    } else if checks.unknown > 0 {
        Some(NotAssessed::OnlyUnknown)
    } else if checks.looked + checks.not_applicable == 0 {
        Some(NotAssessed::NoChecks)
    } else {
        Some(NotAssessed::NothingToJudge)
    };
    let (level, explanation) = match why {
        Some(why) => (None, words::not_assessed(why, own.profile, &checks)),
        None => {
            let level = level(own, &tally);
            let words = explain(level, own, &tally, fixed, possible + fixed, &checks);
            (Some(level), words)
        }
    };
    CompetencyResult {
        competency,
        title: own.title.clone(),
        question: own.question.clone(),
        profile: own.profile,
        weight: own.weight,
        level,
        not_assessed: why,
        description: level
            .and_then(|level| own.levels.get(&level))
            .map(|rule| rule.description.clone()),
        explanation,
        reachable: reachable(own, possible + fixed),
        strengths: tally.strength_lines,
        gaps: tally.gap_lines,
        checks,
    }
}

/// The highest level whose conditions hold, with those of every level below it.
fn level(own: &CompetencyRules, tally: &Tally) -> u8 {
    own.levels
        .iter()
        .filter(|(level, _)| **level > 0)
        .take_while(|(_, rule)| tally.missing(rule).is_none())
        .last()
        .map_or(0, |(level, _)| *level)
}

/// The highest level that so many strengths allow.
fn reachable(own: &CompetencyRules, possible: u32) -> u8 {
    own.levels
        .iter()
        .take_while(|(_, rule)| rule.strengths_at_least <= possible)
        .last()
        .map_or(0, |(level, _)| *level)
}

fn explain(
    level: u8,
    own: &CompetencyRules,
    tally: &Tally,
    fixed: u32,
    possible: u32,
    checks: &CheckCount,
) -> String {
    let mut text = format!("Level {level}: {}.", words::evidence(tally, fixed));
    let above = own.levels.range(level + 1..).next();
    if let Some((above, missing)) = above.and_then(|(n, rule)| Some((*n, tally.missing(rule)?))) {
        text.push(' ');
        text.push_str(&words::next(above, &missing, tally, possible));
    }
    if let Some(unknown) = words::unknown(checks) {
        text.push(' ');
        text.push_str(&unknown);
    }
    text
}

/// How many checks could say something, how many strengths they could show, and whether one for
/// gaps decided anything. Unscored checks take no part.
fn checks(competency: Competency, analysis: &Analysis, rules: &Rules) -> (CheckCount, u32, bool) {
    let mut count = CheckCount::default();
    let mut possible = 0;
    let mut gaps_judged = false;
    for outcome in &analysis.outcomes {
        let unscored = rules.rubric.unscored.contains(&outcome.check);
        if outcome.competency != competency || unscored {
            continue;
        }
        count.unknown_subjects += outcome.unknown.len() as u32;
        let slot = match outcome.state {
            CheckState::Found | CheckState::Quiet => {
                gaps_judged |= outcome.polarity == Polarity::Gap;
                &mut count.looked
            }
            CheckState::Unknown(_) => &mut count.unknown,
            CheckState::NotApplicable(_) => &mut count.not_applicable,
            CheckState::Off => &mut count.off,
        };
        *slot += 1;
        if outcome.polarity == Polarity::Strength && outcome.state != CheckState::Off {
            possible += rules.rubric.counting.strengths_per_check;
        }
    }
    (count, possible, gaps_judged)
}

/// The weighted mean over what was assessed. A bonus joins only where it raises it.
fn overall(competencies: &[CompetencyResult], rules: &Rules) -> Overall {
    let mut overall = Overall::default();
    let mut points = 0;
    let mut bonuses: BTreeMap<(u8, Competency), u32> = BTreeMap::new();
    for one in competencies {
        match (one.profile, one.level) {
            (Profile::Expected, level) => {
                overall.expected_weight += one.weight;
                if let Some(level) = level {
                    overall.assessed_weight += one.weight;
                    points += one.weight * u32::from(level);
                }
            }
            (Profile::Bonus, Some(level)) if one.weight > 0 => {
                bonuses.insert((level, one.competency), one.weight);
            }
            _ => {}
        }
    }
    let (assessed, expected) = (overall.assessed_weight, overall.expected_weight);
    let percent = (assessed * 100).checked_div(expected).unwrap_or(0);
    if assessed == 0 || percent < u32::from(rules.rubric.overall_needs) {
        overall.explanation = format!(
            "No overall level: {percent} % of the expected weight could be assessed; {} % are \
             needed.",
            rules.rubric.overall_needs
        );
        return overall;
    }
    let mut weight = assessed;
    for ((level, competency), own) in bonuses.into_iter().rev() {
        if u32::from(level) * weight > points {
            points += own * u32::from(level);
            weight += own;
            overall.raised_by.push(competency);
        }
    }
    overall.raised_by.sort_unstable();
    let hundredths = (points * 100 + weight / 2) / weight;
    overall.level = Some(f64::from(hundredths) / 100.0);
    let capped = competencies
        .iter()
        .filter(|one| one.level.is_some() && one.reachable < 4)
        .count();
    overall.explanation = if assessed == expected {
        "The weighted mean over all that is expected.".to_owned()
    } else {
        format!(
            "The weighted mean over {percent} % of the expected weight; the rest was not assessed."
        )
    };
    if !overall.raised_by.is_empty() {
        let codes: Vec<&str> = overall.raised_by.iter().map(|c| c.code()).collect();
        let more = format!(" Raised by the bonus of {}.", codes.join(", "));
        overall.explanation.push_str(&more);
    }
    if capped > 0 {
        let more = format!(
            " In {capped} of them the checks that ran cannot show enough strengths for level 4."
        );
        overall.explanation.push_str(&more);
    }
    overall
}
