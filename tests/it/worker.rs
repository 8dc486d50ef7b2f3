//! The pool with a reviewer that does what the test says, and recovery against a scripted GitHub.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use takehome::store::{Change, JobFilter, JobState, NewDelivery, PullState, ReviewRequest, Store};
use takehome::web::metrics::Metrics;
use takehome::worker::pool::{self, PoolSettings};
use takehome::worker::recover::{self, MAX_REDELIVERIES, Swept};
use takehome::worker::{
    DeliveryAttempt, InstallationInfo, OpenPullRequest, PullRequestRef, ReviewError, ReviewOutcome,
    Reviewer, Why,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::databases::{Database, START, on_both_databases};
use crate::fakes::{FakeGitHub, FakeReviewer};

on_both_databases!(
    jobs_are_done,
    no_more_at_once_than_asked_for,
    a_newer_head_stops_the_review,
    transient_errors_are_retried_and_permanent_ones_not,
    a_panic_costs_one_review,
    a_review_that_will_not_stop_is_dropped,
    shutdown_lets_reviews_end,
    shutdown_gives_back_what_does_not_end,
    a_dead_process_is_replaced,
    the_sweep_asks_again_for_what_failed,
    the_sweep_gives_up_at_the_cap,
    reconciliation_queues_what_no_event_told,
);

fn pull(number: u64) -> PullRequestRef {
    PullRequestRef {
        installation_id: 7,
        repository_id: 70,
        owner: "acme".to_owned(),
        repository: "orders".to_owned(),
        number,
    }
}

fn pushed(number: u64, head: &str, at_seconds: i64) -> Change {
    Change::Review(ReviewRequest {
        pull: pull(number),
        state: Some(PullState {
            head_sha: head.to_owned(),
            base_ref: "main".to_owned(),
            said_at: START + at_seconds * 1000,
        }),
        why: Why::Pushed,
        asked_by: None,
    })
}

fn settings() -> PoolSettings {
    PoolSettings {
        workers: 2,
        name: "test".to_owned(),
        lease: Duration::from_mins(1),
        poll: Duration::from_millis(20),
        drain: Duration::from_millis(300),
        backoff: Duration::from_millis(1),
        backoff_max: Duration::from_millis(2),
    }
}

struct Pool {
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    metrics: Arc<Metrics>,
}

impl Pool {
    fn start(store: &Store, reviewer: Arc<dyn Reviewer>, settings: PoolSettings) -> Self {
        let shutdown = CancellationToken::new();
        let metrics = Arc::new(Metrics::default());
        let task = tokio::spawn(pool::run(
            store.clone(),
            reviewer,
            settings,
            Arc::clone(&metrics),
            shutdown.clone(),
        ));
        Self {
            shutdown,
            task,
            metrics,
        }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.task)
            .await
            .expect("the pool stops")
            .unwrap();
    }
}

/// Waits for something to become true; what it says when it does not.
async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    for _ in 0..500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never: {what}");
}

async fn states(store: &Store) -> Vec<(i64, String)> {
    let mut states: Vec<(i64, String)> = store
        .jobs(JobFilter::default())
        .await
        .unwrap()
        .into_iter()
        .map(|job| (job.id, format!("{} {}", job.kind, job.state)))
        .collect();
    states.sort();
    states
}

async fn words(store: &Store) -> Vec<String> {
    states(store)
        .await
        .into_iter()
        .map(|(_, word)| word)
        .collect()
}

async fn settled(store: &Store) {
    until("all jobs ended", || async {
        let stats = store.queue_stats().await.unwrap();
        stats.ready + stats.running == 0
    })
    .await;
}

async fn jobs_are_done(db: &Database) {
    let reviewer = FakeReviewer::quick();
    let pool = Pool::start(&db.store, reviewer.clone(), settings());
    for number in 1..=5 {
        db.store.apply(&[pushed(number, "aaa", 0)]).await.unwrap();
    }
    settled(&db.store).await;
    assert_eq!(words(&db.store).await, vec!["review done"; 5]);
    assert_eq!(reviewer.log().len(), 5);
    // A job is settled in the store a moment before it is counted.
    let metrics = Arc::clone(&pool.metrics);
    pool.stop().await;
    let text = metrics.text().unwrap();
    assert!(
        text.contains(r#"takehome_jobs_total{kind="review",outcome="reviewed"} 5"#),
        "{text}"
    );
    assert!(text.contains("takehome_leases 0"), "{text}");
}

async fn no_more_at_once_than_asked_for(db: &Database) {
    let reviewer = FakeReviewer::new(|_, _| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(ReviewOutcome::Refused {
            reason: "test".to_owned(),
        })
    });
    for number in 1..=6 {
        db.store.apply(&[pushed(number, "aaa", 0)]).await.unwrap();
    }
    let pool = Pool::start(&db.store, reviewer.clone(), settings());
    settled(&db.store).await;
    assert_eq!(reviewer.most_at_once.load(Ordering::SeqCst), 2);
    pool.stop().await;
}

async fn a_newer_head_stops_the_review(db: &Database) {
    let reviewer = FakeReviewer::new(|job, cancel| async move {
        let head_sha = job.head_sha.unwrap_or_default();
        if head_sha == "old" {
            cancel.cancelled().await;
            return Err(ReviewError::Cancelled);
        }
        Ok(ReviewOutcome::Reviewed {
            review_id: 1,
            head_sha,
        })
    });
    let pool = Pool::start(&db.store, reviewer.clone(), settings());
    db.store.apply(&[pushed(1, "old", 0)]).await.unwrap();
    until("it runs", || async { !reviewer.log().is_empty() }).await;
    db.clock.advance(Duration::from_secs(10));
    db.store.apply(&[pushed(1, "new", 1)]).await.unwrap();
    settled(&db.store).await;
    assert_eq!(words(&db.store).await, ["review superseded", "review done"]);
    assert_eq!(
        reviewer.log(),
        ["review #1 at old attempt 1", "review #1 at new attempt 1"]
    );
    pool.stop().await;
}

async fn transient_errors_are_retried_and_permanent_ones_not(db: &Database) {
    let reviewer = FakeReviewer::new(|job, _| async move {
        match (job.pull.number, job.attempt) {
            (1, 1 | 2) => Err(ReviewError::transient("502")),
            (2, _) => Err(ReviewError::permanent("permission checks:write is missing")),
            (3, _) => Err(ReviewError::transient("always")),
            _ => Ok(ReviewOutcome::Reviewed {
                review_id: 1,
                head_sha: String::new(),
            }),
        }
    });
    let pool = Pool::start(&db.store, reviewer.clone(), settings());
    for number in 1..=3 {
        db.store.apply(&[pushed(number, "aaa", 0)]).await.unwrap();
    }
    until("given up", || async {
        // The store's clock stands still: waits pass only when it is moved.
        db.clock.advance(Duration::from_millis(10));
        reviewer
            .log()
            .iter()
            .filter(|line| line.starts_with("conclude"))
            .count()
            == 2
    })
    .await;
    settled(&db.store).await;
    let mut log = reviewer.log();
    log.sort();
    insta::allow_duplicates! {
        insta::assert_snapshot!(log.join("\n"), @r#"
        conclude #2: GivenUp("permission checks:write is missing")
        conclude #3: GivenUp("always")
        review #1 at aaa attempt 1
        review #1 at aaa attempt 2
        review #1 at aaa attempt 3
        review #2 at aaa attempt 1
        review #3 at aaa attempt 1
        review #3 at aaa attempt 2
        review #3 at aaa attempt 3
        "#);
    }
    pool.stop().await;
}

async fn a_panic_costs_one_review(db: &Database) {
    let reviewer = FakeReviewer::new(|job, _| async move {
        assert_ne!(job.pull.number, 1, "boom");
        Ok(ReviewOutcome::Reviewed {
            review_id: 1,
            head_sha: String::new(),
        })
    });
    let pool = Pool::start(&db.store, reviewer.clone(), settings());
    for number in 1..=2 {
        db.store.apply(&[pushed(number, "aaa", 0)]).await.unwrap();
    }
    until("given up", || async {
        db.clock.advance(Duration::from_millis(10));
        db.store.queue_stats().await.unwrap().dead == 1
    })
    .await;
    settled(&db.store).await;
    let dead = JobFilter {
        state: Some(JobState::Dead),
        at_most: 5,
    };
    let error = db.store.jobs(dead).await.unwrap()[0]
        .last_error
        .clone()
        .unwrap();
    assert!(
        error.contains("a bug of takehome: it panicked") && error.contains("boom"),
        "{error}"
    );
    pool.stop().await;
}

async fn a_review_that_will_not_stop_is_dropped(db: &Database) {
    let reviewer = FakeReviewer::new(|job, _| async move {
        if job.head_sha.as_deref() == Some("old") {
            std::future::pending::<()>().await;
        }
        Ok(ReviewOutcome::Reviewed {
            review_id: 1,
            head_sha: String::new(),
        })
    });
    let pool = Pool::start(&db.store, reviewer.clone(), settings());
    db.store.apply(&[pushed(1, "old", 0)]).await.unwrap();
    until("it runs", || async { !reviewer.log().is_empty() }).await;
    db.clock.advance(Duration::from_secs(10));
    db.store.apply(&[pushed(1, "new", 1)]).await.unwrap();
    settled(&db.store).await;
    assert_eq!(words(&db.store).await, ["review superseded", "review done"]);
    pool.stop().await;
}

async fn shutdown_lets_reviews_end(db: &Database) {
    let reviewer = FakeReviewer::new(|_, _| async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        Ok(ReviewOutcome::Reviewed {
            review_id: 1,
            head_sha: String::new(),
        })
    });
    for number in 1..=4 {
        db.store.apply(&[pushed(number, "aaa", 0)]).await.unwrap();
    }
    let mut settings = settings();
    settings.drain = Duration::from_secs(10);
    let pool = Pool::start(&db.store, reviewer.clone(), settings);
    until("two run", || async { reviewer.log().len() == 2 }).await;
    pool.stop().await;
    let mut words = words(&db.store).await;
    words.sort();
    assert_eq!(
        words,
        ["review done", "review done", "review ready", "review ready"]
    );
}

async fn shutdown_gives_back_what_does_not_end(db: &Database) {
    let reviewer = FakeReviewer::new(|_, cancel| async move {
        cancel.cancelled().await;
        Err(ReviewError::Cancelled)
    });
    db.store.apply(&[pushed(1, "aaa", 0)]).await.unwrap();
    let pool = Pool::start(&db.store, reviewer.clone(), settings());
    until("it runs", || async { !reviewer.log().is_empty() }).await;
    pool.stop().await;
    assert_eq!(words(&db.store).await, ["review ready"]);
    // Nothing was counted against it.
    let job = db
        .store
        .claim("w", Duration::from_secs(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(job.attempt, 1);
}

async fn a_dead_process_is_replaced(db: &Database) {
    db.store.apply(&[pushed(1, "aaa", 0)]).await.unwrap();
    // A process that claims and then is no more.
    db.store
        .claim("dead", Duration::from_mins(1))
        .await
        .unwrap()
        .unwrap();
    let reviewer = FakeReviewer::quick();
    let mut settings = settings();
    settings.lease = Duration::from_millis(200);
    let pool = Pool::start(&db.store, reviewer.clone(), settings);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(reviewer.log().is_empty(), "its lease holds");
    db.clock.advance(Duration::from_mins(1));
    until("it is taken over", || async {
        reviewer.log() == ["review #1 at aaa attempt 2"]
    })
    .await;
    pool.stop().await;
    assert_eq!(words(&db.store).await, ["review done"]);
}

fn attempt(id: u64, guid: &str, at_seconds: i64, status: &str) -> DeliveryAttempt {
    DeliveryAttempt {
        id,
        guid: guid.to_owned(),
        delivered_at: jiff::Timestamp::from_millisecond(START + at_seconds * 1000).unwrap(),
        redelivery: false,
        status: status.to_owned(),
        status_code: 0,
        event: "pull_request".to_owned(),
        action: None,
    }
}

async fn the_sweep_asks_again_for_what_failed(db: &Database) {
    let github = FakeGitHub::default();
    github.attempts.lock().unwrap().extend([
        attempt(1, "ok", 0, "OK"),
        attempt(2, "failed-then-ok", 0, "Invalid HTTP Response: 503"),
        attempt(3, "failed-then-ok", 60, "OK"),
        attempt(4, "failed", 0, "timed out"),
        attempt(5, "failed", 60, "Invalid HTTP Response: 503"),
        attempt(6, "answer-lost", 0, "timed out"),
        attempt(7, "just-now", 995, "timed out"),
    ]);
    let stored = NewDelivery {
        id: "answer-lost".to_owned(),
        event: "push".to_owned(),
        action: None,
        installation_id: None,
        repository_id: None,
        ignored: Some("test".to_owned()),
        payload: None,
    };
    db.store.accept(&stored, &[]).await.unwrap();
    db.clock.advance(Duration::from_secs(1000));
    let swept = recover::sweep(&db.store, &github).await.unwrap();
    assert_eq!(
        swept,
        Swept {
            failed: 1,
            asked: 1,
            given_up: 0
        }
    );
    assert_eq!(*github.redelivered.lock().unwrap(), [5]);
    // It arrives; what was too fresh is asked for now.
    github
        .attempts
        .lock()
        .unwrap()
        .push(attempt(8, "failed", 1001, "OK"));
    db.clock.advance(Duration::from_mins(5));
    recover::sweep(&db.store, &github).await.unwrap();
    assert_eq!(*github.redelivered.lock().unwrap(), [5, 7]);
}

async fn the_sweep_gives_up_at_the_cap(db: &Database) {
    let github = FakeGitHub::default();
    github
        .attempts
        .lock()
        .unwrap()
        .push(attempt(1, "poison", 0, "Invalid HTTP Response: 400"));
    for _ in 0..MAX_REDELIVERIES + 3 {
        db.clock.advance(Duration::from_mins(5));
        recover::sweep(&db.store, &github).await.unwrap();
    }
    assert_eq!(
        github.redelivered.lock().unwrap().len(),
        MAX_REDELIVERIES as usize
    );
}

async fn reconciliation_queues_what_no_event_told(db: &Database) {
    let github = FakeGitHub::default();
    let open = |installation: u64, number: u64, head: &str| OpenPullRequest {
        pull: PullRequestRef {
            installation_id: installation,
            repository_id: installation * 10,
            owner: "acme".to_owned(),
            repository: "orders".to_owned(),
            number,
        },
        head_sha: head.to_owned(),
        base_ref: "main".to_owned(),
        draft: false,
        updated_at: jiff::Timestamp::from_millisecond(START).unwrap(),
    };
    let installation = |id: u64, suspended: bool| InstallationInfo {
        id,
        account: "acme".to_owned(),
        suspended,
    };
    github.installations.lock().unwrap().extend([
        installation(7, false),
        installation(8, true),
        installation(9, false),
    ]);
    github
        .open
        .lock()
        .unwrap()
        .insert(7, vec![open(7, 1, "aaa"), open(7, 2, "bbb")]);
    db.store.apply(&[pushed(1, "aaa", 0)]).await.unwrap();
    // One installation does not answer: the others are looked at all the same, and it is told.
    assert!(recover::reconcile_all(&db.store, &github).await.is_err());
    assert_eq!(db.store.queue_stats().await.unwrap().ready, 2);
    github
        .open
        .lock()
        .unwrap()
        .insert(9, vec![open(9, 1, "ccc")]);
    let done = recover::reconcile_all(&db.store, &github).await.unwrap();
    assert_eq!((done.installations, done.open, done.queued), (3, 3, 1));
    let again = recover::reconcile_all(&db.store, &github).await.unwrap();
    assert_eq!(again.queued, 0);
    // `installation.deleted` was lost.
    github.installations.lock().unwrap().retain(|i| i.id != 9);
    recover::reconcile_all(&db.store, &github).await.unwrap();
    assert_eq!(db.store.queue_stats().await.unwrap().ready, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery_runs_at_start_and_when_asked() {
    let db = Database::sqlite().await;
    let github = Arc::new(FakeGitHub::default());
    let reconcile = Arc::new(Notify::new());
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(recover::run(
        db.store.clone(),
        github.clone(),
        recover::RecoverySettings::default(),
        reconcile.clone(),
        Arc::new(Metrics::default()),
        shutdown.clone(),
    ));
    until("both ran", || async {
        db.store
            .cursor(recover::LAST_SWEEP)
            .await
            .unwrap()
            .is_some()
            && db
                .store
                .cursor(recover::LAST_RECONCILE)
                .await
                .unwrap()
                .is_some()
    })
    .await;
    github.installations.lock().unwrap().push(InstallationInfo {
        id: 7,
        account: "acme".to_owned(),
        suspended: true,
    });
    reconcile.notify_one();
    until("it looked again", || async {
        db.store.installation(7).await.unwrap().is_some()
    })
    .await;
    shutdown.cancel();
    task.await.unwrap();
    db.finish().await;
}
