//! Deliveries: which events are sent, how, and what happens to them on their way.

use std::time::Duration;

use github_simulator::{DeliveryFault, DeliveryRule, Options, files};
use serde_json::{Value, json};

use crate::client::{Client, Hook, Scene, assert_clean, scene, scene_with};

const LONG: Duration = Duration::from_secs(10);

async fn hooked() -> (Scene, Hook) {
    let hook = Hook::start().await;
    let scene = scene();
    assert!(scene.github.settled(LONG).await);
    scene.github.set_hook_url(&hook.url);
    (scene, hook)
}

fn push(scene: &Scene, text: &str) -> String {
    let changes = files([("notes/more.py", text)]);
    scene
        .github
        .push_to_pull_request(scene.repo.id, scene.number, "More", changes)
        .unwrap()
}

#[tokio::test]
async fn events_follow_from_what_changes() {
    let (scene, hook) = hooked().await;
    let (github, repo) = (&scene.github, scene.repo.id);
    let head = push(&scene, "a = 1\n");
    github.close(repo, 1).unwrap();
    github.reopen(repo, 1).unwrap();
    github
        .push(repo, "next", "Next", files([("x", "y")]))
        .unwrap();
    github.edit_base(repo, 1, "next").unwrap();
    github.comment(repo, 1, "ada", "/takehome review").unwrap();
    github.rename(repo, "assignment").unwrap();
    let client = Client::installed(github, scene.installation).await;
    let button = json!([{"label": "Re-run", "description": "d", "identifier": "again"}]);
    let body =
        json!({"name": "takehome", "head_sha": head, "conclusion": "neutral", "actions": button});
    let run = client
        .call("POST", "/repos/acme/assignment/check-runs", body)
        .await
        .json();
    let run = run["id"].as_u64().unwrap();
    github.rerequest(run, "acme-admin").unwrap();
    github.request_action(run, "acme-admin", "again").unwrap();
    assert!(github.request_action(run, "acme-admin", "other").is_err());
    github
        .rerequest_suite(github.check_runs(repo, &head)[0].suite, "acme-admin")
        .unwrap();
    github.suspend(scene.installation).unwrap();
    push(&scene, "unheard = 1\n");
    github.unsuspend(scene.installation).unwrap();
    github.uninstall(scene.installation).unwrap();
    push(&scene, "unheard = 2\n");
    github.ping();
    assert!(github.settled(LONG).await);
    assert_eq!(
        hook.names(),
        [
            "pull_request.synchronize",
            "pull_request.closed",
            "pull_request.reopened",
            "push",
            "check_suite.requested",
            "pull_request.edited",
            "issue_comment.created",
            "repository.renamed",
            "check_run.created",
            "check_run.completed",
            "check_suite.completed",
            "check_run.rerequested",
            "check_run.requested_action",
            "check_suite.rerequested",
            "installation.suspend",
            "installation.unsuspend",
            "installation.deleted",
            "ping",
        ]
    );
    let by_name = |name: &str| {
        let at = hook.names().iter().position(|other| other == name).unwrap();
        hook.received()[at].1.clone()
    };
    let clicked = by_name("check_run.requested_action");
    assert_eq!(clicked["requested_action"]["identifier"], "again");
    assert_eq!(clicked["check_run"]["pull_requests"], json!([]));
    assert_eq!(
        clicked["check_run"]["check_suite"]["head_branch"],
        Value::Null
    );
    assert_eq!(
        by_name("pull_request.edited")["changes"]["base"]["ref"]["from"],
        "main"
    );
    assert_eq!(
        by_name("repository.renamed")["changes"]["repository"]["name"]["from"],
        "notes"
    );
    assert!(by_name("issue_comment.created")["issue"]["pull_request"]["url"].is_string());
    assert_clean(github);
}

#[tokio::test]
async fn a_failed_delivery_is_listed_and_sent_again_under_its_guid() {
    let (scene, hook) = hooked().await;
    let github = &scene.github;
    github.clear_hook_url();
    push(&scene, "a = 1\n");
    assert!(github.settled(LONG).await);
    let client = Client::new(github);
    let listed = client
        .app("GET", "/app/hook/deliveries?per_page=2", Value::Null)
        .await;
    assert!(
        listed.header("link").contains("cursor="),
        "{}",
        listed.header("link")
    );
    let first = listed.json()[0].clone();
    assert_eq!(first["status"], "failed to connect to host");
    assert_eq!(
        (&first["status_code"], &first["action"]),
        (&json!(0), &json!("synchronize"))
    );
    let failures = client
        .app("GET", "/app/hook/deliveries?status=failure", Value::Null)
        .await;
    assert_eq!(
        failures.json(),
        json!([]),
        "a delivery without a status is no failure in this list"
    );

    github.set_hook_url(&hook.url);
    let path = format!("/app/hook/deliveries/{}/attempts", first["id"]);
    assert_eq!(client.app("POST", &path, Value::Null).await.status, 202);
    assert!(github.settled(LONG).await);
    let again = client
        .app("GET", "/app/hook/deliveries", Value::Null)
        .await
        .json()[0]
        .clone();
    assert_eq!(
        (&again["guid"], &again["redelivery"], &again["status"]),
        (&first["guid"], &json!(true), &json!("OK"))
    );
    let detail = client
        .app(
            "GET",
            &format!("/app/hook/deliveries/{}", again["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(detail.json()["request"]["payload"]["action"], "synchronize");
    assert_eq!(detail.json()["response"]["payload"], "ok");
    assert!(hook.received()[0].0.contains(&format!(
        "x-github-delivery: {}",
        first["guid"].as_str().unwrap()
    )));

    github.advance_clock(Duration::from_hours(4 * 24));
    assert_eq!(client.app("POST", &path, Value::Null).await.status, 422);
    assert_clean(github);
}

#[tokio::test]
async fn deliveries_are_lost_doubled_late_and_reordered() {
    let (scene, hook) = hooked().await;
    let github = &scene.github;
    let faults = github.faults();
    for (nth, fault) in [
        DeliveryFault::Lost,
        DeliveryFault::NeverSent,
        DeliveryFault::Doubled,
        DeliveryFault::Late { millis: 400 },
        DeliveryFault::Reordered,
    ]
    .into_iter()
    .enumerate()
    {
        faults.fail_delivery("pull_request", nth as u64 + 1, fault);
    }
    let heads: Vec<String> = (0..6)
        .map(|at| push(&scene, &format!("a = {at}\n")))
        .collect();
    assert!(github.settled(LONG).await);
    let received: Vec<usize> = hook
        .received()
        .iter()
        .map(|(_, body)| {
            heads
                .iter()
                .position(|head| body["after"] == head.as_str())
                .unwrap()
        })
        .collect();
    assert_eq!(received, [2, 2, 5, 4, 3]);
    let client = Client::new(github);
    let listed = client
        .app("GET", "/app/hook/deliveries?per_page=5", Value::Null)
        .await
        .json();
    let statuses: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        statuses,
        ["OK", "OK", "OK", "OK", "timed out"],
        "the one never sent is in no list"
    );
    assert_eq!(faults.fired().len(), 5);
}

#[tokio::test]
async fn signatures_can_be_wrong_missing_or_old() {
    let (scene, hook) = hooked().await;
    let faults = scene.github.faults();
    faults.add_delivery(DeliveryRule::new("*", DeliveryFault::WrongSignature));
    faults.add_delivery(DeliveryRule::new("*", DeliveryFault::MissingSignature).nth(2));
    faults.add_delivery(DeliveryRule::new("*", DeliveryFault::Sha1Only).nth(3));
    for at in 0..4 {
        push(&scene, &format!("a = {at}\n"));
    }
    assert!(scene.github.settled(LONG).await);
    let has = |at: usize, name: &str| hook.received()[at].0.contains(name);
    assert!(has(0, "x-hub-signature-256: "));
    assert!(!has(1, "x-hub-signature"));
    assert!(has(2, "x-hub-signature: sha1=") && !has(2, "x-hub-signature-256"));
    let expected = |at: usize| {
        let deliveries = scene.github.deliveries();
        let delivery = &deliveries[deliveries.len() - 4 + at];
        let secret = scene.github.app().webhook_secret;
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        format!(
            "sha256={}",
            hex::encode(aws_lc_rs::hmac::sign(&key, &delivery.body))
        )
    };
    assert!(!has(0, &expected(0)));
    assert!(has(3, &expected(3)));
}

#[tokio::test]
async fn a_hook_that_does_not_answer_times_out() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = Options {
        hook_url: Some(format!("http://{}/", silent.local_addr().unwrap())),
        delivery_deadline: Duration::from_millis(150),
        ..Options::default()
    };
    let scene = scene_with(options);
    assert!(scene.github.settled(LONG).await);
    assert_eq!(scene.github.deliveries()[0].status, "timed out");
}
