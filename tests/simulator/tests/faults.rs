//! Every fault of a request, by its effect on a client.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use flate2::read::GzDecoder;
use github_simulator::{Fault, Random, Rule};
use serde_json::{Value, json};

use crate::client::{Client, Scene, scene};

const COMMENTS: &str = "/repos/acme/notes/issues/1/comments";

async fn ready() -> (Scene, Client) {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    (scene, client)
}

/// Posts a comment with a fault; gives the status, 0 for a broken connection, and how many comments
/// stand afterwards.
async fn posted(fault: Fault) -> (u16, usize) {
    let (scene, client) = ready().await;
    scene
        .github
        .faults()
        .fail("POST", "/repos/*/*/issues/*/comments", 1, fault);
    let answer = client
        .send("POST", COMMENTS, &client.token, json!({"body": "x"}), &[])
        .await;
    let status = answer.map_or(0, |answer| answer.status.as_u16());
    assert_eq!(scene.github.faults().fired().len(), 1);
    let again = client.call("POST", COMMENTS, json!({"body": "y"})).await;
    assert_eq!(again.status, 201, "the fault is over");
    (status, scene.github.comments(scene.repo.id, 1).len() - 1)
}

#[tokio::test]
async fn whether_a_write_took_effect() {
    assert_eq!(posted(Fault::HtmlError { status: 500 }).await, (500, 0));
    assert_eq!(posted(Fault::LostAnswer).await, (502, 1));
    assert_eq!(posted(Fault::ResetBefore).await, (0, 0));
    assert_eq!(posted(Fault::ResetAfter).await, (0, 1));
    assert_eq!(posted(Fault::TruncatedBody).await, (0, 1));
    assert_eq!(posted(Fault::FreshTokenRefused).await, (401, 0));
    assert_eq!(posted(Fault::ForbiddenWithoutReason).await, (403, 0));
    assert_eq!(
        posted(Fault::SecondaryLimit { retry_after: None }).await,
        (403, 0)
    );
    assert_eq!(
        posted(Fault::TooManyRequests {
            retry_after: Some(2)
        })
        .await,
        (429, 0)
    );
    assert_eq!(posted(Fault::SlowBody { millis: 1 }).await, (201, 1));
}

#[tokio::test]
async fn what_the_answers_look_like() {
    let (scene, client) = ready().await;
    let faults = scene.github.faults();
    faults.fail(
        "GET",
        "/repos/acme/notes",
        1,
        Fault::HtmlError { status: 503 },
    );
    faults.fail(
        "GET",
        "/repos/acme/notes",
        2,
        Fault::SecondaryLimit {
            retry_after: Some(7),
        },
    );
    faults.fail(
        "GET",
        "/repos/acme/notes",
        3,
        Fault::SlowHeaders { millis: 120 },
    );
    faults.fail(
        "GET",
        "/repos/acme/notes",
        4,
        Fault::PrimaryExhausted { reset_in: 30 },
    );
    let html = client.get("/repos/acme/notes").await;
    assert!(html.header("content-type").starts_with("text/html"));
    let limited = client.get("/repos/acme/notes").await;
    assert_eq!(limited.header("retry-after"), "7");
    assert!(limited.message().contains("secondary rate limit"));
    let started = Instant::now();
    assert_eq!(client.get("/repos/acme/notes").await.status, 200);
    assert!(started.elapsed() >= Duration::from_millis(120));
    for _ in 0..2 {
        let exhausted = client.get("/repos/acme/notes").await;
        assert_eq!(exhausted.status, 403);
        assert_eq!(exhausted.header("x-ratelimit-remaining"), "0");
    }
    scene.github.advance_clock(Duration::from_secs(31));
    assert_eq!(client.get("/repos/acme/notes").await.status, 200);
}

#[tokio::test]
async fn an_expired_token_stays_expired() {
    let (scene, mut client) = ready().await;
    scene
        .github
        .faults()
        .add(Rule::new("*", "/repos/**", Fault::ExpiredToken));
    assert_eq!(client.get("/repos/acme/notes").await.status, 401);
    assert_eq!(client.get("/repos/acme/notes").await.status, 401);
    client.mint(scene.installation).await;
    assert_eq!(client.get("/repos/acme/notes").await.status, 200);
}

#[tokio::test]
async fn requests_can_be_held_before_and_after_their_effect() {
    for (fault, effect) in [(Fault::HoldBefore, 0), (Fault::HoldAfter, 1)] {
        let (scene, client) = ready().await;
        scene.github.faults().fail("POST", "/repos/**", 1, fault);
        let waiting = tokio::spawn(async move {
            let answer = client.call("POST", COMMENTS, json!({"body": "x"})).await;
            answer.status.as_u16()
        });
        assert!(
            scene
                .github
                .faults()
                .wait_held(Duration::from_secs(5))
                .await
        );
        assert_eq!(scene.github.comments(scene.repo.id, 1).len(), effect);
        assert!(!waiting.is_finished());
        scene.github.faults().release();
        assert_eq!(waiting.await.unwrap(), 201);
        assert_eq!(scene.github.comments(scene.repo.id, 1).len(), 1);
    }
}

#[tokio::test]
async fn a_client_that_dies_while_held_leaves_the_effect() {
    let (scene, client) = ready().await;
    let faults = scene.github.faults();
    faults.fail("POST", "/repos/**", 1, Fault::HoldBefore);
    let dies = tokio::spawn(async move {
        client.call("POST", COMMENTS, json!({"body": "x"})).await;
    });
    assert!(faults.wait_held(Duration::from_secs(5)).await);
    dies.abort();
    let _ = dies.await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    faults.release();
    let made = |github: &github_simulator::Simulator| github.comments(scene.repo.id, 1).len() == 1;
    assert!(scene.github.until(Duration::from_secs(5), made).await);
    assert_eq!(faults.held(), 0);
}

/// Downloads the head's archive with a fault: the bytes as they are, and unpacked as far as possible.
async fn archive(fault: Fault) -> (Scene, Vec<u8>, std::io::Result<Vec<u8>>) {
    let (scene, client) = ready().await;
    scene.github.faults().add(Rule::archive(fault));
    let link = client
        .get(&format!("/repos/acme/notes/tarball/{}", scene.head))
        .await;
    let answer = client
        .send("GET", link.header("location"), "", Value::Null, &[])
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    let mut unpacked = Vec::new();
    let read = GzDecoder::new(answer.body.as_slice()).read_to_end(&mut unpacked);
    (scene, answer.body, read.map(|_| unpacked))
}

#[tokio::test]
async fn archives_that_must_be_refused() {
    let (.., unpacked) = archive(Fault::TruncatedArchive).await;
    assert!(unpacked.is_err());

    let (scene, _, unpacked) = archive(Fault::WrongCommitArchive).await;
    let text = String::from_utf8_lossy(&unpacked.unwrap()).into_owned();
    assert!(text.contains(&format!("comment={}", scene.repo.head_sha)));
    assert!(!text.contains(&scene.head));

    let (_, packed, unpacked) = archive(Fault::BombArchive { bytes: 4 << 20 }).await;
    assert!(packed.len() < 200_000, "{}", packed.len());
    assert!(unpacked.unwrap().len() > 4 << 20);

    let (scene, _, unpacked) = archive(Fault::TraversalArchive).await;
    let text = String::from_utf8_lossy(&unpacked.unwrap()).into_owned();
    assert!(text.contains("../../../../tmp/escaped.py"));
    assert!(text.contains(&format!("comment={}", scene.head)));
}

#[tokio::test]
async fn random_faults_come_from_their_seed() {
    let run = async || {
        let (scene, client) = ready().await;
        let mut random = Random::new(11, 400, 0);
        random
            .requests
            .retain(|fault| !matches!(fault, Fault::SlowHeaders { .. } | Fault::ExpiredToken));
        scene.github.faults().random(Some(random));
        for _ in 0..40 {
            let _ = client
                .send("GET", "/repos/acme/notes", &client.token, Value::Null, &[])
                .await;
        }
        scene.github.faults().fired()
    };
    let (one, other) = (run().await, run().await);
    assert!(one.len() > 5, "{one:?}");
    assert_eq!(one, other);
}
