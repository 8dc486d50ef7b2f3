//! The records: one struct for each kind of thing GitHub keeps. Plain data; the rules are in
//! [`super::World`].

use std::collections::{BTreeMap, BTreeSet};

use crate::{clock::Millis, git::Git, keys::AppKey};

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) key: AppKey,
    pub(crate) webhook_secret: String,
    pub(crate) hook_url: Option<String>,
    pub(crate) permissions: BTreeMap<String, String>,
    pub(crate) events: BTreeSet<String>,
    pub(crate) bot: u64,
    pub(crate) owner: u64,
    pub(crate) created_at: Millis,
    pub(crate) echo: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountKind {
    Organization,
    User,
    Bot,
}

impl AccountKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Organization => "Organization",
            Self::User => "User",
            Self::Bot => "Bot",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) kind: AccountKind,
    /// Of an organisation: who acts for it.
    pub(crate) admin: Option<u64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Installation {
    pub(crate) id: u64,
    pub(crate) account: u64,
    pub(crate) permissions: BTreeMap<String, String>,
    pub(crate) events: BTreeSet<String>,
    /// `None`: all repositories of the account.
    pub(crate) selected: Option<BTreeSet<u64>>,
    pub(crate) suspended_at: Option<Millis>,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

impl Installation {
    pub(crate) fn covers(&self, repository: u64) -> bool {
        self.selected
            .as_ref()
            .is_none_or(|selected| selected.contains(&repository))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) owner: u64,
    pub(crate) name: String,
    pub(crate) private: bool,
    pub(crate) archived: bool,
    pub(crate) fork_of: Option<u64>,
    pub(crate) default_branch: String,
    /// Shared by all repositories of a fork network.
    pub(crate) git: Git,
    /// Where this repository's branches stand in the shared store, for instance `refs/heads/`.
    pub(crate) branches: String,
    pub(crate) labels: BTreeMap<String, Label>,
    /// By account: `admin`, `write`, `read`.
    pub(crate) collaborators: BTreeMap<u64, String>,
    pub(crate) next_number: u64,
    /// Commits made so far: the time of the next one follows from it.
    pub(crate) commits: i64,
    pub(crate) deleted: bool,
    pub(crate) created_at: Millis,
    pub(crate) pushed_at: Millis,
}

#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) color: String,
    pub(crate) description: Option<String>,
}

/// GitHub computes mergeability when it is first asked for and says `null` until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mergeable {
    Unknown,
    Known(bool),
}

#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) id: u64,
    pub(crate) repository: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    /// `None` once the author's account is gone.
    pub(crate) author: Option<u64>,
    pub(crate) open: bool,
    pub(crate) merged: bool,
    pub(crate) draft: bool,
    /// `None` once the fork is deleted.
    pub(crate) head_repository: Option<u64>,
    pub(crate) head_owner: Option<u64>,
    pub(crate) head_branch: String,
    pub(crate) head_sha: String,
    pub(crate) base_branch: String,
    pub(crate) base_sha: String,
    /// In the order they were put on.
    pub(crate) labels: Vec<String>,
    pub(crate) reviewers: BTreeSet<u64>,
    pub(crate) mergeable: Mergeable,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
    pub(crate) closed_at: Option<Millis>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    App,
    User(u64),
    /// An account that is gone.
    Nobody,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) repository: u64,
    pub(crate) number: u64,
    pub(crate) writer: Writer,
    pub(crate) body: String,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) repository: u64,
    pub(crate) number: u64,
    pub(crate) state: String,
    pub(crate) body: String,
    pub(crate) commit: String,
    pub(crate) comments: Vec<ReviewComment>,
    pub(crate) at: Millis,
}

#[derive(Debug, Clone)]
pub(crate) struct ReviewComment {
    pub(crate) path: String,
    pub(crate) line: u64,
    pub(crate) body: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Reaction {
    pub(crate) id: u64,
    pub(crate) comment: u64,
    pub(crate) content: String,
    pub(crate) at: Millis,
}

#[derive(Debug, Clone)]
pub(crate) struct CheckSuite {
    pub(crate) id: u64,
    pub(crate) repository: u64,
    pub(crate) head_sha: String,
    /// `None` for a commit of a fork.
    pub(crate) head_branch: Option<String>,
    pub(crate) created_at: Millis,
    pub(crate) updated_at: Millis,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct CheckRun {
    pub(crate) id: u64,
    pub(crate) suite: u64,
    pub(crate) repository: u64,
    pub(crate) head_sha: String,
    pub(crate) name: String,
    pub(crate) external_id: String,
    pub(crate) details_url: Option<String>,
    pub(crate) status: String,
    pub(crate) conclusion: Option<String>,
    pub(crate) started_at: Option<String>,
    pub(crate) completed_at: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) summary: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) actions: Vec<Action>,
}

/// An annotation of a check run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Annotation {
    /// Path from the repository's root.
    pub path: String,
    /// First line, from 1.
    pub start_line: u64,
    /// Last line, from 1.
    pub end_line: u64,
    /// First column, from 1; only where the annotation is of one line.
    #[serde(default)]
    pub start_column: Option<u64>,
    /// Last column, from 1.
    #[serde(default)]
    pub end_column: Option<u64>,
    /// `notice`, `warning` or `failure`.
    pub annotation_level: String,
    /// What it says.
    pub message: String,
    /// Its headline, at most 255 characters.
    #[serde(default)]
    pub title: Option<String>,
    /// Further details, shown on demand.
    #[serde(default)]
    pub raw_details: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Action {
    pub(crate) label: String,
    pub(crate) description: String,
    pub(crate) identifier: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) installation: u64,
    pub(crate) permissions: BTreeMap<String, String>,
    /// `None`: all that the installation covers.
    pub(crate) repositories: Option<BTreeSet<u64>>,
    pub(crate) expires_at: Millis,
}

#[derive(Debug, Clone)]
pub(crate) struct ArchiveLink {
    pub(crate) repository: u64,
    pub(crate) commit: String,
    pub(crate) expires_at: Millis,
}
