//! What a change does to the queue: which jobs are made, superseded, cancelled. All inside the
//! caller's transaction.
//!
//! Rules that hold here:
//! - at most one job of a pull request runs at a time (a unique index, and the claim looks for it);
//! - a push displaces the reviews of its pull request that wait, and stops the one that runs if its
//!   head or base is another;
//! - a request that needs a person's permission displaces nothing: somebody without permission must
//!   not be able to make a review vanish;
//! - what GitHub said later holds, in whatever order events arrive.

use crate::store::sql::{Tx, args};
use crate::worker::{ConcludeWhy, Person, PullRequestRef, Why};

use super::change::{Applied, Change, PullState, ReviewRequest};
use super::clock::{Millis, millis};
use super::error::{Result, StoreError};
use super::jobs::Detail;
use super::known::{self, InstallationState};
use super::{CHANNEL, QueueRules};

/// Requests of different people that may wait for one pull request: more are answered by these.
const MAX_ASKED: usize = 3;

/// Lower runs first: rules before what obeys them, endings before beginnings, people before pushes.
mod priority {
    pub(super) const RULES: i64 = 0;
    pub(super) const CONCLUDE: i64 = 1;
    pub(super) const ASKED: i64 = 2;
    pub(super) const PUSHED: i64 = 3;
    pub(super) const RECONCILED: i64 = 5;
}

/// The key of which only one job runs at a time.
pub(super) fn pull_key(repository_id: u64, number: u64) -> String {
    format!("{repository_id}#{number}")
}

/// Tells the other processes on PostgreSQL; they get it when the transaction is committed.
pub(super) async fn notify(tx: &mut Tx) -> Result<()> {
    if tx.is_postgres() {
        tx.rows("SELECT pg_notify($1, '')", args![CHANNEL]).await?;
    }
    Ok(())
}

/// Jobs of this delivery that were given up run again; an operator who presses "Redeliver" on
/// GitHub's page means that.
pub(super) async fn revive_dead_jobs(tx: &mut Tx, now: Millis, delivery: &str) -> Result<u64> {
    let revived = tx
        .execute(
            "UPDATE jobs SET state = 'ready', attempts = 0, run_at = $2, created_at = $2,
                 finished_at = NULL, cancel = NULL
             WHERE delivery_id = $1 AND state = 'dead' AND kind = 'review'",
            args![delivery, now],
        )
        .await?;
    if revived > 0 {
        notify(tx).await?;
    }
    Ok(revived)
}

pub(super) async fn apply(
    tx: &mut Tx,
    rules: &QueueRules,
    now: Millis,
    delivery: Option<&str>,
    change: &Change,
) -> Result<Applied> {
    let cx = &Cx {
        rules,
        now,
        delivery,
    };
    match change {
        Change::Review(request) => review(tx, cx, request).await,
        Change::Found { request, draft } => found(tx, cx, request, *draft).await,
        Change::Closed { pull, state } => closed(tx, cx, pull, state).await,
        Change::ReviewOfCheckRun {
            installation_id,
            repository_id,
            owner,
            repository,
            check_run_id,
            external_id,
            head_sha,
            asked_by,
        } => {
            let mut numbers = tx
                .rows(
                    "SELECT pull_number FROM check_runs WHERE repository_id = $1 AND id = $2",
                    args![*repository_id, *check_run_id],
                )
                .await?;
            if let (true, Some(external_id)) = (numbers.is_empty(), external_id) {
                numbers = tx
                    .rows(
                        "SELECT DISTINCT pull_number FROM check_runs
                         WHERE repository_id = $1 AND external_id = $2 ORDER BY pull_number",
                        args![*repository_id, external_id],
                    )
                    .await?;
            }
            let mut pulls = Vec::new();
            for row in &numbers {
                pulls.push(row.id("pull_number")?);
            }
            if pulls.is_empty() {
                pulls = pulls_of_head(tx, *repository_id, head_sha).await?;
            }
            let base = PullRequestRef {
                installation_id: *installation_id,
                repository_id: *repository_id,
                owner: owner.clone(),
                repository: repository.clone(),
                number: 0,
            };
            rerequested(tx, cx, base, pulls, asked_by).await
        }
        Change::ReviewOfHead {
            installation_id,
            repository_id,
            owner,
            repository,
            head_sha,
            asked_by,
        } => {
            let pulls = pulls_of_head(tx, *repository_id, head_sha).await?;
            let base = PullRequestRef {
                installation_id: *installation_id,
                repository_id: *repository_id,
                owner: owner.clone(),
                repository: repository.clone(),
                number: 0,
            };
            rerequested(tx, cx, base, pulls, asked_by).await
        }
        Change::ReloadRules {
            installation_id,
            repository_id,
            owner,
            repository,
            commit,
        } => {
            known::remember_repository(
                tx,
                now,
                *repository_id,
                *installation_id,
                owner,
                repository,
            )
            .await?;
            let key = format!("rules:{installation_id}");
            supersede_ready(tx, now, &key, "rules").await?;
            let job = NewJob {
                kind: "rules",
                serial_key: key,
                priority: priority::RULES,
                run_at: now,
                installation_id: *installation_id,
                repository_id: *repository_id,
                pull_number: None,
                head_sha: commit.as_deref(),
                base_ref: None,
                asked_by: None,
                detail: Detail::default(),
            };
            Ok(Applied::Queued(insert(tx, cx, job).await?))
        }
        Change::Installation { id, account, state } => {
            known::remember_installation(tx, now, *id, account, *state).await?;
            if *state != InstallationState::Active {
                tx.execute(
                    "UPDATE jobs SET state = 'cancelled', finished_at = $2, outcome = 'gone',
                         note = 'the App was removed or suspended'
                     WHERE installation_id = $1 AND state = 'ready'",
                    args![*id, now],
                )
                .await?;
                tx.execute(
                    "UPDATE jobs SET cancel = 'removed'
                     WHERE installation_id = $1 AND state = 'running' AND cancel IS NULL",
                    args![*id],
                )
                .await?;
            }
            Ok(Applied::Noted)
        }
        Change::Repository {
            id,
            installation_id,
            owner,
            name,
        } => {
            known::remember_repository(tx, now, *id, *installation_id, owner, name).await?;
            // A transfer takes what waits along to the installation that may do it.
            tx.execute(
                "UPDATE jobs SET installation_id = $2 WHERE repository_id = $1 AND state = 'ready'",
                args![*id, *installation_id],
            )
            .await?;
            Ok(Applied::Noted)
        }
        Change::RepositoriesRemoved { ids } => {
            for id in ids {
                known::forget_repository(tx, now, *id).await?;
                tx.execute(
                    "UPDATE jobs SET state = 'cancelled', finished_at = $2, outcome = 'gone',
                         note = 'the repository was removed from the installation'
                     WHERE repository_id = $1 AND state = 'ready'",
                    args![*id, now],
                )
                .await?;
                tx.execute(
                    "UPDATE jobs SET cancel = 'removed'
                     WHERE repository_id = $1 AND state = 'running' AND cancel IS NULL",
                    args![*id],
                )
                .await?;
            }
            Ok(Applied::Noted)
        }
    }
}

struct Cx<'a> {
    rules: &'a QueueRules,
    now: Millis,
    delivery: Option<&'a str>,
}

async fn review(tx: &mut Tx, cx: &Cx<'_>, request: &ReviewRequest) -> Result<Applied> {
    let pull = &request.pull;
    known::remember_repository(
        tx,
        cx.now,
        pull.repository_id,
        pull.installation_id,
        &pull.owner,
        &pull.repository,
    )
    .await?;
    if let Some(state) = &request.state {
        let is_news = known::remember_pull(tx, pull, "open", state).await?;
        if !is_news && request.asked_by.is_none() {
            return Ok(Applied::Stale);
        }
    }
    match &request.asked_by {
        Some(person) => asked(tx, cx, request, person).await,
        None => pushed(tx, cx, request, priority::PUSHED).await,
    }
}

/// A person asked: displaces nothing, and the same person waits only once.
async fn asked(
    tx: &mut Tx,
    cx: &Cx<'_>,
    request: &ReviewRequest,
    person: &Person,
) -> Result<Applied> {
    let pull = &request.pull;
    let key = pull_key(pull.repository_id, pull.number);
    let waiting = tx
        .rows(
            "SELECT id, asked_by FROM jobs
             WHERE serial_key = $1 AND state = 'ready' AND kind = 'review' ORDER BY id",
            args![&key],
        )
        .await?;
    let mut last = None;
    for row in &waiting {
        let id = row.int("id")?;
        let by = row.maybe_id("asked_by")?;
        if by.is_none() || by == Some(person.id) {
            return Ok(Applied::AlreadyQueued(id));
        }
        last = Some(id);
    }
    if let (true, Some(last)) = (waiting.len() >= MAX_ASKED, last) {
        return Ok(Applied::AlreadyQueued(last));
    }
    let job = NewJob {
        kind: "review",
        serial_key: key,
        priority: priority::ASKED,
        run_at: cx.now,
        installation_id: pull.installation_id,
        repository_id: pull.repository_id,
        pull_number: Some(pull.number),
        head_sha: request.state.as_ref().map(|s| s.head_sha.as_str()),
        base_ref: request.state.as_ref().map(|s| s.base_ref.as_str()),
        asked_by: Some(person.id),
        detail: Detail {
            why: Some(request.why),
            asked_by: Some(person.clone()),
            conclude: None,
        },
    };
    Ok(Applied::Queued(insert(tx, cx, job).await?))
}

/// A push, a retarget, a find: the newest of these is the one that runs.
async fn pushed(
    tx: &mut Tx,
    cx: &Cx<'_>,
    request: &ReviewRequest,
    priority: i64,
) -> Result<Applied> {
    let pull = &request.pull;
    let key = pull_key(pull.repository_id, pull.number);
    let head = request.state.as_ref().map(|s| s.head_sha.as_str());
    let base = request.state.as_ref().map(|s| s.base_ref.as_str());
    let same = tx
        .first(
            "SELECT id FROM jobs WHERE serial_key = $1 AND state = 'running' AND kind = 'review'
                 AND cancel IS NULL AND asked_by IS NULL AND head_sha = $2 AND base_ref = $3",
            args![&key, head, base],
        )
        .await?;
    if let Some(row) = same {
        return Ok(Applied::AlreadyQueued(row.int("id")?));
    }
    // A running review that a person asked for at this very head may be refused for want of
    // permission, so it does not stand in for this one; nor need it be stopped.
    tx.execute(
        "UPDATE jobs SET cancel = 'superseded'
         WHERE serial_key = $1 AND state = 'running' AND kind = 'review' AND cancel IS NULL
             AND (head_sha IS NULL OR base_ref IS NULL OR head_sha <> $2 OR base_ref <> $3)",
        args![&key, head, base],
    )
    .await?;
    let displaced = supersede_ready(tx, cx.now, &key, "review").await?;
    let run_at = match displaced {
        Some(run_at) => run_at,
        None => known::next_slot(tx, pull, cx.now, millis(cx.rules.burst_spacing)).await?,
    };
    let job = NewJob {
        kind: "review",
        serial_key: key,
        priority,
        run_at,
        installation_id: pull.installation_id,
        repository_id: pull.repository_id,
        pull_number: Some(pull.number),
        head_sha: head,
        base_ref: base,
        asked_by: None,
        detail: Detail {
            why: Some(request.why),
            asked_by: None,
            conclude: None,
        },
    };
    Ok(Applied::Queued(insert(tx, cx, job).await?))
}

/// An open pull request that reconciliation saw: queued only if nothing ever looked at it so.
async fn found(tx: &mut Tx, cx: &Cx<'_>, request: &ReviewRequest, draft: bool) -> Result<Applied> {
    let (Some(state), pull) = (&request.state, &request.pull) else {
        return Err(StoreError::Corrupt(
            "a found pull request without its head".to_owned(),
        ));
    };
    known::remember_repository(
        tx,
        cx.now,
        pull.repository_id,
        pull.installation_id,
        &pull.owner,
        &pull.repository,
    )
    .await?;
    if !known::remember_pull(tx, pull, "open", state).await? {
        return Ok(Applied::Stale);
    }
    let key = pull_key(pull.repository_id, pull.number);
    let jobs = tx
        .rows(
            "SELECT id, state, outcome FROM jobs
             WHERE serial_key = $1 AND kind = 'review' AND asked_by IS NULL
                 AND head_sha = $2 AND base_ref = $3 ORDER BY id DESC",
            args![&key, &state.head_sha, &state.base_ref],
        )
        .await?;
    for job in &jobs {
        let id = job.int("id")?;
        let outcome = job.maybe_text("outcome")?;
        match (job.text("state")?.as_str(), outcome.as_deref()) {
            // Given up: an operator decides (`takehome jobs retry`), or the next push.
            ("ready" | "running" | "dead", _) => return Ok(Applied::AlreadyQueued(id)),
            ("done", Some("draft")) if !draft => {}
            ("done", Some("superseded" | "gone")) => {}
            ("done", _) => return Ok(Applied::AlreadyReviewed),
            _ => {}
        }
    }
    // Finished jobs are forgotten after a while, reviews are not.
    let reviewed = jobs.is_empty()
        && tx
            .first(
                "SELECT id FROM reviews
                 WHERE repository_id = $1 AND pull_number = $2 AND head_sha = $3",
                args![pull.repository_id, pull.number, &state.head_sha],
            )
            .await?
            .is_some();
    if reviewed {
        return Ok(Applied::AlreadyReviewed);
    }
    pushed(tx, cx, request, priority::RECONCILED).await
}

async fn closed(
    tx: &mut Tx,
    cx: &Cx<'_>,
    pull: &PullRequestRef,
    state: &PullState,
) -> Result<Applied> {
    known::remember_repository(
        tx,
        cx.now,
        pull.repository_id,
        pull.installation_id,
        &pull.owner,
        &pull.repository,
    )
    .await?;
    if !known::remember_pull(tx, pull, "closed", state).await? {
        return Ok(Applied::Stale);
    }
    let key = pull_key(pull.repository_id, pull.number);
    tx.execute(
        "UPDATE jobs SET state = 'cancelled', finished_at = $2, outcome = 'closed',
             note = 'the pull request was closed'
         WHERE serial_key = $1 AND state = 'ready' AND kind = 'review'",
        args![&key, cx.now],
    )
    .await?;
    let stopped = tx
        .execute(
            "UPDATE jobs SET cancel = 'closed'
             WHERE serial_key = $1 AND state = 'running' AND kind = 'review'",
            args![&key],
        )
        .await?;
    let open = tx
        .first(
            "SELECT id FROM check_runs
             WHERE repository_id = $1 AND pull_number = $2 AND open = 1",
            args![pull.repository_id, pull.number],
        )
        .await?;
    if stopped == 0 && open.is_none() {
        return Ok(Applied::Noted);
    }
    let job = conclude_job(
        cx,
        pull.installation_id,
        pull.repository_id,
        pull.number,
        ConcludeWhy::Closed,
    );
    Ok(Applied::Queued(insert(tx, cx, job).await?))
}

async fn rerequested(
    tx: &mut Tx,
    cx: &Cx<'_>,
    base: PullRequestRef,
    pulls: Vec<u64>,
    asked_by: &Person,
) -> Result<Applied> {
    let mut last = Applied::NoKnownPull;
    for number in pulls {
        let request = ReviewRequest {
            pull: PullRequestRef {
                number,
                ..base.clone()
            },
            state: None,
            why: Why::Rerequested,
            asked_by: Some(asked_by.clone()),
        };
        last = review(tx, cx, &request).await?;
    }
    Ok(last)
}

/// Open pull requests whose head is this commit, and those we once made a check run for at it.
async fn pulls_of_head(tx: &mut Tx, repository_id: u64, head_sha: &str) -> Result<Vec<u64>> {
    tx.rows(
        "SELECT number FROM pulls WHERE repository_id = $1 AND head_sha = $2 AND state = 'open'
         UNION SELECT pull_number AS number FROM check_runs
               WHERE repository_id = $1 AND head_sha = $2
         ORDER BY number",
        args![repository_id, head_sha],
    )
    .await?
    .iter()
    .map(|row| row.id("number"))
    .collect()
}

/// Displaces what waits under a key; the earliest time at which it would have run.
async fn supersede_ready(
    tx: &mut Tx,
    now: Millis,
    key: &str,
    kind: &'static str,
) -> Result<Option<Millis>> {
    let rows = tx
        .rows(
            "UPDATE jobs SET state = 'superseded', finished_at = $2, outcome = 'superseded',
                 note = 'something newer was asked for'
             WHERE serial_key = $1 AND state = 'ready' AND kind = $3
             RETURNING run_at, attempts",
            args![key, now, kind],
        )
        .await?;
    let mut earliest = None;
    for row in &rows {
        // One that failed and waits for its next try says nothing about the new one's time.
        if row.int("attempts")? == 0 {
            let run_at = row.int("run_at")?;
            earliest = Some(earliest.map_or(run_at, |e: Millis| e.min(run_at)));
        }
    }
    Ok(earliest)
}

/// The job that ends the check runs a given-up review left open.
pub(super) async fn conclude_given_up(
    tx: &mut Tx,
    rules: &QueueRules,
    now: Millis,
    installation_id: u64,
    repository_id: u64,
    number: u64,
    error: &str,
) -> Result<i64> {
    let cx = &Cx {
        rules,
        now,
        delivery: None,
    };
    let why = ConcludeWhy::GivenUp(error.to_owned());
    let job = conclude_job(cx, installation_id, repository_id, number, why);
    insert(tx, cx, job).await
}

fn conclude_job(
    cx: &Cx<'_>,
    installation_id: u64,
    repository_id: u64,
    number: u64,
    why: ConcludeWhy,
) -> NewJob<'static> {
    NewJob {
        kind: "conclude",
        serial_key: pull_key(repository_id, number),
        priority: priority::CONCLUDE,
        run_at: cx.now,
        installation_id,
        repository_id,
        pull_number: Some(number),
        head_sha: None,
        base_ref: None,
        asked_by: None,
        detail: Detail {
            why: None,
            asked_by: None,
            conclude: Some(why),
        },
    }
}

struct NewJob<'a> {
    kind: &'static str,
    serial_key: String,
    priority: i64,
    run_at: Millis,
    installation_id: u64,
    repository_id: u64,
    pull_number: Option<u64>,
    head_sha: Option<&'a str>,
    base_ref: Option<&'a str>,
    asked_by: Option<u64>,
    detail: Detail,
}

async fn insert(tx: &mut Tx, cx: &Cx<'_>, job: NewJob<'_>) -> Result<i64> {
    let detail = serde_json::to_string(&job.detail)
        .map_err(|error| StoreError::Corrupt(format!("a job's detail: {error}")))?;
    tx.one(
        "INSERT INTO jobs
             (kind, serial_key, state, priority, run_at, installation_id, repository_id,
              pull_number, head_sha, base_ref, asked_by, delivery_id, detail, max_attempts, created_at)
         VALUES ($1, $2, 'ready', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         RETURNING id",
        args![
            job.kind,
            job.serial_key,
            job.priority,
            job.run_at,
            job.installation_id,
            job.repository_id,
            job.pull_number,
            job.head_sha,
            job.base_ref,
            job.asked_by,
            cx.delivery,
            detail,
            cx.rules.max_attempts,
            cx.now
        ],
    )
    .await?
    .int("id")
}
