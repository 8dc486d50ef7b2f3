//! Commits, trees, blobs, contents, changed files.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{View, node_id};
use crate::{
    clock,
    git::{DiffEntry, LogEntry, TreeEntry},
    http::uri,
    world::Repository,
};

impl View<'_> {
    /// `commit`.
    pub(crate) fn commit(&self, repository: &Repository, entry: &LogEntry) -> Value {
        let repo = self.repo_url(repository);
        let html = self.repo_html(repository);
        let person = json!({
            "name": entry.name,
            "email": entry.email,
            "date": clock::iso(entry.at.saturating_mul(1000)),
        });
        let account = self.world.account(&entry.name).map(|account| account.id);
        json!({
            "sha": entry.sha,
            "node_id": node_id("Commit", u64::from_str_radix(entry.sha.get(..12).unwrap_or("0"), 16).unwrap_or(0)),
            "commit": {
                "author": person,
                "committer": person,
                "message": entry.message,
                "tree": {"sha": entry.tree, "url": format!("{repo}/git/trees/{}", entry.tree)},
                "url": format!("{repo}/git/commits/{}", entry.sha),
                "comment_count": 0,
                "verification": {
                    "verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null
                },
            },
            "url": format!("{repo}/commits/{}", entry.sha),
            "html_url": format!("{html}/commit/{}", entry.sha),
            "comments_url": format!("{repo}/commits/{}/comments", entry.sha),
            "author": self.user(account),
            "committer": self.user(account),
            "parents": entry.parents.iter().map(|parent| json!({
                "sha": parent,
                "url": format!("{repo}/commits/{parent}"),
                "html_url": format!("{html}/commit/{parent}"),
            })).collect::<Value>(),
        })
    }

    /// `simple-commit`, or null for an unknown commit.
    pub(crate) fn simple_commit(repository: &Repository, sha: &str) -> Value {
        let Ok(Some(entry)) = repository.git.commit_facts(sha) else {
            return Value::Null;
        };
        json!({
            "id": entry.sha,
            "tree_id": entry.tree,
            "message": entry.message,
            "timestamp": clock::iso(entry.at.saturating_mul(1000)),
            "author": {"name": entry.name, "email": entry.email},
            "committer": {"name": entry.name, "email": entry.email},
        })
    }

    /// An entry of `git-tree`.
    pub(crate) fn tree_entry(&self, repository: &Repository, entry: &TreeEntry) -> Value {
        let repo = self.repo_url(repository);
        let mut value = json!({
            "path": entry.path,
            "mode": entry.mode,
            "type": entry.kind,
            "sha": entry.sha,
        });
        if let Some(into) = value.as_object_mut() {
            if let Some(size) = entry.size {
                into.insert("size".into(), json!(size));
            }
            match entry.kind.as_str() {
                "tree" => {
                    into.insert(
                        "url".into(),
                        json!(format!("{repo}/git/trees/{}", entry.sha)),
                    );
                }
                "blob" => {
                    into.insert(
                        "url".into(),
                        json!(format!("{repo}/git/blobs/{}", entry.sha)),
                    );
                }
                // A submodule has no address.
                _ => {}
            }
        }
        value
    }

    /// `blob`.
    pub(crate) fn blob(&self, repository: &Repository, sha: &str, bytes: &[u8]) -> Value {
        json!({
            "sha": sha,
            "node_id": node_id("Blob", bytes.len() as u64),
            "size": bytes.len(),
            "url": format!("{}/git/blobs/{sha}", self.repo_url(repository)),
            "content": wrapped(bytes),
            "encoding": "base64",
        })
    }

    /// `content-file`, and with `None` an entry of `content-directory`.
    pub(crate) fn content(
        &self,
        repository: &Repository,
        revision: &str,
        entry: &TreeEntry,
        bytes: Option<&[u8]>,
    ) -> Value {
        let path = uri::encode_path(&entry.path);
        let url = format!(
            "{}/contents/{path}?ref={}",
            self.repo_url(repository),
            uri::encode(revision)
        );
        let git_url = match entry.kind.as_str() {
            "tree" => format!("{}/git/trees/{}", self.repo_url(repository), entry.sha),
            _ => format!("{}/git/blobs/{}", self.repo_url(repository), entry.sha),
        };
        let html = match entry.kind.as_str() {
            "tree" => format!("{}/tree/{revision}/{path}", self.repo_html(repository)),
            _ => format!("{}/blob/{revision}/{path}", self.repo_html(repository)),
        };
        let kind = match (entry.kind.as_str(), entry.mode.as_str()) {
            ("tree", _) => "dir",
            (_, "120000") if bytes.is_none() => "symlink",
            // In a listing of API version 2022-11-28 a submodule has the type of a file.
            _ => "file",
        };
        let is_file = kind != "dir" && entry.kind != "commit";
        let mut value = json!({
            "name": entry.path.rsplit('/').next().unwrap_or_default(),
            "path": entry.path,
            "sha": entry.sha,
            "size": bytes.map_or(entry.size.unwrap_or(0), |bytes| bytes.len() as u64),
            "url": url,
            "html_url": html,
            "git_url": git_url,
            "download_url": is_file.then(|| format!("{}/raw/{revision}/{path}", self.repo_html(repository))),
            "type": kind,
            "_links": {"self": url, "git": git_url, "html": html},
        });
        if let (Some(into), Some(bytes)) = (value.as_object_mut(), bytes) {
            // Above 1 MB GitHub sends the content only raw.
            let large = bytes.len() > 1_000_000;
            into.insert(
                "content".into(),
                json!(if large { String::new() } else { wrapped(bytes) }),
            );
            into.insert(
                "encoding".into(),
                json!(if large { "none" } else { "base64" }),
            );
        }
        value
    }

    /// `diff-entry`.
    pub(crate) fn diff_entry(
        &self,
        repository: &Repository,
        head: &str,
        entry: &DiffEntry,
    ) -> Value {
        let path = uri::encode_path(&entry.path);
        let html = self.repo_html(repository);
        let mut value = json!({
            "sha": entry.sha,
            "filename": entry.path,
            "status": entry.status,
            "additions": entry.additions,
            "deletions": entry.deletions,
            "changes": entry.additions + entry.deletions,
            "blob_url": format!("{html}/blob/{head}/{path}"),
            "raw_url": format!("{html}/raw/{head}/{path}"),
            "contents_url": format!("{}/contents/{path}?ref={head}", self.repo_url(repository)),
        });
        if let Some(into) = value.as_object_mut() {
            if let Some(patch) = &entry.patch {
                into.insert("patch".into(), json!(patch));
            }
            if let Some(previous) = &entry.previous {
                into.insert("previous_filename".into(), json!(previous));
            }
        }
        value
    }
}

/// Base64 in lines of 60 characters, as GitHub writes it.
fn wrapped(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / 60 + 1);
    for (at, character) in text.chars().enumerate() {
        if at > 0 && at % 60 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines
}
