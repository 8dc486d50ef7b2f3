//! What should stand on a pull request against what stands there, with the fewest writes.
//!
//! Every write can be repeated: ids are stored at once, and after an unclear failure GitHub is asked
//! what it has before anything is made again. Nothing is posted that has not changed, and nothing is
//! taken for ours because of text that a candidate could write: comments count by our App's
//! authorship and a signature ([`marker`]), check runs by the App and our own id.

mod check_run;
mod comment;
mod labels;
mod marker;

pub use check_run::{Ending, Run};
pub use marker::Marker;

use tokio_util::sync::CancellationToken;

use crate::github::types::Conclusion;
use crate::github::{CommitSha, GitHubError, PullNumber, Repository};
use crate::report;
use crate::store::{Store, StoreError};

/// Name of our check run. One per head and pull request.
pub const CHECK_NAME: &str = "takehome";

/// How often an unclear write is looked after before the job is given back to be repeated later.
const ROUNDS: u32 = 3;

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A newer head, a closed pull request, a lost lease, shutdown: nothing more is written.
    #[error("cancelled")]
    Cancelled,
    /// GitHub does not know the commit any more.
    #[error("commit {0} is not there any more")]
    CommitGone(CommitSha),
}

/// The pull request that is published to.
#[derive(Clone, Debug)]
pub struct Place {
    pub repository: Repository,
    pub pull: PullNumber,
    pub head: CommitSha,
}

/// What should stand in the check run at the end.
#[derive(Clone, Debug)]
pub struct Desired {
    pub check_run: report::check_run::CheckRun,
    pub conclusion: Conclusion,
    /// Where "Details" leads: the reviewers' page, which asks who is there.
    pub details_url: Option<String>,
}

/// Writes to GitHub what is decided elsewhere.
#[derive(Clone, Debug)]
pub struct Publisher {
    store: Store,
    marker: Marker,
}

impl Publisher {
    pub fn new(store: Store, marker: Marker) -> Self {
        Self { store, marker }
    }
}

fn unless_cancelled(cancel: &CancellationToken) -> Result<(), PublishError> {
    if cancel.is_cancelled() {
        return Err(PublishError::Cancelled);
    }
    Ok(())
}

/// SHA-256 of what was rendered, 64 hex digits.
fn digest(text: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text))
}
