//! Rendering: all text that people read about a review. Decides nothing.
//!
//! One [`Review`] goes in; out come the check run ([`check_run`]), the candidate's comment
//! ([`comment`]), and for reviewers a page ([`html`]), Markdown ([`markdown`]), terminal text
//! ([`text`]), SARIF ([`sarif`]) and JSON ([`json`]). Everything is pure and gives the same bytes for
//! the same review. What a candidate wrote passes through [`escape`]; what must not exceed a limit
//! of GitHub's is rendered smaller by [`fit`], never cut.

pub mod check_run;
pub mod comment;
pub mod escape;
mod excerpt;
pub mod fit;
pub mod html;
pub mod json;
mod links;
pub mod markdown;
mod review;
pub mod sarif;
pub mod schema;
mod sections;
pub mod text;
pub mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use links::Links;
pub use review::Review;
