//! The admin API.

use serde_json::{Value, json};

use crate::client::{Client, Hook, scene};

#[tokio::test]
async fn a_whole_scene_over_http() {
    let hook = Hook::start().await;
    let scene = scene();
    let client = Client::new(&scene.github);
    let admin = async |method: &str, path: &str, body: Value| {
        let url = format!("{}/_simulator/{path}", scene.github.web_url());
        client.send(method, &url, "", body, &[]).await.unwrap()
    };
    let post = async |path: &str, body: Value| {
        let answer = admin("POST", path, body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.message());
        answer.json()
    };
    post("orgs", json!({"login": "globex"})).await;
    post("users", json!({"login": "bob"})).await;
    post("installations", json!({"login": "globex"})).await;
    let repo = post(
        "repos",
        json!({"owner": "globex", "name": "task", "files": {"a.py": "a = 1\n"}}),
    )
    .await;
    post("hook", json!({"url": hook.url})).await;
    let pull = post(
        "pulls",
        json!({"repo": "globex/task", "author": "bob", "title": "T", "branch": "s",
            "files": {"b.py": "b = 1\n", "a.py": null, "c": {"base64": "AAE="}, "d": {"symlink": "b.py"}}}),
    )
    .await;
    assert_eq!(pull["number"], 1);
    let at = json!({"repo": "globex/task", "number": 1});
    let with = |more: Value| {
        let mut body = at.clone();
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let sha = post("pulls/push", with(json!({"files": {"e.py": "e = 1\n"}}))).await["sha"].clone();
    post("comments", with(json!({"user": "bob", "body": "Hello"}))).await;
    let seen = admin("GET", "pulls?repo=globex/task&number=1", Value::Null)
        .await
        .json();
    assert_eq!(seen["head_sha"], sha);
    post(
        "faults",
        json!({"requests": [{"method": "GET", "path": "/app", "fault": "html_error", "status": 500}],
            "deliveries": [{"event": "pull_request", "fault": "late", "millis": 10}]}),
    )
    .await;
    assert_eq!(client.app("GET", "/app", Value::Null).await.status, 500);
    let fired = admin("GET", "faults", Value::Null).await.json();
    assert_eq!(fired["fired"][0], "GET /app html_error");
    assert_eq!(
        admin(
            "POST",
            "faults",
            json!({"requests": [{"path": "/", "fault": "no_such"}]})
        )
        .await
        .status,
        422
    );
    assert_eq!(
        admin("POST", "orgs", json!({})).await.message(),
        "\"login\" is missing or no text"
    );
    assert_eq!(admin("POST", "nothing", json!({})).await.status, 404);
    assert_eq!(
        admin("GET", "app", Value::Null).await.json()["id"],
        scene.github.app().id
    );
    assert!(
        scene
            .github
            .settled(std::time::Duration::from_secs(5))
            .await
    );
    assert!(
        hook.names().contains(&"issue_comment.created".to_owned()),
        "{:?}",
        hook.names()
    );
    assert_eq!(scene.github.repo("globex/task").unwrap().id, repo["id"]);

    // A form from a page leads back to it, and nowhere else.
    let form =
        |back: &str| format!("repo=globex%2Ftask&number=1&user=bob&body=From+a+form&back={back}");
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    for (back, status) in [
        ("%2Fglobex%2Ftask%2Fpull%2F1", 303),
        ("%2F%2Fevil.example", 200),
    ] {
        let answer = http
            .post(format!("{}/_simulator/comments", scene.github.web_url()))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(back))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    let id = scene.github.repo("globex/task").unwrap().id;
    assert_eq!(
        scene.github.comments(id, 1).last().unwrap().body,
        "From a form"
    );
}
