//! The service as an operator runs it: the real binary, its probes, its log, its stop, the commands
//! beside it.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;
use takehome::webhook::Secrets;

use crate::databases::Database;
use crate::github::PEM;
use crate::organisation::{Organisation, POINTS};
use crate::served::{Served, takehome};

const CANARY: &str = "canary-secret-of-the-webhook";

/// A running `takehome serve` whose GitHub does not answer.
struct Alone {
    served: Served,
    pem: String,
    folder: tempfile::TempDir,
}

impl Alone {
    async fn start(database_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pem = PEM.clone();
        let key = folder.path().join("key.pem");
        std::fs::write(&key, &pem).unwrap();
        let mut command = command(&folder, &["serve"]);
        command
            .env("TAKEHOME_GITHUB_APP_ID", "99")
            .env("TAKEHOME_GITHUB_PRIVATE_KEY_FILE", &key)
            .env("TAKEHOME_GITHUB_API_URL", "http://127.0.0.1:9")
            .env("TAKEHOME_LOG", "trace")
            .env("TAKEHOME_DRAIN_SECONDS", "2");
        if let Some(url) = database_url {
            command.env("TAKEHOME_DATABASE_URL", url);
        }
        Self {
            served: Served::start(command).await,
            pem,
            folder,
        }
    }

    fn beside(&self, arguments: &[&str]) -> Output {
        command(&self.folder, arguments).output().unwrap()
    }
}

impl std::ops::Deref for Alone {
    type Target = Served;

    fn deref(&self) -> &Served {
        &self.served
    }
}

impl std::ops::DerefMut for Alone {
    fn deref_mut(&mut self) -> &mut Served {
        &mut self.served
    }
}

fn command(folder: &tempfile::TempDir, arguments: &[&str]) -> Command {
    let mut command = takehome(folder.path(), arguments);
    command.env("TAKEHOME_WEBHOOK_SECRET", CANARY);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn opened(folder: &tempfile::TempDir) -> PathBuf {
    let file = folder.path().join("opened.json");
    let body = serde_json::json!({
        "action": "opened", "number": 3,
        "pull_request": {"number": 3, "updated_at": "2026-01-01T00:00:01Z",
            "head": {"ref": "solution", "sha": "a".repeat(40), "repo": null},
            "base": {"ref": "main", "sha": "b".repeat(40)}},
        "repository": {"id": 70, "name": "orders", "full_name": "acme/orders", "default_branch": "main"},
        "installation": {"id": 7}, "sender": {"id": 5, "login": "candidate"},
    });
    std::fs::write(&file, body.to_string()).unwrap();
    file
}

async fn serves_and_stops(served: &mut Alone) {
    let (status, body) = served.get("/healthz").await;
    assert_eq!(status, 200, "{body}");
    let (status, body) = served.get("/readyz").await;
    let ready: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &ready["ready"]),
        (200, &Value::Bool(true)),
        "{body}"
    );
    assert_eq!(ready["facts"]["jobs"]["ready"], 0, "{body}");

    // A recorded delivery, sent again by the operator's command, really signed.
    let file = opened(&served.folder);
    let file = file.to_str().unwrap();
    let replayed = served.beside(&[
        "replay",
        file,
        "--event",
        "pull_request",
        "--url",
        &served.url,
    ]);
    assert!(replayed.status.success(), "{}", text(&replayed.stderr));
    assert!(
        text(&replayed.stdout).contains(": queued job 1"),
        "{}",
        text(&replayed.stdout)
    );
    let unsaid = served.beside(&["replay", file, "--url", &served.url]);
    assert_eq!(unsaid.status.code(), Some(2));
    assert!(text(&unsaid.stderr).contains("say it with --event NAME"));
    // One with a wrong signature, for the log.
    let wrong = Secrets::new(["not the canary but long"]).unwrap();
    let answer = reqwest::Client::new()
        .post(format!("{}/webhooks/github", served.url))
        .header("content-type", "application/json")
        .header("x-github-event", "ping")
        .header("x-github-delivery", "g")
        .header("x-hub-signature-256", wrong.sign(b"{}"))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);

    // GitHub does not answer: the job waits for its next attempt.
    let began = Instant::now();
    let job = loop {
        let shown = served.beside(&["jobs", "show", "1"]);
        let job: Value = serde_json::from_str(&text(&shown.stdout)).unwrap();
        if !job["last_error"].is_null() {
            break job;
        }
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "{job}\n{}",
            served.log()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(job["repository"], "acme/orders");
    assert_eq!(job["attempts"], 1);
    let listed = served.beside(&["jobs", "list", "--state", "ready"]);
    assert!(
        text(&listed.stdout).contains("acme/orders#3  attempt 1/6"),
        "{}",
        text(&listed.stdout)
    );
    let dead = served.beside(&["jobs", "dead"]);
    assert_eq!(text(&dead.stdout), "no job is dead\n");
    let (_, figures) = served.get("/metrics").await;
    assert!(
        figures.contains("takehome_queue_jobs{state=\"ready\"} 1"),
        "{figures}"
    );
    assert!(figures.ends_with("# EOF\n"));

    assert_eq!(served.terminate().await, Some(0), "{}", served.log());
    let log = served.log();
    assert!(log.contains(r#""message":"stopped""#), "{log}");
    // What it was told stays in the database.
    let after = served.beside(&["jobs", "list"]);
    assert!(text(&after.stdout).contains("acme/orders#3"));
    // Every line is JSON, and nothing secret is in any of them, even at `trace`.
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
    assert!(!log.contains(CANARY));
    for line in served.pem.lines().filter(|line| !line.starts_with("-----")) {
        assert!(!log.contains(line));
    }
    assert!(
        !log.contains(&wrong.sign(b"{}")[7..]),
        "signatures are not logged"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_and_stops_on_sqlite() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    serves_and_stops(&mut Alone::start(None).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_and_stops_on_postgresql() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let Some(db) = Database::postgres().await else {
        return;
    };
    let mut served = Alone::start(Some(&db.url)).await;
    // The commands beside it must find the same database.
    let settings = served.folder.path().join("takehome.toml");
    std::fs::write(&settings, format!("database_url = \"{}\"\n", db.url)).unwrap();
    let list = command(&served.folder, &["jobs", "list"])
        .env("TAKEHOME_SETTINGS", &settings)
        .output()
        .unwrap();
    assert_eq!(
        text(&list.stdout),
        "there are no jobs\n",
        "{}",
        text(&list.stderr)
    );
    assert_eq!(served.terminate().await, Some(0), "{}", served.log());
    drop(served);
    db.finish().await;
}

#[test]
fn what_is_missing_is_told_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let output = command(&folder, &["serve"])
        .env_remove("TAKEHOME_WEBHOOK_SECRET")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("3 of the settings are not right"), "{told}");
    assert!(!folder.path().join("takehome.db").exists());
    let output = command(&folder, &["doctor"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("wrong  TAKEHOME_GITHUB_APP_ID is missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stages_of_a_review_are_in_the_metrics() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let acme = Organisation::new(None);
    let served = acme.start().await;
    let pull = acme.open();
    acme.until_done(&served, pull, false).await;
    acme.check(pull, POINTS);
    for stage in ["plan", "snapshot", "analysis", "publish"] {
        let name = format!("takehome_review_stage_seconds_count{{stage=\"{stage}\"}}");
        assert_eq!(served.figure(&name).await, Some(1.0), "{stage}");
    }
    assert_eq!(
        served
            .figure("takehome_jobs_total{kind=\"review\",outcome=\"reviewed\"}")
            .await,
        Some(1.0)
    );
    // A line of the log can be followed back to the delivery.
    let deliveries = acme.github.deliveries();
    let opened = deliveries
        .iter()
        .find(|delivery| delivery.event == "pull_request");
    let delivery = &opened.unwrap().guid;
    assert!(
        served
            .log()
            .contains(&format!("\"github.delivery\":\"{delivery}\"")),
        "{}",
        served.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_asks_github_about_the_app() {
    let acme = Organisation::new(None);
    let ask = |change: &dyn Fn(&mut Command)| {
        let mut command = acme.command(&["doctor"]);
        change(&mut command);
        let output = command.output().unwrap();
        (output.status.code(), text(&output.stdout))
    };
    let (code, told) = ask(&|_| {});
    assert_eq!(code, Some(0), "{told}");
    let app = acme.github.app();
    assert!(told.contains(&format!(
        "GitHub knows the App: {} (id {})",
        app.slug, app.id
    )));
    assert!(told.contains("installed at acme"), "{told}");

    let (code, told) = ask(&|command| {
        command.env("TAKEHOME_GITHUB_APP_ID", "4711");
    });
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("check that 4711 is the App's id"), "{told}");

    acme.github.set_clock_skew(-7200);
    let (_, told) = ask(&|_| {});
    acme.github.set_clock_skew(0);
    assert!(told.contains("clock"), "{told}");
}

/// A client that never ends its headers must not hold a connection for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_headers_do_not_come_is_ended() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let alone = Alone::start(None).await;
    let address = alone.url.trim_start_matches("http://");
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    slow.write_all(b"POST /webhooks/github HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(30), slow.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the connection is still open");
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"),
        "{}",
        text(&answer)
    );
    let (status, _) = alone.get("/healthz").await;
    assert_eq!(status, 200);
}
