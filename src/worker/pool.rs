//! The pool: claims jobs, keeps their leases, retries, stops what is superseded, drains.
//!
//! Each of the pool's tasks runs one job at a time. While a job runs its lease is renewed and the
//! store is asked whether the work should stop; a lease that cannot be renewed until it runs out
//! stops the work, for another process may have it by then. A panic in a job is that job's failure.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::store::{
    Cancel, Claimed, Failed, Heartbeat, JobKind, JobWork, Store, StoreError, millis,
};
use crate::web::metrics::Metrics;

use super::{ReviewError, ReviewOutcome, Reviewer};

/// How the pool works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolSettings {
    /// Jobs at once.
    pub workers: usize,
    /// Name of this process in the store, for operators.
    pub name: String,
    /// How long a job stays ours without a sign of life; a dead process's jobs are taken over after
    /// this time. Longer than any pause of a healthy process.
    pub lease: Duration,
    /// How often the store is looked at when no news comes.
    pub poll: Duration,
    /// How long running jobs may go on after shutdown was asked for. Orchestrators kill after 30 s.
    pub drain: Duration,
    /// First wait before a failed job runs again; doubled with each attempt, spread by jitter.
    pub backoff: Duration,
    /// Longest such wait.
    pub backoff_max: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().map_or(2, usize::from),
            name: format!("takehome-{}", std::process::id()),
            lease: Duration::from_mins(1),
            poll: Duration::from_secs(5),
            drain: Duration::from_secs(20),
            backoff: Duration::from_secs(5),
            backoff_max: Duration::from_mins(15),
        }
    }
}

/// How long a job that was told to stop may take before it is dropped where it stands.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// Signs of life per lease: three may be lost.
const BEATS_PER_LEASE: u32 = 4;

/// Runs jobs until `shutdown`, then drains and returns. Must be polled to its end: dropping it
/// leaves leases to run out by themselves.
pub async fn run(
    store: Store,
    reviewer: Arc<dyn Reviewer>,
    settings: PoolSettings,
    metrics: Arc<Metrics>,
    shutdown: CancellationToken,
) {
    let pool = Arc::new(Pool {
        store,
        reviewer,
        settings,
        metrics,
        shutdown,
        abort: CancellationToken::new(),
    });
    let mut tasks = JoinSet::new();
    for number in 0..pool.settings.workers.max(1) {
        let pool = Arc::clone(&pool);
        tasks.spawn(async move { pool.work(number).await });
    }
    let listener = {
        let store = pool.store.clone();
        tokio::spawn(async move { store.listen().await })
    };
    let reaper = {
        let pool = Arc::clone(&pool);
        tokio::spawn(async move { pool.reap().await })
    };
    pool.shutdown.cancelled().await;
    let drained = async { while tasks.join_next().await.is_some() {} };
    tokio::pin!(drained);
    if tokio::time::timeout(pool.settings.drain, &mut drained)
        .await
        .is_err()
    {
        tracing::warn!("jobs still run after the time to drain; they are stopped and given back");
        pool.abort.cancel();
        drained.await;
    }
    reaper.abort();
    listener.abort();
}

struct Pool {
    store: Store,
    reviewer: Arc<dyn Reviewer>,
    settings: PoolSettings,
    metrics: Arc<Metrics>,
    /// No new jobs.
    shutdown: CancellationToken,
    /// No jobs at all.
    abort: CancellationToken,
}

/// Why a running job was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Asked(Cancel),
    /// The lease went to somebody else or could not be renewed.
    Lost,
    Shutdown,
}

/// How a job's work came out.
enum Came {
    Review(Result<ReviewOutcome, ReviewError>),
    Plain(Result<(), ReviewError>),
}

impl Pool {
    async fn work(&self, number: usize) {
        let name = format!("{}/{number}", self.settings.name);
        let mut news = self.store.news();
        while !self.shutdown.is_cancelled() {
            // Seen before the look: what comes during it wakes the wait below.
            news.borrow_and_update();
            match self.store.claim(&name, self.settings.lease).await {
                Ok(Some(job)) => self.run(job).await,
                Ok(None) => {
                    tokio::select! {
                        () = self.shutdown.cancelled() => {}
                        _ = news.changed() => {}
                        () = tokio::time::sleep(self.settings.poll) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(error = %error, "no job could be claimed");
                    tokio::select! {
                        () = self.shutdown.cancelled() => {}
                        () = tokio::time::sleep(self.settings.poll) => {}
                    }
                }
            }
        }
    }

    /// Takes over the jobs of dead processes.
    async fn reap(&self) {
        let every = self.settings.lease / BEATS_PER_LEASE;
        loop {
            match self.store.reap().await {
                Ok(0) => {}
                Ok(jobs) => tracing::warn!(jobs, "jobs of a dead process were taken back"),
                Err(error) => tracing::error!(error = %error, "expired leases not looked for"),
            }
            tokio::time::sleep(every).await;
        }
    }

    async fn run(&self, job: Claimed) {
        let kind = kind(&job.work);
        let began = Instant::now();
        let waited = self.store.now().saturating_sub(job.run_at);
        self.metrics
            .job_claimed(Duration::from_millis(u64::try_from(waited).unwrap_or(0)));
        let span = tracing::info_span!(
            "job",
            job.id = job.id,
            job.kind = kind.word(),
            job.attempt = job.attempt,
            github.delivery = delivery(&job.work),
            github.repository_id = repository(&job.work),
            github.pull = pull(&job.work),
        );
        let outcome = tracing::Instrument::instrument(self.run_claimed(&job), span).await;
        self.metrics
            .job_ended(kind.word(), outcome, began.elapsed());
    }

    async fn run_claimed(&self, job: &Claimed) -> &'static str {
        tracing::info!("job begins");
        let cancel = CancellationToken::new();
        let work = AssertUnwindSafe(self.perform(job, cancel.clone())).catch_unwind();
        tokio::pin!(work);
        let stop = tokio::select! {
            came = &mut work => return self.settle(job, came, None).await,
            stop = self.keep(job) => stop,
        };
        tracing::info!(reason = ?stop, "job is told to stop");
        cancel.cancel();
        // The lease is kept by what is left of it; the grace is shorter.
        match tokio::time::timeout(STOP_GRACE, &mut work).await {
            Ok(came) => self.settle(job, came, Some(stop)).await,
            Err(_) => {
                tracing::warn!("job did not stop in time and was dropped");
                self.give_up(job, stop).await
            }
        }
    }

    async fn perform(&self, job: &Claimed, cancel: CancellationToken) -> Came {
        match &job.work {
            JobWork::Review(work) => Came::Review(self.reviewer.review(work.clone(), cancel).await),
            JobWork::Conclude(work) => {
                Came::Plain(self.reviewer.conclude(work.clone(), cancel).await)
            }
            JobWork::Rules(work) => {
                Came::Plain(self.reviewer.reload_rules(work.clone(), cancel).await)
            }
        }
    }

    /// Renews the lease until there is a reason to stop.
    async fn keep(&self, job: &Claimed) -> Stop {
        let mut news = self.store.news();
        let beat = self.settings.lease / BEATS_PER_LEASE;
        let mut held_until = Instant::now() + self.settings.lease;
        loop {
            tokio::select! {
                () = self.abort.cancelled() => return Stop::Shutdown,
                () = tokio::time::sleep(beat) => {}
                _ = news.changed() => {
                    // Cheaper than a sign of life: most news is about other jobs.
                    match self.store.should_stop(job).await {
                        Ok(Heartbeat::Kept) | Err(_) => {}
                        Ok(Heartbeat::Stop(why)) => return Stop::Asked(why),
                        Ok(Heartbeat::Lost) => return Stop::Lost,
                    }
                    if held_until > Instant::now() + beat {
                        continue;
                    }
                }
            }
            let asked = Instant::now();
            match self.store.heartbeat(job, self.settings.lease).await {
                Ok(Heartbeat::Kept) => held_until = asked + self.settings.lease,
                Ok(Heartbeat::Stop(why)) => return Stop::Asked(why),
                Ok(Heartbeat::Lost) => return Stop::Lost,
                Err(error) => {
                    tracing::warn!(error = %error, "lease not renewed");
                    if Instant::now() + beat >= held_until {
                        return Stop::Lost;
                    }
                }
            }
        }
    }

    /// Writes down how a job came out; one word for the metrics.
    async fn settle(
        &self,
        job: &Claimed,
        came: Result<Came, Box<dyn std::any::Any + Send>>,
        stop: Option<Stop>,
    ) -> &'static str {
        let error = match came {
            Ok(Came::Review(Ok(outcome))) => {
                tracing::info!(outcome = outcome.word(), note = outcome.note(), "job done");
                let word = outcome.word();
                return Self::stored(self.store.finish(job, &outcome).await, word);
            }
            Ok(Came::Plain(Ok(()))) => {
                tracing::info!("job done");
                return Self::stored(self.store.finish_plain(job).await, "done");
            }
            Ok(Came::Review(Err(error)) | Came::Plain(Err(error))) => error,
            Err(panic) => {
                let message = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned())
                    .unwrap_or_default();
                ReviewError::transient(format!("a bug of takehome: it panicked: {message}"))
            }
        };
        if let Some(stop) = stop {
            return self.give_up(job, stop).await;
        }
        let (again_at, counted) = match &error {
            ReviewError::Permanent { .. } => (None, true),
            // Nobody asked it to stop: a bug of the reviewer, tried again.
            ReviewError::Cancelled => (Some(self.backoff(job.attempt)), true),
            ReviewError::Transient { retry_after, .. } => {
                let wait = self.backoff(job.attempt);
                (
                    Some(retry_after.map_or(wait, |asked| asked.max(self.settings.backoff))),
                    retry_after.is_none(),
                )
            }
        };
        let again_at = again_at.map(|wait| self.store.now().saturating_add(millis(wait)));
        let message = error.to_string();
        let failed = Self::persist(|| self.store.fail(job, &message, again_at, counted)).await;
        match failed {
            Ok(Failed::Again { at }) => {
                let wait = at.saturating_sub(self.store.now());
                tracing::warn!(error = %error, wait_ms = wait, "job failed, runs again");
                "retried"
            }
            Ok(Failed::Dead) => {
                tracing::error!(error = %error, "job given up; see `takehome jobs list --state dead`");
                "dead"
            }
            Ok(Failed::Stopped(state)) => {
                tracing::info!(error = %error, state = state.word(), "job ended, it was to stop anyway");
                state.word()
            }
            Ok(Failed::Lost) => {
                tracing::warn!(error = %error, "job failed, but its lease was lost");
                "lost"
            }
            Err(store) => {
                tracing::error!(error = %error, store = %store, "job failed and that could not be stored; its lease will run out");
                "not_stored"
            }
        }
    }

    /// Writes down that a job was stopped.
    async fn give_up(&self, job: &Claimed, stop: Stop) -> &'static str {
        match stop {
            Stop::Asked(why) => Self::stored(self.store.stopped(job, why).await, why.word()),
            Stop::Shutdown => Self::stored(self.store.release(job).await, "released"),
            Stop::Lost => "lost",
        }
    }

    fn stored(result: Result<bool, StoreError>, word: &'static str) -> &'static str {
        match result {
            Ok(true) => word,
            Ok(false) => {
                tracing::warn!("the job's end was not stored: its lease was lost");
                "lost"
            }
            Err(error) => {
                tracing::error!(error = %error, "the job's end was not stored; its lease will run out and it runs again");
                "not_stored"
            }
        }
    }

    /// Tries a write a few times while the database has a hiccup.
    async fn persist<T, F>(mut write: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        const TRIES: u32 = 3;
        let mut last = write().await;
        for _ in 1..TRIES {
            match &last {
                Err(error) if error.is_transient() => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    last = write().await;
                }
                _ => break,
            }
        }
        last
    }

    /// 2^n times the first wait, at most the longest, of which a random half: jobs that failed
    /// together do not come back together.
    fn backoff(&self, attempt: u32) -> Duration {
        let doubled = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let full = self
            .settings
            .backoff
            .saturating_mul(doubled)
            .min(self.settings.backoff_max);
        let random = uuid::Uuid::new_v4().as_u128() as u32;
        full / 2 + (full / 2).mul_f64(f64::from(random) / f64::from(u32::MAX))
    }
}

fn kind(work: &JobWork) -> JobKind {
    match work {
        JobWork::Review(_) => JobKind::Review,
        JobWork::Conclude(_) => JobKind::Conclude,
        JobWork::Rules(_) => JobKind::Rules,
    }
}

fn delivery(work: &JobWork) -> Option<&str> {
    match work {
        JobWork::Review(job) => job.delivery_id.as_deref(),
        _ => None,
    }
}

fn repository(work: &JobWork) -> u64 {
    match work {
        JobWork::Review(job) => job.pull.repository_id,
        JobWork::Conclude(job) => job.pull.repository_id,
        JobWork::Rules(job) => job.repository_id,
    }
}

fn pull(work: &JobWork) -> Option<u64> {
    match work {
        JobWork::Review(job) => Some(job.pull.number),
        JobWork::Conclude(job) => Some(job.pull.number),
        JobWork::Rules(_) => None,
    }
}
