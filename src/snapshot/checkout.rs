//! A git checkout, a part of one, or a plain folder, as trees to analyse.
//!
//! Without a head revision the working tree is taken as it stands, without what git ignores. The
//! base is the merge base, as GitHub shows a pull request.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use takehome_checks::source::{BlobId, Entry, Tree};

use super::Snapshot;
use super::folder::{self, Reader};
use super::git::{self, Git, GitError};
use super::select::{Listed, select};

/// The trees of one checkout.
#[derive(Debug)]
pub struct Checkout {
    pub head: Tree,
    /// The merge base of the base revision and the head; `None` without a base.
    pub base: Option<Tree>,
    /// Full id of the head's commit; `None` for a folder without git or without commits. Where the
    /// working tree was read, it is the commit that is checked out.
    pub head_commit: Option<String>,
    pub base_commit: Option<String>,
    /// Sentences for people: what was taken, and what was left out of it.
    pub notes: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    #[error("`{}` cannot be read: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "`{}` is not a folder; name the folder that holds the project (where `manage.py` is, or above)",
        .0.display()
    )]
    NotAFolder(PathBuf),
    #[error(
        "`{}` is not in a git checkout, so there is no revision `{revision}` to read; leave out \
         `--base` and `--head` to review the folder as it stands",
        path.display()
    )]
    NoGit { path: PathBuf, revision: String },
    #[error(
        "there is no commit `{revision}` in the checkout of `{}`; fetch it first (a shallow clone \
         holds only a few commits), or see `git log` for those there are",
        path.display()
    )]
    NoCommit { path: PathBuf, revision: String },
    #[error(transparent)]
    Git(#[from] GitError),
}

/// Reads a checkout or folder. `path` may be a folder inside a checkout: paths are then relative to
/// it.
pub fn read_checkout(
    path: &Path,
    base: Option<&str>,
    head: Option<&str>,
) -> Result<Checkout, CheckoutError> {
    let unreadable = |source| CheckoutError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let meta = std::fs::metadata(path).map_err(unreadable)?;
    if !meta.is_dir() {
        return Err(CheckoutError::NotAFolder(path.to_owned()));
    }
    let git = Git::new(path);
    let mut notes = Vec::new();
    let inside = match git.line(&["rev-parse", "--is-inside-work-tree", "--is-bare-repository"]) {
        Ok(answer) => Some(answer.starts_with("true")),
        Err(GitError::Failed { .. }) => None,
        Err(GitError::Start(error)) if base.is_none() && head.is_none() => {
            notes.push(format!(
                "git could not be started ({error}); the folder was read as it stands, with files \
                 that git would ignore."
            ));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let Some(inside) = inside else {
        if let Some(revision) = base.or(head) {
            return Err(CheckoutError::NoGit {
                path: path.to_owned(),
                revision: revision.to_owned(),
            });
        }
        return plain(path, notes).map_err(unreadable);
    };

    let need = |revision: &str| -> Result<String, CheckoutError> {
        git.commit(revision)?
            .ok_or_else(|| CheckoutError::NoCommit {
                path: path.to_owned(),
                revision: revision.to_owned(),
            })
    };
    let head_commit = match (head, inside) {
        (Some(revision), _) => Some(need(revision)?),
        (None, true) => git.commit("HEAD")?,
        (None, false) => Some(need("HEAD")?),
    };
    let from_commit = head.is_some() || !inside;
    let snapshot = match &head_commit {
        Some(commit) if from_commit => from_tree(&git, commit)?,
        _ => {
            let snapshot = working_tree(&git, path, head_commit.as_deref(), &mut notes)?;
            if snapshot.entries.is_empty() && snapshot.unread.is_empty() && base.is_none() {
                notes.push(
                    "git knows no file here (the folder is ignored, or empty); it was read as a \
                     plain folder."
                        .to_owned(),
                );
                return plain(path, notes).map_err(unreadable);
            }
            snapshot
        }
    };
    notes.extend(snapshot.notes.iter().cloned());

    let base_commit = match base {
        None => None,
        Some(revision) => {
            let named = need(revision)?;
            Some(merge_base(
                &git,
                named,
                revision,
                head_commit.as_deref(),
                &mut notes,
            )?)
        }
    };
    let base = match &base_commit {
        None => None,
        Some(commit) => {
            let snapshot = from_tree(&git, commit)?;
            notes.extend(snapshot.notes.iter().map(|note| format!("Base: {note}")));
            Some(snapshot.into_tree())
        }
    };
    Ok(Checkout {
        head: snapshot.into_tree(),
        base,
        head_commit,
        base_commit,
        notes,
    })
}

/// The merge base with the head, or the named commit itself where there is none.
fn merge_base(
    git: &Git<'_>,
    named: String,
    revision: &str,
    head: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<String, CheckoutError> {
    let Some(head) = head else {
        return Ok(named);
    };
    match git.line(&["merge-base", &named, head]) {
        Ok(ancestor) => Ok(ancestor),
        Err(GitError::Failed { .. }) => {
            notes.push(format!(
                "`{revision}` and the head have no common commit here; they were compared directly."
            ));
            Ok(named)
        }
        Err(error) => Err(error.into()),
    }
}

fn plain(path: &Path, mut notes: Vec<String>) -> Result<Checkout, std::io::Error> {
    let walk = folder::walk(path)?;
    notes.extend(walk.notes);
    let mut reader = Reader::new(path);
    let snapshot = read_from_disk(walk.listing, &BTreeMap::new(), &mut reader);
    notes.extend(snapshot.notes.iter().cloned());
    Ok(Checkout {
        head: snapshot.into_tree(),
        base: None,
        head_commit: None,
        base_commit: None,
        notes,
    })
}

/// The tree of a commit, from git's own objects.
fn from_tree(git: &Git<'_>, commit: &str) -> Result<Snapshot, GitError> {
    let selection = select(git.tree(commit)?);
    let ids: Vec<BlobId> = selection.read.iter().filter_map(|e| e.blob).collect();
    let mut contents = git.blobs(&ids)?.into_iter();
    let mut snapshot = Snapshot {
        unread: selection.unread,
        notes: selection.notes,
        entries: Vec::new(),
    };
    for entry in selection.read {
        let bytes = entry.blob.and_then(|_| contents.next().flatten());
        snapshot.entries.push(Entry {
            path: entry.path,
            kind: entry.kind,
            bytes,
        });
    }
    let missing = snapshot
        .entries
        .iter()
        .filter(|e| e.bytes.is_none())
        .count();
    if missing > 0 {
        snapshot.notes.push(format!(
            "The content of {missing} files is not in this checkout (a partial clone)."
        ));
    }
    Ok(snapshot)
}

/// Tracked files as they stand on disk, and untracked ones that git does not ignore.
fn working_tree(
    git: &Git<'_>,
    path: &Path,
    head: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Snapshot, CheckoutError> {
    let tracked = git.run(&["ls-files", "-z", "--stage", "--cached"])?;
    let untracked = git.run(&["ls-files", "-z", "--others", "--exclude-standard"])?;
    let mut reader = Reader::new(path);
    let mut listing = Vec::new();
    // Paths whose bytes are not UTF-8, by the text that stands for them.
    let mut odd_names: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut deleted = 0_usize;
    for (index, name) in git::records(&tracked)
        .filter_map(staged)
        .chain(git::records(&untracked).map(|name| (None, name)))
    {
        let disk = git::os_path(name);
        let text = git::path_text(name);
        if text.as_bytes() != name {
            odd_names.insert(text.clone(), disk.clone());
        }
        // An untracked repository inside this one ends with `/`.
        if let Some(folder) = text.strip_suffix('/') {
            notes.push(format!(
                "`{folder}` is a git checkout of its own and was skipped."
            ));
            continue;
        }
        if let Some(entry) = index.as_ref().filter(|i| i.is_submodule()) {
            listing.push(entry.listed(text));
            continue;
        }
        let Some(meta) = reader.look(&disk) else {
            deleted += 1;
            continue;
        };
        match folder::kind(&meta) {
            Some(kind) => listing.push(Listed {
                path: text,
                kind,
                blob: index.and_then(|i| i.blob),
                size: Some(meta.len()),
            }),
            None => notes.push(format!("`{text}` is no regular file and was skipped.")),
        }
    }
    if deleted > 0 {
        notes.push(format!(
            "{deleted} files that git tracks are not in the working tree; they count as deleted."
        ));
    }
    let snapshot = read_from_disk(listing, &odd_names, &mut reader);
    if let Some(head) = head {
        let differing = differing(&git.tree(head)?, &snapshot);
        if differing > 0 {
            let short = head.get(..10).unwrap_or(head);
            notes.push(format!(
                "The working tree was read as it stands: {differing} files differ from commit {short}."
            ));
        }
    }
    Ok(snapshot)
}

/// Files that are in only one of both, or with other content.
fn differing(commit: &[Listed], snapshot: &Snapshot) -> usize {
    let mut before: BTreeMap<&str, Option<BlobId>> =
        commit.iter().map(|e| (e.path.as_str(), e.blob)).collect();
    let mut count = 0;
    for entry in &snapshot.entries {
        let now = entry.bytes.as_deref().map(BlobId::of);
        if before.remove(entry.path.as_str()) != Some(now) {
            count += 1;
        }
    }
    // Of what was not read, only presence is compared.
    for entry in &snapshot.unread {
        if before.remove(entry.path.as_str()).is_none() {
            count += 1;
        }
    }
    count + before.len()
}

/// What the index says of a path.
struct Staged<'r> {
    mode: &'r str,
    blob: Option<BlobId>,
}

impl Staged<'_> {
    fn is_submodule(&self) -> bool {
        self.mode == "160000"
    }

    fn listed(&self, path: String) -> Listed {
        Listed {
            path,
            kind: takehome_checks::source::EntryKind::Submodule,
            blob: self.blob,
            size: None,
        }
    }
}

/// `<mode> <id> <stage>\t<path>`; of a conflict, every stage is one record of the same path.
fn staged(record: &[u8]) -> Option<(Option<Staged<'_>>, &[u8])> {
    let tab = record.iter().position(|&byte| byte == b'\t')?;
    let (head, path) = record.split_at_checked(tab)?;
    let mut words = std::str::from_utf8(head).ok()?.split_ascii_whitespace();
    let mode = words.next()?;
    let blob = words.next().and_then(BlobId::from_hex);
    Some((Some(Staged { mode, blob }), path.get(1..)?))
}

fn read_from_disk(
    listing: Vec<Listed>,
    odd_names: &BTreeMap<String, PathBuf>,
    reader: &mut Reader<'_>,
) -> Snapshot {
    let selection = select(listing);
    let mut snapshot = Snapshot {
        unread: selection.unread,
        notes: selection.notes,
        entries: Vec::new(),
    };
    for entry in selection.read {
        let disk = odd_names
            .get(&entry.path)
            .map_or_else(|| PathBuf::from(&entry.path), Clone::clone);
        let bytes = match reader.read(&disk) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                snapshot
                    .notes
                    .push(format!("`{}` could not be read: {error}.", entry.path));
                None
            }
        };
        snapshot.entries.push(Entry {
            path: entry.path,
            kind: entry.kind,
            bytes,
        });
    }
    snapshot
}
