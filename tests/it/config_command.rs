//! `takehome config` as a person types it, and the page in `config/` that tells what can be set.

use std::fs;
use std::path::{Path, PathBuf};

use insta::assert_snapshot;
use takehome::config::{explain, load};

fn config_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

fn takehome(args: &[&str]) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_takehome"))
        .args(args)
        .current_dir(config_dir())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn the_command_checks_files_and_says_so_by_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let broken = file("broken.yml", "publish:\n  fail_on: hihg\n");
    let locking = file("organisation.yml", "locked: [publish]\n");
    let publishing = file("repository.yml", "publish:\n  fail_on: low\n");

    assert_eq!(
        takehome(&["config", "check", "takehome.yml"]),
        (Some(0), "takehome.yml: no problem\n".into(), String::new())
    );
    let (code, out, err) = takehome(&["config", "check", "takehome.yml", &broken, "no.yml"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("no.yml cannot be read"), "{err}");
    let (code, out, err) = takehome(&["config", "check", "takehome.yml", &broken]);
    assert_eq!(
        (code, err.as_str()),
        (Some(2), "error: the rules have one problem\n")
    );
    assert!(
        out.contains("broken.yml:2:12") && out.contains("did you mean `high`?"),
        "{out}"
    );

    let (code, out, _) = takehome(&["config", "check", &publishing]);
    assert_eq!(code, Some(0), "{out}");
    let (code, out, _) = takehome(&["config", "check", &publishing, "--organisation", &locking]);
    assert_eq!(code, Some(2));
    assert!(out.contains("is locked by the organisation"), "{out}");

    // A review under rules that are not what their author meant would be worth nothing.
    let (code, out, err) = takehome(&["review", ".", "--config", &broken]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("broken.yml:2:12"), "{err}");
}

#[test]
fn the_command_explains_where_each_value_comes_from() {
    let (code, out, _) = takehome(&[
        "config",
        "explain",
        "publish",
        "--organisation",
        "examples/senior-service.yml",
    ]);
    assert_eq!(code, Some(0));
    let lines: Vec<&str> = out.lines().skip(1).collect();
    // Where the built-in file holds a default moves with every remark in it.
    let place = regex::Regex::new(r"(config/takehome.yml):\d+:\d+").unwrap();
    assert_snapshot!(place.replace_all(&lines.join("\n"), "$1:L:C"), @r#"
    publish.fail_on: "never"  # default, config/takehome.yml:L:C, locked
    publish.candidate_comment: true  # default, config/takehome.yml:L:C, locked
    publish.candidate_scores: false  # default, config/takehome.yml:L:C, locked
    publish.max_annotations: 100  # default, config/takehome.yml:L:C, locked
    publish.labels.reviewed: "takehome reviewed"  # examples/senior-service.yml:49:15, locked
    publish.labels.limited: "takehome needs a person"  # examples/senior-service.yml:50:14, locked
    "#);
    let (code, _, err) = takehome(&["config", "explain", "publsh"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("there is no key `publsh`"), "{err}");
    let (_, json, _) = takehome(&["config", "explain", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["hash"], load(None, None, None).hash);
    let values = json["values"].as_array().unwrap();
    assert!(values.len() > 400, "{}", values.len());
    assert!(values.iter().all(|value| value["key"].is_string()));
}

/// The page for administrators names every key, with the default that really holds.
#[test]
fn the_page_for_administrators_names_every_key() {
    let page = fs::read_to_string(config_dir().join("README.md")).unwrap();
    for value in explain(&load(None, None, None)) {
        // One competency stands for all, one level for all.
        let key = value.key;
        if key.starts_with("rubric.competencies.") && !key.starts_with("rubric.competencies.C01.") {
            continue;
        }
        let key = key.replace(".C01.", ".*.");
        let levels: Vec<&str> = key.split('.').collect();
        let key = match levels.as_slice() {
            [a, b, c, "levels", _, last] => format!("{a}.{b}.{c}.levels.*.{last}"),
            _ => key,
        };
        let row = format!("| `{key}` |");
        let line = page.lines().find(|line| line.starts_with(&row));
        let line = line.unwrap_or_else(|| panic!("config/README.md has no row for `{key}`"));
        let default = match &value.value {
            _ if key.contains(".*.") => continue,
            None => "not set".to_owned(),
            Some(serde_json::Value::String(word)) => format!("`{word}`"),
            Some(other) => format!("`{other}`").replace('"', ""),
        };
        assert!(
            line.contains(&format!("| {default} |")),
            "{line} should say {default}"
        );
    }
}
