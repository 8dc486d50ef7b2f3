//! Tokens: one for all, renewed in time, never shown.

use std::time::Duration;

use takehome::github::{GitHubError, InstallationId, PullNumber, RepoId};

use super::script::{PULL, QUICK, Script, TOKEN, json, token, with_tokens};

const MINT: &str = "/app/installations/5/access_tokens";

#[tokio::test]
async fn many_callers_share_one_token_with_few_rights() {
    let script = Script::start(with_tokens(|_, _| json(200, PULL))).await;
    let repository = script.repository();
    let calls = (0..20).map(|_| repository.pull(PullNumber(1)));
    for answer in futures::future::join_all(calls).await {
        assert_eq!(answer.unwrap().number, 1);
    }
    assert_eq!(script.count("POST", MINT), 1);
    assert_eq!(script.count("GET", "/repos/acme/shop/pulls/1"), 20);
    let seen = script.seen();
    let minted = seen.iter().find(|r| r.is("POST", MINT)).unwrap();
    insta::assert_snapshot!(minted.body, @r#"{"permissions":{"checks":"write","contents":"read","metadata":"read","pull_requests":"write"}}"#);
    let read = seen.iter().find(|r| r.method == "GET").unwrap();
    assert_eq!(read.authorization(), Some(&*format!("Bearer {TOKEN}")));
    assert_eq!(read.headers["x-github-api-version"], "2022-11-28");
    assert_eq!(read.headers["accept"], "application/vnd.github+json");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    let script = Script::start(|request, _| {
        if request.is("POST", MINT) {
            token(Duration::from_mins(4))
        } else {
            json(200, PULL)
        }
    })
    .await;
    let repository = script.repository();
    for _ in 0..3 {
        repository.pull(PullNumber(1)).await.unwrap();
    }
    assert_eq!(script.count("POST", MINT), 3, "four minutes are too few");
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_a_standing_refusal_ends() {
    let script = Script::start(with_tokens(|_, before| match before {
        0 => json(401, r#"{"message": "Bad credentials"}"#),
        _ => json(200, PULL),
    }))
    .await;
    script.repository().pull(PullNumber(1)).await.unwrap();

    let script = Script::start(with_tokens(|_, _| {
        json(401, r#"{"message": "Bad credentials"}"#).with("x-github-request-id", "AB:12")
    }))
    .await;
    let error = script.repository().pull(PullNumber(1)).await.unwrap_err();
    assert!(script.count("GET", "/repos/acme/shop/pulls/1") <= 5);
    let told = format!("{error} {error:?}");
    assert!(
        told.contains("AB:12") && told.contains("Bad credentials"),
        "{told}"
    );
    assert!(!told.contains(TOKEN), "{told}");
}

#[tokio::test]
async fn a_missing_permission_is_named_with_its_reason() {
    let script = Script::start(|request, _| match request.method.as_str() {
        "POST" => json(
            422,
            r#"{"message": "The permissions requested are not granted to this installation."}"#,
        ),
        _ => json(
            200,
            r#"{"id": 5, "permissions": {"checks": "read", "contents": "read", "metadata": "read",
                "pull_requests": "write"}}"#,
        ),
    })
    .await;
    let error = script.repository().pull(PullNumber(1)).await.unwrap_err();
    insta::assert_snapshot!(error, @"the installation has not granted `checks: write`, which is needed to show the review as a check run; accept the App's new permissions in the organisation's settings");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_installation_that_is_gone_is_told_so() {
    let script = Script::start(|_, _| json(404, r#"{"message": "Not Found"}"#)).await;
    let error = script.repository().pull(PullNumber(1)).await.unwrap_err();
    assert!(
        matches!(
            error,
            GitHubError::InstallationGone {
                installation: 5,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_by_githubs_and_a_wrong_key_is_not() {
    // GitHub is ten minutes ahead: a signature by our clock has expired there.
    let there = jiff::Timestamp::now() + Duration::from_mins(10);
    let date = there.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let script = Script::start(move |request, before| {
        if request.is("POST", MINT) && before == 0 {
            json(
                401,
                r#"{"message": "'Expiration time' claim ('exp') must be in the future"}"#,
            )
            .with("date", &date)
        } else if request.is("POST", MINT) {
            token(Duration::from_hours(1))
        } else {
            json(200, PULL)
        }
    })
    .await;
    script.repository().pull(PullNumber(1)).await.unwrap();
    let issued: Vec<i64> = script
        .seen()
        .iter()
        .filter(|r| r.is("POST", MINT))
        .map(|r| issued_at(r.authorization().unwrap()))
        .collect();
    assert!((595..=605).contains(&(issued[1] - issued[0])), "{issued:?}");

    let script = Script::start(|_, _| {
        json(
            401,
            r#"{"message": "A JSON web token could not be decoded"}"#,
        )
    })
    .await;
    let error = script.repository().pull(PullNumber(1)).await.unwrap_err();
    insta::assert_snapshot!(error, @"GitHub refused the App's identity: A JSON web token could not be decoded; check that 7 is the App's id and that the private key is one of this App's");
}

/// The `iat` of a bearer's JSON web token.
fn issued_at(authorization: &str) -> i64 {
    use base64::Engine as _;
    let payload = authorization.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(payload)
        .unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    claims["iat"].as_i64().unwrap()
}

#[tokio::test]
async fn a_forgotten_installation_gets_a_new_token() {
    let script = Script::start(with_tokens(|_, _| json(200, PULL))).await;
    let app = script.app_below("", QUICK);
    for _ in 0..2 {
        let installation = app.installation(InstallationId(5));
        let repository = installation.repository(RepoId(1), "acme", "shop");
        repository.pull(PullNumber(1)).await.unwrap();
        app.forget(InstallationId(5));
    }
    assert_eq!(script.count("POST", MINT), 2);
}
