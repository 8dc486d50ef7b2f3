//! takehome-checks: text in, evidence out.
//!
//! Two trees of files go in (the merge base and the head of a pull request), an [`Analysis`] comes
//! out: findings with places, the state of every check, the endpoints the project really serves,
//! and how much of it could be understood. The crate is pure: no network, no disk, no clock, no
//! process, no async; the same trees and the same rules give the same bytes.
//!
//! The way through: [`source`] (files) → [`python`] (syntax, linking, constants) → [`django`] and
//! [`infra`] (facts) → [`catalog`] (checks put questions to the facts) → [`engine`] (attribution,
//! grouping, budgets) → [`evidence`] (what leaves the crate). [`openapi`] stands beside it: schema
//! documents and schemas inferred from facts share one form and one diff.

pub mod catalog;
pub mod django;
pub mod engine;
pub mod evidence;
pub mod facts;
pub mod infra;
pub mod openapi;
pub mod python;
pub mod source;

pub use engine::{AnalysisInput, analyse};
pub use evidence::Analysis;
