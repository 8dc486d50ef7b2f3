//! The client of one installation: credentials, waits, repeats and renamed repositories.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::app::{App, MAX_ATTEMPTS, MAX_PAGES, backoff};
use super::calls::Repository;
use super::error::{GitHubError, Sent};
use super::ids::{InstallationId, RepoId};
use super::lane::Lane;
use super::limits::{self, Budget};
use super::links;
use super::token::TokenCache;
use super::transport::{Answer, MAX_ANSWER_BYTES, Outgoing, Signed, operation};
use super::types::RepositoryInfo;

/// Requests of the hourly budget that new reviews leave alone, so that what is computed can still
/// be published: about ten reviews' worth of writes.
pub const RESERVE: u64 = 100;

/// Where a call goes.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// From the base URI.
    Path(String),
    /// Below `/repos/{owner}/{name}`, by today's name of the repository.
    In(RepoId, String),
}

/// One call, before credentials.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) body: Option<Bytes>,
    /// An answer that counts as success besides 2xx (a redirect to an archive).
    pub(super) also: Option<StatusCode>,
}

/// One installation. Get it from [`App::installation`].
#[derive(Debug)]
pub struct Installation {
    app: Arc<App>,
    id: InstallationId,
    tokens: TokenCache,
    lane: Lane,
    /// Owner and name of repositories, as last heard.
    names: Mutex<BTreeMap<RepoId, (String, String)>>,
}

impl Installation {
    pub(super) fn new(app: Arc<App>, id: InstallationId) -> Self {
        Self {
            lane: Lane::new(app.timing.between_writes),
            app,
            id,
            tokens: TokenCache::default(),
            names: Mutex::default(),
        }
    }

    pub fn id(&self) -> InstallationId {
        self.id
    }

    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The primary budget, as the last answer told it.
    pub fn budget(&self) -> Option<Budget> {
        self.lane.budget()
    }

    /// A repository of this installation. The names may be out of date: they are followed.
    pub fn repository(self: &Arc<Self>, id: RepoId, owner: &str, name: &str) -> Repository {
        self.names()
            .entry(id)
            .or_insert_with(|| (owner.to_owned(), name.to_owned()));
        Repository::new(Arc::clone(self), id)
    }

    /// Refuses new work while little of the hourly budget is left, so that finished reviews can
    /// still be published.
    pub fn ensure_budget(&self) -> Result<(), GitHubError> {
        let now = self.app.now();
        match self.lane.budget() {
            Some(budget)
                if budget.remaining <= RESERVE.min(budget.limit / 10) && budget.reset > now =>
            {
                Err(GitHubError::Limited {
                    operation: "starting a review".to_owned(),
                    message: format!(
                        "{} of {} requests of this hour are left, kept for publishing",
                        budget.remaining, budget.limit
                    ),
                    wait: limits::between(now, budget.reset),
                })
            }
            _ => Ok(()),
        }
    }

    /// All repositories the installation may see (`GET /installation/repositories`).
    pub async fn repositories(self: &Arc<Self>) -> Result<Vec<RepositoryInfo>, GitHubError> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(default)]
            repositories: Vec<RepositoryInfo>,
        }
        let first = Target::Path("/installation/repositories?per_page=100".to_owned());
        self.pages(first, |page: Page| page.repositories).await
    }

    /// A repository by its name today; `None` where there is none that the installation may see.
    pub async fn find_repository(
        self: &Arc<Self>,
        owner: &str,
        name: &str,
    ) -> Result<Option<(Repository, RepositoryInfo)>, GitHubError> {
        let target = Target::Path(format!("/repos/{}/{}", segment(owner), segment(name)));
        let info: RepositoryInfo = match self.read(target).await {
            Ok(info) => info,
            Err(error) if matches!(error.status(), Some(403 | 404 | 451)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (owner, name) = info.names().unwrap_or((owner, name));
        let repository = self.repository(RepoId(info.id), owner, name);
        Ok(Some((repository, info)))
    }

    /// Owner and name, as last heard.
    pub(super) fn name_of(&self, id: RepoId) -> Option<(String, String)> {
        self.names().get(&id).cloned()
    }

    pub(super) async fn read<T: DeserializeOwned>(&self, target: Target) -> Result<T, GitHubError> {
        let (operation, answer) = self.get(target).await?;
        parse(&operation, &answer)
    }

    async fn get(&self, target: Target) -> Result<(String, Answer), GitHubError> {
        self.call(Call {
            method: Method::GET,
            target,
            body: None,
            also: None,
        })
        .await
    }

    /// All pages of a list, in GitHub's order.
    pub(super) async fn pages<P: DeserializeOwned, T>(
        &self,
        first: Target,
        items: impl Fn(P) -> Vec<T>,
    ) -> Result<Vec<T>, GitHubError> {
        let mut all = Vec::new();
        let mut next = Some(first);
        for _ in 0..MAX_PAGES {
            let Some(target) = next.take() else { break };
            let (operation, answer) = self.get(target).await?;
            all.extend(items(parse(&operation, &answer)?));
            next = links::next(&answer.headers, self.app.transport.base())
                .map_err(|message| GitHubError::Answer { operation, message })?
                .map(Target::Path);
        }
        Ok(all)
    }

    /// A write. It is sent again only where GitHub said that it did nothing.
    pub(super) async fn write<B: Serialize + ?Sized>(
        &self,
        method: Method,
        target: Target,
        body: Option<&B>,
    ) -> Result<(String, Answer), GitHubError> {
        let body = body
            .map(|body| serde_json::to_vec(body).map(Bytes::from))
            .transpose()
            .map_err(|error| GitHubError::Transport {
                operation: format!("{method} (writing the request)"),
                sent: Sent::No,
                message: error.to_string(),
            })?;
        self.call(Call {
            method,
            target,
            body,
            also: None,
        })
        .await
    }

    /// Sends a call until it has an answer or may not be repeated.
    pub(super) async fn call(&self, call: Call) -> Result<(String, Answer), GitHubError> {
        let is_read = call.method == Method::GET;
        let mut call = call;
        let (mut attempt, mut renamed, mut renewed) = (0, false, false);
        loop {
            attempt += 1;
            let outgoing = self.outgoing(&call)?;
            let operation = operation(&outgoing);
            if let Some(wait) = self.lane.blocked(self.app.now()) {
                if wait > self.app.timing.wait_in_place {
                    return Err(GitHubError::Limited {
                        operation,
                        message: "GitHub asked this installation to wait".to_owned(),
                        wait,
                    });
                }
                tokio::time::sleep(wait).await;
            }
            let token = self.tokens.get(&self.app, self.id).await?;
            let result = if is_read {
                let _permit = self.lane.read().await;
                self.app
                    .transport
                    .exchange(&outgoing, Signed::Header(&token.header))
                    .await
            } else {
                let _turn = self.lane.write().await;
                self.app
                    .transport
                    .exchange(&outgoing, Signed::Header(&token.header))
                    .await
            };
            let answer = match result {
                Ok(answer) => answer,
                Err(error) => {
                    let never_sent = matches!(error, GitHubError::Transport { sent: Sent::No, .. });
                    if (is_read || never_sent) && attempt < MAX_ATTEMPTS {
                        tokio::time::sleep(backoff(self.app.timing.backoff, attempt)).await;
                        continue;
                    }
                    return Err(error);
                }
            };
            if answer.status.is_success() || Some(answer.status) == call.also {
                self.lane.answered(Budget::of(&answer.headers));
                return Ok((operation, answer));
            }
            let error = status_error(&outgoing, &answer);
            let now = self.app.now();
            let in_a_row = self.lane.limits_in_a_row();
            let words = words_of(&error);
            if let Some(wait) = limits::wait(
                answer.status.as_u16(),
                &answer.headers,
                words,
                in_a_row,
                now,
            ) {
                // Refused, not done: after the wait even a write may be sent again.
                self.lane.block(now, wait);
                if wait <= self.app.timing.wait_in_place && attempt < MAX_ATTEMPTS {
                    continue;
                }
                return Err(GitHubError::Limited {
                    operation,
                    message: words.to_owned(),
                    wait,
                });
            }
            self.lane.answered(Budget::of(&answer.headers));
            match answer.status.as_u16() {
                // Refused before anything was done.
                401 | 403 if token.is_settling(now) && attempt < MAX_ATTEMPTS => {
                    tokio::time::sleep(self.app.timing.backoff * 2).await;
                }
                401 if !renewed => {
                    renewed = true;
                    self.tokens.refused(&token).await;
                }
                301 | 307 | 308 if !renamed => {
                    renamed = true;
                    match &call.target {
                        Target::In(id, _) => {
                            let id = *id;
                            self.resolve(id).await?;
                        }
                        Target::Path(_) if is_read => {
                            let moved = links::moved(&answer.headers, self.app.transport.base());
                            call.target = Target::Path(moved.ok_or(error)?);
                        }
                        Target::Path(_) => return Err(error),
                    }
                }
                500.. if is_read && attempt < MAX_ATTEMPTS => {
                    tokio::time::sleep(backoff(self.app.timing.backoff, attempt)).await;
                }
                403 => return Err(self.explain_forbidden(error).await),
                _ => return Err(error),
            }
        }
    }

    /// Downloads what a redirect points at, without credentials.
    pub(super) async fn download(&self, location: &str) -> Result<Bytes, GitHubError> {
        self.app.transport.download(location).await
    }

    /// Asks for today's name of a repository; whether it is another than was last heard.
    pub(super) async fn resolve(&self, id: RepoId) -> Result<bool, GitHubError> {
        let target = Target::Path(format!("/repositories/{id}"));
        let info: RepositoryInfo = Box::pin(self.read(target)).await?;
        let Some((owner, name)) = info.names() else {
            return Ok(false);
        };
        let now = (owner.to_owned(), name.to_owned());
        let before = self.names().insert(id, now.clone());
        let changed = before.as_ref() != Some(&now);
        if changed {
            tracing::info!(
                github.repository_id = id.0,
                "the repository has another name now"
            );
        }
        Ok(changed)
    }

    async fn explain_forbidden(&self, error: GitHubError) -> GitHubError {
        let words = words_of(&error);
        if words.contains("suspended") {
            self.tokens.forget().await;
            return GitHubError::InstallationGone {
                installation: self.id.0,
                message: words.to_owned(),
            };
        }
        if words.contains("not accessible by integration") {
            return self.app.missing_permission(self.id).await.unwrap_or(error);
        }
        error
    }

    fn outgoing(&self, call: &Call) -> Result<Outgoing, GitHubError> {
        let path = match &call.target {
            Target::Path(path) => path.clone(),
            Target::In(id, below) => {
                let (owner, name) = self.name_of(*id).ok_or_else(|| GitHubError::Transport {
                    operation: format!("{} of repository {id}", call.method),
                    sent: Sent::No,
                    message: "its name is not known".to_owned(),
                })?;
                format!("/repos/{}/{}{below}", segment(&owner), segment(&name))
            }
        };
        // Clients and servers resolve these, encoded or not: the request would go elsewhere.
        let place = path.split('?').next().unwrap_or_default();
        if place.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(GitHubError::Transport {
                operation: format!("{} {place}", call.method),
                sent: Sent::No,
                message: "a name of dots cannot stand in an address".to_owned(),
            });
        }
        Ok(Outgoing {
            method: call.method.clone(),
            path,
            body: call.body.clone(),
            max_bytes: MAX_ANSWER_BYTES,
        })
    }

    fn names(&self) -> std::sync::MutexGuard<'_, BTreeMap<RepoId, (String, String)>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One part of a path, percent-encoded.
pub(super) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The value of an answer's JSON.
pub(super) fn parse<T: DeserializeOwned>(
    operation: &str,
    answer: &Answer,
) -> Result<T, GitHubError> {
    let operation = || operation.split('?').next().unwrap_or_default().to_owned();
    let mut json = serde_json::Deserializer::from_slice(&answer.body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| GitHubError::Answer {
        operation: operation(),
        message: format!("at `{}`: {}", error.path(), error.inner()),
    })
}

/// GitHub's words of an error answer, with the fields it names; HTML and the like are left out.
pub(super) fn status_error(outgoing: &Outgoing, answer: &Answer) -> GitHubError {
    #[derive(Deserialize)]
    struct Words {
        message: Option<String>,
        #[serde(default)]
        errors: Option<serde_json::Value>,
    }
    let words: Option<Words> = serde_json::from_slice(&answer.body).ok();
    let mut message = words
        .as_ref()
        .and_then(|words| words.message.clone())
        .unwrap_or_else(|| "no reason given".to_owned());
    if let Some(errors) = words.and_then(|words| words.errors) {
        message.push_str(&format!(" {errors}"));
    }
    GitHubError::Status {
        operation: operation(outgoing),
        status: answer.status.as_u16(),
        // Enough for GitHub's own sentences; an error must not carry a page.
        message: message.chars().take(500).collect(),
        request_id: limits::header(&answer.headers, "x-github-request-id")
            .map(|id| id.chars().take(100).collect()),
    }
}

fn words_of(error: &GitHubError) -> &str {
    match error {
        GitHubError::Status { message, .. } => message,
        _ => "",
    }
}
