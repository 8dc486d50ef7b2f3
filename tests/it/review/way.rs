//! The plain way of a review, and who may ask for one.

use github_simulator::NewPullRequest;
use takehome::worker::{ConcludeJob, ConcludeWhy, ReviewError, ReviewOutcome, Reviewer, Why};
use tokio_util::sync::CancellationToken;

use super::bench::{Answers, asked_by, run, solution};

#[test]
fn a_pull_request_from_a_fork_is_reviewed_with_few_writes() {
    run(Answers::Real, async |bench| {
        let pull = bench.open();
        let head = bench.head(pull);
        let outcome = bench.reviewed(pull).await;
        let ReviewOutcome::Reviewed {
            review_id,
            head_sha,
        } = outcome
        else {
            panic!("{outcome:?}");
        };
        assert_eq!(head_sha, head);
        let run = bench.only_run(&head);
        assert_eq!(run.status, "completed");
        assert_eq!(run.conclusion.as_deref(), Some("neutral"));
        assert_eq!(run.external_id, "pull-1/job-1");
        assert_eq!(run.actions, ["takehome-review"]);
        assert_eq!(
            run.details_url,
            Some(format!("https://takehome.example.org/reviews/{review_id}"))
        );
        let comment = bench.only_comment(pull);
        assert!(
            comment.body.contains("<!-- takehome:v1:"),
            "{}",
            comment.body
        );
        assert_eq!(bench.writes().len(), 3, "check run twice, comment once");
        let stored = bench.store.review(review_id).await.unwrap().unwrap();
        let review: takehome::report::Review = serde_json::from_str(&stored.result).unwrap();
        assert_eq!(review.head, Some(head.clone()));
        assert_eq!(review.base, Some(bench.repo.head_sha.clone()));
        assert_eq!(review.rules_hash, stored.key.rules_hash);

        // The event comes twice: nothing is written.
        let again = bench.reviewed(pull).await;
        assert_eq!(again, ReviewOutcome::Unchanged { head_sha: head });
        assert_eq!(bench.writes(), Vec::<String>::new());
    });
}

#[test]
fn asking_again_makes_a_new_check_run_and_leaves_an_equal_comment_alone() {
    run(Answers::Gaps(3), async |bench| {
        let pull = bench.open();
        let head = bench.head(pull);
        bench.reviewed(pull).await;
        bench.writes();
        let job = bench.job(pull, Why::Rerequested);
        let outcome = bench.review(job).await.unwrap();
        assert!(
            matches!(outcome, ReviewOutcome::Reviewed { .. }),
            "{outcome:?}"
        );
        assert_eq!(bench.analysed.lock().unwrap().len(), 2);
        let runs = bench.github.check_runs(bench.repo.id, &head);
        assert_eq!(runs.len(), 2);
        assert!(
            runs.iter().all(|run| run.annotations.len() == 3),
            "{runs:#?}"
        );
        assert!(!bench.only_comment(pull).edited);
        assert_eq!(bench.writes().len(), 2);
    });
}

#[test]
fn only_people_who_may_write_can_ask() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench.open();
        let mallory = bench.github.create_user("mallory").unwrap();
        let grace = bench.github.create_user("grace").unwrap();
        bench
            .github
            .set_collaborator(bench.repo.id, "grace", "write")
            .unwrap();
        for (id, login) in [(mallory, "mallory"), (mallory, "grace"), (grace, "nobody")] {
            let job = asked_by(bench.job(pull, Why::Commanded), id, login);
            let outcome = bench.review(job).await.unwrap();
            assert!(
                matches!(outcome, ReviewOutcome::Refused { .. }),
                "{login}: {outcome:?}"
            );
        }
        assert_eq!(bench.writes(), Vec::<String>::new());
        let job = asked_by(bench.job(pull, Why::Commanded), grace, "grace");
        let outcome = bench.review(job).await.unwrap();
        assert!(
            matches!(outcome, ReviewOutcome::Reviewed { .. }),
            "{outcome:?}"
        );
    });
}

#[test]
fn a_draft_waits_until_somebody_asks() {
    run(Answers::Gaps(1), async |bench| {
        let pull = bench
            .github
            .open_pull_request(
                bench.repo.id,
                NewPullRequest {
                    author: "ada".to_owned(),
                    title: "Draft".to_owned(),
                    body: String::new(),
                    branch: "draft".to_owned(),
                    base: None,
                    changes: solution(),
                    fork: true,
                    draft: true,
                },
            )
            .unwrap()
            .number;
        let outcome = bench.reviewed(pull).await;
        assert!(
            matches!(outcome, ReviewOutcome::Refused { .. }),
            "{outcome:?}"
        );
        assert_eq!(bench.writes(), Vec::<String>::new());
        let outcome = bench.review(bench.job(pull, Why::Operator)).await.unwrap();
        assert!(
            matches!(outcome, ReviewOutcome::Reviewed { .. }),
            "{outcome:?}"
        );
    });
}

#[test]
fn an_analysis_that_dies_is_told_without_blame() {
    run(Answers::Dies, async |bench| {
        let pull = bench.open();
        let error = bench
            .review(bench.job(pull, Why::Pushed))
            .await
            .unwrap_err();
        assert!(matches!(error, ReviewError::Permanent { .. }), "{error:?}");
        let run = bench.only_run(&bench.head(pull));
        assert_eq!(run.conclusion.as_deref(), Some("neutral"));
        assert_eq!(
            run.title.as_deref(),
            Some("This commit could not be analysed")
        );
        assert!(!run.summary.unwrap().contains("killed"));
        assert!(bench.github.comments(bench.repo.id, pull).is_empty());
    });
}

#[test]
fn what_is_given_up_or_closed_leaves_no_open_check_run() {
    for (why, conclusion) in [
        (
            ConcludeWhy::GivenUp("a reason for operators".to_owned()),
            "neutral",
        ),
        (ConcludeWhy::Closed, "cancelled"),
    ] {
        run(Answers::Gaps(1), async |bench| {
            let pull = bench.open();
            let job = bench.job(pull, Why::Pushed);
            // Ends after the check run is made.
            let refused = github_simulator::Fault::ForbiddenWithoutReason;
            let rule = github_simulator::Rule::new("GET", "/repos/*/*/compare/*", refused);
            bench.github.faults().add(rule.times(u64::MAX));
            bench.review(job.clone()).await.unwrap_err();
            assert_eq!(bench.only_run(&bench.head(pull)).status, "in_progress");
            let conclude = ConcludeJob {
                id: 99,
                attempt: 1,
                pull: job.pull,
                why,
            };
            let token = CancellationToken::new();
            bench.reviewer.conclude(conclude, token).await.unwrap();
            let run = bench.only_run(&bench.head(pull));
            assert_eq!(run.conclusion.as_deref(), Some(conclusion));
            assert!(!run.summary.unwrap().contains("operators"));
        });
    }
}
