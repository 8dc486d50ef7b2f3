//! The way of one review, from the delivery to the comment.

use std::time::Duration;

use github_simulator::{Options, Simulator};
use serde_json::{Value, json};

use crate::client::{Client, Hook, assert_clean, scene};

#[tokio::test]
async fn a_review_from_the_delivery_to_the_comment() {
    let hook = Hook::start().await;
    let scene = scene();
    let github = &scene.github;
    assert!(github.settled(Duration::from_secs(5)).await);
    github.set_hook_url(&hook.url);
    let head = github
        .push_to_pull_request(
            scene.repo.id,
            scene.number,
            "Add a serializer",
            github_simulator::files([("notes/serializers.py", "x = 1\n")]),
        )
        .unwrap();
    assert!(github.settled(Duration::from_secs(5)).await);
    let (heading, event) = hook.received().remove(0);
    assert!(
        heading.contains("x-github-event: pull_request"),
        "{heading}"
    );
    assert!(heading.contains("x-hub-signature-256: sha256="));
    assert_eq!(event["action"], "synchronize");
    assert_eq!(event["after"], head.as_str());
    assert_eq!(event["before"], scene.head.as_str());
    assert_eq!(event["pull_request"]["head"]["sha"], head.as_str());
    assert_eq!(event["pull_request"]["head"]["repo"]["fork"], true);

    let client = Client::installed(github, scene.installation).await;
    let pull = client.get("/repos/acme/notes/pulls/1").await;
    assert_eq!(pull.status, 200);
    assert_eq!(pull.json()["mergeable"], Value::Null);
    assert_eq!(pull.json()["changed_files"], 3);
    assert_eq!(
        client.get("/repos/acme/notes/pulls/1").await.json()["mergeable"],
        true
    );

    let run = client
        .call(
            "POST",
            "/repos/acme/notes/check-runs",
            json!({"name": "takehome", "head_sha": head, "status": "in_progress", "external_id": "7"}),
        )
        .await;
    assert_eq!(run.status, 201, "{}", run.message());
    let id = run.json()["id"].as_u64().unwrap();
    assert!(id > u64::from(u32::MAX));
    assert_eq!(run.json()["pull_requests"], json!([]));
    let annotation = |line: u64| {
        json!({
            "path": "notes/models.py", "start_line": line, "end_line": line,
            "annotation_level": "warning", "message": "A model without a string form", "title": "DRF101"
        })
    };
    for line in [4, 5] {
        let patched = client
            .call(
                "PATCH",
                &format!("/repos/acme/notes/check-runs/{id}"),
                json!({
                    "status": "completed", "conclusion": "neutral",
                    "output": {"title": "Two", "summary": "**Two** gaps", "annotations": [annotation(line)]}
                }),
            )
            .await;
        assert_eq!(patched.status, 200, "{}", patched.message());
    }
    assert_eq!(github.annotations(id).len(), 2);
    let listed = client
        .get(&format!(
            "/repos/acme/notes/commits/{head}/check-runs?check_name=takehome&filter=all"
        ))
        .await
        .json();
    assert_eq!(listed["total_count"], 1);
    assert_eq!(listed["check_runs"][0]["output"]["annotations_count"], 2);

    let comment = client
        .call(
            "POST",
            "/repos/acme/notes/issues/1/comments",
            json!({"body": "Thank you"}),
        )
        .await;
    assert_eq!(comment.status, 201);
    assert_eq!(
        comment.json()["performed_via_github_app"]["id"],
        github.app().id
    );
    let labels = client
        .call(
            "POST",
            "/repos/acme/notes/issues/1/labels",
            json!({"labels": ["reviewed"]}),
        )
        .await;
    assert_eq!(labels.json()[0]["color"], "ededed");

    assert_eq!(github.comments(scene.repo.id, 1)[0].body, "Thank you");
    assert_eq!(github.labels(scene.repo.id, 1), ["reviewed"]);
    assert_clean(github);
}

#[tokio::test]
async fn the_same_actions_give_the_same_commits() {
    let (one, other) = (scene(), scene());
    assert_eq!(one.head, other.head);
    assert_eq!(one.repo.id, other.repo.id);
    assert!(Simulator::start(Options::default()).is_ok());
}
