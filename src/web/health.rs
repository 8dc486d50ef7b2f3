//! `/healthz`, `/readyz` and `/metrics`: whether the service lives, whether it can take work, and why
//! not; figures. Holds no secret and no candidate's text.
//!
//! `/healthz` fails when the process should be killed. `/readyz` fails when no work should be sent to
//! it: the database does not answer, or it is shutting down. What an operator should look at but
//! other processes would suffer from as well (old jobs, a sweep that fails, GitHub's refusal) is
//! told there as a warning, for taking every process out of service would help nobody.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::store::{QueueStats, Store};
use crate::worker::recover::{LAST_RECONCILE, LAST_SWEEP};
use crate::worker::{AppIdentity, RecoveryError};

use super::metrics::Metrics;

/// A database that takes longer than this is as good as none.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// A job that is due for longer than this should make an operator look.
const OLD_JOB_SECONDS: i64 = 10 * 60;

/// GitHub refuses signatures whose time is more than a minute ahead of its own.
pub const MAX_CLOCK_AHEAD_SECONDS: i64 = 60;

/// What the probes look at; cheap to clone.
#[derive(Clone)]
pub struct Health {
    store: Store,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
    /// Fills in figures that somebody else keeps, before they are written out.
    refresh: Arc<dyn Fn(&Metrics) + Send + Sync>,
    identity: Arc<Mutex<Option<Result<AppIdentity, RecoveryError>>>>,
    pool_lives: Arc<AtomicBool>,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Health").finish_non_exhaustive()
    }
}

impl Health {
    pub fn new(
        store: Store,
        metrics: Arc<Metrics>,
        shutdown: CancellationToken,
        refresh: Arc<dyn Fn(&Metrics) + Send + Sync>,
    ) -> Self {
        Self {
            store,
            metrics,
            shutdown,
            refresh,
            identity: Arc::default(),
            pool_lives: Arc::new(AtomicBool::new(true)),
        }
    }

    /// What GitHub last said about who the App is.
    pub fn set_identity(&self, identity: Result<AppIdentity, RecoveryError>) {
        *self.identity.lock().unwrap_or_else(PoisonError::into_inner) = Some(identity);
    }

    /// The pool has ended.
    pub fn pool_ended(&self) {
        self.pool_lives.store(false, Ordering::SeqCst);
    }

    /// The routes.
    pub fn router(self) -> Router {
        Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self)
    }

    /// What is wrong enough to send no work here, what an operator should know, and the facts.
    async fn look(&self) -> (Vec<String>, Vec<String>, Map<String, Value>) {
        let (mut problems, mut warnings, mut facts) = (Vec::new(), Vec::new(), Map::new());
        if self.shutdown.is_cancelled() {
            problems.push("shutting down".to_owned());
        }
        if !self.pool_lives.load(Ordering::SeqCst) {
            problems.push("no worker runs".to_owned());
        }
        facts.insert("database".to_owned(), json!(self.store.database()));
        match tokio::time::timeout(DATABASE_TIMEOUT, self.store.queue_stats()).await {
            Ok(Ok(stats)) => self.queue(&stats, &mut warnings, &mut facts),
            Ok(Err(error)) => problems.push(format!("the database does not answer: {error}")),
            Err(_) => problems.push(format!(
                "the database does not answer within {} s",
                DATABASE_TIMEOUT.as_secs()
            )),
        }
        if problems.is_empty() {
            for (name, cursor) in [
                ("last_sweep", LAST_SWEEP),
                ("last_reconciliation", LAST_RECONCILE),
            ] {
                let value = self.store.cursor(cursor).await.ok().flatten();
                facts.insert(name.to_owned(), json!(value));
            }
        }
        let identity = self
            .identity
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match identity {
            None => warnings.push("GitHub has not been asked yet who the App is".to_owned()),
            Some(Err(error)) => warnings.push(format!("GitHub does not know the App: {error}")),
            Some(Ok(app)) => {
                facts.insert(
                    "app".to_owned(),
                    json!({"id": app.id, "slug": app.slug,
                           "clock_ahead_seconds": app.clock_ahead_seconds}),
                );
                warnings.extend(app_warnings(&app));
            }
        }
        (problems, warnings, facts)
    }

    fn queue(
        &self,
        stats: &QueueStats,
        warnings: &mut Vec<String>,
        facts: &mut Map<String, Value>,
    ) {
        let oldest = stats
            .oldest_due
            .map(|due| self.store.now().saturating_sub(due) / 1000);
        if let Some(seconds) = oldest.filter(|seconds| *seconds > OLD_JOB_SECONDS) {
            warnings.push(format!("a job is due since {seconds} s"));
        }
        if stats.dead > 0 {
            warnings.push(format!(
                "{} jobs were given up; see `takehome jobs dead`",
                stats.dead
            ));
        }
        facts.insert(
            "jobs".to_owned(),
            json!({"ready": stats.ready, "due": stats.due, "running": stats.running,
                   "dead": stats.dead, "oldest_due_seconds": oldest}),
        );
    }
}

/// What the App needs at GitHub, and why; the manifest in `deploy/` asks for the same.
const NEEDED: [(&str, &str, &str); 5] = [
    ("checks", "write", "to show the review as a check run"),
    ("contents", "read", "to read the code and the rules"),
    (
        "issues",
        "read",
        "to hear the comment that asks for a review",
    ),
    ("metadata", "read", "to know who may ask for a review"),
    (
        "pull_requests",
        "write",
        "to hear of pull requests, read them and comment on them",
    ),
];

/// Events the App must be subscribed to. `installation` and its kin come by themselves, check runs
/// and suites with the permission to write them.
const EVENTS: [&str; 4] = ["pull_request", "issue_comment", "push", "repository"];

/// What is wrong with the App's registration or this machine's clock, in sentences.
pub fn app_warnings(app: &AppIdentity) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, level, why) in NEEDED {
        let has = app.permissions.get(name).map(String::as_str);
        let enough = matches!(
            (level, has),
            ("write", Some("write" | "admin")) | ("read", Some("read" | "write" | "admin"))
        );
        if !enough {
            warnings.push(format!(
                "the App lacks the permission {name}: {level} (it has {}), which it needs {why}",
                has.unwrap_or("none")
            ));
        }
    }
    for event in EVENTS {
        if !app.events.iter().any(|subscribed| subscribed == event) {
            warnings.push(format!(
                "the App is not subscribed to the event {event}; tick it on the App's page at GitHub"
            ));
        }
    }
    if let Some(ahead) = app.clock_ahead_seconds
        && ahead.abs() > MAX_CLOCK_AHEAD_SECONDS
    {
        warnings.push(format!(
            "this machine's clock is {} s {} GitHub's; it refuses signatures that are more \
                 than a minute off: set the clock (NTP)",
            ahead.abs(),
            if ahead > 0 { "ahead of" } else { "behind" }
        ));
    }
    warnings
}

async fn healthz(State(health): State<Health>) -> Response {
    let lives = health.pool_lives.load(Ordering::SeqCst) || health.shutdown.is_cancelled();
    let (status, text) = if lives {
        (StatusCode::OK, "alive")
    } else {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the workers have ended; restart me",
        )
    };
    let body = json!({"status": text, "version": env!("CARGO_PKG_VERSION")});
    (status, Json(body)).into_response()
}

async fn readyz(State(health): State<Health>) -> Response {
    let (problems, warnings, facts) = health.look().await;
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body = json!({
        "ready": problems.is_empty(),
        "problems": problems,
        "warnings": warnings,
        "facts": facts,
    });
    (status, Json(body)).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    if let Ok(Ok(stats)) = tokio::time::timeout(DATABASE_TIMEOUT, health.store.queue_stats()).await
    {
        health.metrics.queue(&stats, health.store.now());
    }
    (health.refresh)(&health.metrics);
    match health.metrics.text() {
        Ok(text) => (
            [(
                CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            )],
            text,
        )
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
