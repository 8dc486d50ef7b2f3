//! What the service asks of GitHub to find out what it missed: the seam to the `github` client.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::PullRequestRef;

/// One attempt of GitHub to deliver an event (`GET /app/hook/deliveries`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// Id of the attempt; a redelivery gets a new one.
    pub id: u64,
    /// `X-GitHub-Delivery`: the same for all attempts of one event.
    pub guid: String,
    pub delivered_at: Timestamp,
    pub redelivery: bool,
    /// `OK`, or what went wrong in words (`Invalid HTTP Response: 503`, `timed out`).
    pub status: String,
    /// 0 where no answer came.
    pub status_code: u16,
    pub event: String,
    pub action: Option<String>,
}

impl DeliveryAttempt {
    /// GitHub took the answer as a success. Its filter `status=failure` knows only 400 to 599 and
    /// misses time-outs, so the word is compared.
    pub fn is_ok(&self) -> bool {
        self.status.eq_ignore_ascii_case("ok")
    }
}

/// One place where the App is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstallationInfo {
    pub id: u64,
    /// Login of the organisation or person.
    pub account: String,
    pub suspended: bool,
}

/// An open pull request, as the list of a repository shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPullRequest {
    pub pull: PullRequestRef,
    pub head_sha: String,
    /// Name of the base branch.
    pub base_ref: String,
    pub draft: bool,
    /// GitHub's `updated_at`.
    pub updated_at: Timestamp,
}

/// Asking GitHub failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RecoveryError {
    pub message: String,
    /// GitHub said how long to wait.
    pub retry_after: Option<Duration>,
}

/// What the sweep of deliveries and the reconciliation of open pull requests need.
pub trait GitHubRecovery: Send + Sync + 'static {
    /// All attempts delivered at `since` or later, newest first, over all pages.
    fn deliveries_since(
        &self,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<DeliveryAttempt>, RecoveryError>>;

    /// Asks for one attempt to be delivered again (`POST /app/hook/deliveries/{id}/attempts`).
    fn redeliver(&self, attempt_id: u64) -> BoxFuture<'_, Result<(), RecoveryError>>;

    /// All installations of the App, over all pages.
    fn installations(&self) -> BoxFuture<'_, Result<Vec<InstallationInfo>, RecoveryError>>;

    /// All open pull requests of all repositories of one installation, over all pages.
    fn open_pull_requests(
        &self,
        installation_id: u64,
    ) -> BoxFuture<'_, Result<Vec<OpenPullRequest>, RecoveryError>>;

    /// Who the App is on GitHub (`GET /app`), and how far this machine's clock is ahead of GitHub's
    /// in seconds, for `doctor` and `/readyz`.
    fn identity(&self) -> BoxFuture<'_, Result<AppIdentity, RecoveryError>>;
}

/// The answer of `GET /app`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppIdentity {
    pub id: u64,
    pub slug: String,
    /// Permission by name (`checks`: `write`), in order of the names.
    pub permissions: std::collections::BTreeMap<String, String>,
    /// Names of subscribed events.
    pub events: Vec<String>,
    /// Seconds this machine is ahead of the `Date` header of the answer; `None` where it had none.
    pub clock_ahead_seconds: Option<i64>,
}
