//! Webhooks over real HTTP, signed as GitHub signs them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use takehome::store::{JobFilter, Store};
use takehome::web::metrics::Metrics;
use takehome::webhook::{PlanSettings, Receiver, Secrets};
use tokio::sync::Notify;

use crate::databases::Database;
use crate::fakes::FakeReviewer;
use crate::shared;

const SECRET: &str = "a secret of enough bytes";
const APP: u64 = 99;

struct Hook {
    db: Database,
    url: String,
    client: reqwest::Client,
    secrets: Secrets,
    reviewer: Arc<FakeReviewer>,
    reconcile: Arc<Notify>,
    metrics: Arc<Metrics>,
}

impl Hook {
    async fn new() -> Self {
        Self::on(Database::sqlite().await).await
    }

    async fn on(db: Database) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let reviewer = FakeReviewer::quick();
        let reconcile = Arc::new(Notify::new());
        let metrics = Arc::new(Metrics::default());
        let receiver = Receiver::new(
            db.store.clone(),
            Secrets::new([SECRET, "an older secret of enough bytes"]).unwrap(),
            PlanSettings {
                app_id: APP,
                rules_repository: ".github".to_owned(),
            },
            reviewer.clone(),
            reconcile.clone(),
            metrics.clone(),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks/github", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, receiver.router()).await });
        Self {
            db,
            url,
            client: reqwest::Client::new(),
            secrets: Secrets::new([SECRET]).unwrap(),
            reviewer,
            reconcile,
            metrics,
        }
    }

    fn store(&self) -> &Store {
        &self.db.store
    }

    fn request(&self, event: &str, id: &str, body: &[u8]) -> reqwest::RequestBuilder {
        self.client
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-github-event", event)
            .header("x-github-delivery", id)
            .header("x-hub-signature-256", self.secrets.sign(body))
            .body(body.to_vec())
    }

    /// Status and message.
    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        (status, body["message"].as_str().unwrap().to_owned())
    }

    async fn event(&self, event: &str, id: &str, body: &Value) -> (u16, String) {
        self.send(self.request(event, id, body.to_string().as_bytes()))
            .await
    }

    /// Jobs as `kind repository#number head`, oldest first, waiting ones only.
    async fn jobs(&self) -> Vec<String> {
        let mut jobs = self.store().jobs(JobFilter::default()).await.unwrap();
        jobs.sort_by_key(|job| job.id);
        jobs.iter()
            .filter(|job| job.state == "ready")
            .map(|job| {
                format!(
                    "{} {}#{} {}",
                    job.kind,
                    job.repository.as_deref().unwrap_or("?"),
                    job.pull_number.unwrap_or_default(),
                    job.head_sha.as_deref().unwrap_or("?")
                )
            })
            .collect()
    }
}

/// A fork's pull request, as GitHub writes it, shortened.
fn pull_request(action: &str, number: u64, head: &str) -> Value {
    json!({
        "action": action,
        "number": number,
        "pull_request": {
            "id": 1, "number": number, "state": "open", "draft": false,
            "user": {"id": 5, "login": "candidate", "type": "User"},
            "updated_at": "2026-01-01T00:00:01Z",
            "head": {"ref": "solution", "sha": head, "label": "candidate:solution",
                     "user": {"id": 5, "login": "candidate"},
                     "repo": {"id": 71, "name": "orders", "full_name": "candidate/orders", "fork": true}},
            "base": {"ref": "main", "sha": "base", "repo": {"id": 70, "name": "orders"}},
        },
        "repository": {"id": 70, "name": "orders", "full_name": "acme/orders", "default_branch": "main"},
        "sender": {"id": 5, "login": "candidate", "type": "User"},
        "installation": {"id": 7, "node_id": "x"},
    })
}

#[tokio::test]
async fn a_delivery_is_stored_before_it_is_answered() {
    let hook = Hook::new().await;
    let body = pull_request("opened", 3, "abc");
    let (status, message) = hook.event("pull_request", "g1", &body).await;
    assert_eq!((status, message.as_str()), (202, "queued job 1"));
    assert_eq!(hook.jobs().await, ["review acme/orders#3 abc"]);
    let stored = hook.store().delivery("g1").await.unwrap().unwrap();
    assert_eq!(stored.payload, Some(body.to_string().into_bytes()));
    let (status, message) = hook.event("pull_request", "g1", &body).await;
    assert_eq!(
        (status, message.as_str()),
        (200, "this delivery was stored before")
    );
    assert_eq!(hook.jobs().await.len(), 1);
    let figures = hook.metrics.text().unwrap();
    assert!(
        figures.contains(r#"takehome_webhook_deliveries_total{outcome="stored"} 1"#),
        "{figures}"
    );
    assert!(
        figures.contains(r#"takehome_webhook_deliveries_total{outcome="known"} 1"#),
        "{figures}"
    );
}

#[tokio::test]
async fn what_is_not_githubs_is_turned_away() {
    let hook = Hook::new().await;
    let body = pull_request("opened", 3, "abc").to_string();
    let body = body.as_bytes();
    let signed = hook.secrets.sign(body);
    let bare = || {
        hook.client
            .post(&hook.url)
            .header("content-type", "application/json")
            .header("x-github-event", "pull_request")
            .header("x-github-delivery", "g1")
            .body(body.to_vec())
    };
    let mut answers = Vec::new();
    for (what, request) in [
        ("no signature", bare()),
        (
            "sha1 only",
            bare().header("x-hub-signature", format!("sha1={}", "0".repeat(40))),
        ),
        (
            "sha1 in the wrong place",
            bare().header("x-hub-signature-256", format!("sha1={}", "0".repeat(40))),
        ),
        (
            "another secret",
            bare().header(
                "x-hub-signature-256",
                Secrets::new(["some other secret string"])
                    .unwrap()
                    .sign(body),
            ),
        ),
        (
            "two signatures",
            bare()
                .header("x-hub-signature-256", &signed)
                .header("x-hub-signature-256", &signed),
        ),
        (
            "another body",
            bare()
                .header("x-hub-signature-256", &signed)
                .body([body, b" "].concat()),
        ),
        (
            "a form",
            bare()
                .header("x-hub-signature-256", &signed)
                .header("content-type", "application/x-www-form-urlencoded"),
        ),
    ] {
        let request = if what == "a form" {
            hook.client
                .post(&hook.url)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("x-hub-signature-256", &signed)
                .body(body.to_vec())
        } else {
            request
        };
        let (status, message) = hook.send(request).await;
        answers.push(format!("{what}: {status} {message}"));
    }
    let no_event = hook
        .client
        .post(&hook.url)
        .header("content-type", "application/json; charset=utf-8")
        .header("x-hub-signature-256", &signed)
        .body(body.to_vec());
    let (status, message) = hook.send(no_event).await;
    answers.push(format!("no event: {status} {message}"));
    for bad in [&b"not json"[..], b"[1, 2]", b"", b"{\"action\": \"op"] {
        let (status, message) = hook.send(hook.request("pull_request", "g2", bad)).await;
        answers.push(format!(
            "{:?}: {status} {message}",
            String::from_utf8_lossy(bad)
        ));
    }
    insta::assert_snapshot!(answers.join("\n"), @r#"
    no signature: 401 the header X-Hub-Signature-256 is missing; set a webhook secret at GitHub
    sha1 only: 401 the header X-Hub-Signature-256 is missing; set a webhook secret at GitHub
    sha1 in the wrong place: 401 the header X-Hub-Signature-256 must be `sha256=` and 64 hexadecimal digits, once
    another secret: 401 the signature does not match: the webhook secret at GitHub is another, or the body was changed on its way
    two signatures: 401 the header X-Hub-Signature-256 must be `sha256=` and 64 hexadecimal digits, once
    another body: 401 the signature does not match: the webhook secret at GitHub is another, or the body was changed on its way
    a form: 415 the content type must be application/json; set it in the webhook settings at GitHub
    no event: 400 the header X-GitHub-Event is missing or not a name
    "not json": 400 the body is not a JSON object: not JSON at `.` (line 1, column 2)
    "[1, 2]": 400 the body is not a JSON object: it does not begin with `{`
    "": 400 the body is not a JSON object: the body ends too early at `.` (line 1, column 0)
    "{\"action\": \"op": 400 the body is not a JSON object: the body ends too early at `action` (line 1, column 14)
    "#);
    assert!(hook.store().recent_deliveries(5).await.unwrap().is_empty());
    assert!(hook.jobs().await.is_empty());
}

#[tokio::test]
async fn an_older_secret_is_accepted_while_it_is_rotated() {
    let hook = Hook::new().await;
    let body = pull_request("opened", 3, "abc").to_string();
    let older = Secrets::new(["an older secret of enough bytes"]).unwrap();
    let request = hook
        .request("pull_request", "g1", body.as_bytes())
        .header("x-unrelated", "1");
    let request = request.build().unwrap();
    let mut request = request;
    request.headers_mut().insert(
        "x-hub-signature-256",
        older.sign(body.as_bytes()).parse().unwrap(),
    );
    let answer = hook.client.execute(request).await.unwrap();
    assert_eq!(answer.status(), 202);
}

#[tokio::test]
async fn bodies_beyond_githubs_cap_are_refused() {
    let hook = Hook::new().await;
    let at_most = takehome::webhook::MAX_BODY_BYTES;
    // Said in the header: refused before it is sent.
    let (status, _) = hook
        .send(hook.request("push", "g1", &vec![b' '; at_most + 1]))
        .await;
    assert_eq!(status, 413);
    // Not said: refused when it is too much.
    let chunks = (0..27).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024 * 1024]));
    let request = hook
        .client
        .post(&hook.url)
        .header("content-type", "application/json")
        .header("x-hub-signature-256", format!("sha256={}", "0".repeat(64)))
        .body(reqwest::Body::wrap_stream(futures::stream::iter(chunks)));
    let (status, _) = hook.send(request).await;
    assert_eq!(status, 413);
    // As much as GitHub may send is taken.
    let mut body = pull_request("opened", 3, "abc").to_string();
    body.push_str(&" ".repeat(at_most - body.len()));
    let (status, _) = hook
        .send(hook.request("pull_request", "g2", body.as_bytes()))
        .await;
    assert_eq!(status, 202);
}

#[tokio::test]
async fn a_store_that_cannot_take_it_is_said_and_nothing_is_lost() {
    let hook = Hook::new().await;
    hook.store().close().await;
    let body = pull_request("opened", 3, "abc").to_string();
    let answer = hook
        .request("pull_request", "g1", body.as_bytes())
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "30");
    // The database is back, GitHub delivers again under the same id.
    let store = hook.db.second().await;
    assert!(store.delivery("g1").await.unwrap().is_none());
}

#[tokio::test]
async fn every_official_example_is_stored_and_understood_or_ignored() {
    let Some(text) = shared::read("suites/github/webhook-examples.json") else {
        return;
    };
    let hook = Hook::new().await;
    let events: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut sent = 0;
    let mut outcomes: std::collections::BTreeMap<String, u32> = std::collections::BTreeMap::new();
    for event in &events {
        let name = event["event"].as_str().unwrap();
        for example in event["examples"].as_array().unwrap() {
            let id = format!("example-{sent}");
            let (status, message) = hook.event(name, &id, example).await;
            let expected = if name == "ping" { 200 } else { 202 };
            assert_eq!(status, expected, "{name}: {message}");
            let outcome = hook.store().delivery(&id).await.unwrap().unwrap().outcome;
            assert!(!outcome.contains("unreadable"), "{name}: {outcome}");
            let action = example["action"].as_str().unwrap_or("-");
            if !outcome.contains("is not watched") {
                let outcome: String = outcome
                    .chars()
                    .map(|c| if c.is_ascii_digit() { 'N' } else { c })
                    .collect();
                *outcomes
                    .entry(format!("{name} {action}: {outcome}"))
                    .or_default() += 1;
            }
            sent += 1;
        }
    }
    assert_eq!(sent, 329);
    let outcomes: Vec<String> = outcomes
        .into_iter()
        .map(|(what, n)| format!("{n} x {what}"))
        .collect();
    insta::assert_snapshot!(outcomes.join("\n"), @r#"
    3 x check_run completed: ignored: action `completed` leads to nothing
    3 x check_run created: ignored: action `created` leads to nothing
    1 x check_run requested_action: ignored: a check run of another App
    2 x check_run rerequested: ignored: a check run of another App
    4 x check_suite completed: ignored: action `completed` leads to nothing
    3 x check_suite requested: ignored: action `requested` leads to nothing
    2 x check_suite rerequested: ignored: a check suite of another App
    2 x installation created: noted
    2 x installation deleted: noted
    1 x installation new_permissions_accepted: noted
    1 x installation suspend: noted
    1 x installation unsuspend: noted
    2 x installation_repositories added: noted
    1 x installation_repositories removed: noted
    5 x issue_comment created: ignored: a comment on an issue
    2 x issue_comment deleted: ignored: action `deleted` leads to nothing
    2 x issue_comment edited: ignored: action `edited` leads to nothing
    4 x ping -: ignored: a ping
    2 x pull_request assigned: ignored: action `assigned` leads to nothing
    2 x pull_request closed: noted
    3 x pull_request converted_to_draft: ignored: action `converted_to_draft` leads to nothing
    2 x pull_request labeled: ignored: action `labeled` leads to nothing
    2 x pull_request locked: ignored: action `locked` leads to nothing
    1 x pull_request opened: ignored: no installation: a webhook of a repository, not of the App
    3 x pull_request opened: stale: something newer was said before
    2 x pull_request ready_for_review: ignored: no installation: a webhook of a repository, not of the App
    1 x pull_request ready_for_review: queued job N
    2 x pull_request reopened: stale: something newer was said before
    1 x pull_request review_request_removed: ignored: action `review_request_removed` leads to nothing
    1 x pull_request review_requested: ignored: action `review_requested` leads to nothing
    1 x pull_request synchronize: stale: something newer was said before
    2 x pull_request unassigned: ignored: action `unassigned` leads to nothing
    2 x pull_request unlabeled: ignored: action `unlabeled` leads to nothing
    2 x pull_request unlocked: ignored: action `unlocked` leads to nothing
    7 x push -: ignored: a push to another than the rules repository
    2 x repository created: ignored: action `created` leads to nothing
    2 x repository edited: ignored: action `edited` leads to nothing
    2 x repository privatized: ignored: action `privatized` leads to nothing
    3 x repository publicized: ignored: action `publicized` leads to nothing
    1 x repository renamed: noted
    2 x repository transferred: ignored: no installation: a webhook of a repository, not of the App
    1 x repository transferred: noted
    "#);
}

/// What the official examples do not show.
#[tokio::test]
async fn unusual_payloads_are_understood() {
    let hook = Hook::new().await;
    let mut cases: Vec<(&str, &str, Value)> = Vec::new();
    let mut case = |event, what, body| cases.push((event, what, body));

    case("pull_request", "a fork", pull_request("opened", 1, "a1"));
    let mut deleted_fork = pull_request("synchronize", 2, "a2");
    deleted_fork["pull_request"]["head"]["repo"] = Value::Null;
    deleted_fork["pull_request"]["head"]["user"] = Value::Null;
    deleted_fork["pull_request"]["user"] = Value::Null;
    deleted_fork["sender"] = Value::Null;
    case(
        "pull_request",
        "the fork and its owner are deleted",
        deleted_fork,
    );
    let mut retargeted = pull_request("edited", 3, "a3");
    retargeted["changes"] = json!({"base": {"ref": {"from": "develop"}, "sha": {"from": "x"}}});
    case("pull_request", "the base was changed", retargeted);
    let mut retitled = pull_request("edited", 4, "a4");
    retitled["changes"] = json!({"title": {"from": "old"}, "body": {"from": null}});
    case("pull_request", "the title was changed", retitled);
    case(
        "pull_request",
        "an unknown action",
        pull_request("teleported", 5, "a5"),
    );
    let mut unknown = pull_request("opened", 6, "a6");
    unknown["pull_request"]["mergeable_state"] = json!("quantum");
    unknown["pull_request"]["stack"] = json!({"deep": [1, 2, {"x": null}]});
    unknown["enterprise"] = json!({"id": 1, "slug": "e"});
    unknown["number"] = json!("six");
    case("pull_request", "unknown fields and states", unknown);
    let mut no_installation = pull_request("opened", 7, "a7");
    no_installation
        .as_object_mut()
        .unwrap()
        .remove("installation");
    case("pull_request", "a webhook of a repository", no_installation);
    let mut no_head = pull_request("opened", 8, "a8");
    no_head["pull_request"]
        .as_object_mut()
        .unwrap()
        .remove("head");
    case("pull_request", "no head", no_head);
    case(
        "pull_request",
        "closed before it was seen",
        pull_request("closed", 9, "a9"),
    );

    let comment = |body: &str, user: Value, issue: Value| {
        json!({
            "action": "created", "issue": issue,
            "comment": {"id": 1, "body": body, "user": user},
            "repository": {"id": 70, "name": "orders", "full_name": "acme/orders"},
            "sender": {"id": 6, "login": "reviewer"}, "installation": {"id": 7},
        })
    };
    let pull = json!({"number": 10, "state": "open", "pull_request": {"url": "x"}});
    let reviewer = json!({"id": 6, "login": "reviewer", "type": "User"});
    case(
        "issue_comment",
        "the command",
        comment("/takehome review\r\nplease", reviewer.clone(), pull.clone()),
    );
    case(
        "issue_comment",
        "no command",
        comment("nice /takehome review", reviewer.clone(), pull.clone()),
    );
    case(
        "issue_comment",
        "another command",
        comment("/takehome reviewer", reviewer.clone(), pull.clone()),
    );
    case(
        "issue_comment",
        "a deleted author",
        comment("/takehome review", Value::Null, pull.clone()),
    );
    case(
        "issue_comment",
        "a bot",
        comment(
            "/takehome review",
            json!({"id": 8, "login": "x[bot]", "type": "Bot"}),
            pull.clone(),
        ),
    );
    case(
        "issue_comment",
        "an issue",
        comment("/takehome review", reviewer.clone(), json!({"number": 11})),
    );
    case(
        "issue_comment",
        "a closed one",
        comment(
            "/takehome review",
            reviewer,
            json!({"number": 12, "state": "closed", "pull_request": {}}),
        ),
    );

    let check_run = |action: &str, app: u64, identifier: &str| {
        json!({
            "action": action,
            "check_run": {"id": 500, "head_sha": "a1", "external_id": "", "pull_requests": [],
                          "app": {"id": app}, "check_suite": {"head_branch": null}},
            "requested_action": {"identifier": identifier},
            "repository": {"id": 70, "name": "orders", "full_name": "acme/orders"},
            "sender": {"id": 6, "login": "reviewer"}, "installation": {"id": 7},
        })
    };
    case(
        "check_run",
        "re-run of a fork's",
        check_run("rerequested", APP, ""),
    );
    case(
        "check_run",
        "our button",
        check_run("requested_action", APP, "takehome-review"),
    );
    case(
        "check_run",
        "another button",
        check_run("requested_action", APP, "explode"),
    );
    case(
        "check_run",
        "another App's",
        check_run("rerequested", 1, ""),
    );
    case(
        "check_suite",
        "re-run of all",
        json!({
            "action": "rerequested",
            "check_suite": {"head_sha": "nobody-knows", "head_branch": null, "pull_requests": [], "app": {"id": APP}},
            "repository": {"id": 70, "name": "orders", "full_name": "acme/orders"},
            "sender": {"id": 6, "login": "reviewer"}, "installation": {"id": 7},
        }),
    );

    let push = |name: &str, reference: &str| {
        json!({
            "ref": reference, "before": "0", "after": "f00", "deleted": false, "forced": true,
            "repository": {"id": 72, "name": name, "full_name": format!("acme/{name}"), "default_branch": "main"},
            "pusher": {"name": "x"}, "sender": {"id": 6, "login": "reviewer"}, "installation": {"id": 7},
        })
    };
    case("push", "rules", push(".github", "refs/heads/main"));
    case(
        "push",
        "another branch of the rules",
        push(".github", "refs/heads/wip"),
    );
    case("push", "a tag", push(".github", "refs/tags/main"));
    case(
        "push",
        "another repository",
        push("orders", "refs/heads/main"),
    );

    case(
        "repository",
        "transferred from an organisation",
        json!({
            "action": "transferred",
            "changes": {"owner": {"from": {"organization": {"id": 3, "login": "old"}}}},
            "repository": {"id": 70, "name": "orders", "full_name": "newco/orders"},
            "sender": {"id": 6, "login": "reviewer"}, "installation": {"id": 17},
        }),
    );
    case(
        "installation",
        "of an Enterprise account",
        json!({
            "action": "created", "installation": {"id": 20, "account": {"id": 4, "slug": "bigco", "name": "Big"}},
            "sender": {"id": 6, "login": "reviewer"},
        }),
    );
    case(
        "installation",
        "an unknown action",
        json!({"action": "levitated", "installation": {"id": 20}}),
    );
    case(
        "ping",
        "of an App",
        json!({"zen": "Design for failure.", "hook_id": 1, "hook": {"type": "App", "app_id": APP}}),
    );
    case(
        "quantum_entangled",
        "an unknown event",
        json!({"action": {"not": "a word"}, "repository": 5}),
    );

    let mut lines = Vec::new();
    for (at, (event, what, body)) in cases.iter().enumerate() {
        let id = format!("case-{at}");
        let (status, _) = hook.event(event, &id, body).await;
        let outcome = hook.store().delivery(&id).await.unwrap().unwrap().outcome;
        lines.push(format!("{event}, {what}: {status} {outcome}"));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    pull_request, a fork: 202 queued job 1
    pull_request, the fork and its owner are deleted: 202 queued job 2
    pull_request, the base was changed: 202 queued job 3
    pull_request, the title was changed: 202 ignored: edited, but not its base
    pull_request, an unknown action: 202 ignored: action `teleported` leads to nothing
    pull_request, unknown fields and states: 202 queued job 4
    pull_request, a webhook of a repository: 202 ignored: no installation: a webhook of a repository, not of the App
    pull_request, no head: 202 ignored: unreadable: missing field `head` at `pull_request` (line 1, column 247)
    pull_request, closed before it was seen: 202 noted
    issue_comment, the command: 202 queued job 5
    issue_comment, no command: 202 ignored: a comment without a command
    issue_comment, another command: 202 ignored: a comment without a command
    issue_comment, a deleted author: 202 ignored: nobody is named who asked
    issue_comment, a bot: 202 ignored: a command of a bot
    issue_comment, an issue: 202 ignored: a comment on an issue
    issue_comment, a closed one: 202 ignored: a command on a closed pull request
    check_run, re-run of a fork's: 202 already queued as job 1
    check_run, our button: 202 already queued as job 1
    check_run, another button: 202 ignored: a button that is not ours
    check_run, another App's: 202 ignored: a check run of another App
    check_suite, re-run of all: 202 no known pull request
    push, rules: 202 queued job 6
    push, another branch of the rules: 202 ignored: a push to another than the default branch
    push, a tag: 202 ignored: a push to another than the default branch
    push, another repository: 202 ignored: a push to another than the rules repository
    repository, transferred from an organisation: 202 noted
    installation, of an Enterprise account: 202 noted
    installation, an unknown action: 202 ignored: action `levitated` leads to nothing
    ping, of an App: 200 ignored: a ping
    quantum_entangled, an unknown event: 202 ignored: event `quantum_entangled` is not watched
    "#);
    insta::assert_snapshot!(hook.jobs().await.join("\n"), @r"
    review newco/orders#1 a1
    review newco/orders#2 a2
    review newco/orders#3 a3
    review newco/orders#6 a6
    review newco/orders#10 ?
    rules acme/.github#0 f00
    ");
    assert_eq!(hook.reviewer.log(), ["forget installation 20"]);
    tokio::time::timeout(Duration::from_secs(1), hook.reconcile.notified())
        .await
        .expect("an installation asks for reconciliation");
    let known = hook.store().repository(70).await.unwrap().unwrap();
    assert_eq!((known.owner.as_str(), known.installation_id), ("newco", 17));
}

#[tokio::test]
async fn events_for_another_app_are_left_alone() {
    let hook = Hook::new().await;
    let body = pull_request("opened", 3, "abc").to_string();
    let request = hook
        .request("pull_request", "g1", body.as_bytes())
        .header("x-github-hook-installation-target-id", "12");
    let (status, _) = hook.send(request).await;
    assert_eq!(status, 202);
    assert!(hook.jobs().await.is_empty());
    let outcome = hook.store().delivery("g1").await.unwrap().unwrap().outcome;
    assert_eq!(outcome, "ignored: it is for App 12, not for ours");
}
