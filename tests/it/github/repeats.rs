//! What is sent again, and what never is without a look.

use std::time::Duration;

use takehome::github::types::{CheckOutput, CheckStatus, CreateCheckRun};
use takehome::github::{GitHubError, PullNumber, RepoId, Repository, Sent, Timing};

use super::script::{PULL, QUICK, Reply, Script, json, with_tokens};

const CHECK_RUNS: &str = "/repos/acme/shop/check-runs";

async fn create(repository: &Repository) -> Result<u64, GitHubError> {
    let run = CreateCheckRun {
        name: "takehome",
        head_sha: "1111111111111111111111111111111111111111",
        external_id: "pull-1/job-1",
        status: CheckStatus::InProgress,
        details_url: None,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        output: CheckOutput {
            title: "t",
            summary: "s",
            text: None,
            annotations: &[],
        },
    };
    repository.create_check_run(&run).await.map(|run| run.id)
}

#[tokio::test]
async fn reads_are_repeated_after_trouble_of_any_kind() {
    let script = Script::start(with_tokens(|_, before| match before {
        0 => json(502, "<html>Bad Gateway</html>"),
        1 => Reply::Close,
        2 => Reply::Broken(PULL.as_bytes().to_vec()),
        _ => json(200, PULL),
    }))
    .await;
    script.repository().pull(PullNumber(1)).await.unwrap();
    assert_eq!(script.count("GET", "/repos/acme/shop/pulls/1"), 4);

    let script = Script::start(with_tokens(|_, _| json(503, "<html></html>"))).await;
    let error = script.repository().pull(PullNumber(1)).await.unwrap_err();
    assert!(error.is_transient());
    insta::assert_snapshot!(error, @"GET /repos/acme/shop/pulls/1: GitHub answered 503: no reason given");
    assert_eq!(script.count("GET", "/repos/acme/shop/pulls/1"), 4);
}

#[tokio::test]
async fn a_write_with_an_unclear_end_is_not_repeated() {
    for trouble in [
        json(502, "<html>Bad Gateway</html>"),
        json(500, r#"{"message": "Server Error"}"#),
        Reply::Close,
        Reply::Broken(br#"{"id": 1}"#.to_vec()),
        json(201, "not json"),
    ] {
        let told = format!("{trouble:?}");
        let script = Script::start(with_tokens(move |_, _| trouble.clone())).await;
        let error = create(&script.repository()).await.unwrap_err();
        assert!(error.is_unclear(), "{told}: {error}");
        assert!(error.is_transient(), "{told}: {error}");
        assert_eq!(script.count("POST", CHECK_RUNS), 1, "{told}");
    }
}

#[tokio::test]
async fn a_refused_write_is_clear() {
    let script = Script::start(with_tokens(|_, _| {
        json(
            422,
            r#"{"message": "Invalid request.\n\nNo more than 50 items are allowed; 52 were supplied.",
                "errors": [{"field": "annotations"}]}"#,
        )
    }))
    .await;
    let error = create(&script.repository()).await.unwrap_err();
    assert!(!error.is_unclear() && !error.is_transient());
    assert!(
        error.to_string().contains("No more than 50 items"),
        "{error}"
    );
    assert_eq!(script.count("POST", CHECK_RUNS), 1);
}

#[tokio::test]
async fn where_nothing_was_sent_nothing_is_unclear() {
    let script = Script::start(with_tokens(|_, _| json(200, PULL))).await;
    let app = script.app_below("", QUICK);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    drop(app);
    let settings = takehome::github::Settings {
        api_url: format!("http://{address}").parse().unwrap(),
        app_id: 7,
        private_key: takehome::github::private_key(&super::script::PEM).unwrap(),
        timing: QUICK,
    };
    let app = takehome::github::App::new(settings, takehome::github::system_clock()).unwrap();
    let installation = app.installation(takehome::github::InstallationId(5));
    let repository = installation.repository(RepoId(1), "acme", "shop");
    let error = create(&repository).await.unwrap_err();
    assert!(
        matches!(error, GitHubError::Transport { sent: Sent::No, .. }),
        "{error:?}"
    );
    assert!(!error.is_unclear() && error.is_transient());
}

#[tokio::test]
async fn no_answer_ends_at_the_deadline() {
    let script = Script::start(with_tokens(|_, _| Reply::Hang)).await;
    let timing = Timing {
        deadline: Duration::from_millis(200),
        ..QUICK
    };
    let installation = script
        .app_below("", timing)
        .installation(takehome::github::InstallationId(5));
    let repository = installation.repository(RepoId(1), "acme", "shop");
    let error = create(&repository).await.unwrap_err();
    assert!(error.is_unclear(), "{error}");
}

#[tokio::test]
async fn writes_of_an_installation_keep_their_distance() {
    let script = Script::start(with_tokens(|_, _| json(201, r#"{"id": 9}"#))).await;
    let timing = Timing {
        between_writes: Duration::from_millis(120),
        ..QUICK
    };
    let installation = script
        .app_below("", timing)
        .installation(takehome::github::InstallationId(5));
    let repository = installation.repository(RepoId(1), "acme", "shop");
    let begun = std::time::Instant::now();
    let all = futures::future::join_all((0..3).map(|_| create(&repository))).await;
    assert!(all.iter().all(Result::is_ok));
    assert!(
        begun.elapsed() >= Duration::from_millis(240),
        "{:?}",
        begun.elapsed()
    );
}
