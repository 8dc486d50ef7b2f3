//! What the handle gives out: copies of what stands at the moment of asking.

use crate::world::{Annotation, Pull, World, Writer};

/// What an App is given when it is registered.
#[derive(Clone, PartialEq, Eq)]
pub struct AppIdentity {
    /// For `TAKEHOME_GITHUB_APP_ID`.
    pub id: u64,
    /// Its bot is `{slug}[bot]`.
    pub slug: String,
    /// PKCS#1 PEM, as GitHub gives it.
    pub private_key_pem: String,
    /// For `TAKEHOME_WEBHOOK_SECRET`.
    pub webhook_secret: String,
}

impl std::fmt::Debug for AppIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppIdentity")
            .field("id", &self.id)
            .field("slug", &self.slug)
            .finish_non_exhaustive()
    }
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Repo {
    /// Stays the same when it is renamed or transferred.
    pub id: u64,
    /// `owner/name`, now.
    pub full_name: String,
    /// Its default branch.
    pub default_branch: String,
    /// Commit of the default branch; empty in an empty repository.
    pub head_sha: String,
    /// The address for people.
    pub html_url: String,
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PullRequest {
    /// Id of the repository it is to be merged into.
    pub repo: u64,
    /// Its number there.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether it is a draft.
    pub draft: bool,
    /// Branch of the fork or of the repository itself.
    pub head_branch: String,
    /// Its newest commit.
    pub head_sha: String,
    /// The branch it is to be merged into.
    pub base_branch: String,
    /// That branch's commit when the pull request was last updated.
    pub base_sha: String,
    /// Id of the repository of the head; `None` once a fork is deleted.
    pub head_repo: Option<u64>,
    /// Names of its labels, in the order they were put on.
    pub labels: Vec<String>,
    /// The address for people.
    pub html_url: String,
}

/// A check run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct CheckRun {
    /// Its id.
    pub id: u64,
    /// Its suite's id.
    pub suite: u64,
    /// Its name.
    pub name: String,
    /// The commit it stands on.
    pub head_sha: String,
    /// The App's own reference.
    pub external_id: String,
    /// Where "Details" leads.
    pub details_url: Option<String>,
    /// `queued`, `in_progress`, `completed` …
    pub status: String,
    /// `success`, `neutral`, `failure` … once completed.
    pub conclusion: Option<String>,
    /// Title of its output.
    pub title: Option<String>,
    /// Markdown.
    pub summary: Option<String>,
    /// Markdown.
    pub text: Option<String>,
    /// In the order they arrived.
    pub annotations: Vec<Annotation>,
    /// Identifiers of its buttons.
    pub actions: Vec<String>,
    /// The address for people.
    pub html_url: String,
}

/// A comment of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Comment {
    /// Its id.
    pub id: u64,
    /// Login of its writer.
    pub author: String,
    /// Written by the App.
    pub by_app: bool,
    /// Markdown.
    pub body: String,
    /// How often it was changed cannot be seen on GitHub; that it was, can.
    pub edited: bool,
}

pub(super) fn repo(world: &World, web: &str, id: u64) -> crate::Result<Repo> {
    let repository = world.repository(id)?;
    let full_name = world.full_name(repository);
    let reference = format!("{}{}", repository.branches, repository.default_branch);
    Ok(Repo {
        id,
        default_branch: repository.default_branch.clone(),
        head_sha: repository.git.resolve(&reference).unwrap_or_default(),
        html_url: format!("{web}/{full_name}"),
        full_name,
    })
}

pub(super) fn pull(world: &World, web: &str, pull: &Pull) -> PullRequest {
    let name = world
        .repositories
        .get(&pull.repository)
        .map(|repository| world.full_name(repository))
        .unwrap_or_default();
    PullRequest {
        repo: pull.repository,
        number: pull.number,
        title: pull.title.clone(),
        open: pull.open,
        draft: pull.draft,
        head_branch: pull.head_branch.clone(),
        head_sha: pull.head_sha.clone(),
        base_branch: pull.base_branch.clone(),
        base_sha: pull.base_sha.clone(),
        head_repo: pull.head_repository,
        labels: pull.labels.clone(),
        html_url: format!("{web}/{name}/pull/{}", pull.number),
    }
}

pub(super) fn run(world: &World, web: &str, run: &crate::world::CheckRun) -> CheckRun {
    let name = world
        .repositories
        .get(&run.repository)
        .map(|repository| world.full_name(repository))
        .unwrap_or_default();
    CheckRun {
        id: run.id,
        suite: run.suite,
        name: run.name.clone(),
        head_sha: run.head_sha.clone(),
        external_id: run.external_id.clone(),
        details_url: run.details_url.clone(),
        status: run.status.clone(),
        conclusion: run.conclusion.clone(),
        title: run.title.clone(),
        summary: run.summary.clone(),
        text: run.text.clone(),
        annotations: run.annotations.clone(),
        actions: run
            .actions
            .iter()
            .map(|action| action.identifier.clone())
            .collect(),
        html_url: format!("{web}/{name}/runs/{}", run.id),
    }
}

pub(super) fn comment(world: &World, comment: &crate::world::Comment) -> Comment {
    let author = match comment.writer {
        Writer::App => world.login(world.app.bot),
        Writer::User(id) => world.login(id),
        Writer::Nobody => "ghost",
    };
    Comment {
        id: comment.id,
        author: author.to_owned(),
        by_app: comment.writer == Writer::App,
        body: comment.body.clone(),
        edited: comment.updated_at != comment.created_at,
    }
}
