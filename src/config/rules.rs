//! The effective rules: what `takehome.yml` may say, as types. The JSON Schema, the check of a
//! file and the value itself all come from these types; they read no file and decide nothing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use takehome_checks::evidence::{Competency, Severity};

use super::schema;

/// Rules of takehome. An organisation keeps them in `takehome.yml` of its `.github` repository; the
/// repository of an assignment may add `.github/takehome.yml`. Every key may be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "takehome.yml")]
pub struct Rules {
    /// The version of this format.
    #[schemars(schema_with = "schema::version")]
    pub version: u32,
    /// What is asked of a candidate and how evidence becomes a level.
    pub rubric: RubricRules,
    /// Which checks run, and how much their gaps weigh.
    pub checks: CheckSettings,
    /// What the candidates were given.
    pub assignment: Assignment,
    /// What is written to GitHub, and who may see it.
    pub publish: Publish,
    /// The API that the assignment demands.
    pub contract: Contract,
    /// How the API's schema is inferred from source.
    pub schema: SchemaSettings,
    /// Key paths that a repository's file may not set, such as `publish` or
    /// `rubric.competencies.*.weight`; a path locks everything below it. Only in the
    /// organisation's file.
    #[schemars(schema_with = "schema::key_paths")]
    pub locked: Vec<String>,
}

/// The rubric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RubricRules {
    /// Per cent of the weight of all expected competencies that must be assessed before an overall
    /// level is shown.
    #[schemars(range(min = 0, max = 100))]
    pub overall_needs: u8,
    /// How often one check counts.
    pub counting: Counting,
    /// Checks whose findings are shown and never scored.
    #[schemars(schema_with = "schema::check_ids")]
    pub unscored: Vec<String>,
    /// The competencies, by code.
    #[schemars(schema_with = "schema::competencies")]
    pub competencies: BTreeMap<Competency, CompetencyRules>,
}

/// How findings are counted before the level rules look at them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    /// Gaps of one check count at most so often: a habit that shows in ten places is one habit, and
    /// more code is not more guilt.
    #[schemars(range(min = 1, max = 1000))]
    pub gaps_per_check: u32,
    /// Strengths of one check count at most so often.
    #[schemars(range(min = 1, max = 1000))]
    pub strengths_per_check: u32,
    /// What a gap of only medium confidence counts as.
    pub medium_confidence: MediumConfidence,
}

/// What a gap of only medium confidence counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MediumConfidence {
    /// As one of the next lower severity.
    OneLower,
    /// As any other.
    Full,
    /// Not at all; it is still shown.
    Ignored,
}

/// One competency of the rubric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompetencyRules {
    /// A heading.
    #[schemars(length(min = 1, max = 100))]
    pub title: String,
    /// The question that the competency answers about a candidate.
    #[schemars(length(min = 1, max = 300))]
    pub question: String,
    /// How much it counts in the overall level; 0 shows it and counts nothing.
    #[schemars(range(min = 0, max = 100))]
    pub weight: u32,
    /// What the assignment asks here.
    pub profile: Profile,
    /// It cannot be judged while most routes could not be resolved.
    pub needs_routes: bool,
    /// Levels 0 to 4.
    #[schemars(schema_with = "schema::levels")]
    pub levels: BTreeMap<u8, LevelRule>,
}

/// What an assignment asks of a competency.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// It is judged: strengths and gaps.
    Expected,
    /// Only strengths are shown, and it can only raise the overall level.
    Bonus,
    /// Nothing is shown.
    OutOfScope,
}

/// A level: what it looks like, and the evidence that gives it. A level is given where its conditions
/// and those of every level below it hold; level 0 has no conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LevelRule {
    /// Behaviour that can be seen in the code of somebody at this level.
    #[schemars(length(min = 1, max = 600))]
    pub description: String,
    /// At most so many gaps of this severity or worse.
    #[serde(default)]
    #[schemars(schema_with = "schema::gap_limits")]
    pub gaps_at_most: BTreeMap<Severity, u32>,
    /// At least so many strengths.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000))]
    pub strengths_at_least: u32,
    /// Not with a gap of one of these checks, however few there are.
    #[serde(default)]
    #[schemars(schema_with = "schema::check_ids")]
    pub never_with: Vec<String>,
}

/// Which checks run, and how much their gaps weigh.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckSettings {
    /// Ids of checks that do not run.
    #[schemars(schema_with = "schema::check_ids")]
    pub off: Vec<String>,
    /// Severity by check id, in place of the check's own.
    #[schemars(schema_with = "schema::check_severities")]
    pub severity: BTreeMap<String, Severity>,
}

/// What the candidates were given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Shown as the heading of reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub title: Option<String>,
    /// Time that candidates have; shown to reviewers, never scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time_box")]
    pub time_box: Option<String>,
    /// The code that candidates start from; it is never held against them.
    pub starter: Starter,
    /// Globs of paths that a candidate must leave as they are, such as `tests/contract/**`.
    #[schemars(schema_with = "schema::globs")]
    pub protected: Vec<String>,
    /// Whether the brief asks for authentication.
    pub auth: AuthExpectation,
    /// Whether the brief asks for something that can be deployed.
    pub deploy: DeployExpectation,
    /// The database that the brief names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// Defects put into the starter on purpose: fixed is a strength, left is a gap.
    #[schemars(length(max = 100))]
    pub seeded_defects: Vec<SeededDefect>,
}

/// The code that candidates start from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Starter {
    /// Branch, tag or commit of the base repository at which the starter stands, in place of the
    /// merge base.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::git_ref")]
    pub git_ref: Option<String>,
    /// Globs of files that belong to the starter whatever the history says.
    #[schemars(schema_with = "schema::globs")]
    pub paths: Vec<String>,
}

/// Whether the brief asks for authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthExpectation {
    Required,
    /// Public endpoints are what was asked for.
    None,
}

/// Whether the brief asks for something that can be deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeployExpectation {
    Expected,
    /// It runs on the candidate's machine only.
    None,
}

/// A database engine that Django speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Database {
    Sqlite,
    Postgresql,
    Mysql,
}

impl Database {
    /// The word in files and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgresql => "postgresql",
            Self::Mysql => "mysql",
        }
    }
}

/// A defect that was put into the starter on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeededDefect {
    /// Id of the check that finds it.
    #[schemars(schema_with = "schema::check_id")]
    pub check: String,
    /// What the check names there: the `symbol` of the finding in `takehome review --format json`
    /// of the starter.
    #[schemars(length(min = 1, max = 300))]
    pub subject: String,
    /// A note for reviewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 300))]
    pub note: Option<String>,
}

/// What is written to GitHub, and who may see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// The check run concludes `failure` when the candidate introduced a gap of this severity or
    /// worse; `never` keeps it `neutral`.
    pub fail_on: FailOn,
    /// A summary comment on the pull request.
    pub candidate_comment: bool,
    /// The candidate sees levels, in the comment and in the check run.
    pub candidate_scores: bool,
    /// Annotations of one check run, the weightiest first; what is left out is counted.
    #[schemars(range(min = 0, max = 1000))]
    pub max_annotations: u32,
    /// Labels that are put on the pull request. Candidates see them.
    pub labels: Labels,
}

/// From which severity on a check run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    Never,
    Critical,
    High,
    Medium,
    Low,
}

impl FailOn {
    /// The severity from which on a check run fails; `None`: never.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Never => None,
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
        }
    }
}

/// Labels by occasion; GitHub allows 50 characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// A review stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub reviewed: Option<String>,
    /// The analysis could resolve too little; somebody must look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 50))]
    pub limited: Option<String>,
}

/// The API that the assignment demands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Path of an OpenAPI file on the base branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::path")]
    pub file: Option<String>,
}

/// How the API's schema is inferred where the source does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SchemaSettings {
    /// Database engine; without it, `assignment.database`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<Database>,
    /// Version of Django, such as `5.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::django_version")]
    pub django: Option<String>,
}
