//! Trees of files as they stand in git: bytes, blob ids, how each was read, its role, its lines.
//!
//! A [`Tree`] is built from entries that somebody else has read (an archive, a checkout, a test);
//! this module touches no disk. It never decodes by guess: every file says how it was read
//! ([`Decoded`]), and what was not read says why.

mod blob;
mod changes;
mod decode;
mod lines;
mod role;
mod tree;

pub use blob::BlobId;
pub use changes::{Changes, LineRange};
pub use decode::{Decoded, MAX_TEXT_BYTES, NotRead};
pub use lines::LineIndex;
pub use role::{Role, vendored_folders};
pub use tree::{Entry, EntryKind, FileId, SourceFile, Tree, Unread};
