//! Claims jobs, keeps leases, retries, supersedes, drains. Runs no analysis in its own process.
//!
//! [`pool`] runs jobs by asking a [`Reviewer`]; [`recover`] finds what was missed by asking a
//! [`GitHubRecovery`]. Both are told when to stop. [`process`] runs the analysis of one review in a
//! process of its own, which is [`cell`] from within.

pub mod cell;
mod job;
pub mod pool;
pub mod process;
pub mod recover;
mod recovery;
pub mod wire;

pub use job::{
    ConcludeJob, ConcludeWhy, Person, PullRequestRef, RERUN_ACTION, REVIEW_COMMAND, ReviewError,
    ReviewJob, ReviewOutcome, Reviewer, RulesJob, Why,
};
pub use recovery::{
    AppIdentity, DeliveryAttempt, GitHubRecovery, InstallationInfo, OpenPullRequest, RecoveryError,
};
