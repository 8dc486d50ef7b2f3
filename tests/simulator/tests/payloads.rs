//! Payloads held against GitHub's own examples: what every example of an event carries, ours carries.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    path::PathBuf,
};

use github_simulator::{Options, files};
use serde_json::{Value, json};

use crate::client::{Client, scene_with};

fn examples() -> Option<Vec<Value>> {
    const FILE: &str = "suites/github/webhook-examples.json";
    let found = match env::var_os("TAKEHOME_SHARED") {
        Some(shared) => Some(PathBuf::from(shared).join(FILE)).filter(|file| file.is_file()),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join("shared").join(FILE))
            .find(|file| file.is_file()),
    };
    match found {
        Some(file) => serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap(),
        None => {
            assert!(
                env::var_os("CI").is_none(),
                "{FILE} is missing, and this is CI"
            );
            println!("skipped: {FILE} is not here");
            None
        }
    }
}

/// Paths of all members of an object, `a/b/c`; lists are not entered.
fn paths(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    if let Value::Object(object) = value {
        for (key, value) in object {
            let path = format!("{at}/{key}");
            paths(value, &path, into);
            into.insert(path);
        }
    }
}

/// Members that depend on what an App asks for, not on GitHub.
const OWN: &[&str] = &["/permissions/"];

#[tokio::test]
async fn ours_carry_what_every_example_carries() {
    let Some(examples) = examples() else { return };
    let scene = scene_with(Options::default());
    let (github, repo) = (&scene.github, scene.repo.id);
    let client = Client::installed(github, scene.installation).await;
    let button = json!([{"label": "Re-run", "description": "d", "identifier": "again"}]);
    let body = json!({"name": "takehome", "head_sha": scene.head, "conclusion": "neutral", "actions": button,
        "output": {"title": "T", "summary": "s"}});
    let run = client
        .call("POST", "/repos/acme/notes/check-runs", body)
        .await
        .json()["id"]
        .as_u64()
        .unwrap();
    github
        .push_to_pull_request(repo, 1, "More", files([("more.py", "")]))
        .unwrap();
    github.close(repo, 1).unwrap();
    github.reopen(repo, 1).unwrap();
    github.convert_to_draft(repo, 1).unwrap();
    github.ready_for_review(repo, 1).unwrap();
    client
        .call(
            "POST",
            "/repos/acme/notes/issues/1/labels",
            json!({"labels": ["a"]}),
        )
        .await;
    client
        .call("DELETE", "/repos/acme/notes/issues/1/labels/a", Value::Null)
        .await;
    let comment = client
        .call(
            "POST",
            "/repos/acme/notes/issues/1/comments",
            json!({"body": "x"}),
        )
        .await;
    let comment = format!("/repos/acme/notes/issues/comments/{}", comment.json()["id"]);
    client.call("PATCH", &comment, json!({"body": "y"})).await;
    client.call("DELETE", &comment, Value::Null).await;
    github.rerequest(run, "acme-admin").unwrap();
    github.request_action(run, "acme-admin", "again").unwrap();
    github
        .rerequest_suite(github.all_check_runs(repo)[0].suite, "acme-admin")
        .unwrap();
    github
        .push(repo, "main", "Change", files([("a.py", "")]))
        .unwrap();
    github.rename(repo, "assignment").unwrap();
    github.set_private(repo, false).unwrap();
    github.set_private(repo, true).unwrap();
    let other = github
        .create_repo("acme", "other", files([("a", "b")]))
        .unwrap();
    github
        .select_repositories(scene.installation, &[repo])
        .unwrap();
    github
        .select_repositories(scene.installation, &[repo, other.id])
        .unwrap();
    github.suspend(scene.installation).unwrap();
    github.unsuspend(scene.installation).unwrap();
    github.uninstall(scene.installation).unwrap();

    let mut wanted: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for event in &examples {
        let name = event["name"]
            .as_str()
            .or(event["event"].as_str())
            .unwrap_or_default();
        for example in event["examples"].as_array().unwrap() {
            let action = example["action"].as_str().unwrap_or_default();
            let mut found = BTreeSet::new();
            paths(example, "", &mut found);
            wanted
                .entry((name.to_owned(), action.to_owned()))
                .and_modify(|all| all.retain(|path| found.contains(path)))
                .or_insert(found);
        }
    }
    let mut compared = BTreeSet::new();
    let mut missing = BTreeSet::new();
    for delivery in github.deliveries() {
        let key = (
            delivery.event.clone(),
            delivery.action.clone().unwrap_or_default(),
        );
        let Some(wanted) = wanted.get(&key) else {
            continue;
        };
        let mut ours = BTreeSet::new();
        let payload = delivery.payload();
        paths(&payload, "", &mut ours);
        compared.insert(key.clone());
        for path in wanted {
            // Below a null of ours nothing can be asked for.
            let below_null = ours.iter().any(|ours| {
                path.starts_with(&format!("{ours}/"))
                    && payload.pointer(ours).is_some_and(Value::is_null)
            });
            let own = OWN.iter().any(|own| path.contains(own));
            if !ours.contains(path) && !below_null && !own {
                missing.insert(format!("{}.{} {path}", key.0, key.1));
            }
        }
    }
    assert!(compared.len() >= 20, "only {compared:?} were compared");
    assert!(missing.is_empty(), "{missing:#?}");
}
