//! The command line through the real binary: what it prints, where, and how it ends.

use std::path::PathBuf;
use std::process::Stdio;

use takehome::demo::{CANDIDATES, RULES, STARTER};

use crate::binary::{command, git, prints, refused, stderr, stdout, takehome, write};

/// A checkout in which the candidate's work is the last commit on top of `starter`.
fn checkout(candidate: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    git(&root, &["init", "-q", "-b", "main"]);
    write(&root, STARTER);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "starter"]);
    git(&root, &["tag", "starter"]);
    write(&root, CANDIDATES[candidate].files);
    git(&root, &["add", "-A"]);
    git(&root, &["commit", "-qm", "work"]);
    (folder, root)
}

const WEAK: usize = 1;

#[test]
fn a_review_keeps_the_promises_of_its_json() {
    let (_folder, root) = checkout(WEAK);
    let text = prints(&[
        "review",
        root.to_str().unwrap(),
        "--base",
        "starter",
        "--format",
        "json",
    ]);
    let review: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(review["version"], 1);
    let findings = review["findings"].as_array().unwrap();
    let jwt = findings
        .iter()
        .find(|f| f["check"] == "DRF731")
        .expect("the README is too short");
    assert_eq!(jwt["polarity"], "gap");
    assert_eq!(jwt["origin"], "introduced");
    assert_eq!(jwt["file"], "README.md");
    assert_eq!(
        review["rubric"]["competencies"].as_array().unwrap().len(),
        24
    );
    assert!(review["coverage"]["files"].as_u64().unwrap() > 20);
    assert!(review["endpoints"].is_array());
    assert_eq!(review["head"].as_str().unwrap().len(), 40);
    assert_eq!(review["base"].as_str().unwrap().len(), 40);
}

#[test]
fn the_same_checkout_gives_the_same_bytes() {
    let (_folder, root) = checkout(WEAK);
    for format in ["text", "json", "markdown", "sarif", "html"] {
        let arguments = [
            "review",
            root.to_str().unwrap(),
            "--base",
            "starter",
            "--format",
            format,
        ];
        assert_eq!(prints(&arguments), prints(&arguments), "{format}");
    }
}

#[test]
fn every_format_is_what_it_says() {
    let (_folder, root) = checkout(WEAK);
    let review = |format| prints(&["review", root.to_str().unwrap(), "--format", format]);
    assert!(
        !review("text").contains('\u{1b}'),
        "no colour without a terminal"
    );
    assert!(review("markdown").starts_with("# "));
    assert!(review("html").starts_with("<!doctype html>"));
    let sarif: serde_json::Value = serde_json::from_str(&review("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["name"], "takehome");
}

#[test]
fn colour_is_for_those_who_ask_for_it() {
    let (_folder, root) = checkout(WEAK);
    let output = command(&["review", root.to_str().unwrap()])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(stdout(&output).contains("\u{1b}[1m"));
}

#[test]
fn fail_on_counts_only_what_the_candidate_introduced() {
    let (_folder, root) = checkout(WEAK);
    let path = root.to_str().unwrap();
    let ends = |arguments: &[&str]| {
        takehome(&[&["review", path, "--format", "json"], arguments].concat())
            .status
            .code()
    };
    assert_eq!(ends(&["--base", "starter", "--fail-on", "medium"]), Some(1));
    assert_eq!(ends(&["--base", "starter"]), Some(0));
    // Nothing is new between a commit and itself.
    assert_eq!(ends(&["--base", "HEAD", "--fail-on", "info"]), Some(0));
}

#[test]
fn a_review_can_be_written_to_a_file() {
    let (folder, root) = checkout(WEAK);
    let file = folder.path().join("review.txt");
    let told = prints(&[
        "review",
        root.to_str().unwrap(),
        "--output",
        file.to_str().unwrap(),
    ]);
    assert_eq!(told, "");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("Levels") && !text.contains('\u{1b}'));
    let nowhere = folder.path().join("missing/review.txt");
    let told = refused(&[
        "review",
        root.to_str().unwrap(),
        "--output",
        nowhere.to_str().unwrap(),
    ]);
    assert!(told.contains("could not be written"), "{told}");
}

#[test]
fn rules_of_a_file_are_obeyed_or_refused_at_their_place() {
    let (folder, root) = checkout(WEAK);
    let rules = folder.path().join("rules.yml");
    std::fs::write(&rules, RULES).unwrap();
    let text = prints(&[
        "review",
        root.to_str().unwrap(),
        "--config",
        rules.to_str().unwrap(),
        "--format",
        "markdown",
    ]);
    assert!(text.starts_with("# Orders API\n"), "{text}");
    std::fs::write(&rules, "version: 1\nchekcs:\n  off: []\n").unwrap();
    let told = refused(&[
        "review",
        root.to_str().unwrap(),
        "--config",
        rules.to_str().unwrap(),
    ]);
    assert!(
        told.contains("rules.yml:2:1") && told.contains("did you mean `checks`?"),
        "{told}"
    );
}

#[test]
fn wrong_input_is_told_with_what_to_do() {
    let (folder, root) = checkout(WEAK);
    let path = root.to_str().unwrap();
    let missing = folder.path().join("nowhere");
    let file = root.join("README.md");
    let plain = tempfile::tempdir().unwrap();
    for (arguments, says) in [
        (vec!["review", missing.to_str().unwrap()], "cannot be read"),
        (vec!["review", file.to_str().unwrap()], "is not a folder"),
        (vec!["review", path, "--base", "v9"], "no commit `v9`"),
        (
            vec!["review", plain.path().to_str().unwrap(), "--base", "main"],
            "not in a git checkout",
        ),
        (
            vec!["review", path, "--config", "/nowhere.yml"],
            "/nowhere.yml",
        ),
        (
            vec!["review", path, "--format", "pdf"],
            "[possible values: text, json, markdown, sarif, html]",
        ),
        (vec!["review"], "<PATH>"),
        (
            vec!["explain", "DRF9999"],
            "`takehome checks` lists them all",
        ),
        (
            vec!["explain", "readme-absnt-or-template"],
            "Did you mean `readme-absent-or-template`?",
        ),
        (vec!["reveiw"], "review"),
    ] {
        let told = refused(&arguments);
        assert!(told.contains(says), "{arguments:?}: {told}");
    }
}

#[test]
fn untidy_projects_are_reviewed_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let put = |path: &str, bytes: &[u8]| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    put("app/broken.py", b"class A(:\n  def (\n\x00");
    put(
        "app/latin.py",
        b"# -*- coding: latin-1 -*-\nname = '\xe9'\n",
    );
    put("requirements.txt", b"\xff\xfeD\0j\0a\0n\0g\0o\0\n\0");
    put(
        "deep/nested.py",
        format!("x = {}1{}\n", "(".repeat(3000), ")".repeat(3000)).as_bytes(),
    );
    put("env/pyvenv.cfg", b"home = /usr\n");
    put("env/lib/django.py", b"SECRET_KEY = 'x'\n");
    put("\u{202e}\u{1b}[31m.md", b"# \x1b[2J\n");
    put("empty.py", b"");
    for format in ["text", "json", "markdown", "sarif", "html"] {
        let text = prints(&["review", root.to_str().unwrap(), "--format", format]);
        assert!(!text.contains('\u{1b}'), "{format}");
    }
    let nothing = tempfile::tempdir().unwrap();
    prints(&["review", nothing.path().to_str().unwrap()]);
}

#[test]
fn the_catalogue_and_its_pages_can_be_read() {
    let table = prints(&["checks"]);
    assert!(table.contains("DRF731") && table.contains("C20 Documentation"));
    let list: serde_json::Value =
        serde_json::from_str(&prints(&["checks", "--format", "json"])).unwrap();
    let list = list.as_array().unwrap();
    for check in list {
        for key in [
            "id",
            "name",
            "competency",
            "polarity",
            "severity",
            "confidence",
            "scope",
            "finds",
            "question",
        ] {
            assert!(
                check[key].as_str().is_some_and(|text| !text.is_empty()),
                "{key} of {check}"
            );
        }
    }
    let page = prints(&["explain", "drf731"]);
    assert!(
        page.starts_with("DRF731 readme-absent-or-template\ngap · medium · C20 Documentation\n"),
        "{page}"
    );
    assert!(page.contains("Why it matters"));
}

#[test]
fn facts_are_shown_in_words_and_as_json() {
    let (_folder, root) = checkout(WEAK);
    let path = root.to_str().unwrap();
    assert!(prints(&["facts", path]).contains("/api/orders/"));
    let facts: serde_json::Value =
        serde_json::from_str(&prints(&["facts", path, "--format", "json"])).unwrap();
    assert!(facts.is_object());
    let starter = prints(&["facts", path, "--rev", "starter"]);
    assert!(!starter.contains("/api/orders/") && starter.contains("/api/products/"));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = command(&["checks", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
}
