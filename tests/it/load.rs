//! Measurements, not tests: how many deliveries a second are taken, and how fast a backlog is worked
//! off. Run them with
//! `cargo test --release -p takehome --test it load:: -- --ignored --nocapture --test-threads 1`;
//! `TAKEHOME_LOAD_RATE` (a second) and `TAKEHOME_LOAD_SECONDS` choose another load.

use std::sync::Arc;
use std::time::{Duration, Instant};

use takehome::service::{self, Parts};
use takehome::settings::SettingsArgs;
use takehome::store::{Change, QueueRules, ReviewRequest, Store, SystemClock};
use takehome::web::metrics::Metrics;
use takehome::webhook::Secrets;
use takehome::worker::pool::{self, PoolSettings};
use takehome::worker::{PullRequestRef, ReviewOutcome, Why};
use tokio_util::sync::CancellationToken;

use crate::databases::Database;
use crate::fakes::FakeReviewer;
use crate::github::PEM;

const SECRET: &str = "a secret for measurements";
const BACKLOG: u64 = 500;
/// What a review waits for GitHub and its analysis, in the backlog.
const REVIEW: Duration = Duration::from_millis(50);

fn number_of(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

async fn post_at_a_fixed_rate(name: &str, database: Option<Database>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let rate = number_of("TAKEHOME_LOAD_RATE", 200);
    let count = rate * number_of("TAKEHOME_LOAD_SECONDS", 10);
    let folder = tempfile::tempdir().unwrap();
    let settings = SettingsArgs {
        listen: Some("127.0.0.1:0".to_owned()),
        data_dir: Some(folder.path().display().to_string()),
        database_url: database.as_ref().map(|database| database.url.clone()),
        github_app_id: Some("99".to_owned()),
        github_private_key: Some(PEM.clone()),
        webhook_secret: Some(SECRET.to_owned()),
        workers: Some("1".to_owned()),
        ..SettingsArgs::default()
    }
    .resolve()
    .unwrap();
    let store = service::open_store(&settings).await.unwrap();
    let service = service::start(&settings, store, Parts::of(FakeReviewer::quick()))
        .await
        .unwrap();
    let url = format!("http://{}/webhooks/github", service.address());
    let secrets = Arc::new(Secrets::new([SECRET]).unwrap());
    let client = reqwest::Client::new();
    let began = Instant::now();
    let mut posts = tokio::task::JoinSet::new();
    for number in 0..count {
        let due = began + Duration::from_secs_f64(number as f64 / rate as f64);
        tokio::time::sleep_until(due.into()).await;
        let (client, url, secrets) = (client.clone(), url.clone(), Arc::clone(&secrets));
        posts.spawn(async move {
            let body = serde_json::json!({
                "action": "opened", "number": number + 1,
                "pull_request": {"number": number + 1, "updated_at": "2026-01-01T00:00:01Z",
                    "body": "x".repeat(15_000),
                    "head": {"ref": "solution", "sha": format!("{number:040x}"), "repo": null},
                    "base": {"ref": "main", "sha": "b".repeat(40)}},
                "repository": {"id": 70, "name": "orders", "full_name": "acme/orders",
                    "default_branch": "main"},
                "installation": {"id": 7}, "sender": {"id": 5, "login": "candidate"},
            })
            .to_string();
            let answer = client
                .post(url)
                .header("content-type", "application/json")
                .header("x-github-event", "pull_request")
                .header("x-github-delivery", format!("load-{number}"))
                .header("x-hub-signature-256", secrets.sign(body.as_bytes()))
                .body(body)
                .send()
                .await;
            // From when it was due: a queue before the server counts too.
            let accepted = answer.is_ok_and(|answer| answer.status().as_u16() == 202);
            (accepted, due.elapsed())
        });
    }
    let answers = posts.join_all().await;
    let took = began.elapsed().as_secs_f64();
    let accepted = answers.iter().filter(|(accepted, _)| *accepted).count();
    let mut waits: Vec<Duration> = answers.iter().map(|(_, wait)| *wait).collect();
    waits.sort();
    let at = |share: usize| waits[(waits.len() - 1) * share / 1000].as_secs_f64() * 1000.0;
    println!(
        "{name}: {count} deliveries at {rate}/s: {accepted} accepted, {:.0}/s; answered within {:.1} ms \
         (p50), {:.1} ms (p95), {:.1} ms (p99), {:.1} ms (longest)",
        accepted as f64 / took,
        at(500),
        at(950),
        at(990),
        at(1000),
    );
    assert!(accepted > 0);
    service.stop();
    service.stopped().await;
    if let Some(database) = database {
        database.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn deliveries_at_a_fixed_rate() {
    post_at_a_fixed_rate("SQLite", None).await;
    if let Some(database) = Database::postgres().await {
        post_at_a_fixed_rate("PostgreSQL", Some(database)).await;
    }
}

/// Every review waits as long as reviews do; what is measured is how workers share the work.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn a_backlog_with_one_two_and_four_workers() {
    let mut alone = None;
    for workers in [1, 2, 4] {
        let Some(database) = Database::postgres().await else {
            return;
        };
        let rules = QueueRules::default();
        let store = Store::connect(&database.url, rules, Arc::new(SystemClock))
            .await
            .unwrap();
        for number in 1..=BACKLOG {
            let request = ReviewRequest {
                pull: PullRequestRef {
                    installation_id: 7,
                    repository_id: 70,
                    owner: "acme".to_owned(),
                    repository: "orders".to_owned(),
                    number,
                },
                state: None,
                why: Why::Pushed,
                asked_by: None,
            };
            store.apply(&[Change::Review(request)]).await.unwrap();
        }
        let reviewer = FakeReviewer::new(|job, _| async move {
            tokio::time::sleep(REVIEW).await;
            Ok(ReviewOutcome::Reviewed {
                review_id: 1,
                head_sha: job.head_sha.unwrap_or_default(),
            })
        });
        let shutdown = CancellationToken::new();
        let began = Instant::now();
        let pool = tokio::spawn(pool::run(
            store.clone(),
            reviewer,
            PoolSettings {
                workers,
                ..PoolSettings::default()
            },
            Arc::new(Metrics::default()),
            shutdown.clone(),
        ));
        loop {
            let stats = store.queue_stats().await.unwrap();
            if stats.ready + stats.running == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let took = began.elapsed().as_secs_f64();
        let first = *alone.get_or_insert(took);
        println!(
            "PostgreSQL: {BACKLOG} reviews of {} ms with {workers} workers: {took:.2} s, {:.0}/s, {:.2} times \
             as fast as one",
            REVIEW.as_millis(),
            BACKLOG as f64 / took,
            first / took,
        );
        shutdown.cancel();
        pool.await.unwrap();
        store.close().await;
        database.finish().await;
    }
}
