//! A tree that GitHub gives only in parts.

use takehome::github::CommitSha;
use takehome::snapshot::{Blobs, read_commit};
use takehome_checks::source::BlobId;

use super::script::{Reply, Script, json, with_tokens};

const TEXT: &str = "x = 1\n";

fn id(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn tree(truncated: bool, entries: &[(&str, &str, &str)]) -> Reply {
    let entries: Vec<serde_json::Value> = entries
        .iter()
        .map(|(mode, path, sha)| {
            serde_json::json!({"mode": mode, "path": path, "sha": sha, "type": "x", "size": TEXT.len()})
        })
        .collect();
    let body = serde_json::json!({"sha": "x", "truncated": truncated, "tree": entries});
    json(200, &body.to_string())
}

#[tokio::test]
async fn a_truncated_tree_is_walked_folder_by_folder() {
    let blob = BlobId::of(TEXT.as_bytes()).to_string();
    let script = Script::start(with_tokens(move |request, _| {
        let file = |path| ("100644", path, blob.as_str());
        let (root, small, big, deep) = (id('a'), id('b'), id('c'), id('d'));
        let path = request
            .path
            .strip_prefix("/repos/acme/shop/git/")
            .unwrap_or_default();
        match path
            .replace("?recursive=1", " whole")
            .strip_prefix("trees/")
        {
            Some(tree_id) if tree_id == format!("{root} whole") => tree(true, &[file("a.py")]),
            Some(tree_id) if tree_id == root => tree(
                false,
                &[
                    file("a.py"),
                    ("040000", "small", &small),
                    ("040000", "big", &big),
                ],
            ),
            Some(tree_id) if tree_id == format!("{small} whole") => {
                tree(false, &[("040000", "in", &deep), file("in/b.py")])
            }
            Some(tree_id) if tree_id == format!("{big} whole") => tree(true, &[]),
            Some(tree_id) if tree_id == big => {
                tree(false, &[file("c.py"), ("040000", "deep", &deep)])
            }
            Some(tree_id) if tree_id == format!("{deep} whole") => tree(false, &[file("d.py")]),
            Some(_) => json(404, "{}"),
            // `x = 1` and a line end
            None => json(200, r#"{"content": "eCA9IDEK\n", "encoding": "base64"}"#),
        }
    }))
    .await;
    let commit = CommitSha::parse(&id('a')).unwrap();
    let mut known = Blobs::default();
    let snapshot = read_commit(&script.repository(), &commit, &mut known)
        .await
        .unwrap();
    let paths: Vec<&str> = snapshot.entries.iter().map(|e| e.path.as_str()).collect();
    assert_eq!(
        paths,
        ["a.py", "big/c.py", "big/deep/d.py", "small/in/b.py"]
    );
    assert!(
        snapshot
            .entries
            .iter()
            .all(|e| e.bytes.as_deref() == Some(TEXT.as_bytes()))
    );
    assert_eq!(snapshot.notes, Vec::<String>::new());
    let blobs = script
        .seen()
        .iter()
        .filter(|r| r.path.contains("/blobs/"))
        .count();
    assert_eq!(blobs, 1, "the same content is fetched once");
}

#[tokio::test]
async fn content_that_is_not_what_git_names_is_not_taken() {
    let blob = BlobId::of(b"something else").to_string();
    let script = Script::start(with_tokens(move |request, _| {
        if request.path.contains("/trees/") {
            tree(false, &[("100644", "a.py", &blob)])
        } else {
            json(200, r#"{"content": "eCA9IDEK", "encoding": "base64"}"#)
        }
    }))
    .await;
    let commit = CommitSha::parse(&id('a')).unwrap();
    let error = read_commit(&script.repository(), &commit, &mut Blobs::default())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("other content than git names"),
        "{error}"
    );
}
