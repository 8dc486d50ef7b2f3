//! Trees to analyse: from GitHub by commit id, or from a checkout or folder on this machine.
//!
//! A [`Snapshot`] lists every path of the tree; what was not read says why, in the tree and in the
//! notes. This module never writes a file, follows a link, runs a candidate's file or lets git run
//! one (no hooks, filters, monitors or lazy fetches).

mod archive;
mod checkout;
mod folder;
mod git;
mod remote;
mod select;

pub use checkout::{Checkout, CheckoutError, read_checkout};
pub use remote::{Blobs, MAX_BLOBS_FETCHED, SnapshotError, read_commit};
pub use select::{
    Listed, MAX_BYTES_READ, MAX_ENTRIES, MAX_FILES_READ, MAX_PATH_BYTES, MAX_PATH_DEPTH, Selection,
    select,
};

use takehome_checks::source::{Entry, Tree, Unread};

/// All entries of one tree: those with their bytes, and those that were only listed.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    pub entries: Vec<Entry>,
    pub unread: Vec<Unread>,
    /// Sentences for people: what was left out of the tree, and why.
    pub notes: Vec<String>,
}

impl Snapshot {
    /// The tree, with every file decoded once.
    pub fn into_tree(self) -> Tree {
        Tree::with_unread(self.entries, self.unread)
    }
}
