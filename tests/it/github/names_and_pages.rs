//! Lists over pages below an Enterprise path, renamed repositories, archives on another host.

use takehome::github::{CommitSha, InstallationId, PullNumber, RepoId};

use super::script::{PULL, QUICK, Reply, Script, json, with_tokens};

#[tokio::test]
async fn pages_keep_credentials_below_a_path() {
    let script = Script::start(|request, _| {
        let host = &request.headers["host"];
        if request.method == "POST" {
            return super::script::token(std::time::Duration::from_hours(1));
        }
        match request.path.as_str() {
            "/api/v3/repos/acme/shop/issues/1/comments?per_page=100" => json(
                200,
                r#"[{"id": 1, "user": null, "body": null}]"#,
            )
            .with(
                "link",
                &format!(
                    "<http://{host}/api/v3/repositories/1/issues/1/comments?per_page=100&page=2>; \
                         rel=\"next\", <http://{host}/api/v3/repositories/1/issues/1/comments?\
                         per_page=100&page=2>; rel=\"last\""
                ),
            ),
            _ => json(200, r#"[{"id": 2}]"#),
        }
    })
    .await;
    let installation = script
        .app_below("/api/v3", QUICK)
        .installation(InstallationId(5));
    let repository = installation.repository(RepoId(1), "acme", "shop");
    let comments = repository.comments(PullNumber(1)).await.unwrap();
    assert_eq!(comments.iter().map(|c| c.id).collect::<Vec<_>>(), [1, 2]);
    let seen = script.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(
        seen[2].path,
        "/api/v3/repositories/1/issues/1/comments?per_page=100&page=2"
    );
    assert_eq!(seen[2].authorization(), seen[1].authorization());
}

#[tokio::test]
async fn a_page_on_another_host_is_not_followed() {
    let script = Script::start(with_tokens(|_, _| {
        json(200, "[]").with("link", "<http://evil.example.org/x>; rel=\"next\"")
    }))
    .await;
    let error = script
        .repository()
        .comments(PullNumber(1))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("another host"), "{error}");
}

#[tokio::test]
async fn a_renamed_repository_is_followed_by_reads_and_writes() {
    let moved = |status| {
        json(
            status,
            r#"{"message": "Moved Permanently", "url": "https://api.github.com/repositories/1"}"#,
        )
    };
    let script = Script::start(with_tokens(move |request, _| {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/repositories/1") => json(200, r#"{"id": 1, "full_name": "acme/store"}"#),
            ("GET", path) if path.starts_with("/repos/acme/shop") => moved(301),
            (_, path) if path.starts_with("/repos/acme/shop") => moved(307),
            ("GET", _) => json(200, PULL),
            _ => json(201, r#"{"id": 4}"#),
        }
    }))
    .await;
    let repository = script.repository();
    repository.pull(PullNumber(1)).await.unwrap();
    assert_eq!(repository.names(), ("acme".to_owned(), "store".to_owned()));
    repository.create_comment(PullNumber(1), "x").await.unwrap();
    assert_eq!(
        script.count("POST", "/repos/acme/store/issues/1/comments"),
        1
    );

    // The write is the first to learn of it.
    let repository = script.repository();
    repository.create_comment(PullNumber(1), "x").await.unwrap();
    assert_eq!(
        script.count("POST", "/repos/acme/shop/issues/1/comments"),
        1
    );
    assert_eq!(
        script.count("POST", "/repos/acme/store/issues/1/comments"),
        2
    );
}

#[tokio::test]
async fn a_repository_that_took_over_the_name_is_not_taken_for_ours() {
    let script = Script::start(with_tokens(|request, _| match request.path.as_str() {
        "/repositories/1" => json(200, r#"{"id": 1, "full_name": "acme/store"}"#),
        "/repos/acme/shop/pulls/1" => json(200, &PULL.replace(r#""id": 1,"#, r#""id": 2,"#)),
        _ => json(200, PULL),
    }))
    .await;
    let pull = script.repository().pull(PullNumber(1)).await.unwrap();
    assert_eq!(pull.base.repo.unwrap().id, 1);
}

#[tokio::test]
async fn an_archive_is_fetched_without_credentials() {
    let archives = Script::start(|_, _| Reply::Answer {
        status: 200,
        headers: Vec::new(),
        body: b"packed".to_vec(),
    })
    .await;
    let location = format!("http://{}/acme/shop?token=private", archives.address);
    let script = Script::start(with_tokens(move |_, _| {
        json(302, "").with("location", &location)
    }))
    .await;
    let head = CommitSha::parse(&"1".repeat(40)).unwrap();
    let packed = script.repository().tarball(&head).await.unwrap();
    assert_eq!(&packed[..], b"packed");
    let seen = archives.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].authorization(), None);

    // The address holds a token: no error may repeat it.
    let dead = Script::start(with_tokens(|_, _| {
        json(302, "").with("location", "http://127.0.0.1:1/x?token=private")
    }))
    .await;
    let error = dead.repository().tarball(&head).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("private"), "{error}");
}

#[tokio::test]
async fn names_cannot_leave_their_place_in_a_path() {
    let script = Script::start(with_tokens(|_, _| json(404, r#"{"message": "Not Found"}"#))).await;
    let repository = script.repository();
    assert_eq!(repository.permission("../../../app").await.unwrap(), None);
    assert_eq!(
        repository
            .file("a b/..x/ü.yml", Some("x/y&z"))
            .await
            .unwrap(),
        None
    );
    let sent = script.seen().len();
    for label in [".", ".."] {
        let error = repository
            .remove_label(PullNumber(1), label)
            .await
            .unwrap_err();
        assert!(error.to_string().contains("dots"), "{error}");
    }
    assert_eq!(script.seen().len(), sent, "nothing goes out");
    let paths: Vec<String> = script.seen().into_iter().skip(1).map(|r| r.path).collect();
    assert_eq!(
        paths,
        [
            "/repos/acme/shop/collaborators/..%2F..%2F..%2Fapp/permission",
            "/repos/acme/shop/contents/a%20b/..x/%C3%BC.yml?ref=x%2Fy%26z",
        ]
    );
}
