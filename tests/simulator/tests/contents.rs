//! The code: trees, blobs, contents, comparisons, archives.

use std::io::Read;

use base64::Engine;
use flate2::read::GzDecoder;
use github_simulator::{File, Files, Limits, files};
use serde_json::Value;

use crate::client::{Client, assert_clean, scene};

#[tokio::test]
async fn an_archive_is_the_commit_and_says_so() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let redirect = client
        .get(&format!("/repos/acme/notes/tarball/{}", scene.head))
        .await;
    assert_eq!(redirect.status, 302);
    let link = redirect.header("location").to_owned();
    assert!(link.starts_with(scene.github.archive_url()), "{link}");
    let archive = client
        .send("GET", &link, "", Value::Null, &[])
        .await
        .unwrap();
    assert_eq!(archive.status, 200);
    assert_eq!(archive.header("content-type"), "application/x-gzip");
    let mut bytes = Vec::new();
    GzDecoder::new(archive.body.as_slice())
        .read_to_end(&mut bytes)
        .unwrap();
    assert!(String::from_utf8_lossy(&bytes[..2048]).contains(&format!("comment={}", scene.head)));
    let mut tar = tar::Archive::new(bytes.as_slice());
    let names: Vec<String> = tar
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    let top = format!("acme-notes-{}/", scene.head.get(..7).unwrap());
    assert!(names.contains(&format!("{top}notes/views.py")), "{names:?}");

    scene
        .github
        .advance_clock(std::time::Duration::from_secs(301));
    let late = client
        .send("GET", &link, "", Value::Null, &[])
        .await
        .unwrap();
    assert_eq!(late.status, 404);
    assert_clean(&scene.github);
}

#[tokio::test]
async fn credentials_at_the_archive_host_are_a_violation() {
    let scene = scene();
    let client = Client::installed(&scene.github, scene.installation).await;
    let link = client
        .get("/repos/acme/notes/tarball/main")
        .await
        .header("location")
        .to_owned();
    client
        .send("GET", &link, "secret", Value::Null, &[])
        .await
        .unwrap();
    let problem = &scene.github.violations()[0].problem;
    assert!(problem.contains("credentials"), "{problem}");
}

#[tokio::test]
async fn trees_blobs_and_contents_agree() {
    let scene = scene();
    let mut changes: Files = files([
        (".gitattributes", "hidden.py export-ignore\n"),
        ("hidden.py", "hidden = True\n"),
        ("quoted \"name\" ü.py", "x = 1\n"),
    ]);
    changes.insert("link.py".into(), File::Symlink("hidden.py".into()));
    changes.insert("run.sh".into(), File::Executable(b"#!/bin/sh\n".to_vec()));
    changes.insert("sub".into(), File::Submodule("1".repeat(40)));
    let head = scene
        .github
        .push_to_pull_request(scene.repo.id, scene.number, "Odd files", changes)
        .unwrap();
    let client = Client::installed(&scene.github, scene.installation).await;
    let tree = client
        .get(&format!("/repos/acme/notes/git/trees/{head}?recursive=1"))
        .await
        .json();
    assert_eq!(tree["truncated"], false);
    let entries = tree["tree"].as_array().unwrap();
    let find = |path: &str| entries.iter().find(|e| e["path"] == path).unwrap().clone();
    assert_eq!(find("link.py")["mode"], "120000");
    assert_eq!(find("run.sh")["mode"], "100755");
    assert_eq!(find("sub")["type"], "commit");
    assert_eq!(find("notes")["type"], "tree");
    let sha = find("quoted \"name\" ü.py")["sha"]
        .as_str()
        .unwrap()
        .to_owned();
    let blob = client
        .get(&format!("/repos/acme/notes/git/blobs/{sha}"))
        .await
        .json();
    let text: String = blob["content"].as_str().unwrap().split('\n').collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap();
    assert_eq!(bytes, b"x = 1\n");

    // export-ignore hides the file from the archive, not from the tree.
    find("hidden.py");
    let link = client
        .get(&format!("/repos/acme/notes/tarball/{head}"))
        .await
        .header("location")
        .to_owned();
    let archive = client
        .send("GET", &link, "", Value::Null, &[])
        .await
        .unwrap();
    let mut bytes = Vec::new();
    GzDecoder::new(archive.body.as_slice())
        .read_to_end(&mut bytes)
        .unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("hidden = True"));

    let file = client
        .get(&format!(
            "/repos/acme/notes/contents/notes/views.py?ref={head}"
        ))
        .await;
    assert_eq!(file.json()["type"], "file");
    assert!(
        file.header("etag").starts_with('"'),
        "{}",
        file.header("etag")
    );
    let linked = client
        .get(&format!("/repos/acme/notes/contents/link.py?ref={head}"))
        .await
        .json();
    assert_eq!(linked["size"], 14);
    let folder = client
        .get(&format!("/repos/acme/notes/contents/?ref={head}"))
        .await
        .json();
    assert!(
        folder
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["name"] == "notes")
    );
    assert_eq!(
        client
            .get("/repos/acme/notes/contents/none.py")
            .await
            .status,
        404
    );
    assert_clean(&scene.github);
}

#[tokio::test]
async fn a_comparison_knows_the_merge_base() {
    let scene = scene();
    let base = scene.repo.head_sha.clone();
    let later = scene
        .github
        .push(
            scene.repo.id,
            "main",
            "Base moves",
            files([("later.py", "x = 1\n")]),
        )
        .unwrap();
    let client = Client::installed(&scene.github, scene.installation).await;
    let answer = client
        .get(&format!(
            "/repos/acme/notes/compare/{later}...{}?per_page=1",
            scene.head
        ))
        .await
        .json();
    assert_eq!(answer["merge_base_commit"]["sha"], base.as_str());
    assert_eq!(answer["status"], "diverged");
    assert_eq!(answer["behind_by"], 1);
    let across = client
        .get("/repos/acme/notes/compare/main...ada:solution")
        .await;
    assert_eq!(across.status, 200);
    assert_eq!(across.json()["files"].as_array().unwrap().len(), 2);
    let files = client.get("/repos/acme/notes/pulls/1/files").await.json();
    assert_eq!(files[1]["status"], "added");
    assert!(files[0]["patch"].as_str().unwrap().starts_with("@@ "));
    scene.github.set_limits(Limits::none());
    assert_clean(&scene.github);
}
