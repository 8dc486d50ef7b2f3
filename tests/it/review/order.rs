//! Heads that move, pull requests that close, forks and names that go away.

use std::time::Duration;

use github_simulator::{Fault, files};
use takehome::worker::{ReviewError, ReviewOutcome, Reviewer, Why};
use tokio_util::sync::CancellationToken;

use super::bench::{Answers, Bench, run};

const LONG: Duration = Duration::from_secs(10);

/// Starts a review that stops at its comparison until `meanwhile` has happened.
async fn with_meanwhile(
    bench: &Bench,
    pull: u64,
    meanwhile: impl FnOnce(&Bench),
) -> Result<ReviewOutcome, ReviewError> {
    bench
        .github
        .faults()
        .fail("GET", "/repos/*/*/compare/*", 1, Fault::HoldBefore);
    let review = bench.review(bench.job(pull, Why::Pushed));
    let change = async {
        assert!(bench.github.faults().wait_held(LONG).await);
        meanwhile(bench);
        bench.github.faults().release();
    };
    futures::join!(review, change).0
}

#[test]
fn a_force_push_in_the_middle_ends_with_the_newer_head_reviewed() {
    run(Answers::Gaps(60), async |bench| {
        let pull = bench.open();
        let old = bench.head(pull);
        let outcome = with_meanwhile(bench, pull, |bench| {
            let changes = files([("app.py", "y = 2\n")]);
            bench
                .github
                .force_push_pull_request(bench.repo.id, pull, "Once more", changes)
                .unwrap();
        })
        .await
        .unwrap();
        assert_eq!(
            outcome,
            ReviewOutcome::Superseded {
                head_sha: old.clone()
            }
        );
        assert!(bench.only_run(&old).annotations.is_empty());

        bench.reviewed(pull).await;
        let new = bench.only_run(&bench.head(pull));
        assert_eq!(new.conclusion.as_deref(), Some("neutral"));
        assert_eq!(new.annotations.len(), 60);
        let old = bench.only_run(&old);
        assert_eq!(old.conclusion.as_deref(), Some("cancelled"));
        assert!(old.summary.unwrap().contains(&new.html_url));
        bench.only_comment(pull);
    });
}

#[test]
fn a_pull_request_closed_in_the_middle_gets_no_review() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        let outcome = with_meanwhile(bench, pull, |bench| {
            bench.github.close(bench.repo.id, pull).unwrap();
        })
        .await
        .unwrap();
        assert!(
            matches!(outcome, ReviewOutcome::Refused { .. }),
            "{outcome:?}"
        );
        let run = bench.only_run(&bench.head(pull));
        assert_eq!(run.conclusion.as_deref(), Some("cancelled"));
        assert!(bench.github.comments(bench.repo.id, pull).is_empty());
        // And one that is closed from the start is not even begun.
        bench.writes();
        let outcome = bench.reviewed(pull).await;
        assert!(
            matches!(outcome, ReviewOutcome::Refused { .. }),
            "{outcome:?}"
        );
        assert_eq!(bench.writes(), Vec::<String>::new());
    });
}

#[test]
fn a_cancelled_job_stops_and_writes_nothing_more() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        bench
            .github
            .faults()
            .fail("GET", "/repos/*/*/git/trees/*", 1, Fault::HoldBefore);
        let cancel = CancellationToken::new();
        let review = bench
            .reviewer
            .review(bench.job(pull, Why::Pushed), cancel.clone());
        let change = async {
            assert!(bench.github.faults().wait_held(LONG).await);
            bench.writes();
            cancel.cancel();
        };
        let (outcome, ()) = futures::join!(review, change);
        assert_eq!(outcome, Err(ReviewError::Cancelled));
        bench.github.faults().release();
        assert_eq!(bench.writes(), Vec::<String>::new());
    });
}

#[test]
fn a_retarget_is_reviewed_against_the_other_base() {
    run(Answers::Gaps(2), async |bench| {
        let pull = bench.open();
        let head = bench.head(pull);
        bench.reviewed(pull).await;
        let changes = files([("later.py", "z = 1\n")]);
        bench
            .github
            .push(bench.repo.id, "next", "Next", changes)
            .unwrap();
        bench.github.edit_base(bench.repo.id, pull, "next").unwrap();
        let outcome = bench
            .review(bench.job(pull, Why::Retargeted))
            .await
            .unwrap();
        // Same merge base: nothing has changed for the candidate.
        assert_eq!(outcome, ReviewOutcome::Unchanged { head_sha: head });
    });
}

#[test]
fn a_deleted_fork_is_reviewed_from_the_base_repository() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        bench.github.delete_fork(bench.repo.id, pull).unwrap();
        let outcome = bench.reviewed(pull).await;
        assert!(
            matches!(outcome, ReviewOutcome::Reviewed { .. }),
            "{outcome:?}"
        );
        let analysed = bench.analysed.lock().unwrap();
        assert!(analysed[0].head.entries.iter().any(|e| e.path == "app.py"));
    });
}

#[test]
fn a_renamed_repository_is_followed() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        bench.github.rename(bench.repo.id, "orders-2026").unwrap();
        // The job still has the old name.
        let outcome = bench.reviewed(pull).await;
        assert!(
            matches!(outcome, ReviewOutcome::Reviewed { .. }),
            "{outcome:?}"
        );
        assert_eq!(bench.only_run(&bench.head(pull)).annotations.len(), 1);
        bench.only_comment(pull);

        bench.github.rename(bench.repo.id, "orders-2027").unwrap();
        let changes = files([("app.py", "y = 2\n")]);
        bench
            .github
            .push_to_pull_request(bench.repo.id, pull, "More", changes)
            .unwrap();
        bench.reviewed(pull).await;
        assert_eq!(bench.only_run(&bench.head(pull)).annotations.len(), 1);
        bench.only_comment(pull);
    });
}

#[test]
fn a_suspended_or_removed_installation_is_gone_not_an_error() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        bench.github.suspend(bench.installation).unwrap();
        let outcome = bench.reviewed(pull).await;
        assert!(matches!(outcome, ReviewOutcome::Gone { .. }), "{outcome:?}");
        bench.github.unsuspend(bench.installation).unwrap();
        bench.reviewer.forget_installation(bench.installation);
        bench.reviewed(pull).await;
        bench.github.uninstall(bench.org).unwrap();
        bench.reviewer.forget_installation(bench.installation);
        let outcome = bench.reviewed(pull).await;
        assert!(matches!(outcome, ReviewOutcome::Gone { .. }), "{outcome:?}");
    });
}
