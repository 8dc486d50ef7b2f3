//! The reads: trees, blobs, merge bases, logs, differences, archives.

use super::Git;
use crate::{
    error::Result,
    files::{File, Files},
};

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    pub(crate) mode: String,
    pub(crate) kind: String,
    pub(crate) sha: String,
    /// Bytes; of blobs only.
    pub(crate) size: Option<u64>,
    pub(crate) path: String,
}

/// A commit of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogEntry {
    pub(crate) sha: String,
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) name: String,
    pub(crate) email: String,
    /// Seconds since the epoch.
    pub(crate) at: i64,
    pub(crate) message: String,
}

/// A changed file between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiffEntry {
    /// GitHub's word: added, removed, modified, renamed, copied, changed.
    pub(crate) status: &'static str,
    pub(crate) path: String,
    pub(crate) previous: Option<String>,
    pub(crate) sha: String,
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
    /// Hunks; absent for a binary file.
    pub(crate) patch: Option<String>,
}

fn is_hex(text: &str) -> bool {
    text.len() >= 4 && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

impl Git {
    /// The commit that a revision names; `None` where there is none.
    pub(crate) fn resolve(&self, revision: &str) -> Option<String> {
        if revision.is_empty() || revision.starts_with('-') || revision.contains("..") {
            return None;
        }
        let wanted = format!("{revision}^{{commit}}");
        let text = self
            .text(&["rev-parse", "-q", "--verify", "--end-of-options", &wanted])
            .ok()?;
        Some(text.trim().to_owned()).filter(|id| id.len() == 40)
    }

    /// The kind of an object (`commit`, `tree`, `blob`) and its full id.
    pub(crate) fn object(&self, id: &str) -> Option<(String, String)> {
        if !is_hex(id) {
            return None;
        }
        let out = self
            .run_with(
                &["cat-file", "--batch-check=%(objectname) %(objecttype)"],
                Some(format!("{id}\n").as_bytes()),
            )
            .ok()?;
        let text = String::from_utf8_lossy(&out);
        let (id, kind) = text.trim().split_once(' ')?;
        matches!(kind, "commit" | "tree" | "blob").then(|| (kind.to_owned(), id.to_owned()))
    }

    /// Entries of a tree or of a commit's tree; with `recursive`, of all trees below it.
    pub(crate) fn tree(&self, id: &str, recursive: bool) -> Result<Vec<TreeEntry>> {
        let mut arguments = vec!["ls-tree", "-z", "-l", "--full-tree"];
        if recursive {
            arguments.extend(["-r", "-t"]);
        }
        arguments.push(id);
        let out = self.ask(&arguments, &[id])?;
        Ok(out
            .split(|&byte| byte == 0)
            .filter_map(|line| {
                let text = String::from_utf8_lossy(line).into_owned();
                let (facts, path) = text.split_once('\t')?;
                let mut facts = facts.split_whitespace();
                Some(TreeEntry {
                    mode: facts.next()?.to_owned(),
                    kind: facts.next()?.to_owned(),
                    sha: facts.next()?.to_owned(),
                    size: facts.next().and_then(|size| size.parse().ok()),
                    path: path.to_owned(),
                })
            })
            .collect())
    }

    /// The id of a commit's tree.
    pub(crate) fn tree_of(&self, commit: &str) -> Result<String> {
        Ok(self
            .ask_text(&["rev-parse", &format!("{commit}^{{tree}}")], &[commit])?
            .trim()
            .to_owned())
    }

    /// One entry of a commit's tree by its path.
    pub(crate) fn entry(&self, commit: &str, path: &str) -> Result<Option<TreeEntry>> {
        let Some((parent, _)) = path.rsplit_once('/') else {
            return Ok(self
                .tree(commit, false)?
                .into_iter()
                .find(|entry| entry.path == path));
        };
        let folder = format!("{commit}:{parent}");
        let Ok(entries) = self.tree(&folder, false) else {
            return Ok(None);
        };
        Ok(entries
            .into_iter()
            .map(|entry| TreeEntry {
                path: format!("{parent}/{}", entry.path),
                ..entry
            })
            .find(|entry| entry.path == path))
    }

    /// Bytes of a blob.
    pub(crate) fn blob(&self, id: &str) -> Result<Vec<u8>> {
        Ok(self.ask(&["cat-file", "blob", id], &[id])?.to_vec())
    }

    /// The best common ancestor.
    pub(crate) fn merge_base(&self, one: &str, other: &str) -> Option<String> {
        self.ask_text(&["merge-base", one, other], &[one, other])
            .ok()
            .map(|text| text.trim().to_owned())
            .filter(|id| id.len() == 40)
    }

    /// Whether a merge of the two would have no conflict.
    pub(crate) fn merges(&self, one: &str, other: &str) -> bool {
        !matches!(
            self.run_raw(
                &[
                    "merge-tree",
                    "--write-tree",
                    "--allow-unrelated-histories",
                    one,
                    other
                ],
                None
            ),
            Ok((Some(1), ..))
        )
    }

    /// Commits reachable from `to` and not from `from`, oldest first.
    pub(crate) fn log(&self, from: Option<&str>, to: &str) -> Result<Vec<LogEntry>> {
        let range = from.map_or_else(|| to.to_owned(), |from| format!("{from}..{to}"));
        let ids = [from.unwrap_or(to), to];
        self.log_of(&["log", "--reverse", "--topo-order", &range], &ids)
    }

    /// One commit.
    pub(crate) fn commit_facts(&self, id: &str) -> Result<Option<LogEntry>> {
        Ok(self.log_of(&["log", "-1", id], &[id])?.into_iter().next())
    }

    fn log_of(&self, arguments: &[&str], ids: &[&str]) -> Result<Vec<LogEntry>> {
        let mut all = arguments.to_vec();
        all.insert(1, "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%at%x1f%B%x1e");
        let text = self.ask_text(&all, ids)?;
        Ok(text
            .split('\u{1e}')
            .filter_map(|record| {
                let mut parts = record.trim_start_matches('\n').split('\u{1f}');
                Some(LogEntry {
                    sha: parts.next().filter(|sha| !sha.is_empty())?.to_owned(),
                    tree: parts.next()?.to_owned(),
                    parents: parts
                        .next()?
                        .split_whitespace()
                        .map(str::to_owned)
                        .collect(),
                    name: parts.next()?.to_owned(),
                    email: parts.next()?.to_owned(),
                    at: parts.next()?.parse().ok()?,
                    message: parts.next()?.trim_end().to_owned(),
                })
            })
            .collect())
    }

    /// Changed files from one commit to another, with their hunks.
    pub(crate) fn diff(&self, from: &str, to: &str) -> Result<Vec<DiffEntry>> {
        let both = self.ask_text(
            &[
                "diff-tree",
                "-r",
                "-M",
                "-z",
                "--patch-with-raw",
                "--full-index",
                from,
                to,
            ],
            &[from, to],
        )?;
        // An empty field stands between the raw records and the patches.
        let (raw, patches) = both.split_once("\0\0").unwrap_or((&both, ""));
        let mut patches = split_patches(patches).into_iter();
        let mut fields = raw.split('\0');
        let mut found = Vec::new();
        while let Some(facts) = fields.next().filter(|facts| !facts.is_empty()) {
            let mut facts = facts.trim_start_matches(':').split(' ');
            let _old_mode = facts.next();
            let _new_mode = facts.next();
            let old = facts.next().unwrap_or_default().to_owned();
            let new = facts.next().unwrap_or_default().to_owned();
            let letter = facts
                .next()
                .and_then(|status| status.chars().next())
                .unwrap_or('M');
            let first = fields.next().unwrap_or_default().to_owned();
            let (path, previous) = match letter {
                'R' | 'C' => (fields.next().unwrap_or_default().to_owned(), Some(first)),
                _ => (first, None),
            };
            let patch = patches.next().unwrap_or_default();
            if letter == 'T' {
                // git writes a change of kind as a removal and an addition.
                patches.next();
            }
            let count = |sign: char| {
                patch
                    .iter()
                    .flat_map(|patch| patch.lines())
                    .filter(|l| l.starts_with(sign))
                    .count() as u64
            };
            found.push(DiffEntry {
                status: match letter {
                    'A' => "added",
                    'D' => "removed",
                    'R' => "renamed",
                    'C' => "copied",
                    'T' => "changed",
                    _ => "modified",
                },
                path,
                previous,
                sha: if letter == 'D' { old } else { new },
                additions: count('+'),
                deletions: count('-'),
                patch,
            });
        }
        Ok(found)
    }

    /// What changes from one commit to another, as files.
    pub(crate) fn changes(&self, from: &str, to: &str) -> Result<Files> {
        let mut changes = Files::new();
        for entry in self.diff(from, to)? {
            if let Some(previous) = entry.previous.filter(|_| entry.status == "renamed") {
                changes.insert(previous, File::Deleted);
            }
            let file = match self.entry(to, &entry.path)? {
                None => File::Deleted,
                Some(entry) if entry.kind == "commit" => File::Submodule(entry.sha),
                Some(entry) => {
                    let bytes = self.blob(&entry.sha)?;
                    match entry.mode.as_str() {
                        "120000" => File::Symlink(String::from_utf8_lossy(&bytes).into_owned()),
                        "100755" => File::Executable(bytes),
                        _ => File::Regular(bytes),
                    }
                }
            };
            changes.insert(entry.path, file);
        }
        Ok(changes)
    }

    /// The whole difference as `git diff` writes it.
    pub(crate) fn diff_text(&self, from: &str, to: &str) -> Result<Vec<u8>> {
        self.run(&["diff-tree", "-r", "-M", "-p", from, to])
    }

    /// `git archive` of a commit, gzipped: `.gitattributes` of that commit apply, and the pax header
    /// names the commit.
    pub(crate) fn archive(&self, commit: &str, prefix: &str) -> Result<Vec<u8>> {
        let prefix = format!("--prefix={prefix}/");
        let arguments = ["archive", "--format=tar.gz", &prefix, commit];
        Ok(self.ask(&arguments, &[commit])?.to_vec())
    }
}

/// The hunks of each file of a difference, in order; `None` for a file without.
fn split_patches(text: &str) -> Vec<Option<String>> {
    let mut files: Vec<Option<String>> = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with("diff --git ") {
            files.push(None);
        } else if let Some(last) = files.last_mut() {
            if let Some(patch) = last {
                patch.push_str(line);
            } else if line.starts_with("@@ ") {
                *last = Some(line.to_owned());
            }
        }
    }
    for patch in files.iter_mut().flatten() {
        if patch.ends_with('\n') {
            patch.pop();
        }
    }
    files
}
