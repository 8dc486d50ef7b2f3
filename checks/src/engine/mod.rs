//! Runs the checks and turns their answers into findings: attribution to the candidate's lines,
//! grouping by root cause, severity caps, fingerprints, order.
//!
//! A panic in one check is that check's Unknown, never the end of the run. The engine knows no
//! check by name.

mod attribute;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use crate::catalog::{self, Answers, Check, Cx};
use crate::evidence::{Analysis, CheckOutcome, CheckState, Finding, Severity};
use crate::facts::Facts;
use crate::openapi::comparisons::Comparisons;
use crate::source::{Changes, Tree};

/// Places shown for one finding besides its own; the message says how many there are in all.
pub const MAX_PLACES: usize = 50;

/// What to analyse, and under which rules.
#[derive(Debug, Default)]
pub struct AnalysisInput {
    pub head: Arc<Tree>,
    /// The merge base; without it everything counts as the candidate's.
    pub base: Option<Arc<Tree>>,
    pub rules: CheckRules,
}

/// The part of the organisation's rules that the analysis obeys.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CheckRules {
    /// Ids of checks that are off.
    #[serde(default)]
    pub off: Vec<String>,
    /// Severity by check id, in place of the check's own.
    #[serde(default)]
    pub severity: BTreeMap<String, Severity>,
}

/// Analyses two trees. Pure: the same input gives the same bytes.
pub fn analyse(input: &AnalysisInput) -> Analysis {
    let (head, base) = rayon::join(
        || Facts::of(Arc::clone(&input.head)),
        || input.base.as_ref().map(|tree| Facts::of(Arc::clone(tree))),
    );
    let changes = match &input.base {
        Some(base) => Changes::between(base, &input.head),
        None => Changes::everything(),
    };
    let api = Comparisons::of(base.as_ref(), &head);
    let cx = Cx {
        head: &head,
        base: base.as_ref(),
        changes: &changes,
        api: &api,
    };
    let mut analysis = Analysis::default();
    let answers: Vec<(&Check, Option<Answers>)> = catalog::all()
        .into_par_iter()
        .map(|check| (check, run(check, &cx, &input.rules)))
        .collect();
    let mut spoken = attribute::Spoken::default();
    for (check, answers) in &answers {
        spoken.note(check, answers.as_ref());
    }
    for (check, answers) in answers {
        let (outcome, findings) = conclude(check, answers, &cx, &input.rules, &spoken);
        analysis.outcomes.push(outcome);
        analysis.findings.extend(findings);
    }
    analysis.findings.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then_with(|| {
            (&a.file, a.line, &a.check, &a.symbol).cmp(&(&b.file, b.line, &b.check, &b.symbol))
        })
    });
    analysis.coverage = crate::facts::coverage(&head);
    analysis.endpoints = crate::facts::endpoints(&head, &changes);
    analysis.schema = api.part();
    analysis
}

/// `None`: switched off. A panic is told as unknown.
fn run(check: &Check, cx: &Cx<'_>, rules: &CheckRules) -> Option<Answers> {
    if rules.off.iter().any(|id| id == check.id) {
        return None;
    }
    let mut answers = Answers::default();
    if catch_unwind(AssertUnwindSafe(|| (check.run)(cx, &mut answers))).is_err() {
        answers = Answers::default();
        answers.unknown(
            "the project",
            "the check failed; this is a bug of takehome, not of the candidate",
        );
    }
    Some(answers)
}

fn conclude(
    check: &Check,
    answers: Option<Answers>,
    cx: &Cx<'_>,
    rules: &CheckRules,
    spoken: &attribute::Spoken,
) -> (CheckOutcome, Vec<Finding>) {
    let mut outcome = CheckOutcome {
        check: check.id.to_owned(),
        name: check.name.to_owned(),
        competency: check.competency,
        polarity: check.polarity,
        state: CheckState::Off,
        subjects: 0,
        unknown: Vec::new(),
    };
    let Some(mut answers) = answers else {
        return (outcome, Vec::new());
    };
    answers
        .found
        .retain(|evidence| !spoken.covers(check, &evidence.subject));
    let findings = attribute::findings(check, answers.found, cx, rules);
    answers.unknown.sort();
    answers.unknown.dedup();
    outcome.subjects = answers.subjects;
    outcome.state = match (
        &findings[..],
        answers.not_applicable,
        answers.unknown.first(),
    ) {
        ([_, ..], _, _) => CheckState::Found,
        ([], Some(reason), _) => CheckState::NotApplicable(reason),
        ([], None, Some(unknown)) if answers.unknown.len() as u32 >= answers.subjects => {
            CheckState::Unknown(unknown.reason.clone())
        }
        ([], None, _) if answers.subjects == 0 => {
            CheckState::NotApplicable("the project has nothing it speaks of".to_owned())
        }
        ([], None, _) => CheckState::Quiet,
    };
    outcome.unknown = answers.unknown;
    (outcome, findings)
}
