//! Rate limits: waited for in place when short, told with their time when long, never run into
//! twice.

use takehome::github::{CommitSha, GitHubError, PullNumber};

use super::script::{PULL, Script, json, with_tokens};

const SECONDARY: &str = r#"{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}"#;

#[tokio::test]
async fn a_short_limit_is_waited_for_even_by_a_write() {
    let script = Script::start(with_tokens(|_, before| match before {
        0 => json(403, SECONDARY).with("retry-after", "1"),
        _ => json(201, r#"{"id": 3}"#),
    }))
    .await;
    let comment = script
        .repository()
        .create_comment(PullNumber(1), "hello")
        .await;
    assert_eq!(comment.unwrap().id, 3);
    assert_eq!(
        script.count("POST", "/repos/acme/shop/issues/1/comments"),
        2
    );
}

#[tokio::test]
async fn a_limit_without_headers_is_known_by_its_words_and_keeps_others_back() {
    let script = Script::start(with_tokens(|_, _| json(403, SECONDARY))).await;
    let repository = script.repository();
    let error = repository.pull(PullNumber(1)).await.unwrap_err();
    let wait = error.retry_after().unwrap();
    assert_eq!(wait.as_secs(), 60);
    let before = script.seen().len();
    let error = repository
        .create_comment(PullNumber(1), "x")
        .await
        .unwrap_err();
    assert!(matches!(error, GitHubError::Limited { .. }), "{error}");
    assert!(!error.is_unclear() && error.is_transient());
    assert_eq!(script.seen().len(), before, "nothing goes out meanwhile");
}

#[tokio::test]
async fn an_exhausted_budget_waits_for_its_reset() {
    let reset = jiff::Timestamp::now().as_second() + 1_800;
    let script = Script::start(with_tokens(move |_, _| {
        json(
            403,
            r#"{"message": "API rate limit exceeded for installation ID 5."}"#,
        )
        .with("x-ratelimit-limit", "5000")
        .with("x-ratelimit-remaining", "0")
        .with("x-ratelimit-reset", &reset.to_string())
    }))
    .await;
    let error = script.repository().pull(PullNumber(1)).await.unwrap_err();
    let wait = error.retry_after().unwrap().as_secs();
    assert!((1_790..=1_801).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_refusal_is_no_limit() {
    let script = Script::start(with_tokens(|_, _| {
        json(
            403,
            r#"{"message": "Resource not accessible by integration"}"#,
        )
    }))
    .await;
    let head = CommitSha::parse(&"1".repeat(40)).unwrap();
    let error = script
        .repository()
        .compare("main", &head)
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(403));
    assert!(error.retry_after().is_none() && !error.is_transient());
}

#[tokio::test]
async fn what_is_left_of_the_hour_is_kept_for_publishing() {
    let reset = jiff::Timestamp::now().as_second() + 600;
    let script = Script::start(with_tokens(move |_, _| {
        json(200, PULL)
            .with("x-ratelimit-limit", "5000")
            .with("x-ratelimit-remaining", "99")
            .with("x-ratelimit-used", "4901")
            .with("x-ratelimit-resource", "core")
            .with("x-ratelimit-reset", &reset.to_string())
    }))
    .await;
    let repository = script.repository();
    let installation = repository.installation();
    installation.ensure_budget().unwrap();
    repository.pull(PullNumber(1)).await.unwrap();
    assert_eq!(installation.budget().unwrap().remaining, 99);
    let error = installation.ensure_budget().unwrap_err();
    assert!(error.retry_after().is_some(), "{error}");
    repository
        .pull(PullNumber(1))
        .await
        .expect("what is begun goes on");
}
