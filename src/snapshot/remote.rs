//! The tree of a commit, read from GitHub through the base repository.
//!
//! git's own tree is the listing and its blob ids are the truth; the archive is the quick way to
//! most of the bytes, and what it leaves out or rewrites is fetched blob by blob. The fork is never
//! asked: its commits lie in the base repository too, even when it is private or deleted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures::{StreamExt, stream};
use takehome_checks::source::{BlobId, Entry};

use super::Snapshot;
use super::archive::{self, Wanted};
use super::git::kind_of_mode;
use super::select::{Listed, MAX_ENTRIES, MAX_PATH_DEPTH, Selection, select};
use crate::github::types::GitTree;
use crate::github::{CommitSha, GitHubError, Repository};

/// Most blobs of one tree that are fetched one by one: each costs a request of the hourly budget.
pub const MAX_BLOBS_FETCHED: usize = 300;
/// So few missing blobs are cheaper one by one than with an archive.
const FEW_BLOBS: usize = 3;
/// Blobs fetched at once.
const BLOBS_AT_ONCE: usize = 6;
/// Most requests for a tree that GitHub gives only in parts.
const MAX_TREE_REQUESTS: usize = 300;

#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The commit is not in the repository (any more): its branch was rewritten.
    #[error("commit {0} is not there any more")]
    CommitGone(CommitSha),
    #[error(transparent)]
    GitHub(GitHubError),
    /// Too little of the tree could be had; it may go better later.
    #[error("the tree of {commit} could not be read: {reason}")]
    Incomplete { commit: CommitSha, reason: String },
}

/// Blobs that were read, by id: base and head share most of theirs.
#[derive(Debug, Default)]
pub struct Blobs(BTreeMap<BlobId, Arc<[u8]>>);

/// Reads the tree of a commit; blobs that are already known are not asked for again.
pub async fn read_commit(
    repository: &Repository,
    commit: &CommitSha,
    known: &mut Blobs,
) -> Result<Snapshot, SnapshotError> {
    let (listing, mut notes) = list(repository, commit).await?;
    let Selection {
        read,
        unread,
        notes: selected,
    } = select(listing);
    notes.extend(selected);

    let missing = missing(&read, known);
    let mut from_archive = false;
    if missing.len() > FEW_BLOBS {
        let wanted = wanted(&read, &missing);
        match take_archive(repository, commit, wanted).await? {
            Ok(blobs) => {
                known.0.extend(blobs);
                from_archive = true;
            }
            Err((blobs, problem)) => {
                known.0.extend(blobs);
                notes.push(format!(
                    "GitHub's archive of the commit could not be used ({problem}); files were \
                     fetched one by one."
                ));
            }
        }
    }
    fetch_blobs(repository, commit, &read, known, from_archive, &mut notes).await?;

    let entries = read
        .into_iter()
        .map(|entry| Entry {
            bytes: entry.blob.and_then(|id| known.0.get(&id).cloned()),
            path: entry.path,
            kind: entry.kind,
        })
        .collect();
    Ok(Snapshot {
        entries,
        unread,
        notes,
    })
}

/// Blobs to read that nobody has yet.
fn missing(read: &[Listed], known: &Blobs) -> BTreeSet<BlobId> {
    read.iter()
        .filter_map(|entry| entry.blob)
        .filter(|id| !known.0.contains_key(id))
        .collect()
}

fn wanted(read: &[Listed], missing: &BTreeSet<BlobId>) -> BTreeMap<String, Wanted> {
    read.iter()
        .filter_map(|entry| {
            let blob = entry.blob.filter(|id| missing.contains(id))?;
            let size = entry.size?;
            Some((entry.path.clone(), Wanted { blob, size }))
        })
        .collect()
}

type Contents = BTreeMap<BlobId, Arc<[u8]>>;

/// The archive's blobs; where it is broken, those that were whole, and why.
async fn take_archive(
    repository: &Repository,
    commit: &CommitSha,
    wanted: BTreeMap<String, Wanted>,
) -> Result<Result<Contents, (Contents, String)>, SnapshotError> {
    let packed = match repository.tarball(commit).await {
        Ok(packed) => packed,
        // A limit holds for blobs too; anything else may be the archive host's own trouble.
        Err(error @ GitHubError::Limited { .. }) => return Err(SnapshotError::GitHub(error)),
        Err(error) => return Ok(Err((Contents::new(), error.to_string()))),
    };
    let id = commit.to_string();
    let taken = tokio::task::spawn_blocking(move || archive::take(&packed, &id, &wanted))
        .await
        .map_err(|error| SnapshotError::Incomplete {
            commit: commit.clone(),
            reason: error.to_string(),
        })?;
    Ok(match taken.problem {
        None => Ok(taken.blobs),
        Some(problem) => Err((taken.blobs, problem)),
    })
}

/// Fetches what is still missing, each checked against its id.
async fn fetch_blobs(
    repository: &Repository,
    commit: &CommitSha,
    read: &[Listed],
    known: &mut Blobs,
    from_archive: bool,
    notes: &mut Vec<String>,
) -> Result<(), SnapshotError> {
    let missing = missing(read, known);
    if missing.is_empty() {
        return Ok(());
    }
    if missing.len() > MAX_BLOBS_FETCHED {
        if !from_archive {
            return Err(SnapshotError::Incomplete {
                commit: commit.clone(),
                reason: format!(
                    "its archive is unusable and {} files are too many to fetch one by one",
                    missing.len()
                ),
            });
        }
        notes.push(format!(
            "{} files are hidden from archives by `.gitattributes`; only the first \
             {MAX_BLOBS_FETCHED} of them were read.",
            missing.len()
        ));
    } else if from_archive {
        notes.push(format!(
            "{} files are left out of archives or rewritten there by `.gitattributes` (export-ignore, \
             export-subst); they were read as they stand in the commit.",
            missing.len()
        ));
    }
    // In the order of paths, so that the same files are read whoever asks.
    let mut seen = BTreeSet::new();
    let wanted: Vec<BlobId> = read
        .iter()
        .filter_map(|entry| entry.blob)
        .filter(|id| missing.contains(id) && seen.insert(*id))
        .take(MAX_BLOBS_FETCHED)
        .collect();
    let mut answers = stream::iter(
        wanted
            .into_iter()
            .map(|id| async move { (id, repository.blob(&id.to_string()).await) }),
    )
    .buffered(BLOBS_AT_ONCE);
    let (mut gone, mut wrong) = (0_usize, 0_usize);
    while let Some((id, answer)) = answers.next().await {
        match answer {
            Ok(bytes) if BlobId::of(&bytes) == id => {
                known.0.insert(id, bytes.into());
            }
            Ok(_) => wrong += 1,
            Err(error) if error.is_not_found() => gone += 1,
            Err(error) => return Err(SnapshotError::GitHub(error)),
        }
    }
    if wrong > 0 {
        return Err(SnapshotError::Incomplete {
            commit: commit.clone(),
            reason: format!("{wrong} files came with other content than git names"),
        });
    }
    if gone > 0 {
        notes.push(format!(
            "{gone} files are listed and GitHub does not have their content."
        ));
    }
    Ok(())
}

/// Every entry of the tree; where GitHub cuts its answer short, folder by folder.
async fn list(
    repository: &Repository,
    commit: &CommitSha,
) -> Result<(Vec<Listed>, Vec<String>), SnapshotError> {
    let whole = tree(repository, commit, commit.as_str(), true).await?;
    let mut listing = Vec::new();
    if !whole.truncated {
        collect("", whole, &mut listing, &mut VecDeque::new(), 0);
        return Ok((listing, Vec::new()));
    }
    let mut notes = Vec::new();
    let mut requests = 1;
    // Folders still to list: prefix, id, depth.
    let mut open = VecDeque::from([(String::new(), commit.to_string(), 0_usize)]);
    while let Some((prefix, id, depth)) = open.pop_front() {
        if requests >= MAX_TREE_REQUESTS || listing.len() > MAX_ENTRIES || depth > MAX_PATH_DEPTH {
            notes.push(format!(
                "The tree is too large to list; `{prefix}` and {} other folders were not looked at.",
                open.len()
            ));
            break;
        }
        // Below the root, a folder usually fits in one answer.
        requests += 1;
        if depth > 0 {
            let whole = tree(repository, commit, &id, true).await?;
            if !whole.truncated {
                collect(&prefix, whole, &mut listing, &mut VecDeque::new(), depth);
                continue;
            }
            requests += 1;
        }
        let flat = tree(repository, commit, &id, false).await?;
        if flat.truncated {
            notes.push(format!("The folder `{prefix}` is too large to list whole."));
        }
        collect(&prefix, flat, &mut listing, &mut open, depth);
    }
    Ok((listing, notes))
}

async fn tree(
    repository: &Repository,
    commit: &CommitSha,
    id: &str,
    recursive: bool,
) -> Result<GitTree, SnapshotError> {
    repository
        .tree(id, recursive)
        .await
        .map_err(|error| match error.status() {
            Some(404 | 422) => SnapshotError::CommitGone(commit.clone()),
            _ => SnapshotError::GitHub(error),
        })
}

fn collect(
    prefix: &str,
    tree: GitTree,
    listing: &mut Vec<Listed>,
    folders: &mut VecDeque<(String, String, usize)>,
    depth: usize,
) {
    for entry in tree.tree {
        let path = format!("{prefix}{}", entry.path);
        match kind_of_mode(&entry.mode) {
            Some(kind) => listing.push(Listed {
                path,
                kind,
                blob: BlobId::from_hex(&entry.sha),
                size: entry.size,
            }),
            None if entry.mode == "040000" => {
                folders.push_back((format!("{path}/"), entry.sha, depth + 1));
            }
            None => {}
        }
    }
}
