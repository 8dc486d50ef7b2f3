//! Whose rules hold: the organisation's and the base branch's, the last good ones, never the
//! candidate's.

use github_simulator::{Fault, Rule, files};
use takehome::worker::{ReviewOutcome, Reviewer, RulesJob, Why};
use tokio_util::sync::CancellationToken;

use super::bench::{Answers, Bench, run, solution};

const STRICT: &str = "publish:\n  fail_on: high\n";

async fn notes(bench: &Bench, outcome: ReviewOutcome) -> Vec<String> {
    let ReviewOutcome::Reviewed { review_id, .. } = outcome else {
        panic!("{outcome:?}");
    };
    let stored = bench.store.review(review_id).await.unwrap().unwrap();
    let review: takehome::report::Review = serde_json::from_str(&stored.result).unwrap();
    review.notes
}

#[test]
fn a_gate_of_the_organisation_fails_the_check_run() {
    run(Answers::Gaps(10), async |bench| {
        bench.rules(STRICT);
        let pull = bench.open();
        bench.reviewed(pull).await;
        let run = bench.only_run(&bench.head(pull));
        assert_eq!(run.conclusion.as_deref(), Some("failure"));
    });
}

#[test]
fn the_candidates_own_rules_are_not_read_and_the_base_branchs_are() {
    run(Answers::Gaps(10), async |bench| {
        bench.rules(STRICT);
        let mut changes = solution();
        changes.extend(files([(
            ".github/takehome.yml",
            "publish:\n  fail_on: never\n",
        )]));
        let pull = bench.open_with(changes);
        bench.reviewed(pull).await;
        let run = bench.only_run(&bench.head(pull));
        assert_eq!(run.conclusion.as_deref(), Some("failure"));

        let base = files([(".github/takehome.yml", "publish:\n  fail_on: never\n")]);
        bench
            .github
            .push(bench.repo.id, &bench.repo.default_branch, "Rules", base)
            .unwrap();
        bench.reviewed(pull).await;
        let runs = bench.github.check_runs(bench.repo.id, &bench.head(pull));
        let newest = runs.iter().max_by_key(|run| run.id).unwrap();
        assert_eq!(newest.conclusion.as_deref(), Some("neutral"));
    });
}

#[test]
fn a_slip_in_the_organisations_file_shows_candidates_nothing_red() {
    run(Answers::Gaps(9), async |bench| {
        bench.rules(STRICT);
        let pull = bench.open();
        bench.reviewed(pull).await;
        bench.rules("publish:\n  fail_onn: [\n");
        let changes = files([("app.py", "y = 2\n")]);
        bench
            .github
            .push_to_pull_request(bench.repo.id, pull, "More", changes)
            .unwrap();
        let outcome = bench.reviewed(pull).await;
        let told = notes(bench, outcome).await.join("\n");
        assert!(told.contains("last good version"), "{told}");
        assert!(told.contains("acme/.github:takehome.yml:"), "{told}");
        let run = bench.only_run(&bench.head(pull));
        assert_eq!(
            run.conclusion.as_deref(),
            Some("neutral"),
            "nine gaps, none of them high"
        );
        let comment = bench.only_comment(pull);
        assert!(!comment.body.contains("fail_on"), "{}", comment.body);
        assert!(!run.summary.unwrap().contains("fail_on"));
    });
}

#[test]
fn rules_that_cannot_be_read_now_are_yesterdays() {
    run(Answers::Gaps(10), async |bench| {
        bench.rules(STRICT);
        let pull = bench.open();
        bench.reviewed(pull).await;
        bench.wait(61);
        bench.github.faults().add(
            Rule::new(
                "GET",
                "/repos/acme/.github/contents/**",
                Fault::HtmlError { status: 500 },
            )
            .times(u64::MAX),
        );
        let outcome = bench
            .review(bench.job(pull, Why::Rerequested))
            .await
            .unwrap();
        let told = notes(bench, outcome).await.join("\n");
        assert!(told.contains("could not be read just now"), "{told}");
        let runs = bench.github.check_runs(bench.repo.id, &bench.head(pull));
        assert!(
            runs.iter()
                .all(|run| run.conclusion.as_deref() == Some("failure"))
        );
    });
}

#[test]
fn a_push_to_the_rules_is_obeyed_at_once() {
    run(Answers::Gaps(10), async |bench| {
        bench.rules("version: 1\n");
        let pull = bench.open();
        bench.reviewed(pull).await;
        let repo = bench.github.repo("acme/.github").unwrap();
        let changes = files([("takehome.yml", STRICT)]);
        bench
            .github
            .push(repo.id, &repo.default_branch, "Strict", changes)
            .unwrap();
        let job = RulesJob {
            id: 50,
            attempt: 1,
            installation_id: bench.installation,
            repository_id: repo.id,
            owner: "acme".to_owned(),
            repository: ".github".to_owned(),
            commit: None,
        };
        let token = CancellationToken::new();
        bench.reviewer.reload_rules(job, token).await.unwrap();
        bench.reviewed(pull).await;
        let runs = bench.github.check_runs(bench.repo.id, &bench.head(pull));
        let newest = runs.iter().max_by_key(|run| run.id).unwrap();
        assert_eq!(newest.conclusion.as_deref(), Some("failure"));
    });
}

#[test]
fn protected_paths_and_a_missing_starter_are_told_to_reviewers() {
    run(Answers::Gaps(1), async |bench| {
        bench.rules(
            "assignment:\n  protected: ['manage.py', 'orders/tests.py']\n  starter:\n    ref: nowhere\n",
        );
        let pull = bench.open();
        let outcome = bench.reviewed(pull).await;
        let told = notes(bench, outcome).await;
        assert!(
            told.iter().any(|n| n == "The assignment protects 1 file that this pull request changes: `orders/tests.py`."),
            "{told:?}"
        );
        assert!(
            told.iter().any(|n| n.contains("starter `nowhere`")),
            "{told:?}"
        );
    });
}
