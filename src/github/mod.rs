//! GitHub as this service speaks to it: App authentication, typed calls, limits, retries.
//!
//! octocrab carries the requests and signs the App's own ones; everything that decides (when to
//! repeat, how long to wait, what an answer means) is here. Reads are repeated; a write is sent
//! again only where it cannot have taken effect, and its caller looks first
//! ([`GitHubError::is_unclear`]). Nothing here knows what a review is.

mod app;
mod calls;
mod error;
mod ids;
mod installation;
mod key;
mod lane;
mod limits;
mod links;
mod recovery;
mod token;
mod transport;
pub mod types;

pub use app::{App, Settings, Timing};
pub use calls::{CheckRunQuery, Repository};
pub use error::{GitHubError, Sent};
pub use ids::{CommitSha, InstallationId, PullNumber, RepoId};
pub use installation::{Installation, RESERVE};
pub use key::{KeyError, private_key};
pub use limits::Budget;
pub use transport::{MAX_ANSWER_BYTES, MAX_ARCHIVE_BYTES};

/// Tells the time. Handed in, so that tests can move it.
pub type Clock = std::sync::Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// The machine's own clock.
pub fn system_clock() -> Clock {
    std::sync::Arc::new(jiff::Timestamp::now)
}
