//! Credentials, permissions, names, rate limits.

use std::{collections::BTreeSet, time::Duration};

use github_simulator::{Limits, NewRepository, Options, Selection, files};
use serde_json::{Value, json};

use crate::client::{Client, assert_clean, jwt, scene, scene_with};

#[tokio::test]
async fn a_jwt_must_be_signed_fresh_and_short() {
    let scene = scene();
    let client = Client::new(&scene.github);
    let ask = async |secret: &str| {
        client
            .send("GET", "/app", secret, Value::Null, &[])
            .await
            .unwrap()
    };
    assert_eq!(ask(&jwt(&scene.github, -60, 600)).await.status, 200);
    let long = ask(&jwt(&scene.github, 0, 700)).await;
    assert_eq!(
        (
            long.status.as_u16(),
            long.message().contains("too far in the future")
        ),
        (401, true)
    );
    let future = ask(&jwt(&scene.github, 120, 400)).await;
    assert!(
        future.message().contains("'Issued at' claim"),
        "{}",
        future.message()
    );
    let old = ask(&jwt(&scene.github, -900, 600)).await;
    assert!(
        old.message().contains("'Expiration time' claim"),
        "{}",
        old.message()
    );
    let mut forged = jwt(&scene.github, -60, 600);
    forged.truncate(forged.len() - 8);
    assert_eq!(
        ask(&format!("{forged}AAAAAAAA")).await.message(),
        "A JSON web token could not be decoded"
    );
    assert_eq!(ask("").await.status, 401);

    // GitHub's clock runs ten minutes behind: the token seems to come from the future.
    scene.github.set_clock_skew(-600);
    assert!(
        ask(&jwt(&scene.github, -60, 600))
            .await
            .message()
            .contains("claim")
    );
}

#[tokio::test]
async fn a_token_expires_and_is_narrow_where_asked() {
    let scene = scene();
    let other = scene
        .github
        .create_repo("acme", "other", files([("a.py", "")]))
        .unwrap();
    let mut client = Client::installed(&scene.github, scene.installation).await;
    assert!(client.token.len() > 255, "the stateless form is long");
    let path = format!("/app/installations/{}/access_tokens", scene.installation);
    let wanted = json!({"repository_ids": [scene.repo.id], "permissions": {"contents": "read"}});
    let narrow = client.app("POST", &path, wanted).await;
    assert_eq!(narrow.status, 201);
    assert_eq!(narrow.json()["repositories"][0]["id"], scene.repo.id);
    let wide = std::mem::replace(
        &mut client.token,
        narrow.json()["token"].as_str().unwrap().to_owned(),
    );
    assert_eq!(
        client.get("/repos/acme/notes/git/trees/main").await.status,
        200
    );
    assert_eq!(client.get("/repos/acme/other").await.status, 404);
    let refused = client
        .call(
            "POST",
            "/repos/acme/notes/issues/1/comments",
            json!({"body": "x"}),
        )
        .await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.message(), "Resource not accessible by integration");
    let too_much = client
        .app("POST", &path, json!({"permissions": {"contents": "write"}}))
        .await;
    assert_eq!(too_much.status, 422);
    let unknown = client
        .app("POST", &path, json!({"repository_ids": [other.id + 99]}))
        .await;
    assert_eq!(unknown.status, 422);
    let listed = client.get("/installation/repositories").await.json();
    assert_eq!(listed["total_count"], 1);

    client.token = wide;
    assert_eq!(
        client.get("/installation/repositories").await.json()["total_count"],
        2
    );
    scene.github.advance_clock(Duration::from_secs(3_601));
    let expired = client.get("/repos/acme/notes").await;
    assert_eq!(
        (expired.status.as_u16(), expired.message().as_str()),
        (401, "Bad credentials")
    );
    assert_clean(&scene.github);
}

#[tokio::test]
async fn a_suspended_or_removed_installation_is_refused() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let path = format!("/app/installations/{}/access_tokens", scene.installation);
    scene.github.suspend(scene.installation).unwrap();
    let refused = client.get("/repos/acme/notes").await;
    assert_eq!(refused.message(), "This installation has been suspended");
    assert_eq!(client.app("POST", &path, json!({})).await.status, 403);
    scene.github.unsuspend(scene.installation).unwrap();
    assert_eq!(client.get("/repos/acme/notes").await.status, 200);
    scene.github.uninstall(scene.installation).unwrap();
    assert_eq!(client.get("/repos/acme/notes").await.status, 401);
    assert_eq!(client.app("POST", &path, json!({})).await.status, 404);
    assert_eq!(
        client
            .app("GET", "/repos/acme/notes/installation", Value::Null)
            .await
            .status,
        404
    );
    assert_clean(&scene.github);
}

#[tokio::test]
async fn repositories_that_are_not_covered_are_not_seen() {
    let scene = scene();
    let rules = scene
        .github
        .create_repo("acme", ".github", files([("takehome.yml", "")]))
        .unwrap();
    scene.github.create_org("else").unwrap();
    let public = NewRepository {
        private: false,
        ..NewRepository::default()
    };
    scene
        .github
        .create_repo_with("else", "open", files([("a", "b")]), &public)
        .unwrap();
    let only = Selection::Only(BTreeSet::from([scene.repo.id]));
    scene.github.uninstall(scene.installation).unwrap();
    let installation = scene.github.install_on("acme", only).unwrap();
    let client = Client::installed(&scene.github, installation).await;
    assert_eq!(client.get("/repos/acme/notes").await.status, 200);
    assert_eq!(
        client
            .get("/repos/acme/.github/contents/takehome.yml")
            .await
            .status,
        404
    );
    assert_eq!(client.get("/repos/else/open").await.status, 403);
    scene
        .github
        .select_repositories(installation, &[scene.repo.id, rules.id])
        .unwrap();
    assert_eq!(
        client
            .get("/repos/acme/.github/contents/takehome.yml")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_renamed_repository_redirects_by_id() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    scene.github.rename(scene.repo.id, "assignment").unwrap();
    let moved = client.get("/repos/acme/notes/pulls/1").await;
    assert_eq!(moved.status, 301);
    let url = format!("{}/repositories/{}/pulls/1", client.api, scene.repo.id);
    assert_eq!(moved.header("location"), url);
    assert_eq!(moved.json()["url"], url.as_str());
    assert_eq!(
        client.get(&url).await.json()["base"]["repo"]["full_name"],
        "acme/assignment"
    );
    let post = client
        .call(
            "POST",
            "/repos/acme/notes/issues/1/comments",
            json!({"body": "Hello"}),
        )
        .await;
    assert_eq!(post.status, 307);
    let post = client
        .call("POST", post.header("location"), json!({"body": "Hello"}))
        .await;
    assert_eq!(post.status, 201);

    scene.github.create_org("globex").unwrap();
    let receiver = scene.github.install("globex").unwrap();
    scene.github.transfer(scene.repo.id, "globex").unwrap();
    assert_eq!(
        client.get(&url).await.status,
        404,
        "the old installation lost it"
    );
    let client = Client::installed(&scene.github, receiver).await;
    assert_eq!(client.get("/repos/acme/assignment").await.status, 301);
    assert_eq!(client.get("/repos/globex/assignment").await.status, 200);
    assert_clean(&scene.github);
}

#[tokio::test]
async fn pages_are_linked_by_repository_id() {
    let scene = scene();
    for at in 0..5 {
        scene
            .github
            .comment(scene.repo.id, 1, "ada", &format!("Comment {at}"))
            .unwrap();
    }
    let client = Client::installed(&scene.github, scene.installation).await;
    let base = format!(
        "{}/repositories/{}/issues/1/comments?per_page=2",
        client.api, scene.repo.id
    );
    let first = client
        .get("/repos/acme/notes/issues/1/comments?per_page=2")
        .await;
    assert_eq!(
        first.header("link"),
        format!("<{base}&page=2>; rel=\"next\", <{base}&page=3>; rel=\"last\"")
    );
    let middle = client.get(&format!("{base}&page=2")).await;
    assert_eq!(
        middle.header("link"),
        format!(
            "<{base}&page=1>; rel=\"prev\", <{base}&page=3>; rel=\"next\", <{base}&page=3>; rel=\"last\", <{base}&page=1>; rel=\"first\""
        )
    );
    let last = client.get(&format!("{base}&page=3")).await;
    assert_eq!(last.json().as_array().unwrap().len(), 1);
    assert!(!last.header("link").contains("next"));
    assert_clean(&scene.github);
}

#[tokio::test]
async fn an_etag_saves_the_budget() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let path = "/repos/acme/notes/issues/1/comments";
    let first = client.get(path).await;
    let tag = [("if-none-match", first.header("etag"))];
    let used = first.header("x-ratelimit-used").to_owned();
    let again = client
        .send("GET", path, &client.token, Value::Null, &tag)
        .await
        .unwrap();
    assert_eq!(again.status, 304);
    assert!(again.body.is_empty());
    assert_eq!(again.header("x-ratelimit-used"), used);
    scene
        .github
        .comment(scene.repo.id, 1, "ada", "New")
        .unwrap();
    let changed = client
        .send("GET", path, &client.token, Value::Null, &tag)
        .await
        .unwrap();
    assert_eq!(changed.status, 200);
    assert_clean(&scene.github);
}

#[tokio::test]
async fn budgets_run_out_and_come_back() {
    let options = Options {
        limits: Limits {
            primary_per_hour: 4,
            ..Limits::github()
        },
        ..Options::default()
    };
    let scene = scene_with(options);
    let client = Client::installed(&scene.github, scene.installation).await;
    for left in ["3", "2", "1", "0"] {
        let answer = client.get("/repos/acme/notes").await;
        assert_eq!(
            (
                answer.status.as_u16(),
                answer.header("x-ratelimit-remaining")
            ),
            (200, left)
        );
    }
    let refused = client.get("/repos/acme/notes").await;
    assert_eq!(refused.status, 403);
    let expected = format!(
        "API rate limit exceeded for installation ID {}.",
        scene.installation
    );
    assert_eq!(refused.message(), expected);
    assert_eq!(
        client.get("/rate_limit").await.json()["resources"]["core"]["remaining"],
        0
    );
    scene.github.advance_clock(Duration::from_secs(3_700));
    let mut client = client;
    client.mint(scene.installation).await;
    assert_eq!(client.get("/repos/acme/notes").await.status, 200);

    scene.github.set_limits(Limits {
        content_per_minute: Some(2),
        ..Limits::github()
    });
    let path = "/repos/acme/notes/issues/1/comments";
    for _ in 0..2 {
        assert_eq!(
            client.call("POST", path, json!({"body": "x"})).await.status,
            201
        );
    }
    let refused = client.call("POST", path, json!({"body": "x"})).await;
    assert_eq!(refused.status, 403);
    assert!(refused.message().contains("secondary rate limit"));
    assert_eq!(refused.header("retry-after"), "60");
    scene.github.advance_clock(Duration::from_secs(61));
    assert_eq!(
        client.call("POST", path, json!({"body": "x"})).await.status,
        201
    );
}

#[tokio::test]
async fn a_manifest_code_is_good_once() {
    let scene = scene();
    let client = Client::new(&scene.github);
    let path = format!(
        "/app-manifests/{}/conversions",
        scene.github.create_manifest_code()
    );
    let made = client
        .send("POST", &path, "", Value::Null, &[])
        .await
        .unwrap();
    assert_eq!(made.status, 201);
    assert_eq!(
        made.json()["pem"],
        scene.github.app().private_key_pem.as_str()
    );
    assert_eq!(
        client
            .send("POST", &path, "", Value::Null, &[])
            .await
            .unwrap()
            .status,
        404
    );
    assert_clean(&scene.github);
}
