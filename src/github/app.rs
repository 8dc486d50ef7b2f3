//! The App: its identity, its installations (one client each), and the calls it makes as itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Uri, header};
use jiff::Timestamp;
use jsonwebtoken::EncodingKey;
use octocrab::auth::AppAuth;
use octocrab::models::AppId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Clock;
use super::error::GitHubError;
use super::ids::InstallationId;
use super::installation::{Installation, parse, status_error};
use super::limits;
use super::links;
use super::token::{MintedToken, Token};
use super::transport::{Answer, MAX_ANSWER_BYTES, Outgoing, Signed, Transport};

/// What tokens may do, though the installation may have granted more; and why, for the person who
/// must grant it. <https://docs.github.com/rest/authentication/permissions-required-for-github-apps>
pub(super) const PERMISSIONS: [(&str, &str, &str); 4] = [
    ("checks", "write", "to show the review as a check run"),
    (
        "contents",
        "read",
        "to read the code that is reviewed and the rules",
    ),
    (
        "metadata",
        "read",
        "to know repositories and who may ask for a review",
    ),
    (
        "pull_requests",
        "write",
        "to read pull requests and to comment on them",
    ),
];

/// Most pages of one list; 100 entries each.
pub(super) const MAX_PAGES: usize = 100;

/// Waits of the client. Tests shorten them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    pub connect: Duration,
    /// For one request and its whole answer.
    pub deadline: Duration,
    /// Between the starts of two writes of one installation; GitHub asks for a second.
    pub between_writes: Duration,
    /// First wait before a read is repeated; doubled each time.
    pub backoff: Duration,
    /// A rate limit that ends sooner is waited for in place; a longer one is an error with its time.
    pub wait_in_place: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            deadline: Duration::from_mins(1),
            between_writes: Duration::from_secs(1),
            backoff: Duration::from_millis(500),
            wait_in_place: Duration::from_secs(5),
        }
    }
}

/// Who the App is and where its GitHub is.
#[derive(Clone)]
pub struct Settings {
    /// `https://api.github.com`, `https://HOST/api/v3`, or a simulator.
    pub api_url: Uri,
    pub app_id: u64,
    /// From [`super::private_key`].
    pub private_key: EncodingKey,
    pub timing: Timing,
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("api_url", &self.api_url)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// The App. One per process; cheap to share.
pub struct App {
    id: u64,
    auth: AppAuth,
    pub(super) transport: Transport,
    pub(super) timing: Timing,
    clock: Clock,
    /// Seconds to add to our clock for signatures, learnt from a refusal.
    clock_correction: AtomicI64,
    installations: Mutex<BTreeMap<InstallationId, Arc<Installation>>>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// `GET /app`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct AppInfo {
    pub id: u64,
    #[serde(default)]
    pub slug: Option<String>,
    #[serde(default)]
    pub permissions: BTreeMap<String, Value>,
    #[serde(default)]
    pub events: Vec<String>,
}

impl App {
    /// Must be called within a tokio runtime.
    pub fn new(settings: Settings, clock: Clock) -> Result<Arc<Self>, GitHubError> {
        let auth = AppAuth {
            app_id: AppId(settings.app_id),
            key: settings.private_key,
        };
        let timing = settings.timing;
        let transport = Transport::new(
            settings.api_url,
            auth.clone(),
            timing.connect,
            timing.deadline,
        )?;
        Ok(Arc::new(Self {
            id: settings.app_id,
            auth,
            transport,
            timing,
            clock,
            clock_correction: AtomicI64::new(0),
            installations: Mutex::default(),
        }))
    }

    pub fn id(&self) -> u64 {
        self.id
    }

    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The client of an installation: always the same one, so that its token, its write lane and
    /// its budget are shared.
    pub fn installation(self: &Arc<Self>, id: InstallationId) -> Arc<Installation> {
        let mut installations = self
            .installations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            installations
                .entry(id)
                .or_insert_with(|| Arc::new(Installation::new(Arc::clone(self), id))),
        )
    }

    /// Drops what is known of an installation: its token must not be used again.
    pub fn forget(&self, id: InstallationId) {
        self.installations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    /// Budget of every installation that was spoken to, for the metrics.
    pub fn budgets(&self) -> BTreeMap<InstallationId, limits::Budget> {
        let installations = self
            .installations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        installations
            .iter()
            .filter_map(|(id, installation)| Some((*id, installation.budget()?)))
            .collect()
    }

    /// A call as the App itself. Reads are repeated; writes are not.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, GitHubError> {
        let outgoing = Outgoing {
            body: body.map(|value| Bytes::from(value.to_string())),
            path: path.to_owned(),
            max_bytes: MAX_ANSWER_BYTES,
            method,
        };
        let is_read = outgoing.method == Method::GET;
        let mut attempt = 0;
        let mut corrected = false;
        loop {
            attempt += 1;
            let result = match self.signed_exchange(&outgoing).await {
                Ok(answer) if answer.status.is_success() => return Ok(answer),
                Ok(answer) => {
                    let error = status_error(&outgoing, &answer);
                    if answer.status == 401 {
                        if !corrected && self.correct_clock(&answer) {
                            corrected = true;
                            continue; // nothing was done
                        }
                        return Err(self.identity_error(&error, &answer));
                    }
                    // What GitHub says to the id of an App that there is not.
                    let unknown = matches!(&error, GitHubError::Status { status: 404, message, .. }
                        if message.contains("Integration not found"));
                    if unknown {
                        return Err(self.identity_error(&error, &answer));
                    }
                    let message = error.to_string();
                    let wait = limits::wait(
                        answer.status.as_u16(),
                        &answer.headers,
                        &message,
                        0,
                        self.now(),
                    );
                    match wait {
                        Some(wait) => {
                            return Err(GitHubError::Limited {
                                operation: super::transport::operation(&outgoing),
                                message: "GitHub asks the App to wait".to_owned(),
                                wait,
                            });
                        }
                        None => error,
                    }
                }
                Err(error) => error,
            };
            let may_repeat = is_read
                || matches!(
                    &result,
                    GitHubError::Transport {
                        sent: super::Sent::No,
                        ..
                    }
                );
            if !may_repeat || !result.is_transient() || attempt >= MAX_ATTEMPTS {
                return Err(result);
            }
            tokio::time::sleep(backoff(self.timing.backoff, attempt)).await;
        }
    }

    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<(T, Answer), GitHubError> {
        let answer = self.call(Method::GET, path, None).await?;
        let value = parse(&format!("GET {path}"), &answer)?;
        Ok((value, answer))
    }

    /// All pages of a list, in order, until `more` says that it has seen enough.
    pub(super) async fn read_pages<T: DeserializeOwned>(
        &self,
        path: &str,
        mut more: impl FnMut(&T) -> bool,
    ) -> Result<Vec<T>, GitHubError> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        for _ in 0..MAX_PAGES {
            let Some(path) = next.take() else { break };
            let (page, answer): (Vec<T>, _) = self.read(&path).await?;
            for item in page {
                if !more(&item) {
                    return Ok(items);
                }
                items.push(item);
            }
            next = links::next(&answer.headers, self.transport.base()).map_err(|message| {
                GitHubError::Answer {
                    operation: format!("GET {path}"),
                    message,
                }
            })?;
        }
        Ok(items)
    }

    /// Makes a token for an installation, with no more rights than the service uses.
    pub(super) async fn mint(&self, id: InstallationId) -> Result<Token, GitHubError> {
        let permissions: serde_json::Map<String, Value> = PERMISSIONS
            .iter()
            .map(|(name, access, _)| ((*name).to_owned(), Value::from(*access)))
            .collect();
        let path = format!("/app/installations/{id}/access_tokens");
        let body = json!({ "permissions": permissions });
        // A token that is made and lost does no harm: this write may be repeated.
        let mut attempt = 0;
        let answer = loop {
            attempt += 1;
            match self.call(Method::POST, &path, Some(&body)).await {
                Ok(answer) => break answer,
                Err(error) if error.is_unclear() && attempt < MAX_ATTEMPTS => {
                    tokio::time::sleep(backoff(self.timing.backoff, attempt)).await;
                }
                Err(error) => return Err(self.explain_mint(id, error).await),
            }
        };
        let operation = format!("POST {path}");
        let minted: MintedToken = parse(&operation, &answer)?;
        minted
            .into_token(self.now())
            .ok_or_else(|| GitHubError::Answer {
                operation,
                message: "the token cannot stand in a header".to_owned(),
            })
    }

    async fn explain_mint(&self, id: InstallationId, error: GitHubError) -> GitHubError {
        match error.status() {
            Some(404) => GitHubError::InstallationGone {
                installation: id.0,
                message: "GitHub does not know it".to_owned(),
            },
            Some(403) => GitHubError::InstallationGone {
                installation: id.0,
                message: error.to_string(),
            },
            Some(422) => self.missing_permission(id).await.unwrap_or(error),
            _ => error,
        }
    }

    /// Which permission the installation lacks, if it lacks one.
    pub(super) async fn missing_permission(&self, id: InstallationId) -> Option<GitHubError> {
        #[derive(Deserialize)]
        struct Granted {
            #[serde(default)]
            permissions: BTreeMap<String, Value>,
        }
        let path = format!("/app/installations/{id}");
        let (granted, _): (Granted, _) = self.read(&path).await.ok()?;
        PERMISSIONS
            .iter()
            .find(|(name, access, _)| {
                let has = granted.permissions.get(*name).and_then(Value::as_str);
                !(has == Some(access) || has == Some("write") || has == Some("admin"))
            })
            .map(
                |(permission, access, reason)| GitHubError::MissingPermission {
                    permission,
                    access,
                    reason,
                },
            )
    }

    async fn signed_exchange(&self, outgoing: &Outgoing) -> Result<Answer, GitHubError> {
        let correction = self.clock_correction.load(Ordering::Relaxed);
        if correction == 0 {
            return self.transport.exchange(outgoing, Signed::App).await;
        }
        let header = self.corrected_signature(correction)?;
        self.transport
            .exchange(outgoing, Signed::Header(&header))
            .await
    }

    /// octocrab signs by this machine's clock; where that is wrong, we sign by GitHub's.
    fn corrected_signature(&self, correction: i64) -> Result<HeaderValue, GitHubError> {
        let identity = |message: String| GitHubError::Identity { message };
        let now = self.now().as_second() + correction;
        let claims = json!({ "iss": self.id.to_string(), "iat": now - 60, "exp": now + 540 });
        let algorithm = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
        let token = jsonwebtoken::encode(&algorithm, &claims, &self.auth.key)
            .map_err(|error| identity(error.to_string()))?;
        let mut header = HeaderValue::from_str(&format!("Bearer {token}"))
            .map_err(|error| identity(error.to_string()))?;
        header.set_sensitive(true);
        Ok(header)
    }

    /// Learns GitHub's time from a refusal; `false` where our clock is not the reason.
    fn correct_clock(&self, answer: &Answer) -> bool {
        let Some(ahead) = self.clock_ahead(answer) else {
            return false;
        };
        // Half a minute is within what signatures allow.
        if ahead.abs() < 30 || self.clock_correction.load(Ordering::Relaxed) != 0 {
            return false;
        }
        tracing::warn!(
            clock.ahead_seconds = ahead,
            "this machine's clock is wrong; signatures for GitHub are made by GitHub's clock"
        );
        self.clock_correction.store(-ahead, Ordering::Relaxed);
        true
    }

    /// Seconds this machine is ahead of the answer's `Date`.
    pub(super) fn clock_ahead(&self, answer: &Answer) -> Option<i64> {
        let date = limits::header(&answer.headers, header::DATE.as_str())?;
        let there = limits::http_date(date)?;
        Some(self.now().as_second() - there.as_second())
    }

    fn identity_error(&self, error: &GitHubError, answer: &Answer) -> GitHubError {
        let ahead = self.clock_ahead(answer).unwrap_or(0);
        let mut message = match error {
            GitHubError::Status { message, .. } => message.clone(),
            other => other.to_string(),
        };
        if ahead.abs() >= 60 {
            message.push_str(&format!(
                "; this machine's clock is {} s {} GitHub's: set it right (NTP)",
                ahead.abs(),
                if ahead > 0 { "ahead of" } else { "behind" }
            ));
        } else {
            message.push_str(&format!(
                "; check that {} is the App's id and that the private key is one of this App's",
                self.id
            ));
        }
        GitHubError::Identity { message }
    }
}

/// Attempts of one read in all.
pub(super) const MAX_ATTEMPTS: u32 = 4;

/// Waits before the next attempt: doubled each time, between half and the whole of it.
pub(super) fn backoff(first: Duration, attempt: u32) -> Duration {
    let whole = first * 2_u32.pow(attempt.saturating_sub(1).min(6));
    let spread = uuid::Uuid::new_v4().as_u128() % 1_000;
    whole / 2 + whole.mul_f64(spread as f64 / 2_000.0)
}
