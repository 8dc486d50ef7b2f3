//! The token of one installation: made once however many ask, renewed before it ends.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::app::App;
use super::error::GitHubError;
use super::ids::InstallationId;
use super::limits;

/// A token that ends sooner is replaced, so that a review does not outlive it.
const RENEW_BEFORE: Duration = Duration::from_mins(5);
/// A token that ends sooner is not used even where no new one can be had.
const LAST_USE_BEFORE: Duration = Duration::from_secs(30);
/// GitHub may refuse a new token while it spreads to all its servers.
const SETTLING: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub(super) struct Token {
    /// `Bearer …`, marked as sensitive.
    pub(super) header: HeaderValue,
    made_at: Timestamp,
    expires_at: Timestamp,
}

impl Token {
    /// So new that a refusal may mean nothing.
    pub(super) fn is_settling(&self, now: Timestamp) -> bool {
        limits::between(self.made_at, now) < SETTLING
    }

    fn lasts(&self, now: Timestamp, margin: Duration) -> bool {
        limits::between(now, self.expires_at) > margin
    }
}

/// `POST /app/installations/{id}/access_tokens`
#[derive(Deserialize)]
pub(super) struct MintedToken {
    token: String,
    expires_at: Timestamp,
}

impl MintedToken {
    pub(super) fn into_token(self, now: Timestamp) -> Option<Token> {
        let mut header = HeaderValue::from_str(&format!("Bearer {}", self.token)).ok()?;
        header.set_sensitive(true);
        Some(Token {
            header,
            made_at: now,
            expires_at: self.expires_at,
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct TokenCache {
    /// Held while a token is made: the others wait for it and then find it.
    current: Mutex<Option<Arc<Token>>>,
}

impl TokenCache {
    pub(super) async fn get(
        &self,
        app: &App,
        installation: InstallationId,
    ) -> Result<Arc<Token>, GitHubError> {
        let mut current = self.current.lock().await;
        let now = app.now();
        if let Some(token) = current.as_ref().filter(|t| t.lasts(now, RENEW_BEFORE)) {
            return Ok(Arc::clone(token));
        }
        match app.mint(installation).await {
            Ok(token) => {
                let token = Arc::new(token);
                *current = Some(Arc::clone(&token));
                Ok(token)
            }
            Err(error) => match current.as_ref() {
                Some(old) if error.is_transient() && old.lasts(now, LAST_USE_BEFORE) => {
                    Ok(Arc::clone(old))
                }
                _ => {
                    *current = None;
                    Err(error)
                }
            },
        }
    }

    /// GitHub refused this token: the next caller makes a new one, unless somebody has already.
    pub(super) async fn refused(&self, token: &Arc<Token>) {
        let mut current = self.current.lock().await;
        if current
            .as_ref()
            .is_some_and(|held| Arc::ptr_eq(held, token))
        {
            *current = None;
        }
    }

    pub(super) async fn forget(&self) {
        *self.current.lock().await = None;
    }
}
