//! The one comment, the labels, and candidates who write what looks like ours.

use github_simulator::files;
use takehome::worker::Why;

use super::bench::{Answers, run};

#[test]
fn a_copied_marker_captures_nothing() {
    run(Answers::Gaps(2), async |bench| {
        let pull = bench.open();
        bench.reviewed(pull).await;
        let ours = bench.only_comment(pull);
        // The candidate copies our whole comment, mark and all, and the service forgets its own.
        let copy = bench
            .github
            .comment(bench.repo.id, pull, "ada", &ours.body)
            .unwrap();
        bench.forget_everything(Answers::Gaps(5)).await;
        bench.reviewed(pull).await;
        let comments = bench.github.comments(bench.repo.id, pull);
        let theirs = comments.iter().find(|c| c.id == copy).unwrap();
        assert_eq!(theirs.body, ours.body);
        assert!(!theirs.edited);
        let now = bench.only_comment(pull);
        assert_eq!(now.id, ours.id, "edited in place");
        assert!(now.edited && now.body != ours.body);
    });
}

#[test]
fn our_comment_is_found_behind_more_than_a_hundred_others() {
    run(Answers::Gaps(2), async |bench| {
        let pull = bench.open();
        for n in 0..130 {
            bench
                .github
                .comment(
                    bench.repo.id,
                    pull,
                    "ada",
                    &format!("Comment {n} <!-- takehome:v1:00 -->"),
                )
                .unwrap();
        }
        bench.reviewed(pull).await;
        let first = bench.only_comment(pull);
        bench.forget_everything(Answers::Gaps(3)).await;
        bench.reviewed(pull).await;
        assert_eq!(bench.only_comment(pull).id, first.id);
        assert_eq!(bench.github.comments(bench.repo.id, pull).len(), 131);
    });
}

#[test]
fn a_deleted_comment_is_made_again() {
    run(Answers::Gaps(2), async |bench| {
        let pull = bench.open();
        bench.reviewed(pull).await;
        let first = bench.only_comment(pull);
        bench.github.delete_comment(first.id).unwrap();
        // The same text, asked for again.
        bench
            .review(bench.job(pull, Why::Rerequested))
            .await
            .unwrap();
        let second = bench.only_comment(pull);
        assert_ne!(second.id, first.id);
        // Another text: the stored id answers 404.
        bench.github.delete_comment(second.id).unwrap();
        let changes = files([("app.py", "y = 2\n")]);
        bench
            .github
            .push_to_pull_request(bench.repo.id, pull, "More", changes)
            .unwrap();
        bench.reviewed(pull).await;
        assert_ne!(bench.only_comment(pull).id, second.id);
    });
}

#[test]
fn labels_stand_as_the_rules_ask_and_no_other_is_touched() {
    run(Answers::Gaps(2), async |bench| {
        bench.rules("publish:\n  labels:\n    reviewed: review ready\n    limited: needs a look\n");
        let pull = bench.open();
        for label in ["bug", "needs a look"] {
            bench.github.add_label(bench.repo.id, pull, label).unwrap();
        }
        bench.reviewed(pull).await;
        let mut labels = bench.github.labels(bench.repo.id, pull);
        labels.sort();
        assert_eq!(labels, ["bug", "review ready"]);
    });
}

#[test]
fn an_organisation_may_do_without_the_comment() {
    run(Answers::Gaps(2), async |bench| {
        bench.rules("publish:\n  candidate_comment: false\n");
        let pull = bench.open();
        bench.reviewed(pull).await;
        assert!(bench.github.comments(bench.repo.id, pull).is_empty());
        assert_eq!(bench.only_run(&bench.head(pull)).annotations.len(), 2);
    });
}
