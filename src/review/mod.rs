//! The plan of one review: read the pull request, decide whether to review it, read the rules and
//! two trees, have them analysed, fill in the rubric, save, publish.
//!
//! Rules come from the organisation and the base branch, never from the candidate's head. Trouble
//! of ours is told as ours: the check run ends neutral. How a review looks is `report`'s business,
//! how it is written to GitHub `publish`'s.

mod analyser;
pub(crate) mod assemble;
mod reviewer;
mod rules;
mod stage;
mod stop;

pub use analyser::{Analysable, Analyser, AnalysisFailed, InProcess};
pub use reviewer::{GitHubReviewer, Settings};
