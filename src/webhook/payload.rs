//! The parts of GitHub's payloads that are used, and nothing more.
//!
//! Tolerant on purpose: GitHub adds actions, fields and nulls without notice, so every field that
//! can be missing is an `Option`, words are strings and not enumerations, and what is not named here
//! is passed over. The shapes were checked against GitHub's 329 official examples
//! (`@octokit/webhooks-examples`) and its OpenAPI description of webhooks.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// What every event has, if it has it. A field of another shape than expected counts as missing:
/// events that nobody asked for may look as they please.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Envelope {
    #[serde(default, deserialize_with = "lenient")]
    pub action: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub installation: Option<Installation>,
    #[serde(default, deserialize_with = "lenient")]
    pub repository: Option<Repository>,
    #[serde(default, deserialize_with = "lenient")]
    pub sender: Option<Account>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Installation {
    pub id: u64,
    #[serde(default, deserialize_with = "lenient")]
    pub account: Option<Account>,
}

/// A person, organisation or App. Enterprise accounts have a `slug` in place of a `login`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Account {
    pub id: u64,
    #[serde(alias = "slug")]
    pub login: String,
    /// `User`, `Organization`, `Bot`, `Mannequin` …
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Repository {
    pub id: u64,
    pub name: String,
    pub full_name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub default_branch: Option<String>,
}

impl Repository {
    /// Login of the owner.
    pub(super) fn owner(&self) -> &str {
        self.full_name
            .split_once('/')
            .map_or("", |(owner, _)| owner)
    }
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PullRequestEvent {
    pub pull_request: PullRequest,
    #[serde(default, deserialize_with = "lenient")]
    pub changes: Option<PullRequestChanges>,
}

/// `head.repo` is not read: it is null when the fork was deleted, and the base repository has all
/// commits of a pull request.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PullRequest {
    pub number: u64,
    pub head: Commit,
    pub base: Commit,
    #[serde(default, deserialize_with = "lenient")]
    pub updated_at: Option<jiff::Timestamp>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Commit {
    pub sha: String,
    /// Name of the branch.
    #[serde(rename = "ref")]
    pub branch: String,
}

/// Which of the watched things an `edited` event changed.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct PullRequestChanges {
    #[serde(default)]
    pub base: Option<serde_json::Value>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckRunEvent {
    pub check_run: CheckRun,
    #[serde(default, deserialize_with = "lenient")]
    pub requested_action: Option<RequestedAction>,
}

/// `pull_requests` is not read: it is empty for forks.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckRun {
    pub id: u64,
    pub head_sha: String,
    #[serde(default, deserialize_with = "lenient")]
    pub external_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub app: Option<App>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RequestedAction {
    pub identifier: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct App {
    pub id: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckSuiteEvent {
    pub check_suite: CheckSuite,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckSuite {
    pub head_sha: String,
    #[serde(default, deserialize_with = "lenient")]
    pub app: Option<App>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct IssueCommentEvent {
    pub issue: Issue,
    pub comment: Comment,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Issue {
    pub number: u64,
    /// Present where the issue is a pull request.
    #[serde(default)]
    pub pull_request: Option<serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "lenient")]
    pub state: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Comment {
    #[serde(default, deserialize_with = "lenient")]
    pub body: Option<String>,
    /// Null where the account was deleted.
    #[serde(default, deserialize_with = "lenient")]
    pub user: Option<Account>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct PushEvent {
    /// `refs/heads/main`
    #[serde(rename = "ref")]
    pub reference: String,
    #[serde(default, deserialize_with = "lenient")]
    pub after: Option<String>,
    #[serde(default)]
    pub deleted: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct InstallationRepositoriesEvent {
    #[serde(default)]
    pub repositories_removed: Vec<RepositoryId>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct RepositoryId {
    pub id: u64,
}

/// A value of this type, or nothing where it has another shape.
fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// Reads a part of a payload; the error names the path of what is wrong
/// (`pull_request.head.sha: missing field`), never a value.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        // Messages of serde can quote the value; the kind and the place are enough.
        let what = match inner.classify() {
            serde_json::error::Category::Data => {
                let text = inner.to_string();
                if text.starts_with("missing field") {
                    text.split(" at line").next().unwrap_or_default().to_owned()
                } else {
                    "unexpected shape".to_owned()
                }
            }
            serde_json::error::Category::Eof => "the body ends too early".to_owned(),
            _ => "not JSON".to_owned(),
        };
        format!(
            "{what} at `{path}` (line {}, column {})",
            inner.line(),
            inner.column()
        )
    })
}
