//! What can go wrong between this service and GitHub. No error holds a token, a key, a header or
//! the query of an address.

use std::time::Duration;

/// Whether a request can have reached GitHub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It was never sent: no connection.
    No,
    /// It may have been sent, and may have taken effect.
    Maybe,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHubError {
    /// No whole answer came.
    #[error("{operation}: {message}")]
    Transport {
        /// `PATCH /repos/acme/shop/check-runs/1`
        operation: String,
        sent: Sent,
        message: String,
    },
    /// GitHub answered with an error.
    #[error("{operation}: GitHub answered {status}: {message}{}", request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default())]
    Status {
        operation: String,
        status: u16,
        /// GitHub's own words, with the fields of `errors` where it named any.
        message: String,
        request_id: Option<String>,
    },
    /// A primary or secondary rate limit, or our own reserve: nothing was done.
    #[error("{operation}: {message}; wait {} s", wait.as_secs())]
    Limited {
        operation: String,
        message: String,
        wait: Duration,
    },
    /// GitHub said yes and the answer could not be understood.
    #[error("{operation}: the answer could not be read: {message}")]
    Answer { operation: String, message: String },
    /// The installation lacks a permission that the service needs.
    #[error(
        "the installation has not granted `{permission}: {access}`, which is needed {reason}; \
         accept the App's new permissions in the organisation's settings"
    )]
    MissingPermission {
        permission: &'static str,
        access: &'static str,
        reason: &'static str,
    },
    /// GitHub does not take this machine's signature.
    #[error("GitHub refused the App's identity: {message}")]
    Identity { message: String },
    /// The App was removed from the account, or suspended there.
    #[error("installation {installation} is gone or suspended: {message}")]
    InstallationGone { installation: u64, message: String },
}

impl GitHubError {
    /// The status GitHub answered with.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self.status(), Some(404 | 410))
    }

    /// For a write: it may or may not have taken effect. Look before it is sent again.
    pub fn is_unclear(&self) -> bool {
        match self {
            Self::Transport { sent, .. } => *sent == Sent::Maybe,
            Self::Status { status, .. } => *status >= 500,
            Self::Answer { .. } => true,
            _ => false,
        }
    }

    /// The same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport { .. } | Self::Limited { .. } | Self::Answer { .. } => true,
            // A token can be refused for seconds after it was made; a repeated refusal is counted
            // by the job's attempts.
            Self::Status { status, .. } => *status >= 500 || matches!(status, 401 | 408 | 429),
            Self::MissingPermission { .. }
            | Self::Identity { .. }
            | Self::InstallationGone { .. } => false,
        }
    }

    /// How long GitHub (or our own reserve) asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Limited { wait, .. } => Some(*wait),
            _ => None,
        }
    }

    /// For a write: nothing was changed.
    pub fn was_refused(&self) -> bool {
        !self.is_unclear()
    }
}
