//! The crash matrix: the real binary is killed by SIGKILL at every step of a review that can be seen
//! from outside, just before GitHub does it and just after, and started again. What stands on GitHub
//! in the end must be what stands there without a crash.

use futures::StreamExt as _;
use github_simulator::{Fault, Rule};

use crate::databases::Database;
use crate::organisation::{Organisation, PATIENCE, POINTS, until};
use crate::served::Served;

/// Cases at once, on each database.
const AT_ONCE: usize = 4;

/// What happens to the pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// It is opened.
    Opened,
    /// It was reviewed, and gets another commit.
    Pushed,
    /// It gets another commit while its first one is reviewed.
    Moved,
    /// It is closed while it is reviewed.
    Closed,
    /// It is opened while the service is down, and GitHub's delivery fails.
    OpenedWhileDown,
}

/// One crash: the service is killed while GitHub holds this request back.
#[derive(Clone, Copy, Debug)]
struct Case {
    story: Story,
    step: &'static str,
    method: &'static str,
    path: &'static str,
    nth: u64,
    fault: Fault,
}

const PULL: &str = "/repos/*/*/pulls/*";
const COMPARE: &str = "/repos/*/*/compare/*";
const RUNS: &str = "/repos/*/*/check-runs";
const RUN: &str = "/repos/*/*/check-runs/*";
const COMMENTS: &str = "/repos/*/*/issues/*/comments";
const COMMENT: &str = "/repos/*/*/issues/comments/*";
const LABELS: &str = "/repos/*/*/issues/*/labels";
const ARCHIVE: &str = "/*/*/legacy.tar.gz/**";

fn matrix() -> Vec<Case> {
    use Story::{Closed, Moved, Opened, OpenedWhileDown, Pushed};
    let mut cases = Vec::new();
    let mut add = |story, step, method, path, nth, fault| {
        cases.push(Case {
            story,
            step,
            method,
            path,
            nth,
            fault,
        });
    };
    // Reads: nothing changes on GitHub, so before and after are the same.
    for (step, path) in [("delivery stored", PULL), ("trees read", ARCHIVE)] {
        add(Opened, step, "GET", path, 1, Fault::HoldBefore);
    }
    for fault in [Fault::HoldBefore, Fault::HoldAfter] {
        add(Opened, "check run created", "POST", RUNS, 1, fault);
        add(Opened, "first batch", "PATCH", RUN, 1, fault);
        add(Opened, "second batch", "PATCH", RUN, 2, fault);
        add(Opened, "last batch, completed", "PATCH", RUN, 3, fault);
        add(Opened, "comment created", "POST", COMMENTS, 1, fault);
        add(Opened, "label set", "POST", LABELS, 1, fault);
        add(Pushed, "check run created", "POST", RUNS, 1, fault);
        add(Pushed, "completed", "PATCH", RUN, 1, fault);
        add(Pushed, "comment edited", "PATCH", COMMENT, 1, fault);
        add(Moved, "second check run created", "POST", RUNS, 1, fault);
        add(Moved, "older check run ended", "PATCH", RUN, 1, fault);
        add(Closed, "check run ended", "PATCH", RUN, 1, fault);
    }
    add(OpenedWhileDown, "down", "GET", PULL, 1, Fault::HoldBefore);
    cases
}

async fn crash(case: Case, database: Option<Database>) {
    let bench = Organisation::new(database);
    let github = &bench.github;
    let rule = Rule::new(case.method, case.path, case.fault).nth(case.nth);
    let mut served = bench.start().await;
    if case.story == Story::OpenedWhileDown {
        served.kill();
        let pull = bench.open();
        assert!(github.settled(PATIENCE).await);
        let served = bench.start().await;
        bench.until_done(&served, pull, false).await;
        bench.check(pull, POINTS);
        return finish(bench, served).await;
    }

    // Up to the crash.
    let mut older = None;
    let pull = match case.story {
        Story::Opened | Story::OpenedWhileDown => {
            github.faults().add(rule);
            bench.open()
        }
        Story::Pushed => {
            let pull = bench.open();
            bench.until_done(&served, pull, false).await;
            bench.check(pull, POINTS);
            github.faults().add(rule);
            bench.push(pull);
            pull
        }
        Story::Moved | Story::Closed => {
            // The review is under way and takes its time.
            let slow = Fault::SlowHeaders { millis: 5_000 };
            github.faults().add(Rule::new("GET", COMPARE, slow));
            let pull = bench.open();
            until("the comparison", &served, || async {
                !github.faults().fired().is_empty()
            })
            .await;
            older = Some(bench.head(pull));
            github.faults().add(rule);
            if case.story == Story::Moved {
                bench.push(pull);
            } else {
                github.close(bench.repo.id, pull).unwrap();
            }
            pull
        }
    };
    bench.until_held(&served).await;
    let delivered: Vec<u64> = github
        .deliveries()
        .iter()
        .filter(|delivery| delivery.event == "pull_request")
        .map(|delivery| delivery.id)
        .collect();
    served.kill();
    github.faults().clear();

    // After it. GitHub may deliver what it delivered before.
    let served = bench.start().await;
    for delivery in delivered {
        github.redeliver(delivery).unwrap();
    }
    let closed = case.story == Story::Closed;
    bench.until_done(&served, pull, closed).await;
    assert!(github.settled(PATIENCE).await);
    bench.until_done(&served, pull, closed).await;
    match case.story {
        Story::Opened => bench.check(pull, POINTS),
        Story::Pushed | Story::Moved => bench.check(pull, 1),
        Story::Closed | Story::OpenedWhileDown => {}
    }
    if let Some(head) = older {
        let runs = bench.runs_at(&head);
        let [run] = runs.as_slice() else {
            panic!("{} check runs: {runs:#?}", runs.len());
        };
        assert_eq!(run.conclusion.as_deref(), Some("cancelled"), "{run:#?}");
        assert!(run.annotations.is_empty(), "{run:#?}");
        if case.story == Story::Moved {
            let newer = bench.runs_at(&bench.head(pull)).remove(0);
            assert!(run.summary.as_ref().unwrap().contains(&newer.html_url));
        } else {
            assert!(github.comments(bench.repo.id, pull).is_empty());
        }
    }
    finish(bench, served).await;
}

async fn finish(bench: Organisation, mut served: Served) {
    let violations = bench.github.violations();
    assert!(violations.is_empty(), "{violations:#?}");
    served.kill();
    if let Some(database) = bench.database {
        database.finish().await;
    }
}

/// Runs all cases, a few at a time, and tells of every one that failed.
async fn run(database: impl AsyncFn() -> Option<Database>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let only = std::env::var("CRASH").unwrap_or_default();
    let mut cases = Vec::new();
    for case in matrix() {
        let name = format!("{:?}: {} ({})", case.story, case.step, case.fault.name());
        if name.contains(&only) {
            cases.push((name, case, database().await));
        }
    }
    let outcomes: Vec<(String, Result<(), tokio::task::JoinError>)> = futures::stream::iter(cases)
        .map(|(name, case, database)| async move {
            let done = tokio::spawn(crash(case, database)).await;
            (name, done)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let failed: Vec<&String> = outcomes
        .iter()
        .filter(|(_, done)| done.is_err())
        .map(|(name, _)| name)
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} crashes were not survived: {failed:#?}",
        failed.len(),
        outcomes.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_review_survives_a_crash_at_every_step_on_sqlite() {
    run(async || None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_review_survives_a_crash_at_every_step_on_postgresql() {
    let Some(first) = Database::postgres().await else {
        return;
    };
    first.finish().await;
    run(Database::postgres).await;
}
