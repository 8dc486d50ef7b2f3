//! What a job is, and what the review of one answers: the seam between the pool and `review`.
//!
//! Data and one trait; nothing here runs anything.

use std::time::Duration;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Identifier of the check-run button that asks for a new review (`requested_action.identifier`).
pub const RERUN_ACTION: &str = "takehome-review";

/// The comment that asks for a new review, first line of the comment's body.
pub const REVIEW_COMMAND: &str = "/takehome review";

/// One pull request, by numeric ids (stable when a repository is renamed or transferred) and by the
/// names that were last heard of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestRef {
    pub installation_id: u64,
    /// The base repository.
    pub repository_id: u64,
    /// Login of the account that owns the base repository, as last heard; may be out of date.
    pub owner: String,
    /// Name of the base repository without its owner, as last heard; may be out of date.
    pub repository: String,
    pub number: u64,
}

/// A GitHub account that asked for something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: u64,
    pub login: String,
}

/// Why a review was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The pull request was opened, reopened, marked ready or its head moved.
    Pushed,
    /// The base branch of the pull request was changed: the merge base may be another.
    Retargeted,
    /// Somebody pressed a button of the check run or check suite. GitHub shows these only to people
    /// with write permission, but says so only for re-runs: see [`ReviewJob::asked_by`].
    Rerequested,
    /// Somebody commented [`REVIEW_COMMAND`].
    Commanded,
    /// Reconciliation found an open pull request whose head was never reviewed.
    Reconciled,
    /// An operator asked (`takehome jobs retry`).
    Operator,
}

/// One review to do, as a worker leased it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewJob {
    /// Id of the stored job.
    pub id: i64,
    /// From 1.
    pub attempt: u32,
    /// A transient error now ends the job; what can be told to people should be told.
    pub last_attempt: bool,
    pub pull: PullRequestRef,
    /// Head commit when the job was made; the pull request must be read again, for it may have moved.
    pub head_sha: Option<String>,
    pub why: Why,
    /// Who asked, where a person did. **The permission of this person (write or above) must be
    /// asked from GitHub before anything is done**; without it, answer
    /// [`ReviewOutcome::Refused`].
    pub asked_by: Option<Person>,
    /// `X-GitHub-Delivery` of the event, for the log.
    pub delivery_id: Option<String>,
}

impl ReviewJob {
    /// A person wants it done again although nothing changed.
    pub fn is_forced(&self) -> bool {
        matches!(self.why, Why::Rerequested | Why::Commanded | Why::Operator)
    }
}

/// Why a pull request's open check runs must be ended without a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why", content = "detail")]
pub enum ConcludeWhy {
    /// The pull request was closed while its review ran: `cancelled`.
    Closed,
    /// The review was given up: `neutral`, "could not be reviewed", without blame. The text is for
    /// operators and must not be shown to candidates.
    GivenUp(String),
}

/// End the check runs of a pull request that are still open (in the store:
/// `Store::open_check_runs`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcludeJob {
    pub id: i64,
    pub attempt: u32,
    pub pull: PullRequestRef,
    pub why: ConcludeWhy,
}

/// The organisation's rules may have changed: read them again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesJob {
    pub id: i64,
    pub attempt: u32,
    pub installation_id: u64,
    /// The rules repository that was pushed to.
    pub repository_id: u64,
    pub owner: String,
    pub repository: String,
    /// The new commit of its default branch, where the event said it.
    pub commit: Option<String>,
}

/// How a job ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum ReviewOutcome {
    /// Reviewed and published.
    Reviewed { review_id: i64, head_sha: String },
    /// The same head, merge base and rules were reviewed before and nothing was asked again.
    Unchanged { head_sha: String },
    /// The head moved meanwhile; the event of the newer head brings its own job.
    Superseded { head_sha: String },
    /// A draft, and the rules say that drafts wait until they are ready for review.
    Draft { head_sha: String },
    /// Deliberately not reviewed: a closed pull request, an asker without permission.
    /// The sentence is for the audit trail.
    Refused { reason: String },
    /// The pull request, its repository or the installation is no more.
    Gone { reason: String },
}

impl ReviewOutcome {
    /// One word for the store, the log and the metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reviewed { .. } => "reviewed",
            Self::Unchanged { .. } => "unchanged",
            Self::Superseded { .. } => "superseded",
            Self::Draft { .. } => "draft",
            Self::Refused { .. } => "refused",
            Self::Gone { .. } => "gone",
        }
    }

    /// The outcome in words for operators.
    pub fn note(&self) -> String {
        match self {
            Self::Reviewed {
                review_id,
                head_sha,
            } => format!("review {review_id} of {head_sha}"),
            Self::Unchanged { head_sha }
            | Self::Superseded { head_sha }
            | Self::Draft { head_sha } => format!("head {head_sha}"),
            Self::Refused { reason } | Self::Gone { reason } => reason.clone(),
        }
    }
}

/// How a job failed. Messages are for operators: they hold no secret and no candidate's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// May succeed later: network, 5xx, rate limit, a busy store.
    #[error("{message}")]
    Transient {
        message: String,
        /// GitHub said how long to wait (rate limits). Such a wait is not counted as an attempt.
        retry_after: Option<Duration>,
    },
    /// Will fail again in the same way: a missing permission, a bug.
    #[error("{message}")]
    Permanent { message: String },
    /// Stopped because the token was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl ReviewError {
    /// May succeed later, at a time of the pool's choice.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::Transient {
            message: message.into(),
            retry_after: None,
        }
    }

    /// May succeed once this time has passed.
    pub fn after(message: impl Into<String>, wait: Duration) -> Self {
        Self::Transient {
            message: message.into(),
            retry_after: Some(wait),
        }
    }

    /// Will fail again in the same way.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::Permanent {
            message: message.into(),
        }
    }
}

/// Does the work of jobs. Every method may be called again for the same job after a crash: its
/// effects on GitHub must be safe to repeat.
pub trait Reviewer: Send + Sync + 'static {
    /// Reviews one pull request and publishes the result.
    ///
    /// When `cancel` fires (a newer head, a closed pull request, a lost lease, shutdown), return
    /// [`ReviewError::Cancelled`] soon and write nothing more: the job that follows ends what is
    /// open. A review of a newer head must end the older heads' open check runs as `cancelled` with
    /// a link to its own.
    fn review(
        &self,
        job: ReviewJob,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<ReviewOutcome, ReviewError>>;

    /// Ends the open check runs of a pull request.
    fn conclude(
        &self,
        job: ConcludeJob,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<(), ReviewError>>;

    /// Reads the organisation's rules again, keeping the last good version where they are broken.
    fn reload_rules(
        &self,
        job: RulesJob,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<(), ReviewError>>;

    /// The installation is gone, suspended or has other permissions: forget its cached token.
    fn forget_installation(&self, installation_id: u64);
}
