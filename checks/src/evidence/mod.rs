//! What leaves the crate: findings, the state of every check, coverage, endpoints.
//!
//! These types are the contract with the service and, through `takehome review --format json`, with
//! other programs: field names and the words of the enumerations change only with a version. This
//! module holds data and its order; it never decides anything.

mod competency;
mod finding;

pub use competency::Competency;
pub use finding::{Confidence, Finding, Origin, Place, Polarity, Severity};

use serde::{Deserialize, Serialize};

/// Everything the analysis of one pull request (or of one folder) found out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Ordered by severity (highest first), then file, line, check id.
    pub findings: Vec<Finding>,
    /// One entry per check of the catalogue that was run, ordered by id.
    pub outcomes: Vec<CheckOutcome>,
    pub coverage: Coverage,
    /// The endpoints of the head tree in the order of the URL configuration.
    pub endpoints: Vec<Endpoint>,
    /// Changes of the API's schema between base and head; `None` where no schema could be had.
    pub schema: Option<SchemaPart>,
}

/// The state of one check after a run: why it spoke, or why it was silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOutcome {
    /// `DRF101`
    pub check: String,
    /// `serializer-fields-all`
    pub name: String,
    pub competency: Competency,
    pub polarity: Polarity,
    pub state: CheckState,
    /// Subjects (routes, serializers, files …) the check looked at.
    pub subjects: u32,
    /// Subjects it could not decide, each once, with the reason; never scored.
    pub unknown: Vec<UnknownSubject>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "reason")]
pub enum CheckState {
    /// At least one finding.
    Found,
    /// There was something to judge and nothing to say.
    Quiet,
    /// The project has nothing this check speaks of (no serializers, no tests …).
    NotApplicable(String),
    /// It could not be decided for any subject.
    Unknown(String),
    /// Switched off by the organisation's rules.
    Off,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnknownSubject {
    /// Fully qualified name, path or route template of the subject.
    pub subject: String,
    pub reason: String,
}

/// How much of the project could be understood. Shown to people, never scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// Files in the head tree, and those that were read as text.
    pub files: u32,
    pub files_read: u32,
    /// Python files that were parsed, and those of them with syntax errors.
    pub python_files: u32,
    pub python_files_with_errors: u32,
    pub routes: Share,
    pub serializers: Share,
    pub settings: Share,
    pub tests: Share,
    /// Sentences for people: what was skipped or could not be resolved, with file and reason.
    pub notes: Vec<String>,
    /// Less than 60 % of the routes resolved: project-level gaps are withheld.
    pub limited: bool,
}

/// `known` of `all`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub known: u32,
    pub all: u32,
}

/// One endpoint: what a request meets on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `GET`, `POST` …
    pub method: String,
    /// `/api/orders/{pk}/`
    pub path: String,
    /// Fully qualified view class or function.
    pub view: String,
    /// Action of a viewset, if any.
    pub action: Option<String>,
    /// Effective permission in words (`IsAuthenticated & IsOwner`), or why it is unknown.
    pub permission: String,
    pub serializer: Option<String>,
    pub pagination: Option<String>,
    pub throttle: Option<String>,
    /// Tests that request this endpoint (`orders/tests.py::TestOrders::test_list`).
    pub tests: Vec<String>,
    pub file: String,
    /// From 1.
    pub line: u32,
    pub origin: Origin,
}

/// Schema changes between the base and the head of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SchemaPart {
    /// `inferred` or the path of a committed schema file.
    pub source: String,
    pub breaking: u32,
    pub warnings: u32,
    pub additions: u32,
    /// Breaking first.
    pub changes: Vec<SchemaChange>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaChange {
    /// oasdiff's rule id, or ours beginning with `drf-`.
    pub id: String,
    /// `error`, `warning` or `info`.
    pub level: String,
    pub text: String,
    /// `GET /api/orders/`, each operation the change reaches.
    pub operations: Vec<String>,
    pub file: Option<String>,
    pub line: Option<u32>,
}
