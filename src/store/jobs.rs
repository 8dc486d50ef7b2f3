//! The life of a job: claimed under a lease, kept alive, finished, failed, given up, taken over.
//!
//! Every write of a worker names the fence it was given at the claim. When a lease ran out and
//! somebody else took the job, the fence is higher and the late worker's write changes nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::store::sql::{Row, Tx, args};
use crate::worker::{
    ConcludeJob, ConcludeWhy, Person, PullRequestRef, ReviewJob, ReviewOutcome, RulesJob, Why,
};

use super::clock::{Millis, millis};
use super::error::{Result, StoreError};
use super::{Store, queue};

/// What kind of work a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    Review,
    Conclude,
    Rules,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    /// Waits for its time and a worker.
    Ready,
    /// Leased by a worker.
    Running,
    Done,
    /// Given up; an operator may retry it.
    Dead,
    /// Something newer for the same pull request took its place.
    Superseded,
    /// The pull request was closed, or the App removed.
    Cancelled,
}

macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $type {
            /// All, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the database, on the command line and in the metrics.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The one with this word.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.word() == word)
            }
        }
    };
}
words!(JobKind { Review = "review", Conclude = "conclude", Rules = "rules" });
words!(JobState {
    Ready = "ready",
    Running = "running",
    Done = "done",
    Dead = "dead",
    Superseded = "superseded",
    Cancelled = "cancelled",
});

/// Why a running job should stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// A newer head or base.
    Superseded,
    /// The pull request was closed.
    Closed,
    /// The App or the repository is gone.
    Removed,
}
words!(Cancel { Superseded = "superseded", Closed = "closed", Removed = "removed" });

impl Cancel {
    fn end(self) -> JobState {
        match self {
            Self::Superseded => JobState::Superseded,
            Self::Closed | Self::Removed => JobState::Cancelled,
        }
    }
}

/// The part of a job that no query asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Detail {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<Why>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asked_by: Option<Person>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) conclude: Option<ConcludeWhy>,
}

/// The work of a claimed job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobWork {
    Review(ReviewJob),
    Conclude(ConcludeJob),
    Rules(RulesJob),
}

/// A job under lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    pub id: i64,
    /// Grows with every claim; every write about this job names it.
    pub fence: i64,
    pub attempt: u32,
    pub work: JobWork,
    /// When the job was made.
    pub created_at: Millis,
    /// When it should have run.
    pub run_at: Millis,
}

/// The answer to a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heartbeat {
    /// The lease is longer now.
    Kept,
    /// The lease is longer now, but the work should stop.
    Stop(Cancel),
    /// Somebody else has the job, or it was ended: write nothing more.
    Lost,
}

/// What became of a failed job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Runs again at this time.
    Again { at: Millis },
    /// Given up; a job that ends its check runs was made where it was a review.
    Dead,
    /// It should have stopped anyway.
    Stopped(JobState),
    /// Not ours any more.
    Lost,
}

/// A job as it is stored, for operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredJob {
    pub id: i64,
    pub kind: String,
    pub state: String,
    pub installation_id: u64,
    pub repository_id: u64,
    /// `owner/name` as last heard.
    pub repository: Option<String>,
    pub pull_number: Option<u64>,
    pub head_sha: Option<String>,
    pub delivery_id: Option<String>,
    pub worker: Option<String>,
    pub attempts: u64,
    pub max_attempts: u64,
    pub cancel: Option<String>,
    pub last_error: Option<String>,
    pub outcome: Option<String>,
    pub note: Option<String>,
    /// Milliseconds since 1970, as all times here.
    pub created_at: Millis,
    pub run_at: Millis,
    pub lease_until: Option<Millis>,
    pub started_at: Option<Millis>,
    pub finished_at: Option<Millis>,
}

/// Which jobs to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobFilter {
    /// All states where `None`.
    pub state: Option<JobState>,
    pub at_most: u32,
}

impl Default for JobFilter {
    fn default() -> Self {
        Self {
            state: None,
            at_most: 50,
        }
    }
}

/// The queue in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Waiting, whether their time has come or not.
    pub ready: u64,
    /// Waiting although their time has come.
    pub due: u64,
    pub running: u64,
    /// Given up.
    pub dead: u64,
    /// Time at which the job that is due longest should have run.
    pub oldest_due: Option<Millis>,
}

/// The claim. PostgreSQL locks the row it picks and passes over rows that others hold; on SQLite
/// one writer at a time is the rule anyway. Among equals the installation with the least running
/// work goes first, so that one busy organisation does not hold up the others.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE jobs SET state = 'running', worker = $2, lease_until = $3, fence = fence + 1,
                 attempts = attempts + 1, started_at = $1
             WHERE state = 'ready' AND id = (
                 SELECT j.id FROM jobs j
                 WHERE j.state = 'ready' AND j.run_at <= $1
                     AND NOT EXISTS (SELECT 1 FROM jobs r
                                     WHERE r.serial_key = j.serial_key AND r.state = 'running')
                 ORDER BY j.priority,
                     (SELECT count(*) FROM jobs b
                      WHERE b.installation_id = j.installation_id AND b.state = 'running'),
                     j.run_at, j.id
                 LIMIT 1 ",
            $lock,
            ") RETURNING *"
        )
    };
}

/// Jobs whose lease ran out.
macro_rules! expired {
    ($lock:literal) => {
        concat!(
            "SELECT * FROM jobs WHERE state = 'running' AND lease_until <= $1 ORDER BY id ",
            $lock
        )
    };
}

const JOB_COLUMNS: &str = "SELECT j.*, r.owner, r.name FROM jobs j
     LEFT JOIN repositories r ON r.id = j.repository_id
     WHERE ($1 = '' OR j.state = $1) ORDER BY j.id DESC LIMIT $2";

impl Store {
    /// Leases the next job that is due, if there is one.
    pub async fn claim(&self, worker: &str, lease: Duration) -> Result<Option<Claimed>> {
        // Two processes that pick different jobs of one pull request at the same moment: the unique
        // index lets one through, the other looks again.
        self.retrying(|| self.claim_once(worker, lease)).await
    }

    async fn claim_once(&self, worker: &str, lease: Duration) -> Result<Option<Claimed>> {
        let now = self.now();
        let mut tx = self.engine.begin().await?;
        let statement = if tx.is_postgres() {
            claim!("FOR UPDATE OF j SKIP LOCKED")
        } else {
            claim!("")
        };
        let Some(row) = tx
            .first(
                statement,
                args![now, worker, now.saturating_add(millis(lease))],
            )
            .await?
        else {
            return Ok(None);
        };
        let names = tx
            .first(
                "SELECT owner, name FROM repositories WHERE id = $1",
                args![row.id("repository_id")?],
            )
            .await?;
        let claimed = claimed(&row, names.as_ref())?;
        tx.commit().await?;
        Ok(Some(claimed))
    }

    /// Makes the lease longer, and asks whether the work should stop.
    pub async fn heartbeat(&self, job: &Claimed, lease: Duration) -> Result<Heartbeat> {
        let until = self.now().saturating_add(millis(lease));
        let mut tx = self.engine.begin().await?;
        let row = tx
            .first(
                "UPDATE jobs SET lease_until = $3
                 WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING cancel",
                args![job.id, job.fence, until],
            )
            .await?;
        tx.commit().await?;
        Ok(match row {
            None => Heartbeat::Lost,
            Some(row) => match cancel(&row)? {
                Some(cancel) => Heartbeat::Stop(cancel),
                None => Heartbeat::Kept,
            },
        })
    }

    /// Asks whether the work should stop, without a sign of life.
    pub async fn should_stop(&self, job: &Claimed) -> Result<Heartbeat> {
        let row = self
            .engine
            .first(
                "SELECT cancel FROM jobs WHERE id = $1 AND fence = $2 AND state = 'running'",
                args![job.id, job.fence],
            )
            .await?;
        Ok(match row {
            None => Heartbeat::Lost,
            Some(row) => match cancel(&row)? {
                Some(cancel) => Heartbeat::Stop(cancel),
                None => Heartbeat::Kept,
            },
        })
    }

    /// Ends a job well. `false` where it was no longer ours.
    pub async fn finish(&self, job: &Claimed, outcome: &ReviewOutcome) -> Result<bool> {
        self.end(job, JobState::Done, outcome.word(), &outcome.note())
            .await
    }

    /// Ends a job that is no review well. `false` where it was no longer ours.
    pub async fn finish_plain(&self, job: &Claimed) -> Result<bool> {
        self.end(job, JobState::Done, "done", "").await
    }

    /// Ends a job that was told to stop. `false` where it was no longer ours.
    pub async fn stopped(&self, job: &Claimed, why: Cancel) -> Result<bool> {
        self.end(job, why.end(), why.word(), "stopped while it ran")
            .await
    }

    async fn end(
        &self,
        job: &Claimed,
        state: JobState,
        outcome: &'static str,
        note: &str,
    ) -> Result<bool> {
        let ended = self
            .retrying(|| {
                self.engine.execute(
                    "UPDATE jobs SET state = $3, outcome = $4, note = $5, finished_at = $6,
                         lease_until = NULL, worker = NULL
                     WHERE id = $1 AND fence = $2 AND state = 'running'",
                    args![job.id, job.fence, state.word(), outcome, note, self.now()],
                )
            })
            .await?;
        // What waited behind it may run now.
        self.news_for_all().await?;
        Ok(ended > 0)
    }

    /// A job failed and may run again at `again_at`; `None` where it would fail again in the same
    /// way. A wait that GitHub asked for is not `counted` as an attempt, but has an end all the
    /// same: [`super::QueueRules::max_age`].
    pub async fn fail(
        &self,
        job: &Claimed,
        error: &str,
        again_at: Option<Millis>,
        counted: bool,
    ) -> Result<Failed> {
        let failed = self
            .retrying(|| self.fail_once(job, error, again_at, counted))
            .await?;
        self.wake();
        Ok(failed)
    }

    async fn fail_once(
        &self,
        job: &Claimed,
        error: &str,
        again_at: Option<Millis>,
        counted: bool,
    ) -> Result<Failed> {
        let mut tx = self.engine.begin().await?;
        let row = tx
            .first(
                "UPDATE jobs SET last_error = $3
                 WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING *",
                args![job.id, job.fence, error],
            )
            .await?;
        let Some(row) = row else {
            return Ok(Failed::Lost);
        };
        let failed = self.failed(&mut tx, &row, error, again_at, counted).await?;
        queue::notify(&mut tx).await?;
        tx.commit().await?;
        Ok(failed)
    }

    /// What becomes of a running job that did not end well; the row is locked by this transaction.
    async fn failed(
        &self,
        tx: &mut Tx,
        row: &Row,
        error: &str,
        again_at: Option<Millis>,
        counted: bool,
    ) -> Result<Failed> {
        let now = self.now();
        let id = row.int("id")?;
        if let Some(cancel) = cancel(row)? {
            tx.execute(
                "UPDATE jobs SET state = $2, outcome = $3, note = 'stopped while it ran',
                     finished_at = $4, lease_until = NULL, worker = NULL WHERE id = $1",
                args![id, cancel.end().word(), cancel.word(), now],
            )
            .await?;
            return Ok(Failed::Stopped(cancel.end()));
        }
        let attempts = row.int("attempts")?;
        let spent = counted && attempts >= row.int("max_attempts")?;
        let too_old = now.saturating_sub(row.int("created_at")?) >= millis(self.rules.max_age);
        if let (Some(at), false, false) = (again_at, spent, too_old) {
            tx.execute(
                "UPDATE jobs SET state = 'ready', run_at = $2, attempts = $3, lease_until = NULL,
                     worker = NULL WHERE id = $1",
                args![
                    id,
                    at,
                    if counted {
                        attempts
                    } else {
                        (attempts - 1).max(0)
                    }
                ],
            )
            .await?;
            return Ok(Failed::Again { at });
        }
        tx.execute(
            "UPDATE jobs SET state = 'dead', outcome = 'given up', note = $3, finished_at = $2,
                 lease_until = NULL, worker = NULL WHERE id = $1",
            args![id, now, error],
        )
        .await?;
        if let ("review", Some(number)) = (row.text("kind")?.as_str(), row.maybe_id("pull_number")?)
        {
            queue::conclude_given_up(
                tx,
                &self.rules,
                now,
                row.id("installation_id")?,
                row.id("repository_id")?,
                number,
                error,
            )
            .await?;
        }
        Ok(Failed::Dead)
    }

    /// Gives a job back untouched (shutdown); the attempt is not counted.
    pub async fn release(&self, job: &Claimed) -> Result<bool> {
        let mut tx = self.engine.begin().await?;
        let row = tx
            .first(
                "UPDATE jobs SET last_error = last_error
                 WHERE id = $1 AND fence = $2 AND state = 'running' RETURNING *",
                args![job.id, job.fence],
            )
            .await?;
        let Some(row) = row else {
            return Ok(false);
        };
        if let Some(cancel) = cancel(&row)? {
            tx.commit().await?;
            return self.stopped(job, cancel).await;
        }
        tx.execute(
            "UPDATE jobs SET state = 'ready', run_at = $2, attempts = attempts - 1,
                 lease_until = NULL, worker = NULL WHERE id = $1",
            args![job.id, self.now()],
        )
        .await?;
        queue::notify(&mut tx).await?;
        tx.commit().await?;
        self.wake();
        Ok(true)
    }

    /// Takes back the jobs of workers that died: their leases ran out. Returns how many.
    pub async fn reap(&self) -> Result<u64> {
        let reaped = self.retrying(|| self.reap_once()).await?;
        if reaped > 0 {
            self.wake();
        }
        Ok(reaped)
    }

    async fn reap_once(&self) -> Result<u64> {
        const DIED: &str = "the process that ran it died or stalled: its lease ran out";
        let now = self.now();
        let looked = self
            .engine
            .first(
                "SELECT id FROM jobs WHERE state = 'running' AND lease_until <= $1",
                args![now],
            )
            .await?;
        if looked.is_none() {
            return Ok(0);
        }
        let mut tx = self.engine.begin().await?;
        let statement = if tx.is_postgres() {
            expired!("FOR UPDATE SKIP LOCKED")
        } else {
            expired!("")
        };
        let rows = tx.rows(statement, args![now]).await?;
        for row in &rows {
            tx.execute(
                "UPDATE jobs SET last_error = $2 WHERE id = $1",
                args![row.int("id")?, DIED],
            )
            .await?;
            self.failed(&mut tx, row, DIED, Some(now), true).await?;
        }
        if !rows.is_empty() {
            queue::notify(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }

    /// Runs a job again that was given up, or at once one that waits. The state it was in, or
    /// `None` where there is no such job. Others than ready and dead ones are left as they are.
    pub async fn retry(&self, id: i64) -> Result<Option<JobState>> {
        let now = self.now();
        let mut tx = self.engine.begin().await?;
        let Some(row) = tx
            .first("SELECT state FROM jobs WHERE id = $1", args![id])
            .await?
        else {
            return Ok(None);
        };
        let was = state(&row)?;
        tx.execute(
            "UPDATE jobs SET state = 'ready', attempts = 0, run_at = $2, created_at = $2,
                 finished_at = NULL, outcome = NULL, note = NULL, cancel = NULL
             WHERE id = $1 AND state IN ('ready', 'dead')",
            args![id, now],
        )
        .await?;
        queue::notify(&mut tx).await?;
        tx.commit().await?;
        self.wake();
        Ok(Some(was))
    }

    /// One job.
    pub async fn job(&self, id: i64) -> Result<Option<StoredJob>> {
        self.engine
            .first(
                "SELECT j.*, r.owner, r.name FROM jobs j
                 LEFT JOIN repositories r ON r.id = j.repository_id WHERE j.id = $1",
                args![id],
            )
            .await?
            .map(|row| stored(&row))
            .transpose()
    }

    /// Jobs, newest first.
    pub async fn jobs(&self, filter: JobFilter) -> Result<Vec<StoredJob>> {
        let state = filter.state.map_or("", JobState::word);
        self.engine
            .rows(JOB_COLUMNS, args![state, filter.at_most])
            .await?
            .iter()
            .map(stored)
            .collect()
    }

    /// The queue in figures.
    pub async fn queue_stats(&self) -> Result<QueueStats> {
        let now = self.now();
        let rows = self
            .engine
            .rows(
                "SELECT state, count(*) AS jobs FROM jobs
                 WHERE state IN ('ready', 'running', 'dead') GROUP BY state",
                Vec::new(),
            )
            .await?;
        let mut stats = QueueStats::default();
        for row in &rows {
            let jobs = row.count("jobs")?;
            match state(row)? {
                JobState::Ready => stats.ready = jobs,
                JobState::Running => stats.running = jobs,
                JobState::Dead => stats.dead = jobs,
                _ => {}
            }
        }
        if let Some(row) = self
            .engine
            .first(
                "SELECT count(*) AS due, min(run_at) AS oldest FROM jobs
                 WHERE state = 'ready' AND run_at <= $1",
                args![now],
            )
            .await?
        {
            stats.due = row.count("due")?;
            stats.oldest_due = row.maybe_int("oldest")?;
        }
        Ok(stats)
    }

    /// Wakes the workers of all processes.
    async fn news_for_all(&self) -> Result<()> {
        self.wake();
        if self.engine.is_postgres() {
            self.engine
                .rows("SELECT pg_notify($1, '')", args![super::CHANNEL])
                .await?;
        }
        Ok(())
    }
}

fn cancel(row: &Row) -> Result<Option<Cancel>> {
    row.maybe_text("cancel")?
        .map(|word| {
            Cancel::of(&word).ok_or_else(|| StoreError::Corrupt(format!("cancel `{word}`")))
        })
        .transpose()
}

fn state(row: &Row) -> Result<JobState> {
    let word = row.text("state")?;
    JobState::of(&word).ok_or_else(|| StoreError::Corrupt(format!("job state `{word}`")))
}

fn claimed(row: &Row, names: Option<&Row>) -> Result<Claimed> {
    let id = row.int("id")?;
    let attempts = row.int("attempts")?;
    let attempt = u32::try_from(attempts).unwrap_or(u32::MAX);
    let detail: Detail = serde_json::from_str(&row.text("detail")?)
        .map_err(|error| StoreError::Corrupt(format!("detail of job {id}: {error}")))?;
    let (owner, repository) = match names {
        Some(names) => (names.text("owner")?, names.text("name")?),
        None => (String::new(), String::new()),
    };
    let installation_id = row.id("installation_id")?;
    let repository_id = row.id("repository_id")?;
    let pull = || -> Result<PullRequestRef> {
        Ok(PullRequestRef {
            installation_id,
            repository_id,
            owner: owner.clone(),
            repository: repository.clone(),
            number: row
                .maybe_id("pull_number")?
                .ok_or_else(|| StoreError::Corrupt(format!("job {id} without a number")))?,
        })
    };
    let kind = row.text("kind")?;
    let work = match JobKind::of(&kind) {
        Some(JobKind::Review) => JobWork::Review(ReviewJob {
            id,
            attempt,
            last_attempt: attempts >= row.int("max_attempts")?,
            pull: pull()?,
            head_sha: row.maybe_text("head_sha")?,
            why: detail.why.unwrap_or(Why::Pushed),
            asked_by: detail.asked_by,
            delivery_id: row.maybe_text("delivery_id")?,
        }),
        Some(JobKind::Conclude) => JobWork::Conclude(ConcludeJob {
            id,
            attempt,
            pull: pull()?,
            why: detail
                .conclude
                .ok_or_else(|| StoreError::Corrupt(format!("job {id} without a reason")))?,
        }),
        Some(JobKind::Rules) => JobWork::Rules(RulesJob {
            id,
            attempt,
            installation_id,
            repository_id,
            owner,
            repository,
            commit: row.maybe_text("head_sha")?,
        }),
        None => return Err(StoreError::Corrupt(format!("job {id} of kind `{kind}`"))),
    };
    Ok(Claimed {
        id,
        fence: row.int("fence")?,
        attempt,
        work,
        created_at: row.int("created_at")?,
        run_at: row.int("run_at")?,
    })
}

fn stored(row: &Row) -> Result<StoredJob> {
    let repository = match (row.maybe_text("owner")?, row.maybe_text("name")?) {
        (Some(owner), Some(name)) => Some(format!("{owner}/{name}")),
        _ => None,
    };
    Ok(StoredJob {
        id: row.int("id")?,
        kind: row.text("kind")?,
        state: row.text("state")?,
        installation_id: row.id("installation_id")?,
        repository_id: row.id("repository_id")?,
        repository,
        pull_number: row.maybe_id("pull_number")?,
        head_sha: row.maybe_text("head_sha")?,
        delivery_id: row.maybe_text("delivery_id")?,
        worker: row.maybe_text("worker")?,
        attempts: row.count("attempts")?,
        max_attempts: row.count("max_attempts")?,
        cancel: row.maybe_text("cancel")?,
        last_error: row.maybe_text("last_error")?,
        outcome: row.maybe_text("outcome")?,
        note: row.maybe_text("note")?,
        created_at: row.int("created_at")?,
        run_at: row.int("run_at")?,
        lease_until: row.maybe_int("lease_until")?,
        started_at: row.maybe_int("started_at")?,
        finished_at: row.maybe_int("finished_at")?,
    })
}
