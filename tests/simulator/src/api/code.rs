//! Endpoints of the code: trees, blobs, contents, comparisons, the way to an archive.

use serde_json::{Value, json};

use super::Call;
use crate::{
    git::TreeEntry,
    http::{Answer, Reply, uri},
    world::{ArchiveLink, Repository},
};

/// A recursive tree is cut above this many entries …
const MOST_ENTRIES: usize = 100_000;
/// … or this many bytes.
const MOST_TREE_BYTES: usize = 7 * 1024 * 1024;
/// Files of a comparison, all on its first page.
const MOST_COMPARED: usize = 300;
/// Entries of a folder in `contents`.
const MOST_LISTED: usize = 1_000;
/// Links to an archive of a private repository live for five minutes.
const LINK_LIFE: i64 = 5 * 60_000;

/// The commit of a branch, a tag, a reference or a (shortened) id.
pub(crate) fn resolve(repository: &Repository, reference: &str) -> Option<String> {
    let git = &repository.git;
    if reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return git.resolve(reference);
    }
    let name = reference.strip_prefix("heads/").unwrap_or(reference);
    git.resolve(&format!("{}{name}", repository.branches))
        .or_else(|| git.resolve(&format!("refs/tags/{reference}")))
        .or_else(|| {
            reference
                .starts_with("refs/pull/")
                .then(|| git.resolve(reference))
                .flatten()
        })
        .or_else(|| {
            reference
                .strip_prefix("pull/")
                .and_then(|rest| git.resolve(&format!("refs/pull/{rest}")))
        })
        .or_else(|| {
            git.object(reference)
                .filter(|(kind, _)| kind == "commit")
                .map(|(_, id)| id)
        })
}

pub(crate) fn commit_of(call: &Call<'_>, repo: u64, reference: &str) -> Result<String, Answer> {
    let repository = call.repository(repo)?;
    resolve(&repository, reference)
        .ok_or_else(|| Answer::error(422, &format!("No commit found for SHA: {reference}")))
}

fn is_empty(repository: &Repository) -> bool {
    repository
        .git
        .references(&repository.branches)
        .is_ok_and(|references| references.is_empty())
}

/// `GET …/git/trees/{tree_sha}`; any value of `recursive` recurses, `0` included.
pub(crate) fn tree(call: &Call<'_>, repo: u64, reference: &str) -> Reply {
    let repository = call.repository(repo)?;
    if is_empty(&repository) {
        return Err(Answer::error(409, "Git Repository is empty."));
    }
    let id = match repository.git.object(reference) {
        Some((kind, id)) if kind == "tree" => id,
        Some((kind, id)) if kind == "commit" => repository.git.tree_of(&id)?,
        _ => {
            let commit = resolve(&repository, reference).ok_or_else(Answer::not_found)?;
            repository.git.tree_of(&commit)?
        }
    };
    let recursive = call.request.parameter("recursive").is_some();
    let entries = repository.git.tree(&id, recursive)?;
    let world = call.world();
    let view = call.view(&world);
    let mut truncated = entries.len() > MOST_ENTRIES;
    let mut bytes = 0;
    let mut listed = Vec::new();
    for entry in entries.iter().take(MOST_ENTRIES) {
        let value = view.tree_entry(&repository, entry);
        bytes += value.to_string().len();
        if bytes > MOST_TREE_BYTES {
            truncated = true;
            break;
        }
        listed.push(value);
    }
    let body = json!({
        "sha": id,
        "url": format!("{}/git/trees/{id}", view.repo_url(&repository)),
        "tree": listed,
        "truncated": truncated,
    });
    Ok(Answer::json(200, &body))
}

/// `GET …/git/blobs/{file_sha}`.
pub(crate) fn blob(call: &Call<'_>, repo: u64, sha: &str) -> Reply {
    let repository = call.repository(repo)?;
    let (kind, id) = repository.git.object(sha).ok_or_else(Answer::not_found)?;
    if kind != "blob" {
        return Err(Answer::not_found());
    }
    let bytes = repository.git.blob(&id)?;
    if call.accepts("raw") {
        return Ok(Answer::new(
            200,
            "application/vnd.github.raw; charset=utf-8",
            bytes,
        ));
    }
    let world = call.world();
    Ok(Answer::json(
        200,
        &call.view(&world).blob(&repository, &id, &bytes),
    ))
}

/// `GET …/contents/{path}`.
pub(crate) fn contents(call: &Call<'_>, repo: u64, path: &str) -> Reply {
    let repository = call.repository(repo)?;
    let reference = call
        .request
        .parameter("ref")
        .unwrap_or(&repository.default_branch);
    let Some(commit) = resolve(&repository, reference) else {
        let message = if is_empty(&repository) {
            "This repository is empty.".to_owned()
        } else {
            format!("No commit found for the ref {reference}")
        };
        return Err(Answer::error(404, &message));
    };
    let path = path.trim_matches('/');
    let entry = if path.is_empty() {
        TreeEntry {
            mode: "040000".to_owned(),
            kind: "tree".to_owned(),
            sha: repository.git.tree_of(&commit)?,
            size: None,
            path: String::new(),
        }
    } else {
        repository
            .git
            .entry(&commit, path)?
            .ok_or_else(Answer::not_found)?
    };
    let git = &repository.git;
    if entry.kind == "tree" {
        let mut entries = git.tree(&entry.sha, false)?;
        entries.truncate(MOST_LISTED);
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let world = call.world();
        let view = call.view(&world);
        let listed: Vec<Value> = entries
            .into_iter()
            .map(|entry| TreeEntry {
                path: format!("{prefix}{}", entry.path),
                ..entry
            })
            .map(|entry| view.content(&repository, reference, &entry, None))
            .collect();
        return Ok(Answer::json(200, &json!(listed)).with("etag", format!("\"{}\"", entry.sha)));
    }
    if entry.kind == "commit" {
        let world = call.world();
        let mut value = call
            .view(&world)
            .content(&repository, reference, &entry, None);
        if let Some(into) = value.as_object_mut() {
            into.insert("type".into(), json!("submodule"));
            into.insert(
                "submodule_git_url".into(),
                json!("https://example.org/submodule.git"),
            );
        }
        return Ok(Answer::json(200, &value));
    }
    let mut found = entry;
    if found.mode == "120000" {
        // A link to a file of the repository answers with that file.
        let target = git.blob(&found.sha)?;
        let target = joined(path, &String::from_utf8_lossy(&target));
        let file = target.and_then(|target| git.entry(&commit, &target).ok().flatten());
        match file.filter(|file| file.kind == "blob" && file.mode != "120000") {
            Some(file) => {
                found = TreeEntry {
                    path: path.to_owned(),
                    ..file
                }
            }
            None => {
                let text = String::from_utf8_lossy(&git.blob(&found.sha)?).into_owned();
                let world = call.world();
                let mut value = call
                    .view(&world)
                    .content(&repository, reference, &found, None);
                if let Some(into) = value.as_object_mut() {
                    into.insert("target".into(), json!(text));
                }
                return Ok(Answer::json(200, &value));
            }
        }
    }
    let bytes = git.blob(&found.sha)?;
    let tag = format!("\"{}\"", found.sha);
    if call.accepts("raw") {
        return Ok(
            Answer::new(200, "application/vnd.github.raw+json; charset=utf-8", bytes)
                .with("etag", tag),
        );
    }
    let world = call.world();
    let value = call
        .view(&world)
        .content(&repository, reference, &found, Some(&bytes));
    Ok(Answer::json(200, &value).with("etag", tag))
}

/// The path a relative link leads to, inside the repository.
fn joined(link: &str, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = link.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// `GET …/compare/{base}...{head}`; an end may be `owner:branch` in the same network.
pub(crate) fn compare(call: &Call<'_>, repo: u64, range: &str) -> Reply {
    let repository = call.repository(repo)?;
    let (base, head) = range.split_once("...").ok_or_else(Answer::not_found)?;
    let end = |name: &str| -> Result<String, Answer> {
        let name = uri::decode(name, false);
        let found = match name.rsplit_once(':') {
            Some((owner, branch)) => {
                let owner = owner.split(':').next().unwrap_or(owner).to_owned();
                let world = call.world();
                let owner = world.account(&owner).ok_or_else(Answer::not_found)?.id;
                let network = |other: &&Repository| {
                    other.owner == owner
                        && other.git.folder() == repository.git.folder()
                        && !other.deleted
                };
                let other = world
                    .repositories
                    .values()
                    .find(network)
                    .ok_or_else(Answer::not_found)?;
                resolve(other, branch)
            }
            None => resolve(&repository, &name),
        };
        found.ok_or_else(Answer::not_found)
    };
    let (base, head) = (end(base)?, end(head)?);
    let git = &repository.git;
    let Some(merge_base) = git.merge_base(&base, &head) else {
        return Err(Answer::error(
            404,
            &format!("No common ancestor between {base} and {head}."),
        ));
    };
    let ahead = git.log(Some(&base), &head)?;
    let behind = git.log(Some(&head), &base)?.len();
    let facts = |id: &str| {
        git.commit_facts(id)?
            .ok_or_else(|| crate::error::not_found(format!("commit {id}")))
    };
    let (base_facts, merge_facts) = (facts(&base)?, facts(&merge_base)?);
    let mut files = if call.page_number() == 1 {
        git.diff(&merge_base, &head)?
    } else {
        Vec::new()
    };
    files.truncate(MOST_COMPARED);
    let status = match (ahead.len(), behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let world = call.world();
    let view = call.view(&world);
    let paged =
        call.request.parameter("per_page").is_some() || call.request.parameter("page").is_some();
    let all: Vec<Value> = ahead
        .iter()
        .map(|entry| view.commit(&repository, entry))
        .collect();
    let total = all.len();
    let page = if paged {
        Some(call.page(Some(repo), all.clone()))
    } else {
        None
    };
    let commits = match &page {
        Some(page) => page.items.clone(),
        None => all.into_iter().take(250).collect(),
    };
    let html = view.repo_html(&repository);
    let body = json!({
        "url": format!("{}/compare/{base}...{head}", view.repo_url(&repository)),
        "html_url": format!("{html}/compare/{base}...{head}"),
        "permalink_url": format!("{html}/compare/{base}...{head}"),
        "diff_url": format!("{html}/compare/{base}...{head}.diff"),
        "patch_url": format!("{html}/compare/{base}...{head}.patch"),
        "base_commit": view.commit(&repository, &base_facts),
        "merge_base_commit": view.commit(&repository, &merge_facts),
        "status": status,
        "ahead_by": total,
        "behind_by": behind,
        "total_commits": total,
        "commits": commits,
        "files": files.iter().map(|entry| view.diff_entry(&repository, &head, entry)).collect::<Value>(),
    });
    let answer = Answer::json(200, &body);
    Ok(match page {
        Some(page) => page.link(answer),
        None => answer,
    })
}

/// `GET …/tarball/{ref}`: 302 to the archive host, by a link that expires.
pub(crate) fn tarball(call: &Call<'_>, repo: u64, reference: &str) -> Reply {
    let repository = call.repository(repo)?;
    let reference = if reference.is_empty() {
        &repository.default_branch
    } else {
        reference
    };
    let commit = resolve(&repository, reference).ok_or_else(Answer::not_found)?;
    let mut world = call.world();
    let link = world.rng.letters(32);
    let expires_at = world.now() + LINK_LIFE;
    world.archive_links.insert(
        link.clone(),
        ArchiveLink {
            repository: repo,
            commit,
            expires_at,
        },
    );
    let location = format!(
        "{}/{}/legacy.tar.gz/{}?token={link}",
        call.shared.urls.archive,
        world.full_name(&repository),
        uri::encode_path(reference),
    );
    Ok(Answer::html(302, "").with("location", location))
}
