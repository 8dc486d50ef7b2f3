//! Check runs: limits in GitHub's words, lists, what is refused.

use serde_json::{Value, json};

use crate::client::{Client, Scene, assert_clean, scene};

async fn post(scene: &Scene, client: &Client, mut body: Value) -> (u16, String) {
    body["name"] = json!("takehome");
    body["head_sha"] = json!(scene.head);
    let answer = client
        .call("POST", "/repos/acme/notes/check-runs", body)
        .await;
    (answer.status.as_u16(), answer.message())
}

fn annotations(count: usize) -> Vec<Value> {
    (0..count)
        .map(|_| {
            json!({"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "x"})
        })
        .collect()
}

#[tokio::test]
async fn limits_are_refused_in_githubs_words() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let output = |summary: &str, notes: Vec<Value>| json!({"output": {"title": "T", "summary": summary, "annotations": notes}});
    let (status, message) = post(&scene, &client, output("s", annotations(52))).await;
    assert_eq!(
        (status, message.as_str()),
        (
            422,
            "Invalid request.\n\nNo more than 50 items are allowed; 52 were supplied."
        )
    );
    let (status, message) = post(&scene, &client, output(&"ä".repeat(65_536), vec![])).await;
    assert_eq!(
        (status, message.as_str()),
        (
            422,
            "Invalid request.\n\nOnly 65535 characters are allowed; 65536 were supplied."
        )
    );
    assert_eq!(
        post(
            &scene,
            &client,
            output(&"ä".repeat(65_535), annotations(50))
        )
        .await
        .0,
        201
    );
    let (status, message) = post(&scene, &client, json!({"status": "completed"})).await;
    assert_eq!(
        (status, message.contains("\"conclusion\"")),
        (422, true),
        "{message}"
    );
    let button = json!({"label": "Re-run", "description": "d", "identifier": "i"});
    assert_eq!(
        post(&scene, &client, json!({"actions": vec![button; 4]}))
            .await
            .0,
        422
    );
    let long =
        json!([{"label": "more than twenty characters", "description": "d", "identifier": "i"}]);
    assert_eq!(post(&scene, &client, json!({"actions": long})).await.0, 422);
    let mut columns = annotations(1);
    columns[0]["end_line"] = json!(2);
    columns[0]["start_column"] = json!(1);
    assert_eq!(post(&scene, &client, output("s", columns)).await.0, 422);
    let answer = client
        .call(
            "POST",
            "/repos/acme/notes/check-runs",
            json!({"name": "x", "head_sha": "0".repeat(40)}),
        )
        .await;
    assert_eq!(answer.status, 422);
    assert!(answer.message().starts_with("No commit found for SHA"));
    // All of it was checked, nothing was half done.
    assert_eq!(scene.github.check_runs(scene.repo.id, &scene.head).len(), 1);
    // The description itself knows of the first refusals.
    let violations = scene.github.violations();
    assert!(
        violations
            .iter()
            .any(|v| v.problem.contains("longer than 65535")),
        "{violations:?}"
    );
}

#[tokio::test]
async fn a_list_shows_the_latest_of_each_name_unless_asked_for_all() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    for external in ["a", "b"] {
        assert_eq!(
            post(&scene, &client, json!({"external_id": external}))
                .await
                .0,
            201
        );
    }
    let path = format!("/repos/acme/notes/commits/{}/check-runs", scene.head);
    let latest = client.get(&path).await.json();
    assert_eq!(latest["total_count"], 1);
    assert_eq!(latest["check_runs"][0]["external_id"], "b");
    let app = scene.github.app().id;
    let all = client
        .get(&format!("{path}?filter=all&app_id={app}&per_page=1"))
        .await;
    assert_eq!(all.json()["total_count"], 2);
    assert!(all.header("link").contains("rel=\"next\""));
    assert_eq!(
        client
            .get(&format!("{path}?app_id={}", app + 1))
            .await
            .json()["total_count"],
        0
    );
    assert_eq!(
        client.get(&format!("{path}?status=completed")).await.json()["total_count"],
        0
    );
    let suites = client
        .get(&format!(
            "/repos/acme/notes/commits/{}/check-suites",
            scene.head
        ))
        .await;
    assert_eq!(suites.json()["check_suites"][0]["head_branch"], Value::Null);
    assert_clean(&scene.github);
}

#[tokio::test]
async fn a_run_can_be_reopened_and_keeps_its_annotations() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let body = json!({
        "name": "takehome", "head_sha": scene.head, "conclusion": "neutral",
        "output": {"title": "T", "summary": "s", "text": "t", "annotations": annotations(2)}
    });
    let run = client
        .call("POST", "/repos/acme/notes/check-runs", body)
        .await
        .json();
    assert_eq!(run["status"], "completed");
    assert!(run["completed_at"].is_string());
    let path = format!("/repos/acme/notes/check-runs/{}", run["id"]);
    let open = client
        .call("PATCH", &path, json!({"status": "in_progress"}))
        .await
        .json();
    assert_eq!(
        (&open["conclusion"], &open["completed_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(open["output"]["annotations_count"], 2);
    let replaced = client
        .call("PATCH", &path, json!({"output": {"summary": "other"}}))
        .await
        .json();
    assert_eq!(replaced["output"]["summary"], "other");
    let listed = client.get(&format!("{path}/annotations")).await.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_clean(&scene.github);
}

#[tokio::test]
async fn a_pull_request_of_the_repository_itself_is_named_in_its_checks() {
    let scene = scene();
    let pull = scene
        .github
        .open_pull_request(
            scene.repo.id,
            github_simulator::NewPullRequest {
                author: "acme-admin".into(),
                title: "From a branch".into(),
                body: String::new(),
                branch: "feature".into(),
                base: None,
                changes: github_simulator::files([("a.py", "a = 1\n")]),
                fork: false,
                draft: true,
            },
        )
        .unwrap();
    let client = Client::installed(&scene.github, scene.installation).await;
    let body = json!({"name": "takehome", "head_sha": pull.head_sha});
    let run = client
        .call("POST", "/repos/acme/notes/check-runs", body)
        .await
        .json();
    assert_eq!(run["pull_requests"][0]["number"], pull.number);
    assert_eq!(
        client.get("/repos/acme/notes/pulls/2").await.json()["draft"],
        true
    );
    assert_clean(&scene.github);
}
