//! `takehome schema diff` through the real binary: what it says of two files, and of files that are
//! no OpenAPI documents.

use std::path::{Path, PathBuf};

use crate::binary::{prints, refused};

const API: &str = "openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /x/:
    get:
      responses:
        '200':
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  n: {type: string}
                required: [n]
";

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_change_is_told_with_its_place_in_the_newer_file() {
    let folder = tempfile::tempdir().unwrap();
    let base = file(folder.path(), "base.yaml", API.as_bytes());
    let newer = API.replace("n: {type: string}", "n: {type: integer}");
    let revision = file(folder.path(), "revision.yaml", newer.as_bytes());
    let text = prints(&[
        "schema",
        "diff",
        base.to_str().unwrap(),
        revision.to_str().unwrap(),
        "--format",
        "json",
    ]);
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let change = &answer["changes"][0];
    assert_eq!(change["id"], "response-property-type-changed", "{text}");
    assert_eq!(change["source"]["revision"]["line"], 14, "{text}");
}

/// What is no OpenAPI document is refused with exit code 2, its place and what was expected.
#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.yaml", API.as_bytes());
    let mut anchors = API.to_owned();
    anchors.push_str("x-anchors:\n");
    for i in 0..1_000_000 {
        anchors.push_str(&format!("- &a{i} 1\n"));
    }
    let truncated =
        r#"{"openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": {"/x/": {"get""#;
    let cases: [(&str, &[u8], &str); 9] = [
        (
            "swagger.yaml",
            b"swagger: '2.0'\ninfo: {}\npaths: {}\n",
            ":1:1: this is Swagger 2.0",
        ),
        ("compose.yaml", b"services:\n  web: {image: x}\n", ":1:1: "),
        ("list.json", b"[1, 2, 3]", ":1:1: "),
        ("empty.yaml", b"", ":1:1: the file is empty"),
        (
            "binary.yaml",
            &[0x89, b'P', b'N', b'G', 0xff, 0x00],
            ":1:1: this is no text in UTF-8",
        ),
        (
            "latin.yaml",
            b"openapi: 3.0.3\ninfo:\n  title: caf\xe9\n",
            ":3:13: this is no text in UTF-8",
        ),
        ("truncated.json", truncated.as_bytes(), ":1:"),
        (
            "truncated.yaml",
            b"openapi: 3.0.3\ninfo: {title: t\n",
            ":2:7: ",
        ),
        (
            "anchors.yaml",
            anchors.as_bytes(),
            "more than 100000 anchors",
        ),
    ];
    for (name, bytes, says) in cases {
        let bad = file(folder.path(), name, bytes);
        for (base, revision) in [(&good, &bad), (&bad, &good)] {
            let error = refused(&[
                "schema",
                "diff",
                base.to_str().unwrap(),
                revision.to_str().unwrap(),
            ]);
            assert!(
                error.contains(name) && error.contains(says),
                "{name}: {error}"
            );
            assert!(error.len() < 2_000, "{name}: {error}");
        }
    }
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let good = file(folder.path(), "good.yaml", API.as_bytes());
    let large = folder.path().join("large.json");
    // Sparse: the size alone must do.
    let made = std::fs::File::create(&large).unwrap();
    made.set_len(100 << 20).unwrap();
    let error = refused(&[
        "schema",
        "diff",
        good.to_str().unwrap(),
        large.to_str().unwrap(),
    ]);
    assert!(
        error.contains("104857600 bytes, more than the limit of"),
        "{error}"
    );
}
