//! What the store promises, the same on SQLite and PostgreSQL.

use std::collections::BTreeSet;
use std::time::Duration;

use takehome::store::{
    Accepted, Applied, Cancel, Change, CheckRunRecord, Claimed, CommentRecord, Failed, GoodRules,
    Heartbeat, InstallationState, JobFilter, JobState, JobWork, NewDelivery, NewReview, PullState,
    ReviewKey, ReviewRequest, Store, StoreError,
};
use takehome::worker::{ConcludeWhy, Person, PullRequestRef, ReviewOutcome, Why};

use crate::databases::{Database, START, on_both_databases};

on_both_databases!(
    a_delivery_is_stored_once,
    deliveries_at_once_are_stored_once,
    a_newer_head_supersedes,
    late_and_reversed_events_change_nothing,
    a_burst_of_pushes_is_one_review,
    a_retarget_is_a_new_review,
    nobody_without_permission_displaces_a_review,
    closing_ends_what_is_open,
    one_job_of_a_pull_request_at_a_time,
    claims_at_once_never_meet,
    a_lease_that_ran_out_is_taken_over_and_fenced,
    failures_wait_and_end,
    a_wait_that_github_asked_for_is_no_attempt,
    a_poison_job_is_given_up,
    given_back_on_shutdown,
    a_removed_installation_has_no_work,
    check_runs_are_found_for_forks,
    found_pull_requests_are_queued_once,
    rules_are_read_before_reviews,
    busy_installations_do_not_starve_others,
    operators_retry,
    a_redelivery_revives_what_was_given_up,
    published_ids_are_kept,
    reviews_are_kept_by_key,
    last_good_rules_stay,
    turns_and_caps,
    old_things_are_forgotten,
    odd_text_is_stored,
    programs_started_at_once_migrate_once,
    a_newer_database_is_refused,
    another_process_is_woken,
);

const LEASE: Duration = Duration::from_mins(1);

fn pull(number: u64) -> PullRequestRef {
    PullRequestRef {
        installation_id: 7,
        repository_id: 70,
        owner: "acme".to_owned(),
        repository: "orders".to_owned(),
        number,
    }
}

fn state(head: &str, at_seconds: i64) -> PullState {
    PullState {
        head_sha: head.to_owned(),
        base_ref: "main".to_owned(),
        said_at: START + at_seconds * 1000,
    }
}

fn pushed(number: u64, head: &str, at_seconds: i64) -> Change {
    Change::Review(ReviewRequest {
        pull: pull(number),
        state: Some(state(head, at_seconds)),
        why: Why::Pushed,
        asked_by: None,
    })
}

fn commanded(number: u64, person: u64) -> Change {
    Change::Review(ReviewRequest {
        pull: pull(number),
        state: None,
        why: Why::Commanded,
        asked_by: Some(Person {
            id: person,
            login: format!("person-{person}"),
        }),
    })
}

fn delivery(id: &str) -> NewDelivery {
    NewDelivery {
        id: id.to_owned(),
        event: "pull_request".to_owned(),
        action: Some("opened".to_owned()),
        installation_id: Some(7),
        repository_id: Some(70),
        ignored: None,
        payload: Some(b"{}".to_vec()),
    }
}

async fn one(store: &Store, change: Change) -> Applied {
    store.apply(&[change]).await.unwrap().remove(0)
}

fn queued(applied: &Applied) -> i64 {
    match applied {
        Applied::Queued(id) => *id,
        other => panic!("not queued: {other:?}"),
    }
}

async fn claim(store: &Store) -> Claimed {
    store.claim("w", LEASE).await.unwrap().expect("a job")
}

async fn job_state(store: &Store, id: i64) -> String {
    store.job(id).await.unwrap().unwrap().state
}

fn reviewed(head: &str) -> ReviewOutcome {
    ReviewOutcome::Reviewed {
        review_id: 1,
        head_sha: head.to_owned(),
    }
}

async fn a_delivery_is_stored_once(db: &Database) {
    let store = &db.store;
    let changes = [pushed(1, "aaa", 0)];
    let first = store.accept(&delivery("g1"), &changes).await.unwrap();
    assert!(
        matches!(&first, Accepted::Stored(applied) if matches!(applied[..], [Applied::Queued(_)]))
    );
    let again = store.accept(&delivery("g1"), &changes).await.unwrap();
    assert_eq!(again, Accepted::Known { revived: 0 });
    assert_eq!(store.jobs(JobFilter::default()).await.unwrap().len(), 1);
    let stored = store.delivery("g1").await.unwrap().unwrap();
    assert_eq!(stored.payload.as_deref(), Some(&b"{}"[..]));
    assert!(
        stored.outcome.starts_with("queued job"),
        "{}",
        stored.outcome
    );
    assert!(store.delivery("g2").await.unwrap().is_none());
}

async fn deliveries_at_once_are_stored_once(db: &Database) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40_u32 {
        let store = db.store.clone();
        // Ten deliveries, each four times, for two pull requests.
        let id = format!("g{}", n % 10);
        let change = pushed(
            u64::from(n % 2) + 1,
            &format!("head{}", n % 10),
            i64::from(n % 10),
        );
        tasks.spawn(async move { store.accept(&delivery(&id), &[change]).await.unwrap() });
    }
    let stored = tasks
        .join_all()
        .await
        .into_iter()
        .filter(|accepted| matches!(accepted, Accepted::Stored(_)))
        .count();
    assert_eq!(stored, 10);
    // Whatever the order, the newest head of each is what remains to be done.
    let ready = JobFilter {
        state: Some(JobState::Ready),
        at_most: 50,
    };
    let heads: BTreeSet<_> = db
        .store
        .jobs(ready)
        .await
        .unwrap()
        .into_iter()
        .map(|job| (job.pull_number.unwrap(), job.head_sha.unwrap()))
        .collect();
    let newest = [(1, "head8".to_owned()), (2, "head9".to_owned())];
    assert_eq!(heads, BTreeSet::from(newest));
}

async fn a_newer_head_supersedes(db: &Database) {
    let store = &db.store;
    let first = queued(&one(store, pushed(1, "aaa", 0)).await);
    let running = claim(store).await;
    assert_eq!(running.id, first);
    assert_eq!(
        store.heartbeat(&running, LEASE).await.unwrap(),
        Heartbeat::Kept
    );
    let second = queued(&one(store, pushed(1, "bbb", 1)).await);
    assert_eq!(
        store.should_stop(&running).await.unwrap(),
        Heartbeat::Stop(Cancel::Superseded)
    );
    assert_eq!(
        store.heartbeat(&running, LEASE).await.unwrap(),
        Heartbeat::Stop(Cancel::Superseded)
    );
    let third = queued(&one(store, pushed(1, "ccc", 2)).await);
    assert_eq!(job_state(store, second).await, "superseded");
    // Other pull requests are not touched.
    let other = queued(&one(store, pushed(2, "ddd", 0)).await);
    assert!(store.stopped(&running, Cancel::Superseded).await.unwrap());
    assert_eq!(job_state(store, first).await, "superseded");
    db.clock.advance(Duration::from_secs(10));
    let ids = BTreeSet::from([claim(store).await.id, claim(store).await.id]);
    assert_eq!(ids, BTreeSet::from([third, other]));
}

async fn late_and_reversed_events_change_nothing(db: &Database) {
    let store = &db.store;
    let newer = queued(&one(store, pushed(1, "bbb", 10)).await);
    assert_eq!(one(store, pushed(1, "aaa", 5)).await, Applied::Stale);
    assert_eq!(job_state(store, newer).await, "ready");
    let known = store.pull(70, 1).await.unwrap().unwrap();
    assert_eq!(known.head_sha, "bbb");
    // An old `closed` does not close what was reopened since.
    let closed = Change::Closed {
        pull: pull(1),
        state: state("aaa", 7),
    };
    assert_eq!(one(store, closed).await, Applied::Stale);
    assert!(store.pull(70, 1).await.unwrap().unwrap().open);
    // The same event once more while its review runs adds nothing.
    let running = claim(store).await;
    assert_eq!(
        one(store, pushed(1, "bbb", 10)).await,
        Applied::AlreadyQueued(running.id)
    );
}

async fn a_burst_of_pushes_is_one_review(db: &Database) {
    let store = &db.store;
    let first = queued(&one(store, pushed(1, "a", 0)).await);
    let running = claim(store).await;
    assert_eq!(running.id, first);
    for (second, head) in (1..).zip(["b", "c", "d", "e"]) {
        one(store, pushed(1, head, second)).await;
    }
    store.stopped(&running, Cancel::Superseded).await.unwrap();
    assert!(store.claim("w", LEASE).await.unwrap().is_none(), "spaced");
    db.clock.advance(Duration::from_secs(3));
    let next = claim(store).await;
    assert!(matches!(next.work, JobWork::Review(job) if job.head_sha.as_deref() == Some("e")));
    assert!(store.claim("w", LEASE).await.unwrap().is_none());
}

async fn a_retarget_is_a_new_review(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let running = claim(store).await;
    let mut retargeted = state("aaa", 1);
    retargeted.base_ref = String::from("develop");
    let change = Change::Review(ReviewRequest {
        pull: pull(1),
        state: Some(retargeted),
        why: Why::Retargeted,
        asked_by: None,
    });
    queued(&one(store, change).await);
    assert_eq!(
        store.should_stop(&running).await.unwrap(),
        Heartbeat::Stop(Cancel::Superseded)
    );
}

async fn nobody_without_permission_displaces_a_review(db: &Database) {
    let store = &db.store;
    let push = queued(&one(store, pushed(1, "aaa", 0)).await);
    assert_eq!(
        one(store, commanded(1, 5)).await,
        Applied::AlreadyQueued(push)
    );
    let running = claim(store).await;
    let asked = queued(&one(store, commanded(1, 5)).await);
    assert_eq!(
        one(store, commanded(1, 5)).await,
        Applied::AlreadyQueued(asked)
    );
    queued(&one(store, commanded(1, 6)).await);
    queued(&one(store, commanded(1, 7)).await);
    assert!(matches!(
        one(store, commanded(1, 8)).await,
        Applied::AlreadyQueued(_)
    ));
    assert_eq!(store.should_stop(&running).await.unwrap(), Heartbeat::Kept);
    store.finish(&running, &reviewed("aaa")).await.unwrap();
    let command = claim(store).await;
    let JobWork::Review(job) = &command.work else {
        panic!("{command:?}")
    };
    assert_eq!((job.why, job.is_forced()), (Why::Commanded, true));
    assert_eq!(job.asked_by.as_ref().unwrap().login, "person-5");
    // A push while a person's request runs is done after it, though the head is unknown to it.
    let push = queued(&one(store, pushed(1, "bbb", 9)).await);
    assert_eq!(
        store.should_stop(&command).await.unwrap(),
        Heartbeat::Stop(Cancel::Superseded)
    );
    assert_eq!(job_state(store, push).await, "ready");
}

async fn closing_ends_what_is_open(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let running = claim(store).await;
    let closed = Change::Closed {
        pull: pull(1),
        state: state("aaa", 1),
    };
    let conclude = queued(&one(store, closed).await);
    assert_eq!(
        store.should_stop(&running).await.unwrap(),
        Heartbeat::Stop(Cancel::Closed)
    );
    assert!(store.claim("w", LEASE).await.unwrap().is_none(), "after it");
    store.stopped(&running, Cancel::Closed).await.unwrap();
    assert_eq!(job_state(store, running.id).await, "cancelled");
    let next = claim(store).await;
    assert_eq!(next.id, conclude);
    assert!(matches!(&next.work, JobWork::Conclude(job) if job.why == ConcludeWhy::Closed));
    assert!(!store.pull(70, 1).await.unwrap().unwrap().open);
    // Nothing open, nothing to end.
    one(store, pushed(2, "bbb", 0)).await;
    let closed = Change::Closed {
        pull: pull(2),
        state: state("bbb", 1),
    };
    assert_eq!(one(store, closed).await, Applied::Noted);
    assert!(store.claim("w", LEASE).await.unwrap().is_none());
}

async fn one_job_of_a_pull_request_at_a_time(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let running = claim(store).await;
    one(store, commanded(1, 5)).await;
    assert!(store.claim("w", LEASE).await.unwrap().is_none());
    assert!(store.finish(&running, &reviewed("aaa")).await.unwrap());
    claim(store).await;
    let done = store.job(running.id).await.unwrap().unwrap();
    assert_eq!(done.outcome.as_deref(), Some("reviewed"));
    assert_eq!(done.repository.as_deref(), Some("acme/orders"));
}

async fn claims_at_once_never_meet(db: &Database) {
    // Two commands for each of thirty pull requests: many keys with several ready jobs.
    for number in 1..=30 {
        for person in 1..=2 {
            queued(&one(&db.store, commanded(number, person)).await);
        }
    }
    // Who runs at the moment, per pull request.
    let running = std::sync::Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..6 {
        let running = running.clone();
        let store = db.second().await;
        tasks.spawn(async move {
            let mut done = Vec::new();
            while store.queue_stats().await.unwrap().ready > 0 {
                let Some(job) = store.claim(&format!("w{worker}"), LEASE).await.unwrap() else {
                    continue;
                };
                done.push(job.id);
                let JobWork::Review(review) = &job.work else {
                    panic!("{job:?}")
                };
                let number = review.pull.number;
                assert!(running.lock().unwrap().insert(number), "two at once");
                tokio::task::yield_now().await;
                running.lock().unwrap().remove(&number);
                assert!(store.finish(&job, &reviewed("aaa")).await.unwrap());
            }
            store.close().await;
            done
        });
    }
    let done: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<i64> = done.iter().copied().collect();
    assert_eq!((done.len(), distinct.len()), (60, 60));
    assert_eq!(db.store.queue_stats().await.unwrap().ready, 0);
}

async fn a_lease_that_ran_out_is_taken_over_and_fenced(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let dead = claim(store).await;
    db.clock.advance(Duration::from_secs(59));
    assert_eq!(store.reap().await.unwrap(), 0);
    db.clock.advance(Duration::from_secs(1));
    assert_eq!(store.reap().await.unwrap(), 1);
    let taken = claim(store).await;
    assert_eq!((taken.id, taken.attempt), (dead.id, 2));
    assert!(taken.fence > dead.fence);
    // The one that was thought dead wakes up: none of its writes counts.
    assert_eq!(
        store.heartbeat(&dead, LEASE).await.unwrap(),
        Heartbeat::Lost
    );
    assert_eq!(store.should_stop(&dead).await.unwrap(), Heartbeat::Lost);
    assert!(!store.finish(&dead, &reviewed("aaa")).await.unwrap());
    assert!(!store.release(&dead).await.unwrap());
    assert_eq!(
        store.fail(&dead, "late", None, true).await.unwrap(),
        Failed::Lost
    );
    assert_eq!(job_state(store, dead.id).await, "running");
    assert!(store.finish(&taken, &reviewed("aaa")).await.unwrap());
}

async fn failures_wait_and_end(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    for attempt in 1..=3 {
        let job = claim(store).await;
        assert_eq!(job.attempt, attempt);
        let JobWork::Review(review) = &job.work else {
            panic!("{job:?}")
        };
        assert_eq!(review.last_attempt, attempt == 3);
        let again_at = store.now() + 5_000;
        let failed = store.fail(&job, "502", Some(again_at), true).await.unwrap();
        if attempt < 3 {
            assert_eq!(failed, Failed::Again { at: again_at });
            assert!(store.claim("w", LEASE).await.unwrap().is_none(), "waits");
            db.clock.advance(Duration::from_secs(5));
        } else {
            assert_eq!(failed, Failed::Dead);
        }
    }
    assert_eq!(store.queue_stats().await.unwrap().dead, 1);
    // Somebody must end the check run that says "in progress".
    let conclude = claim(store).await;
    assert!(matches!(
        &conclude.work,
        JobWork::Conclude(job) if job.why == ConcludeWhy::GivenUp("502".to_owned())
    ));
    // Which, given up itself, makes no further job.
    assert_eq!(
        store.fail(&conclude, "500", None, true).await.unwrap(),
        Failed::Dead
    );
    assert!(store.claim("w", LEASE).await.unwrap().is_none());
}

async fn a_wait_that_github_asked_for_is_no_attempt(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let mut waits = 0;
    loop {
        let job = claim(store).await;
        assert_eq!(job.attempt, 1);
        let again_at = store.now() + 600_000;
        match store
            .fail(&job, "rate limit", Some(again_at), false)
            .await
            .unwrap()
        {
            Failed::Again { .. } => waits += 1,
            other => {
                assert_eq!(other, Failed::Dead);
                break;
            }
        }
        db.clock.advance(Duration::from_mins(10));
    }
    assert_eq!(waits, 6, "an hour of ten minutes each, then given up");
}

async fn a_poison_job_is_given_up(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    for _ in 0..3 {
        claim(store).await;
        db.clock.advance(LEASE);
        assert_eq!(store.reap().await.unwrap(), 1);
    }
    assert_eq!(store.queue_stats().await.unwrap().dead, 1);
    assert!(matches!(claim(store).await.work, JobWork::Conclude(_)));
}

async fn given_back_on_shutdown(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let job = claim(store).await;
    assert!(store.release(&job).await.unwrap());
    let again = claim(store).await;
    assert_eq!((again.id, again.attempt), (job.id, 1));
    // Superseded while it was shut down: not given back.
    one(store, pushed(1, "bbb", 1)).await;
    assert!(store.release(&again).await.unwrap());
    assert_eq!(job_state(store, again.id).await, "superseded");
}

async fn a_removed_installation_has_no_work(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let running = claim(store).await;
    let waiting = queued(&one(store, pushed(2, "bbb", 0)).await);
    let removed = Change::Installation {
        id: 7,
        account: "acme".to_owned(),
        state: InstallationState::Removed,
    };
    assert_eq!(one(store, removed).await, Applied::Noted);
    assert_eq!(job_state(store, waiting).await, "cancelled");
    assert_eq!(
        store.should_stop(&running).await.unwrap(),
        Heartbeat::Stop(Cancel::Removed)
    );
    // A failure of what should stop is no retry.
    assert_eq!(
        store.fail(&running, "401", Some(0), true).await.unwrap(),
        Failed::Stopped(JobState::Cancelled)
    );
    let known = store.installation(7).await.unwrap().unwrap();
    assert_eq!(known.state, InstallationState::Removed);
    // A repository that is taken out of reach.
    let other = queued(&one(store, pushed(3, "ccc", 0)).await);
    one(store, Change::RepositoriesRemoved { ids: vec![70] }).await;
    assert_eq!(job_state(store, other).await, "cancelled");
    assert!(store.repository(70).await.unwrap().unwrap().removed);
}

fn check_run(id: u64, number: u64, head: &str, open: bool) -> CheckRunRecord {
    CheckRunRecord {
        id,
        repository_id: 70,
        pull_number: number,
        head_sha: head.to_owned(),
        external_id: format!("external-{number}"),
        open,
        conclusion: None,
        annotations_sent: 0,
        digest: None,
    }
}

async fn check_runs_are_found_for_forks(db: &Database) {
    let store = &db.store;
    store
        .record_check_run(&check_run(500, 4, "aaa", false))
        .await
        .unwrap();
    let rerequested =
        |check_run_id, external_id: Option<&str>, head: &str| Change::ReviewOfCheckRun {
            installation_id: 7,
            repository_id: 70,
            owner: "acme".to_owned(),
            repository: "orders".to_owned(),
            check_run_id,
            external_id: external_id.map(str::to_owned),
            head_sha: head.to_owned(),
            asked_by: Person {
                id: 5,
                login: "r".to_owned(),
            },
        };
    for change in [
        rerequested(500, None, "?"),
        rerequested(999, Some("external-4"), "?"),
        rerequested(999, None, "aaa"),
    ] {
        queued(&one(store, change).await);
        let job = claim(store).await;
        assert!(matches!(
            &job.work,
            JobWork::Review(r) if r.pull.number == 4 && r.why == Why::Rerequested && r.asked_by.is_some()
        ));
        store.finish(&job, &reviewed("aaa")).await.unwrap();
    }
    assert_eq!(
        one(store, rerequested(999, None, "zzz")).await,
        Applied::NoKnownPull
    );
    // A commit that is the head of two pull requests: both.
    one(store, pushed(8, "same", 0)).await;
    one(store, pushed(9, "same", 0)).await;
    let (a, b) = (claim(store).await, claim(store).await);
    let suite = Change::ReviewOfHead {
        installation_id: 7,
        repository_id: 70,
        owner: "acme".to_owned(),
        repository: "orders".to_owned(),
        head_sha: "same".to_owned(),
        asked_by: Person {
            id: 5,
            login: "r".to_owned(),
        },
    };
    one(store, suite).await;
    store.finish(&a, &reviewed("same")).await.unwrap();
    store.finish(&b, &reviewed("same")).await.unwrap();
    assert_eq!(store.queue_stats().await.unwrap().ready, 2);
}

async fn found_pull_requests_are_queued_once(db: &Database) {
    let store = &db.store;
    let found = |head: &str, at: i64, draft: bool| Change::Found {
        request: ReviewRequest {
            pull: pull(1),
            state: Some(state(head, at)),
            why: Why::Reconciled,
            asked_by: None,
        },
        draft,
    };
    let first = queued(&one(store, found("aaa", 0, true)).await);
    assert_eq!(
        one(store, found("aaa", 0, true)).await,
        Applied::AlreadyQueued(first)
    );
    let job = claim(store).await;
    let draft = ReviewOutcome::Draft {
        head_sha: "aaa".to_owned(),
    };
    store.finish(&job, &draft).await.unwrap();
    assert_eq!(
        one(store, found("aaa", 0, true)).await,
        Applied::AlreadyReviewed
    );
    // `ready_for_review` was lost.
    db.clock.advance(Duration::from_secs(10));
    queued(&one(store, found("aaa", 1, false)).await);
    let job = claim(store).await;
    store.finish(&job, &reviewed("aaa")).await.unwrap();
    assert_eq!(
        one(store, found("aaa", 1, false)).await,
        Applied::AlreadyReviewed
    );
    // `synchronize` was lost, and the review fails for good: no endless circle.
    db.clock.advance(Duration::from_secs(10));
    queued(&one(store, found("bbb", 2, false)).await);
    let job = claim(store).await;
    store.fail(&job, "no", None, true).await.unwrap();
    assert_eq!(
        one(store, found("bbb", 2, false)).await,
        Applied::AlreadyQueued(job.id)
    );
    assert_eq!(one(store, found("aaa", 1, false)).await, Applied::Stale);
}

async fn rules_are_read_before_reviews(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let reload = Change::ReloadRules {
        installation_id: 7,
        repository_id: 71,
        owner: "acme".to_owned(),
        repository: ".github".to_owned(),
        commit: Some("ccc".to_owned()),
    };
    let first = queued(&one(store, reload.clone()).await);
    queued(&one(store, reload).await);
    assert_eq!(job_state(store, first).await, "superseded");
    let job = claim(store).await;
    let JobWork::Rules(rules) = &job.work else {
        panic!("{job:?}")
    };
    assert_eq!(
        (
            rules.owner.as_str(),
            rules.repository.as_str(),
            rules.commit.as_deref()
        ),
        ("acme", ".github", Some("ccc"))
    );
    assert!(store.finish_plain(&job).await.unwrap());
    assert!(matches!(claim(store).await.work, JobWork::Review(_)));
}

async fn busy_installations_do_not_starve_others(db: &Database) {
    let store = &db.store;
    for number in 1..=5 {
        one(store, pushed(number, "aaa", 0)).await;
    }
    let mut other = pull(1);
    (other.installation_id, other.repository_id) = (8, 80);
    let change = Change::Review(ReviewRequest {
        pull: other,
        state: Some(state("bbb", 0)),
        why: Why::Pushed,
        asked_by: None,
    });
    let late = queued(&one(store, change).await);
    claim(store).await;
    assert_eq!(claim(store).await.id, late);
}

async fn operators_retry(db: &Database) {
    let store = &db.store;
    one(store, pushed(1, "aaa", 0)).await;
    let job = claim(store).await;
    assert_eq!(store.retry(job.id).await.unwrap(), Some(JobState::Running));
    assert_eq!(job_state(store, job.id).await, "running");
    store.fail(&job, "no", None, true).await.unwrap();
    let conclude = claim(store).await;
    store.finish_plain(&conclude).await.unwrap();
    assert_eq!(store.retry(job.id).await.unwrap(), Some(JobState::Dead));
    let again = claim(store).await;
    assert_eq!((again.id, again.attempt), (job.id, 1));
    assert_eq!(store.retry(12_345).await.unwrap(), None);
}

async fn a_redelivery_revives_what_was_given_up(db: &Database) {
    let store = &db.store;
    store
        .accept(&delivery("g1"), &[pushed(1, "aaa", 0)])
        .await
        .unwrap();
    let job = claim(store).await;
    store.fail(&job, "no", None, true).await.unwrap();
    let again = store
        .accept(&delivery("g1"), &[pushed(1, "aaa", 0)])
        .await
        .unwrap();
    assert_eq!(again, Accepted::Known { revived: 1 });
    assert_eq!(job_state(store, job.id).await, "ready");
}

async fn published_ids_are_kept(db: &Database) {
    let store = &db.store;
    let mut run = check_run(500, 1, "aaa", true);
    store.record_check_run(&run).await.unwrap();
    store
        .record_check_run(&check_run(501, 1, "bbb", true))
        .await
        .unwrap();
    run.open = false;
    run.conclusion = Some("cancelled".to_owned());
    run.annotations_sent = 50;
    run.digest = Some("d".to_owned());
    store.record_check_run(&run).await.unwrap();
    assert_eq!(store.check_run_at(70, 1, "aaa").await.unwrap(), Some(run));
    let open = store.open_check_runs(70, 1).await.unwrap();
    assert_eq!(open.iter().map(|r| r.id).collect::<Vec<_>>(), [501]);
    assert_eq!(store.check_runs(70, 1).await.unwrap().len(), 2);
    let by_external = store
        .check_run_by_external_id(70, "external-1")
        .await
        .unwrap();
    assert_eq!(by_external.unwrap().id, 501);
    store.forget_check_run(501).await.unwrap();
    assert!(store.check_run_at(70, 1, "bbb").await.unwrap().is_none());

    assert_eq!(store.comment(70, 1).await.unwrap(), None);
    let comment = CommentRecord {
        id: 9_000_000_000,
        digest: Some("x".to_owned()),
    };
    store.record_comment(70, 1, Some(&comment)).await.unwrap();
    assert_eq!(store.comment(70, 1).await.unwrap(), Some(comment.clone()));
    // An event about the pull request keeps it.
    one(store, pushed(1, "ccc", 0)).await;
    assert_eq!(store.comment(70, 1).await.unwrap(), Some(comment));
    store.record_comment(70, 1, None).await.unwrap();
    assert_eq!(store.comment(70, 1).await.unwrap(), None);
    assert_eq!(store.pull(70, 1).await.unwrap().unwrap().head_sha, "ccc");
}

async fn reviews_are_kept_by_key(db: &Database) {
    let store = &db.store;
    let key = |head: &str| ReviewKey {
        repository_id: 70,
        pull_number: 1,
        head_sha: head.to_owned(),
        merge_base: "base".to_owned(),
        rules_hash: "rules".to_owned(),
        engine_version: "0.1.0".to_owned(),
    };
    let review = |head: &str, result: &str| NewReview {
        key: key(head),
        result: result.to_owned(),
    };
    let first = store.save_review(&review("aaa", "1")).await.unwrap();
    assert_eq!(store.save_review(&review("aaa", "2")).await.unwrap(), first);
    db.clock.advance(Duration::from_secs(1));
    let second = store.save_review(&review("bbb", "3")).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(
        store
            .find_review(&key("aaa"))
            .await
            .unwrap()
            .unwrap()
            .result,
        "2"
    );
    assert_eq!(
        store.latest_review(70, 1).await.unwrap().unwrap().id,
        second
    );
    assert_eq!(store.latest_reviews(10).await.unwrap().len(), 1);
    assert_eq!(store.review(first).await.unwrap().unwrap().key, key("aaa"));
    assert!(store.find_review(&key("ccc")).await.unwrap().is_none());
}

async fn last_good_rules_stay(db: &Database) {
    let store = &db.store;
    assert!(
        !store
            .note_broken_rules("installation:7", "line 3")
            .await
            .unwrap()
    );
    let rules = GoodRules {
        commit: "aaa".to_owned(),
        path: "takehome.yml".to_owned(),
        text: "version: 1\n".to_owned(),
        hash: "h".to_owned(),
        problem: None,
    };
    store
        .save_good_rules("installation:7", &rules)
        .await
        .unwrap();
    assert!(
        store
            .note_broken_rules("installation:7", "line 3")
            .await
            .unwrap()
    );
    let broken = store.good_rules("installation:7").await.unwrap().unwrap();
    assert_eq!(
        (broken.text.as_str(), broken.problem.as_deref()),
        ("version: 1\n", Some("line 3"))
    );
    store
        .save_good_rules("installation:7", &rules)
        .await
        .unwrap();
    assert_eq!(
        store.good_rules("installation:7").await.unwrap(),
        Some(rules)
    );
    store.forget_rules("installation:7").await.unwrap();
    assert_eq!(store.good_rules("installation:7").await.unwrap(), None);
}

async fn turns_and_caps(db: &Database) {
    let store = &db.store;
    let other = db.second().await;
    let minute = Duration::from_mins(1);
    assert!(store.take_turn("sweep", minute).await.unwrap());
    assert!(!other.take_turn("sweep", minute).await.unwrap());
    db.clock.advance(minute);
    assert!(other.take_turn("sweep", minute).await.unwrap());
    other.close().await;
    for asked in 1..=3 {
        assert_eq!(store.count_redelivery("g", 3).await.unwrap(), Some(asked));
    }
    assert_eq!(store.count_redelivery("g", 3).await.unwrap(), None);
    store.set_cursor("c", "1").await.unwrap();
    store.set_cursor("c", "2").await.unwrap();
    assert_eq!(store.cursor("c").await.unwrap().as_deref(), Some("2"));
    store
        .audit("operator", "job.retried", "job 7", "")
        .await
        .unwrap();
    assert_eq!(store.audit_trail(5).await.unwrap()[0].action, "job.retried");
}

async fn old_things_are_forgotten(db: &Database) {
    let store = &db.store;
    store
        .accept(&delivery("old"), &[pushed(1, "aaa", 0)])
        .await
        .unwrap();
    let job = claim(store).await;
    store.finish(&job, &reviewed("aaa")).await.unwrap();
    db.clock.advance(Duration::from_secs(100));
    store
        .accept(&delivery("new"), &[pushed(2, "bbb", 0)])
        .await
        .unwrap();
    assert_eq!(store.forget_before(START + 50_000).await.unwrap(), 1);
    assert!(store.delivery("old").await.unwrap().is_none());
    assert!(store.delivery("new").await.unwrap().is_some());
    assert_eq!(store.jobs(JobFilter::default()).await.unwrap().len(), 1);
}

async fn odd_text_is_stored(db: &Database) {
    let store = &db.store;
    let mut odd = delivery("odd");
    odd.action = Some("nul\0 and \u{202e} and 🦀".to_owned());
    odd.installation_id = Some(u64::MAX);
    odd.payload = Some(vec![0, 159, 146, 150]);
    let change = pushed(1, "'; DROP TABLE jobs; --\0", 0);
    store.accept(&odd, &[change]).await.unwrap();
    let stored = store.delivery("odd").await.unwrap().unwrap();
    assert_eq!(
        stored.action.as_deref(),
        Some("nul\u{fffd} and \u{202e} and 🦀")
    );
    assert_eq!(stored.payload, odd.payload);
    assert_eq!(store.recent_deliveries(5).await.unwrap().len(), 1);
    claim(store).await;
}

async fn programs_started_at_once_migrate_once(db: &Database) {
    let stores = futures::future::join_all((0..6).map(|_| db.second())).await;
    for store in stores {
        store.ping().await.unwrap();
        store.close().await;
    }
}

async fn a_newer_database_is_refused(db: &Database) {
    const NEWER: &str = "INSERT INTO takehome_migrations (version, applied_at) VALUES (99, 0)";
    if db.store.is_shared() {
        let pool = sqlx::PgPool::connect(&db.url).await.unwrap();
        sqlx::query(NEWER).execute(&pool).await.unwrap();
        pool.close().await;
    } else {
        let pool = sqlx::SqlitePool::connect(&db.url).await.unwrap();
        sqlx::query(NEWER).execute(&pool).await.unwrap();
        pool.close().await;
    }
    let refused = Store::connect(&db.url, crate::databases::rules(), db.clock.clone()).await;
    let error = refused.unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 99, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("start the newer program"));
}

async fn another_process_is_woken(db: &Database) {
    if !db.store.is_shared() {
        return;
    }
    let other = db.second().await;
    let listening = other.clone();
    let listener = tokio::spawn(async move { listening.listen().await });
    let mut news = other.news();
    // Listening takes a moment to begin; after that one event is one piece of news.
    let woken = async {
        let mut number = 1;
        loop {
            one(&db.store, pushed(number, "aaa", 0)).await;
            number += 1;
            let wait = tokio::time::timeout(Duration::from_millis(200), news.changed());
            if wait.await.is_ok() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), woken)
        .await
        .unwrap();
    listener.abort();
    other.close().await;
}

#[tokio::test]
async fn wrong_urls_are_told() {
    let clock = std::sync::Arc::new(takehome::store::SystemClock);
    let told = async |url: &str| {
        Store::connect(url, crate::databases::rules(), clock.clone())
            .await
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(told("mysql://u:secret@h/db").await, @"the database URL is not understood: it begins with `mysql`; write sqlite:///path/to/takehome.db or postgres://user:password@host:5432/database");
    insta::assert_snapshot!(told("sqlite::memory:").await, @"the database URL is not understood: a database in memory loses deliveries; name a file; write sqlite:///path/to/takehome.db or postgres://user:password@host:5432/database");
    let refused = told("postgres://u:secret@127.0.0.1:9/db").await;
    assert!(
        refused.starts_with("the database PostgreSQL db on 127.0.0.1:9 cannot be reached"),
        "{refused}"
    );
    assert!(!refused.contains("secret"));
    let folder = told("sqlite:///proc/nowhere/takehome.db").await;
    assert!(
        folder.contains("its folder /proc/nowhere cannot be made"),
        "{folder}"
    );
}
