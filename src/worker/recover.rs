//! Finds what was missed: deliveries that failed, pull requests that no event told of.
//!
//! Goals: every open pull request is reviewed at its head, whatever was lost on the way; nothing is
//! asked of GitHub more often than needed, however many processes share the database.
//!
//! - The **sweep** reads GitHub's list of delivery attempts, groups them by GUID, and asks for those
//!   again of which no attempt was `OK` and which are not stored. GitHub keeps the list for three days
//!   and never redelivers by itself. Each GUID is asked for at most [`MAX_REDELIVERIES`] times.
//! - The **reconciliation** lists open pull requests and queues those whose head was never looked at.
//!   It alone finds what GitHub never sent (more than 25 MB, more than three days of downtime).
//!
//! Both take turns through the store, so that of several processes one does it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::store::{Applied, Change, InstallationState, PullState, ReviewRequest, Store, millis};
use crate::web::metrics::Metrics;

use super::{DeliveryAttempt, GitHubRecovery, RecoveryError, Why};

/// How often one event is asked for again: a delivery that fails so often fails for a reason.
pub const MAX_REDELIVERIES: u32 = 5;

/// Redeliveries asked for in one sweep, so that a long outage does not flood the service at once.
pub const MAX_PER_SWEEP: usize = 100;

/// GitHub can deliver again for three days; an hour less, for the list takes time to walk.
pub const WINDOW: Duration = Duration::from_hours(71);

/// Attempts that arrive late in GitHub's list are found by looking back a little further.
const OVERLAP: Duration = Duration::from_mins(10);

/// What is younger may still be on its way.
const SETTLE: Duration = Duration::from_secs(30);

/// At its start a process looks again unless another has looked within this time: what was missed
/// while it was down does not wait for the next interval, and one that starts over and over asks
/// GitHub no more often than this.
const AT_START: Duration = Duration::from_secs(30);

/// Name of the cursor in the store: time of the oldest delivery that is still to be seen, RFC 3339.
pub const CURSOR: &str = "sweep";

/// Name of the store's note when the last sweep ended.
pub const LAST_SWEEP: &str = "last-sweep";

/// Name of the store's note when the last reconciliation ended.
pub const LAST_RECONCILE: &str = "last-reconcile";

/// How often to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoverySettings {
    pub sweep_every: Duration,
    pub reconcile_every: Duration,
    /// Days that deliveries and finished jobs are kept; longer than GitHub can redeliver.
    pub keep: Duration,
}

impl Default for RecoverySettings {
    fn default() -> Self {
        Self {
            sweep_every: Duration::from_mins(5),
            reconcile_every: Duration::from_mins(30),
            keep: Duration::from_hours(336),
        }
    }
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Events of which no attempt was `OK`.
    pub failed: usize,
    /// Redeliveries asked for.
    pub asked: usize,
    /// Events that were asked for too often already.
    pub given_up: usize,
}

/// What a reconciliation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    pub installations: usize,
    /// Open pull requests that GitHub listed.
    pub open: usize,
    /// Reviews that were queued.
    pub queued: usize,
}

/// Why recovery stopped half-way.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    #[error("GitHub: {0}")]
    GitHub(#[from] RecoveryError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// Sweeps and reconciles at start, at intervals, and when `reconcile` is notified, until `shutdown`.
pub async fn run(
    store: Store,
    github: Arc<dyn GitHubRecovery>,
    settings: RecoverySettings,
    reconcile: Arc<Notify>,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
) {
    let sweeps = async {
        let mut since = AT_START.min(settings.sweep_every / 2);
        loop {
            if turn(&store, "sweep", since).await {
                note_sweep(sweep(&store, &*github).await, &metrics);
                forget(&store, settings.keep).await;
            }
            since = settings.sweep_every / 2;
            tokio::time::sleep(settings.sweep_every).await;
        }
    };
    let reconciliations = async {
        let mut since = AT_START.min(settings.reconcile_every / 2);
        loop {
            if turn(&store, "reconcile", since).await {
                note_reconcile(reconcile_all(&store, &*github).await, &metrics);
            }
            since = settings.reconcile_every / 2;
            tokio::select! {
                () = tokio::time::sleep(settings.reconcile_every) => {}
                () = reconcile.notified() => {
                    // An installation is created and its repositories are added in one go.
                    tokio::time::sleep(Duration::from_secs(2)).await;
                    note_reconcile(reconcile_all(&store, &*github).await, &metrics);
                }
            }
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = sweeps => {}
        () = reconciliations => {}
    }
}

/// Whether it is this process's turn: nobody took one within this time.
async fn turn(store: &Store, name: &str, since: Duration) -> bool {
    match store.take_turn(name, since).await {
        Ok(ours) => ours,
        Err(error) => {
            tracing::error!(error = %error, recovery = name, "no turn could be taken");
            false
        }
    }
}

fn note_sweep(result: Result<Swept, RecoverError>, metrics: &Metrics) {
    match result {
        Ok(swept) => {
            metrics.recovered("sweep", "done", 1);
            metrics.recovered("sweep", "redelivered", swept.asked as u64);
            metrics.recovered("sweep", "given_up", swept.given_up as u64);
            if swept.failed > 0 {
                tracing::warn!(
                    failed = swept.failed,
                    asked = swept.asked,
                    given_up = swept.given_up,
                    "deliveries had failed; they were asked for again"
                );
            }
        }
        Err(error) => {
            metrics.recovered("sweep", "failed", 1);
            tracing::error!(error = %error, "sweep of deliveries failed");
        }
    }
}

fn note_reconcile(result: Result<Reconciled, RecoverError>, metrics: &Metrics) {
    match result {
        Ok(done) => {
            metrics.recovered("reconcile", "done", 1);
            metrics.recovered("reconcile", "queued", done.queued as u64);
            tracing::info!(
                installations = done.installations,
                open = done.open,
                queued = done.queued,
                "open pull requests reconciled"
            );
        }
        Err(error) => {
            metrics.recovered("reconcile", "failed", 1);
            tracing::error!(error = %error, "reconciliation failed");
        }
    }
}

async fn forget(store: &Store, keep: Duration) {
    let before = store.now().saturating_sub(millis(keep));
    match store.forget_before(before).await {
        Ok(0) => {}
        Ok(deliveries) => tracing::info!(deliveries, "old deliveries forgotten"),
        Err(error) => tracing::error!(error = %error, "old deliveries not forgotten"),
    }
}

/// One sweep of GitHub's list of deliveries.
pub async fn sweep(store: &Store, github: &dyn GitHubRecovery) -> Result<Swept, RecoverError> {
    let now = store.now();
    let oldest = now.saturating_sub(millis(WINDOW));
    let since = store
        .cursor(CURSOR)
        .await?
        .and_then(|text| text.parse::<Timestamp>().ok())
        .map_or(oldest, Timestamp::as_millisecond)
        .max(oldest);
    let attempts = github
        .deliveries_since(timestamp(since.saturating_sub(millis(OVERLAP))))
        .await?;
    let mut by_guid: BTreeMap<&str, Vec<&DeliveryAttempt>> = BTreeMap::new();
    for attempt in &attempts {
        by_guid.entry(&attempt.guid).or_default().push(attempt);
    }
    let mut swept = Swept::default();
    let mut unfinished: Option<i64> = None;
    for (guid, attempts) in &by_guid {
        if attempts.iter().any(|attempt| attempt.is_ok()) {
            continue;
        }
        let Some(newest) = attempts.iter().max_by_key(|a| (a.delivered_at, a.id)) else {
            continue;
        };
        let at = newest.delivered_at.as_millisecond();
        let mut keep_looking = || {
            unfinished = Some(unfinished.map_or(at, |before: i64| before.min(at)));
        };
        if now.saturating_sub(at) < millis(SETTLE) {
            keep_looking();
            continue;
        }
        // Stored, though the answer was lost on its way to GitHub.
        if store.delivery(guid).await?.is_some() {
            continue;
        }
        swept.failed += 1;
        if swept.asked >= MAX_PER_SWEEP {
            keep_looking();
            continue;
        }
        match store.count_redelivery(guid, MAX_REDELIVERIES).await? {
            None => swept.given_up += 1,
            Some(_) => {
                keep_looking();
                match github.redeliver(newest.id).await {
                    Ok(()) => swept.asked += 1,
                    // One that GitHub will not deliver again must not hold up the others.
                    Err(error) if error.retry_after.is_none() => {
                        tracing::warn!(github.delivery = guid, error = %error, "redelivery refused");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }
    // What was asked for must be seen to arrive: the cursor stays before it.
    let cursor = unfinished.map_or(now, |at| at.min(now));
    store
        .set_cursor(CURSOR, &timestamp(cursor).to_string())
        .await?;
    store
        .set_cursor(LAST_SWEEP, &timestamp(now).to_string())
        .await?;
    Ok(swept)
}

/// One comparison of all open pull requests with what was reviewed.
pub async fn reconcile_all(
    store: &Store,
    github: &dyn GitHubRecovery,
) -> Result<Reconciled, RecoverError> {
    let mut done = Reconciled::default();
    let listed = github.installations().await?;
    // An `installation.deleted` that was lost: jobs for it would fail for ever.
    for known in store.installations().await? {
        let gone = !listed
            .iter()
            .any(|installation| installation.id == known.id);
        if gone && known.state != InstallationState::Removed {
            store
                .apply(&[Change::Installation {
                    id: known.id,
                    account: known.account,
                    state: InstallationState::Removed,
                }])
                .await?;
        }
    }
    let mut failed = None;
    for installation in listed {
        done.installations += 1;
        let state = if installation.suspended {
            InstallationState::Suspended
        } else {
            InstallationState::Active
        };
        store
            .apply(&[Change::Installation {
                id: installation.id,
                account: installation.account,
                state,
            }])
            .await?;
        if installation.suspended {
            continue;
        }
        let open = match github.open_pull_requests(installation.id).await {
            Ok(open) => open,
            // One organisation's trouble is not the others'.
            Err(error) => {
                tracing::warn!(error = %error, github.installation = installation.id, "open pull requests not listed");
                failed = Some(error);
                continue;
            }
        };
        done.open += open.len();
        for found in open {
            let applied = store
                .apply(&[Change::Found {
                    draft: found.draft,
                    request: ReviewRequest {
                        pull: found.pull,
                        state: Some(PullState {
                            head_sha: found.head_sha,
                            base_ref: found.base_ref,
                            said_at: found.updated_at.as_millisecond(),
                        }),
                        why: Why::Reconciled,
                        asked_by: None,
                    },
                }])
                .await?;
            done.queued += applied
                .iter()
                .filter(|applied| matches!(applied, Applied::Queued(_)))
                .count();
        }
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    store
        .set_cursor(LAST_RECONCILE, &timestamp(store.now()).to_string())
        .await?;
    Ok(done)
}

fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}
