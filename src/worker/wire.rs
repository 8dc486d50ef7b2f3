//! A snapshot as bytes for the analysis process, and for keeping: a line that names the format, the
//! length of a JSON head (8 bytes, little endian), the head, then the contents of all files in the
//! order of the head. Holds the whole input of an analysis and nothing else.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use takehome_checks::engine::CheckRules;
use takehome_checks::source::{Entry, EntryKind, Unread};

use crate::review::Analysable;
use crate::snapshot::Snapshot;

/// First bytes of every input.
pub const MAGIC: &[u8] = b"takehome analysis input 1\n";

/// Ending of files that hold one.
pub const EXTENSION: &str = "takehome-input";

/// Most bytes of a head: 100,000 paths of two trees.
const MAX_HEAD_BYTES: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
struct Head {
    rules: CheckRules,
    head: Side,
    base: Option<Side>,
}

#[derive(Serialize, Deserialize)]
struct Side {
    entries: Vec<Listed>,
    unread: Vec<Unread>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    path: String,
    kind: EntryKind,
    /// Bytes of its content, which follow the head; `None` where it could not be had.
    size: Option<u64>,
}

impl Side {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            entries: snapshot
                .entries
                .iter()
                .map(|entry| Listed {
                    path: entry.path.clone(),
                    kind: entry.kind,
                    size: entry.bytes.as_ref().map(|bytes| bytes.len() as u64),
                })
                .collect(),
            unread: snapshot.unread.clone(),
        }
    }
}

/// Why bytes are no input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    #[error("it is no input of an analysis, or of another version")]
    Magic,
    #[error("its head cannot be read: {0}")]
    Head(String),
    #[error("it ends too early")]
    Short,
}

/// The bytes of an input.
pub fn encode(work: &Analysable) -> Vec<u8> {
    let head = Head {
        rules: work.rules.clone(),
        head: Side::of(&work.head),
        base: work.base.as_ref().map(Side::of),
    };
    // Strings, numbers and lists only: cannot fail; an empty head would be refused by the reader.
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(head.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&head);
    for snapshot in std::iter::once(&work.head).chain(&work.base) {
        for content in snapshot.entries.iter().filter_map(|e| e.bytes.as_deref()) {
            bytes.extend_from_slice(content);
        }
    }
    bytes
}

/// The input that these bytes hold.
pub fn decode(bytes: &[u8]) -> Result<Analysable, WireError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(WireError::Magic)?;
    let (length, rest) = rest.split_first_chunk::<8>().ok_or(WireError::Short)?;
    let length = u64::from_le_bytes(*length);
    if length > MAX_HEAD_BYTES {
        return Err(WireError::Head(format!("it has {length} bytes")));
    }
    let (head, mut rest) = split(rest, length)?;
    let head: Head =
        serde_json::from_slice(head).map_err(|error| WireError::Head(error.to_string()))?;
    let mut snapshot = |side: Side| -> Result<Snapshot, WireError> {
        let mut entries = Vec::with_capacity(side.entries.len());
        for listed in side.entries {
            let bytes: Option<Arc<[u8]>> = match listed.size {
                None => None,
                Some(size) => {
                    let (content, after) = split(rest, size)?;
                    rest = after;
                    Some(content.into())
                }
            };
            entries.push(Entry {
                path: listed.path,
                kind: listed.kind,
                bytes,
            });
        }
        Ok(Snapshot {
            entries,
            unread: side.unread,
            notes: Vec::new(),
        })
    };
    Ok(Analysable {
        head: snapshot(head.head)?,
        base: head.base.map(&mut snapshot).transpose()?,
        rules: head.rules,
    })
}

fn split(bytes: &[u8], at: u64) -> Result<(&[u8], &[u8]), WireError> {
    usize::try_from(at)
        .ok()
        .and_then(|at| bytes.split_at_checked(at))
        .ok_or(WireError::Short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry() -> impl Strategy<Value = Entry> {
        let bytes = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40));
        (".*", bytes).prop_map(|(path, bytes)| Entry {
            path,
            kind: EntryKind::File,
            bytes: bytes.map(Into::into),
        })
    }

    fn snapshot() -> impl Strategy<Value = Snapshot> {
        proptest::collection::vec(entry(), 0..6).prop_map(|entries| Snapshot {
            entries,
            ..Snapshot::default()
        })
    }

    fn flat(snapshot: &Snapshot) -> Vec<(String, Option<Vec<u8>>)> {
        let entries = snapshot.entries.iter();
        entries
            .map(|e| (e.path.clone(), e.bytes.as_ref().map(|b| b.to_vec())))
            .collect()
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            head in snapshot(),
            base in proptest::option::of(snapshot()),
            cut in any::<prop::sample::Index>(),
        ) {
            let work = Analysable { head, base, rules: CheckRules::default() };
            let bytes = encode(&work);
            let back = decode(&bytes).unwrap();
            prop_assert_eq!(flat(&back.head), flat(&work.head));
            prop_assert_eq!(back.base.as_ref().map(flat), work.base.as_ref().map(flat));
            // Cut off anywhere, it is refused and never read as another input.
            let cut = cut.index(bytes.len());
            prop_assert!(decode(&bytes[..cut]).is_err());
        }

        #[test]
        fn anything_else_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut with_magic = MAGIC.to_vec();
            with_magic.extend_from_slice(&bytes);
            prop_assert!(decode(&bytes).is_err());
            let _ = decode(&with_magic);
        }
    }
}
