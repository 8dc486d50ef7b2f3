//! OpenAPI documents: one form for files and for schemas inferred from facts; reading with spans,
//! normalising, a direction-aware diff with oasdiff's rule ids.
//!
//! The way through: [`tree`] and `syntax` (text → nodes with places) → `lower` (nodes → [`model`],
//! the one form) → `normalise` (one way of writing) → `delta` (pairs of schemas, each compared once)
//! → `schema_rules`, `security`, `lifecycle` and [`diff`] (what a difference is called, by the table
//! in `rule_table`) → [`changes`] (in order, grouped, with places). Nothing here reads a file or a
//! clock.

pub mod changes;
pub mod comparisons;
pub mod date;
mod delta;
pub mod diff;
pub mod files;
pub mod infer;
mod keywords;
mod lifecycle;
mod lower;
mod media_type;
pub mod model;
mod moves;
mod normalise;
mod rule_table;
pub mod rules;
mod same;
mod schema_rules;
mod security;
pub(crate) mod syntax;
mod text;
pub mod tree;
mod union;

pub use changes::{Change, Changes};
pub use date::Date;
pub use diff::{Options, diff};
pub use lifecycle::Stability;
pub use lower::{Files, NoFiles, ReadError, read};
pub use model::Api;
pub use rules::Level;
pub use syntax::MAX_BYTES;
pub use union::{Twice, union};
