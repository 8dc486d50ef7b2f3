//! Why a review stops before its end, and which errors of GitHub, the store and the rules mean that.

use super::rules::RulesError;
use crate::github::{CommitSha, GitHubError};
use crate::publish::PublishError;
use crate::snapshot::SnapshotError;
use crate::store::StoreError;
use crate::worker::{ReviewError, ReviewOutcome};

/// Why a review stopped before its end.
pub(super) enum Stop {
    /// It has an outcome all the same.
    With(ReviewOutcome),
    Failed(ReviewError),
}

impl From<GitHubError> for Stop {
    fn from(error: GitHubError) -> Self {
        match &error {
            GitHubError::InstallationGone { .. } => Self::With(ReviewOutcome::Gone {
                reason: error.to_string(),
            }),
            GitHubError::Limited { wait, .. } => {
                Self::Failed(ReviewError::after(error.to_string(), *wait))
            }
            _ if error.is_transient() => Self::Failed(ReviewError::transient(error.to_string())),
            _ => Self::Failed(ReviewError::permanent(error.to_string())),
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(if error.is_transient() {
            ReviewError::transient(error.to_string())
        } else {
            ReviewError::permanent(error.to_string())
        })
    }
}

impl From<RulesError> for Stop {
    fn from(error: RulesError) -> Self {
        match error {
            RulesError::GitHub(error) => error.into(),
            RulesError::Store(error) => error.into(),
        }
    }
}

impl From<PublishError> for Stop {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::GitHub(error) => error.into(),
            PublishError::Store(error) => error.into(),
            PublishError::Cancelled => Self::Failed(ReviewError::Cancelled),
            PublishError::CommitGone(head) => superseded(&head),
        }
    }
}

impl From<SnapshotError> for Stop {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::CommitGone(head) => superseded(&head),
            SnapshotError::GitHub(error) => error.into(),
            SnapshotError::Incomplete { .. } => {
                Self::Failed(ReviewError::transient(error.to_string()))
            }
        }
    }
}

pub(super) fn superseded(head: &CommitSha) -> Stop {
    Stop::With(ReviewOutcome::Superseded {
        head_sha: head.to_string(),
    })
}

pub(super) fn refused(reason: impl Into<String>) -> Stop {
    Stop::With(ReviewOutcome::Refused {
        reason: reason.into(),
    })
}
