//! Comments, labels, reviews, collaborators, pull requests as they are edited.

use github_simulator::{Options, Simulator, files};
use serde_json::{Value, json};

use crate::client::{Client, assert_clean, scene};

#[tokio::test]
async fn comments_have_an_owner_and_a_limit() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let path = "/repos/acme/notes/issues/1/comments";
    let long = client
        .call("POST", path, json!({"body": "x".repeat(65_537)}))
        .await;
    assert_eq!(long.status, 422);
    assert_eq!(
        long.json()["errors"][0]["message"],
        "Body is too long (maximum is 65536 characters)"
    );
    let made = client.call("POST", path, json!({"body": "One"})).await;
    let own = made.json()["id"].as_u64().unwrap();
    assert!(
        made.header("location")
            .ends_with(&format!("/issues/comments/{own}"))
    );
    let theirs = scene
        .github
        .comment(scene.repo.id, 1, "ada", "Two")
        .unwrap();
    let edit = |id: u64| format!("/repos/acme/notes/issues/comments/{id}");
    assert_eq!(
        client
            .call("PATCH", &edit(own), json!({"body": "1"}))
            .await
            .json()["body"],
        "1"
    );
    assert_eq!(
        client
            .call("PATCH", &edit(theirs), json!({"body": "2"}))
            .await
            .status,
        403
    );
    let eyes = format!("{}/reactions", edit(theirs));
    assert_eq!(
        client
            .call("POST", &eyes, json!({"content": "eyes"}))
            .await
            .status,
        201
    );
    assert_eq!(
        client
            .call("POST", &eyes, json!({"content": "eyes"}))
            .await
            .status,
        200
    );
    assert_eq!(scene.github.reactions(theirs), ["eyes"]);
    let listed = client.get(path).await.json();
    assert_eq!(listed[0]["user"]["type"], "Bot");
    assert_eq!(listed[1]["reactions"]["eyes"], 1);
    assert_eq!(
        client.call("DELETE", &edit(own), Value::Null).await.status,
        204
    );
    assert_eq!(
        client
            .call("PATCH", &edit(own), json!({"body": "1"}))
            .await
            .status,
        404
    );
    scene.github.delete_user("ada").unwrap();
    assert_eq!(client.get(path).await.json()[0]["user"], Value::Null);
}

#[tokio::test]
async fn labels_are_made_added_and_taken_off() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let made = client
        .call(
            "POST",
            "/repos/acme/notes/labels",
            json!({"name": "needs talk", "color": "ff0000", "description": "d"}),
        )
        .await;
    assert_eq!(made.status, 201);
    let again = client
        .call(
            "POST",
            "/repos/acme/notes/labels",
            json!({"name": "Needs Talk"}),
        )
        .await;
    assert_eq!(again.json()["errors"][0]["code"], "already_exists");
    let bad = client
        .call(
            "POST",
            "/repos/acme/notes/labels",
            json!({"name": "x", "color": "#ff0000"}),
        )
        .await;
    assert_eq!(
        bad.json()["errors"][0],
        json!({"resource": "Label", "code": "invalid", "field": "color"})
    );
    let path = "/repos/acme/notes/issues/1/labels";
    let added = client
        .call("POST", path, json!({"labels": ["needs talk", "new"]}))
        .await
        .json();
    assert_eq!(
        (&added[0]["color"], &added[1]["color"]),
        (&json!("ff0000"), &json!("ededed"))
    );
    let left = client
        .call("DELETE", &format!("{path}/needs%20talk"), Value::Null)
        .await;
    assert_eq!(left.json()[0]["name"], "new");
    assert_eq!(
        client
            .call("DELETE", &format!("{path}/needs%20talk"), Value::Null)
            .await
            .status,
        404
    );
    assert_eq!(
        client
            .get("/repos/acme/notes/labels/needs%20talk")
            .await
            .status,
        200
    );
    assert_eq!(scene.github.labels(scene.repo.id, 1), ["new"]);
    assert_clean(&scene.github);
}

#[tokio::test]
async fn a_review_is_made_whole_or_not_at_all() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let path = "/repos/acme/notes/pulls/1/reviews";
    let comment = |line: u64| json!({"path": "notes/models.py", "line": line, "side": "RIGHT", "body": "Look"});
    let body = json!({"event": "COMMENT", "body": "b", "comments": [comment(4), comment(90)]});
    let refused = client.call("POST", path, body).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.json()["errors"][0]
            .as_str()
            .unwrap()
            .contains("must be part of the diff")
    );
    let body = json!({"event": "COMMENT", "body": "b", "comments": [comment(4)]});
    assert_eq!(client.call("POST", path, body).await.status, 200);
    assert_eq!(client.get(path).await.json().as_array().unwrap().len(), 1);
    assert_eq!(
        client
            .call("POST", path, json!({"event": "COMMENT"}))
            .await
            .status,
        422
    );
    let ask = "/repos/acme/notes/pulls/1/requested_reviewers";
    assert_eq!(
        client
            .call("POST", ask, json!({"reviewers": ["ada"]}))
            .await
            .status,
        422
    );
    scene
        .github
        .set_collaborator(scene.repo.id, "ada", "write")
        .unwrap();
    assert_eq!(
        client
            .call("POST", ask, json!({"reviewers": ["ada"]}))
            .await
            .status,
        201
    );
    assert_clean(&scene.github);
}

#[tokio::test]
async fn permissions_of_people_are_told() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let of = async |login: &str| {
        let path = format!("/repos/acme/notes/collaborators/{login}/permission");
        let answer = client.get(&path).await;
        (
            answer.status.as_u16(),
            answer.json()["permission"].clone(),
            answer.json()["role_name"].clone(),
        )
    };
    assert_eq!(of("ada").await, (200, json!("none"), json!("none")));
    scene
        .github
        .set_collaborator(scene.repo.id, "ada", "maintain")
        .unwrap();
    assert_eq!(of("ada").await, (200, json!("write"), json!("maintain")));
    assert_eq!(
        of("acme-admin").await,
        (200, json!("admin"), json!("admin"))
    );
    assert_eq!(of("nobody").await.0, 404);
    assert_clean(&scene.github);
}

#[tokio::test]
async fn the_life_of_a_pull_request() {
    let scene = scene();
    let (github, repo) = (&scene.github, scene.repo.id);
    let client = Client::installed(github, scene.installation).await;
    let get = async || client.get("/repos/acme/notes/pulls/1").await.json();
    let forced = github
        .force_push_pull_request(
            repo,
            1,
            "Start again",
            files([("notes/other.py", "x = 1\n")]),
        )
        .unwrap();
    let pull = get().await;
    assert_eq!(
        (&pull["head"]["sha"], &pull["commits"]),
        (&json!(forced), &json!(1))
    );
    // The old head is still there, as on GitHub for a while.
    assert_eq!(
        client
            .get(&format!("/repos/acme/notes/git/trees/{}", scene.head))
            .await
            .status,
        200
    );
    github
        .push(repo, "next", "Another base", files([("base.py", "")]))
        .unwrap();
    github.edit_base(repo, 1, "next").unwrap();
    assert_eq!(get().await["base"]["ref"], "next");
    github.close(repo, 1).unwrap();
    assert_eq!(get().await["state"], "closed");
    assert_eq!(
        client.get("/repos/acme/notes/pulls").await.json(),
        json!([])
    );
    github.reopen(repo, 1).unwrap();
    github.convert_to_draft(repo, 1).unwrap();
    github.ready_for_review(repo, 1).unwrap();
    github.edit_title(repo, 1, "Notes").unwrap();
    github.delete_fork(repo, 1).unwrap();
    let pull = get().await;
    assert_eq!(pull["head"]["repo"], Value::Null);
    assert_eq!(pull["head"]["label"], "unknown:solution");
    let link = client
        .get(&format!("/repos/acme/notes/tarball/{forced}"))
        .await;
    assert_eq!(link.status, 302, "the base repository still has the commit");
    github.merge(repo, 1).unwrap();
    assert_eq!(get().await["merged"], true);
    let diff = client
        .send(
            "GET",
            "/repos/acme/notes/pulls/1",
            &client.token,
            Value::Null,
            &[("accept", "application/vnd.github.diff")],
        )
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&diff.body).starts_with("diff --git"));
    assert_clean(github);
}

#[test]
fn what_is_not_there_is_said() {
    let github = Simulator::start(Options::default()).unwrap();
    assert_eq!(
        github.install("nobody").unwrap_err().to_string(),
        "no account nobody in the simulator"
    );
    github.create_org("acme").unwrap();
    assert_eq!(
        github.create_org("acme").unwrap_err().to_string(),
        "the name acme is taken"
    );
    assert!(
        github
            .create_org("a/b")
            .unwrap_err()
            .to_string()
            .contains("is no name")
    );
}
