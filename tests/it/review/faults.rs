//! Answers that are lost, refused, late or broken at every step: in the end everything stands once.

use std::time::Duration;

use github_simulator::{Fault, Rule};
use takehome::worker::{ReviewError, ReviewOutcome, Reviewer, Why};
use tokio_util::sync::CancellationToken;

use super::bench::{Answers, Bench, run};

/// 120 annotations go in three batches.
const GAPS: usize = 120;

const WRITES: [(&str, &str, u64); 5] = [
    ("POST", "/repos/*/*/check-runs", 1),
    ("PATCH", "/repos/*/*/check-runs/*", 1),
    ("PATCH", "/repos/*/*/check-runs/*", 2),
    ("PATCH", "/repos/*/*/check-runs/*", 3),
    ("POST", "/repos/*/*/issues/*/comments", 1),
];

/// What must stand after any trouble, exactly.
#[track_caller]
fn stands_once(bench: &Bench, pull: u64) {
    let run = bench.only_run(&bench.head(pull));
    assert_eq!(run.conclusion.as_deref(), Some("neutral"));
    let mut lines: Vec<u64> = run.annotations.iter().map(|a| a.start_line).collect();
    assert_eq!(lines.len(), GAPS);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), GAPS, "each once");
    assert!(
        run.annotations[0].message.contains("Gap number 10."),
        "weightiest first"
    );
    bench.only_comment(pull);
}

fn many_annotations(bench: &Bench) {
    bench.rules("publish:\n  max_annotations: 500\n");
}

#[test]
fn more_annotations_than_one_request_takes_arrive_in_order() {
    run(Answers::Gaps(GAPS), async |bench| {
        many_annotations(bench);
        let pull = bench.open();
        bench.reviewed(pull).await;
        stands_once(bench, pull);
    });
}

#[test]
fn a_lost_answer_to_any_write_leaves_no_double() {
    for (method, path, nth) in WRITES {
        for fault in [Fault::LostAnswer, Fault::ResetAfter] {
            run(Answers::Gaps(GAPS), async |bench| {
                many_annotations(bench);
                let pull = bench.open();
                bench.github.faults().fail(method, path, nth, fault);
                bench.persist(bench.job(pull, Why::Pushed)).await;
                assert_eq!(
                    bench.github.faults().fired().len(),
                    1,
                    "{method} {path} {nth}"
                );
                stands_once(bench, pull);
            });
        }
    }
}

#[test]
fn a_write_that_never_arrived_is_made_again() {
    for (at, (method, path, nth)) in WRITES.into_iter().enumerate() {
        // Each write with its own half of the troubles: all pairs would take minutes.
        let troubles = [
            Fault::HtmlError { status: 502 },
            Fault::FreshTokenRefused,
            Fault::ResetBefore,
            Fault::ExpiredToken,
            Fault::HtmlError { status: 503 },
            Fault::SecondaryLimit {
                retry_after: Some(1),
            },
        ];
        for fault in troubles.into_iter().skip(at % 2).step_by(2) {
            run(Answers::Gaps(GAPS), async |bench| {
                many_annotations(bench);
                let pull = bench.open();
                bench.github.faults().fail(method, path, nth, fault);
                bench.persist(bench.job(pull, Why::Pushed)).await;
                assert_eq!(
                    bench.github.faults().fired().len(),
                    1,
                    "{method} {path} {nth}"
                );
                stands_once(bench, pull);
            });
        }
    }
}

#[test]
fn a_long_limit_is_told_with_its_time_and_the_rest_follows() {
    run(Answers::Gaps(GAPS), async |bench| {
        many_annotations(bench);
        let pull = bench.open();
        let fault = Fault::SecondaryLimit { retry_after: None };
        bench
            .github
            .faults()
            .fail("PATCH", "/repos/*/*/check-runs/*", 2, fault);
        let mut job = bench.job(pull, Why::Pushed);
        let error = bench.review(job.clone()).await.unwrap_err();
        let ReviewError::Transient { retry_after, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(retry_after, Some(Duration::from_mins(1)));
        // Too early: nothing goes out.
        bench.writes();
        job.attempt += 1;
        bench.review(job.clone()).await.unwrap_err();
        assert_eq!(bench.writes(), Vec::<String>::new());
        bench.wait(61);
        job.attempt += 1;
        bench.review(job).await.unwrap();
        stands_once(bench, pull);
        assert_eq!(
            bench.analysed.lock().unwrap().len(),
            1,
            "what is saved is not done again"
        );
    });
}

#[test]
fn a_limit_before_the_comment_loses_no_comment() {
    run(Answers::Gaps(GAPS), async |bench| {
        many_annotations(bench);
        let pull = bench.open();
        let fault = Fault::SecondaryLimit { retry_after: None };
        let path = "/repos/*/*/issues/*/comments";
        bench.github.faults().fail("POST", path, 1, fault);
        let mut job = bench.job(pull, Why::Pushed);
        bench.review(job.clone()).await.unwrap_err();
        assert!(bench.github.comments(bench.repo.id, pull).is_empty());
        bench.wait(61);
        job.attempt += 1;
        bench.review(job).await.unwrap();
        stands_once(bench, pull);
    });
}

#[test]
fn a_process_that_dies_after_a_write_is_followed_by_one_that_finds_it() {
    for (method, path, nth) in WRITES {
        run(Answers::Gaps(GAPS), async |bench| {
            many_annotations(bench);
            let pull = bench.open();
            bench
                .github
                .faults()
                .fail(method, path, nth, Fault::HoldAfter);
            let job = bench.job(pull, Why::Pushed);
            let dies = {
                let (reviewer, job) = (bench.reviewer.clone(), job.clone());
                tokio::spawn(async move { reviewer.review(job, CancellationToken::new()).await })
            };
            assert!(
                bench
                    .github
                    .faults()
                    .wait_held(Duration::from_secs(20))
                    .await
            );
            dies.abort();
            let _ = dies.await;
            bench.github.faults().release();
            let mut job = job;
            job.attempt += 1;
            bench.persist(job).await;
            stands_once(bench, pull);
        });
    }
}

#[test]
fn a_check_run_that_nobody_wrote_down_is_ended_by_the_next_head() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        let old = bench.head(pull);
        let path = "/repos/*/*/check-runs";
        bench
            .github
            .faults()
            .fail("POST", path, 1, Fault::HoldAfter);
        let dies = {
            let (reviewer, job) = (bench.reviewer.clone(), bench.job(pull, Why::Pushed));
            tokio::spawn(async move { reviewer.review(job, CancellationToken::new()).await })
        };
        assert!(
            bench
                .github
                .faults()
                .wait_held(Duration::from_secs(20))
                .await
        );
        dies.abort();
        let _ = dies.await;
        bench.github.faults().release();
        let changes = github_simulator::files([("app.py", "y = 2\n")]);
        bench
            .github
            .push_to_pull_request(bench.repo.id, pull, "More", changes)
            .unwrap();
        bench.reviewed(pull).await;
        assert_eq!(
            bench.only_run(&old).conclusion.as_deref(),
            Some("cancelled")
        );
        let new = bench.only_run(&bench.head(pull));
        assert_eq!(new.conclusion.as_deref(), Some("neutral"));
    });
}

#[test]
fn reads_survive_trouble() {
    for fault in [
        Fault::HtmlError { status: 503 },
        Fault::ResetBefore,
        Fault::TruncatedBody,
        Fault::SlowHeaders { millis: 200 },
        Fault::SlowBody { millis: 20 },
        Fault::ExpiredToken,
        Fault::FreshTokenRefused,
        Fault::TooManyRequests {
            retry_after: Some(1),
        },
    ] {
        run(Answers::Gaps(GAPS), async |bench| {
            many_annotations(bench);
            let pull = bench.open();
            for path in [
                "/repos/*/*/pulls/*",
                "/repos/*/*/compare/*",
                "/repos/*/*/git/trees/*",
                "/repos/*/*/tarball/*",
                "/repos/*/*/issues/*/comments",
            ] {
                bench.github.faults().add(Rule::new("GET", path, fault));
            }
            bench.persist(bench.job(pull, Why::Pushed)).await;
            assert_eq!(bench.github.faults().fired().len(), 5);
            stands_once(bench, pull);
        });
    }
}

#[test]
fn an_empty_budget_starts_nothing() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        bench.github.set_limits(github_simulator::Limits {
            primary_per_hour: 5,
            ..github_simulator::Limits::none()
        });
        let error = bench
            .review(bench.job(pull, Why::Pushed))
            .await
            .unwrap_err();
        assert!(
            matches!(&error, ReviewError::Transient { retry_after: Some(wait), .. } if wait.as_secs() > 60),
            "{error:?}"
        );
        bench.github.set_limits(github_simulator::Limits::none());
        bench.wait(3_700);
        bench.github.advance_clock(Duration::from_secs(3_700));
        let outcome = bench.reviewed(pull).await;
        assert!(
            matches!(outcome, ReviewOutcome::Reviewed { .. }),
            "{outcome:?}"
        );
    });
}
