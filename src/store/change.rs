//! What one delivery changes: the language in which the receiver and recovery speak to the store.

use crate::worker::{Person, PullRequestRef, Why};

use super::clock::Millis;
use super::known::InstallationState;

/// What an event said about a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullState {
    pub head_sha: String,
    /// Name of the base branch.
    pub base_ref: String,
    /// GitHub's `updated_at`: what was said later holds, in whatever order the events arrive.
    pub said_at: Millis,
}

/// A review that an event asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewRequest {
    pub pull: PullRequestRef,
    /// `None` where the event does not say it (a comment).
    pub state: Option<PullState>,
    pub why: Why,
    /// A person whose permission the review must ask for first. Such a request never displaces one
    /// that needs no permission.
    pub asked_by: Option<Person>,
}

/// One change of what is known or to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Review this pull request; older reviews of it are superseded.
    Review(ReviewRequest),
    /// An open pull request as reconciliation found it: reviewed only if this head and base never
    /// were and nothing is on its way.
    Found {
        request: ReviewRequest,
        /// A draft that was answered with "draft" stays so.
        draft: bool,
    },
    /// Closed or merged: nothing more to review, what is open is ended.
    Closed {
        pull: PullRequestRef,
        state: PullState,
    },
    /// Somebody asked for a check run again. Which pull request it belongs to is known here only:
    /// GitHub names none for forks.
    ReviewOfCheckRun {
        installation_id: u64,
        repository_id: u64,
        owner: String,
        repository: String,
        check_run_id: u64,
        external_id: Option<String>,
        head_sha: String,
        asked_by: Person,
    },
    /// Somebody asked for all checks of a commit again.
    ReviewOfHead {
        installation_id: u64,
        repository_id: u64,
        owner: String,
        repository: String,
        head_sha: String,
        asked_by: Person,
    },
    /// The rules repository's default branch moved.
    ReloadRules {
        installation_id: u64,
        repository_id: u64,
        owner: String,
        repository: String,
        commit: Option<String>,
    },
    /// The App was installed, suspended, taken up again or removed.
    Installation {
        id: u64,
        account: String,
        state: InstallationState,
    },
    /// A repository is called so and belongs to this installation (new, renamed, transferred).
    Repository {
        id: u64,
        installation_id: u64,
        owner: String,
        name: String,
    },
    /// The installation may no longer see these repositories, or they are deleted.
    RepositoriesRemoved { ids: Vec<u64> },
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// This job was made.
    Queued(i64),
    /// This job, ready or running, does what was asked.
    AlreadyQueued(i64),
    /// Something newer about the pull request was said before.
    Stale,
    /// The review that was asked for has been done.
    AlreadyReviewed,
    /// No pull request is known for this check run or commit.
    NoKnownPull,
    /// Noted; nothing to do.
    Noted,
}

impl std::fmt::Display for Applied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Queued(job) => write!(f, "queued job {job}"),
            Self::AlreadyQueued(job) => write!(f, "already queued as job {job}"),
            Self::Stale => f.write_str("stale: something newer was said before"),
            Self::AlreadyReviewed => f.write_str("already reviewed"),
            Self::NoKnownPull => f.write_str("no known pull request"),
            Self::Noted => f.write_str("noted"),
        }
    }
}
