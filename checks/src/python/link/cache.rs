//! Parsed files by the blob they were parsed from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::super::parse::{ParsedFile, parse};
use crate::source::BlobId;

/// Parses each blob once, for as many trees as share it.
#[derive(Debug, Default)]
pub struct ParseCache {
    parsed: Mutex<HashMap<BlobId, Arc<ParsedFile>>>,
}

impl ParseCache {
    /// The parsed file of this content. Two threads that ask for a new blob at once both parse it
    /// and keep the same one.
    pub(super) fn parse(&self, blob: BlobId, text: &str) -> Arc<ParsedFile> {
        let known = |cache: &Self| {
            let parsed = cache.parsed.lock().unwrap_or_else(PoisonError::into_inner);
            parsed.get(&blob).map(Arc::clone)
        };
        if let Some(file) = known(self) {
            return file;
        }
        let file = Arc::new(parse(text));
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(parsed.entry(blob).or_insert(file))
    }
}
