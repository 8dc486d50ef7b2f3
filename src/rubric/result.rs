//! What the rubric says about one analysis; the `rubric` of `takehome review --format json`. Data
//! only: the words in it come from [`super::assess`].

use serde::{Deserialize, Serialize};
use takehome_checks::evidence::{Competency, Confidence, Severity};

use crate::config::Profile;

/// The rubric, filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RubricResult {
    pub overall: Overall,
    /// All 24, in order.
    pub competencies: Vec<CompetencyResult>,
    /// Defects that the assignment seeded, in the order of the rules.
    pub seeded: Vec<SeededResult>,
}

/// The weighted level over what was assessed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overall {
    /// 0 to 4 with two decimals; `None` where too little could be assessed.
    pub level: Option<f64>,
    /// Weight of the expected competencies that were assessed, and of all that are expected.
    pub assessed_weight: u32,
    pub expected_weight: u32,
    /// Codes of bonus competencies that raised the level.
    pub raised_by: Vec<Competency>,
    /// A sentence or two for reviewers.
    pub explanation: String,
}

/// One competency: a level with its evidence, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompetencyResult {
    pub competency: Competency,
    pub title: String,
    pub question: String,
    pub profile: Profile,
    pub weight: u32,
    /// 0 to 4; `None` exactly where `not_assessed` says why.
    pub level: Option<u8>,
    pub not_assessed: Option<NotAssessed>,
    /// The rubric's description of the level that was given.
    pub description: Option<String>,
    /// Why this level and what would have made the next; or why there is none. Plain text.
    pub explanation: String,
    /// The highest level that the checks which ran can show: each asks for strengths, and this
    /// version may not have a check for enough of them.
    pub reachable: u8,
    /// What the candidate did well, weightiest first.
    pub strengths: Vec<EvidenceLine>,
    /// What the candidate left open, weightiest first.
    pub gaps: Vec<EvidenceLine>,
    pub checks: CheckCount,
}

/// Why a competency has no level. Never a judgement about the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotAssessed {
    /// The organisation's rules exclude it.
    OutOfScope,
    /// It is a bonus, and nothing was found that would count for it.
    BonusWithoutStrength,
    /// No check of this version looks at it (for a bonus: for strengths in it), or all that do are
    /// switched off.
    NoChecks,
    /// The project has nothing that its checks speak of.
    NothingToJudge,
    /// No check could decide.
    OnlyUnknown,
    /// Too few routes could be resolved.
    LimitedCoverage,
}

/// A finding that the rubric looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceLine {
    pub fingerprint: String,
    pub check: String,
    pub name: String,
    pub severity: Severity,
    pub confidence: Confidence,
    pub message: String,
    pub file: String,
    /// From 1.
    pub line: u32,
    /// It moved the level; otherwise it is shown only (one more of a habit, or unscored).
    pub counted: bool,
}

/// How many checks of a competency could say something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCount {
    /// Checks that had something to judge and decided.
    pub looked: u32,
    /// Checks that could decide for none of their subjects.
    pub unknown: u32,
    /// Subjects left undecided, over all checks.
    pub unknown_subjects: u32,
    pub not_applicable: u32,
    pub off: u32,
}

/// What became of a seeded defect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeededResult {
    pub check: String,
    pub subject: String,
    pub note: Option<String>,
    pub competency: Option<Competency>,
    pub state: SeededState,
    /// A sentence for reviewers.
    pub explanation: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeededState {
    /// No longer found at the head: counts as a strength.
    Fixed,
    /// Still found at the head: counts as a gap.
    Left,
    /// The check could not decide, does not run or has nothing to look at.
    Undecided,
}
