//! GitHub's answers and requests, as far as this service uses them.
//!
//! Answers are tolerant: unknown fields and unknown words are data, and what GitHub's description
//! promises but reality leaves out is an `Option` (a deleted fork, a ghost user).

use serde::{Deserialize, Serialize};

use super::ids::CommitSha;
pub use crate::report::check_run::{Annotation, AnnotationLevel};

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct User {
    pub id: u64,
    pub login: String,
}

/// The App that made a comment or check run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AppRef {
    pub id: u64,
    #[serde(default)]
    pub slug: Option<String>,
}

/// `GET /repos/{owner}/{repo}`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RepositoryInfo {
    pub id: u64,
    /// `acme/shop`
    pub full_name: String,
    #[serde(default)]
    pub default_branch: Option<String>,
    #[serde(default)]
    pub private: bool,
    #[serde(default)]
    pub archived: bool,
}

impl RepositoryInfo {
    /// Owner and name.
    pub fn names(&self) -> Option<(&str, &str)> {
        self.full_name.split_once('/')
    }
}

/// `GET /repos/{owner}/{repo}/pulls/{number}`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullRequest {
    pub number: u64,
    /// `open` or `closed`
    pub state: String,
    #[serde(default)]
    pub draft: bool,
    pub head: PullSide,
    pub base: PullSide,
    /// The candidate; nobody where the account was deleted.
    #[serde(default)]
    pub user: Option<User>,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub html_url: String,
    #[serde(default)]
    pub updated_at: Option<jiff::Timestamp>,
    #[serde(default)]
    pub labels: Vec<Label>,
}

impl PullRequest {
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }
}

/// Head or base of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PullSide {
    pub sha: CommitSha,
    #[serde(rename = "ref", default)]
    pub branch: String,
    /// Nothing where the fork was deleted, whatever GitHub's description says.
    #[serde(default)]
    pub repo: Option<RepositoryInfo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Label {
    #[serde(default)]
    pub name: String,
}

/// `GET /repos/{owner}/{repo}/compare/{base}...{head}`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Comparison {
    pub base_commit: CommitRef,
    pub merge_base_commit: CommitRef,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CommitRef {
    pub sha: CommitSha,
}

/// `GET /repos/{owner}/{repo}/git/trees/{sha}`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GitTree {
    pub sha: String,
    #[serde(default)]
    pub truncated: bool,
    #[serde(default)]
    pub tree: Vec<GitTreeEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GitTreeEntry {
    #[serde(default)]
    pub path: String,
    /// `100644`, `100755`, `040000`, `120000`, `160000`
    #[serde(default)]
    pub mode: String,
    /// Id of the blob, tree or commit.
    #[serde(default)]
    pub sha: String,
    /// Bytes, of blobs only.
    #[serde(default)]
    pub size: Option<u64>,
}

/// `GET /repos/{owner}/{repo}/git/blobs/{sha}`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct GitBlob {
    pub content: String,
    #[serde(default)]
    pub encoding: String,
}

/// `GET /repos/{owner}/{repo}/contents/{path}` of a file
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ContentFile {
    #[serde(default)]
    pub content: String,
    /// `base64`, or `none` above 1 MB.
    #[serde(default)]
    pub encoding: String,
    /// Blob id.
    pub sha: String,
}

/// `GET /repos/{owner}/{repo}/collaborators/{login}/permission`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CollaboratorPermission {
    /// `admin`, `write`, `read`, `none`
    pub permission: String,
    #[serde(default)]
    pub user: Option<User>,
}

/// A check run, as far as it concerns us.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CheckRun {
    pub id: u64,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub head_sha: String,
    #[serde(default)]
    pub external_id: Option<String>,
    #[serde(default)]
    pub html_url: Option<String>,
    /// `queued`, `in_progress`, `completed` and whatever GitHub adds
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub conclusion: Option<String>,
    #[serde(default)]
    pub output: CheckRunState,
    #[serde(default)]
    pub app: Option<AppRef>,
}

impl CheckRun {
    pub fn is_completed(&self) -> bool {
        self.status == "completed"
    }
}

/// What GitHub has of a check run's output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CheckRunState {
    #[serde(default)]
    pub annotations_count: u64,
    #[serde(default)]
    pub title: Option<String>,
}

/// An annotation as GitHub gives it back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StandingAnnotation {
    #[serde(default)]
    pub path: String,
    #[serde(default)]
    pub start_line: u64,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CheckRunList {
    #[serde(default)]
    pub check_runs: Vec<CheckRun>,
}

/// A comment of an issue or pull request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Comment {
    pub id: u64,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub user: Option<User>,
    #[serde(default)]
    pub performed_via_github_app: Option<AppRef>,
    #[serde(default)]
    pub html_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    InProgress,
    Completed,
}

/// How a check run ends. GitHub alone may say `stale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    Success,
    Neutral,
    Failure,
    Cancelled,
}

impl Conclusion {
    /// GitHub's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Neutral => "neutral",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
        }
    }
}

/// `POST /repos/{owner}/{repo}/check-runs`
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateCheckRun<'a> {
    pub name: &'a str,
    pub head_sha: &'a str,
    pub external_id: &'a str,
    pub status: CheckStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details_url: Option<&'a str>,
    pub started_at: jiff::Timestamp,
    pub output: CheckOutput<'a>,
}

/// `PATCH /repos/{owner}/{repo}/check-runs/{id}`: annotations are added to those that stand, all
/// else is replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UpdateCheckRun<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<CheckStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conclusion: Option<Conclusion>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<jiff::Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<CheckOutput<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub actions: &'a [Action],
}

/// At most 65,535 characters each in `summary` and `text`, and 50 annotations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckOutput<'a> {
    pub title: &'a str,
    pub summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub annotations: &'a [Annotation],
}

/// A button of a check run: label at most 20 characters, description 40, identifier 20.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Action {
    pub label: &'static str,
    pub description: &'static str,
    pub identifier: &'static str,
}
