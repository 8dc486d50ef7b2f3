//! The calls this service makes in a repository, typed. One method per operation of GitHub's
//! description; when to make them is decided elsewhere.

use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::json;

use super::error::GitHubError;
use super::ids::{CommitSha, PullNumber, RepoId};
use super::installation::{Call, Installation, Target, parse, segment};
use super::types::{
    CheckRun, CheckRunList, CollaboratorPermission, Comment, Comparison, ContentFile,
    CreateCheckRun, GitBlob, GitTree, Label, PullRequest, RepositoryInfo, StandingAnnotation,
    UpdateCheckRun,
};

/// A repository, seen through an installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Repository {
    installation: Arc<Installation>,
    id: RepoId,
}

/// Which check runs to list.
#[derive(Clone, Copy, Debug)]
pub struct CheckRunQuery<'a> {
    pub head: &'a CommitSha,
    pub name: &'a str,
}

impl Repository {
    pub(super) fn new(installation: Arc<Installation>, id: RepoId) -> Self {
        Self { installation, id }
    }

    pub fn id(&self) -> RepoId {
        self.id
    }

    pub fn installation(&self) -> &Arc<Installation> {
        &self.installation
    }

    /// Owner and name, as last heard.
    pub fn names(&self) -> (String, String) {
        self.installation.name_of(self.id).unwrap_or_default()
    }

    fn at(&self, below: String) -> Target {
        Target::In(self.id, below)
    }

    pub async fn info(&self) -> Result<RepositoryInfo, GitHubError> {
        self.installation.read(self.at(String::new())).await
    }

    /// A pull request of this repository, and of no other that took over its old name.
    pub async fn pull(&self, number: PullNumber) -> Result<PullRequest, GitHubError> {
        let below = format!("/pulls/{number}");
        let first = self.installation.read(self.at(below.clone())).await;
        let doubtful = match &first {
            Ok(pull) => !self.is_base_of(pull),
            Err(error) => error.is_not_found(),
        };
        if !doubtful || !self.installation.resolve(self.id).await? {
            return first;
        }
        self.installation.read(self.at(below)).await
    }

    fn is_base_of(&self, pull: &PullRequest) -> bool {
        let base = pull.base.repo.as_ref();
        base.is_none_or(|repository| repository.id == self.id.0)
    }

    pub async fn open_pulls(&self) -> Result<Vec<PullRequest>, GitHubError> {
        let first =
            self.at("/pulls?state=open&sort=updated&direction=desc&per_page=100".to_owned());
        self.installation
            .pages(first, |page: Vec<PullRequest>| page)
            .await
    }

    /// Compares two commits of this repository's network; `None` where they have no common
    /// ancestor. The files are not asked for: GitHub shows at most 300.
    ///
    /// `base` may be a branch or tag too.
    pub async fn compare(
        &self,
        base: &str,
        head: &CommitSha,
    ) -> Result<Option<Comparison>, GitHubError> {
        let below = format!("/compare/{}...{head}?per_page=1", segment(base));
        match self.installation.read(self.at(below)).await {
            Ok(comparison) => Ok(Some(comparison)),
            // "No common ancestor between main and abc."
            Err(GitHubError::Status {
                status: 404,
                message,
                ..
            }) if message.to_ascii_lowercase().contains("common ancestor") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A tree by the id of a tree or commit.
    pub async fn tree(&self, id: &str, recursive: bool) -> Result<GitTree, GitHubError> {
        let query = if recursive { "?recursive=1" } else { "" };
        let below = format!("/git/trees/{}{query}", segment(id));
        self.installation.read(self.at(below)).await
    }

    /// A blob's bytes.
    pub async fn blob(&self, id: &str) -> Result<Vec<u8>, GitHubError> {
        let below = format!("/git/blobs/{}", segment(id));
        let blob: GitBlob = self.installation.read(self.at(below)).await?;
        decode("GET blob", &blob.content, &blob.encoding)
    }

    /// The packed archive of a commit, as GitHub's archive host gives it.
    pub async fn tarball(&self, commit: &CommitSha) -> Result<Bytes, GitHubError> {
        let call = Call {
            method: Method::GET,
            target: self.at(format!("/tarball/{commit}")),
            body: None,
            also: Some(StatusCode::FOUND),
        };
        let (operation, answer) = self.installation.call(call).await?;
        match answer
            .headers
            .get(http::header::LOCATION)
            .map(|l| l.to_str())
        {
            Some(Ok(location)) => self.installation.download(location).await,
            _ if answer.status.is_success() => Ok(answer.body),
            _ => Err(GitHubError::Answer {
                operation,
                message: "the redirect to the archive names no address".to_owned(),
            }),
        }
    }

    /// A file of at most 1 MB at a branch, tag or commit, with its blob id; `None` where there is
    /// none. Without a reference, the default branch.
    pub async fn file(
        &self,
        path: &str,
        reference: Option<&str>,
    ) -> Result<Option<(Vec<u8>, String)>, GitHubError> {
        let path: Vec<String> = path.split('/').map(segment).collect();
        let query = reference.map_or(String::new(), |r| format!("?ref={}", segment(r)));
        let below = format!("/contents/{}{query}", path.join("/"));
        // A folder answers a list: there is no file of this name either.
        let found: serde_json::Value = match self.installation.read(self.at(below)).await {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        if found.is_array() {
            return Ok(None);
        }
        let file: ContentFile =
            serde_json::from_value(found).map_err(|error| GitHubError::Answer {
                operation: "GET contents".to_owned(),
                message: error.to_string(),
            })?;
        let bytes = decode("GET contents", &file.content, &file.encoding)?;
        Ok(Some((bytes, file.sha)))
    }

    /// `admin`, `write`, `read` or `none`; `None` for somebody who is no collaborator.
    pub async fn permission(
        &self,
        login: &str,
    ) -> Result<Option<CollaboratorPermission>, GitHubError> {
        let below = format!("/collaborators/{}/permission", segment(login));
        match self.installation.read(self.at(below)).await {
            Ok(permission) => Ok(Some(permission)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub async fn create_check_run(
        &self,
        run: &CreateCheckRun<'_>,
    ) -> Result<CheckRun, GitHubError> {
        let target = self.at("/check-runs".to_owned());
        let (operation, answer) = self
            .installation
            .write(Method::POST, target, Some(run))
            .await?;
        parse(&operation, &answer)
    }

    pub async fn update_check_run(
        &self,
        id: u64,
        change: &UpdateCheckRun<'_>,
    ) -> Result<CheckRun, GitHubError> {
        let target = self.at(format!("/check-runs/{id}"));
        let (operation, answer) = self
            .installation
            .write(Method::PATCH, target, Some(change))
            .await?;
        parse(&operation, &answer)
    }

    /// A check run as GitHub has it; `None` where it is gone.
    pub async fn check_run(&self, id: u64) -> Result<Option<CheckRun>, GitHubError> {
        match self
            .installation
            .read(self.at(format!("/check-runs/{id}")))
            .await
        {
            Ok(run) => Ok(Some(run)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Check runs of one name that this App made for a commit, all of them, over all pages.
    pub async fn check_runs(&self, query: CheckRunQuery<'_>) -> Result<Vec<CheckRun>, GitHubError> {
        let app = self.installation.app().id();
        let below = format!(
            "/commits/{}/check-runs?check_name={}&filter=all&app_id={app}&per_page=100",
            query.head,
            segment(query.name)
        );
        let mut runs = self
            .installation
            .pages(self.at(below), |page: CheckRunList| page.check_runs)
            .await?;
        // The filter is GitHub's; that they are ours is for us to see.
        runs.retain(|run| run.app.as_ref().is_none_or(|by| by.id == app));
        Ok(runs)
    }

    pub async fn annotations(&self, id: u64) -> Result<Vec<StandingAnnotation>, GitHubError> {
        let first = self.at(format!("/check-runs/{id}/annotations?per_page=100"));
        self.installation
            .pages(first, |page: Vec<StandingAnnotation>| page)
            .await
    }

    /// All comments of a pull request, oldest first.
    pub async fn comments(&self, pull: PullNumber) -> Result<Vec<Comment>, GitHubError> {
        let first = self.at(format!("/issues/{pull}/comments?per_page=100"));
        self.installation
            .pages(first, |page: Vec<Comment>| page)
            .await
    }

    pub async fn create_comment(
        &self,
        pull: PullNumber,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        let target = self.at(format!("/issues/{pull}/comments"));
        let (operation, answer) = self
            .installation
            .write(Method::POST, target, Some(&json!({ "body": body })))
            .await?;
        parse(&operation, &answer)
    }

    pub async fn update_comment(&self, id: u64, body: &str) -> Result<Comment, GitHubError> {
        let target = self.at(format!("/issues/comments/{id}"));
        let (operation, answer) = self
            .installation
            .write(Method::PATCH, target, Some(&json!({ "body": body })))
            .await?;
        parse(&operation, &answer)
    }

    /// Deletes a comment; one that is gone already is no error.
    pub async fn delete_comment(&self, id: u64) -> Result<(), GitHubError> {
        let target = self.at(format!("/issues/comments/{id}"));
        gone_is_done(
            self.installation
                .write::<()>(Method::DELETE, target, None)
                .await,
        )
    }

    pub async fn labels(&self, pull: PullNumber) -> Result<Vec<Label>, GitHubError> {
        let first = self.at(format!("/issues/{pull}/labels?per_page=100"));
        self.installation
            .pages(first, |page: Vec<Label>| page)
            .await
    }

    /// Adds labels to those that stand; adding one twice changes nothing.
    pub async fn add_labels(&self, pull: PullNumber, labels: &[&str]) -> Result<(), GitHubError> {
        let target = self.at(format!("/issues/{pull}/labels"));
        self.installation
            .write(Method::POST, target, Some(&json!({ "labels": labels })))
            .await
            .map(drop)
    }

    /// Removes a label; one that does not stand is no error.
    pub async fn remove_label(&self, pull: PullNumber, label: &str) -> Result<(), GitHubError> {
        let target = self.at(format!("/issues/{pull}/labels/{}", segment(label)));
        gone_is_done(
            self.installation
                .write::<()>(Method::DELETE, target, None)
                .await,
        )
    }
}

fn gone_is_done<T>(result: Result<T, GitHubError>) -> Result<(), GitHubError> {
    match result {
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(()),
    }
}

fn decode(operation: &str, content: &str, encoding: &str) -> Result<Vec<u8>, GitHubError> {
    let error = |message: String| GitHubError::Answer {
        operation: operation.to_owned(),
        message,
    };
    match encoding {
        "base64" => {
            let packed: String = content.split_ascii_whitespace().collect();
            base64::engine::general_purpose::STANDARD
                .decode(packed)
                .map_err(|cause| error(cause.to_string()))
        }
        "utf-8" => Ok(content.as_bytes().to_vec()),
        other => Err(error(format!("its encoding is `{}`", other.escape_debug()))),
    }
}
