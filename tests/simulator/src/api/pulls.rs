//! Endpoints of pull requests: reading them, their files, commits and reviews.

use serde_json::{Value, json};

use super::Call;
use crate::{
    git::DiffEntry,
    http::{Answer, Reply},
    render::Figures,
    world::{Mergeable, Pull, Review, ReviewComment},
};

/// GitHub lists this many files of a pull request.
const MOST_FILES: usize = 3_000;
/// A whole difference is refused above this many files.
/// Source: "Repository limits", GitHub's documentation.
const MOST_DIFF_FILES: usize = 300;

fn pull(call: &Call<'_>, repo: u64, number: u64) -> Result<Pull, Answer> {
    Ok(call.world().pull(repo, number)?.clone())
}

/// `GET /repos/{owner}/{repo}/pulls`.
pub(crate) fn list(call: &Call<'_>, repo: u64) -> Reply {
    let parameter = |name: &str| call.request.parameter(name);
    let state = parameter("state").unwrap_or("open");
    let world = call.world();
    let view = call.view(&world);
    let mut found: Vec<&Pull> = world
        .pulls_of(repo)
        .filter(|pull| match state {
            "all" => true,
            "closed" => !pull.open,
            _ => pull.open,
        })
        .filter(|pull| parameter("base").is_none_or(|base| pull.base_branch == base))
        .filter(|pull| {
            parameter("head").is_none_or(|head| {
                let owner = pull.head_owner.map_or("unknown", |id| world.login(id));
                format!("{owner}:{}", pull.head_branch) == head
            })
        })
        .collect();
    if parameter("sort") == Some("updated") {
        found.sort_by_key(|pull| std::cmp::Reverse((pull.updated_at, pull.number)));
    }
    if parameter("direction") == Some("asc") {
        found.reverse();
    }
    let all: Vec<Value> = found
        .into_iter()
        .map(|pull| view.pull_simple(pull))
        .collect();
    let page = call.page(Some(repo), all);
    let answer = Answer::json(200, &json!(page.items));
    Ok(page.link(answer))
}

/// `GET /repos/{owner}/{repo}/pulls/{n}`; mergeability is null at the first look.
pub(crate) fn get(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let repository = call.repository(repo)?;
    let record = pull(call, repo, number)?;
    if call.accepts("diff") || call.accepts("patch") {
        let base = repository
            .git
            .merge_base(&record.base_sha, &record.head_sha)
            .unwrap_or_else(|| record.base_sha.clone());
        let files = repository.git.diff(&base, &record.head_sha)?.len();
        if files > MOST_DIFF_FILES {
            return Err(Answer::json(
                406,
                &json!({
                    "message": format!("Sorry, the diff exceeded the maximum number of files ({MOST_DIFF_FILES}). Consider using 'List pull requests files' API or locally cloning the repository instead."),
                    "errors": [{"resource": "PullRequest", "field": "diff", "code": "too_large"}],
                    "documentation_url": "https://docs.github.com/rest/pulls/pulls#list-pull-requests-files",
                    "status": "406",
                }),
            ));
        }
        let text = repository.git.diff_text(&base, &record.head_sha)?;
        return Ok(Answer::new(
            200,
            "application/vnd.github.v3.diff; charset=utf-8",
            text,
        ));
    }
    let figures = Figures::from_git(&repository, &record);
    let mut world = call.world();
    let value = call.view(&world).pull(world.pull(repo, number)?, figures);
    if record.mergeable == Mergeable::Unknown && record.open {
        let clean = repository.git.merges(&record.base_sha, &record.head_sha);
        world.pull_mut(repo, number)?.mergeable = Mergeable::Known(clean);
    }
    Ok(Answer::json(200, &value))
}

fn changed(call: &Call<'_>, repo: u64, record: &Pull) -> Result<Vec<DiffEntry>, Answer> {
    let repository = call.repository(repo)?;
    let base = repository
        .git
        .merge_base(&record.base_sha, &record.head_sha)
        .unwrap_or_else(|| record.base_sha.clone());
    Ok(repository.git.diff(&base, &record.head_sha)?)
}

/// `GET /repos/{owner}/{repo}/pulls/{n}/files`.
pub(crate) fn files(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let record = pull(call, repo, number)?;
    let mut entries = changed(call, repo, &record)?;
    entries.truncate(MOST_FILES);
    let world = call.world();
    let repository = world.repository(repo)?;
    let view = call.view(&world);
    let all: Vec<Value> = entries
        .iter()
        .map(|entry| view.diff_entry(repository, &record.head_sha, entry))
        .collect();
    let page = call.page(Some(repo), all);
    let answer = Answer::json(200, &json!(page.items));
    Ok(page.link(answer))
}

/// `GET /repos/{owner}/{repo}/pulls/{n}/commits`: at most 250.
pub(crate) fn commits(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let record = pull(call, repo, number)?;
    let repository = call.repository(repo)?;
    let log = repository
        .git
        .log(Some(&record.base_sha), &record.head_sha)?;
    let world = call.world();
    let view = call.view(&world);
    let all: Vec<Value> = log
        .iter()
        .take(250)
        .map(|entry| view.commit(&repository, entry))
        .collect();
    let page = call.page(Some(repo), all);
    let answer = Answer::json(200, &json!(page.items));
    Ok(page.link(answer))
}

/// `GET /repos/{owner}/{repo}/pulls/{n}/reviews`.
pub(crate) fn reviews(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let world = call.world();
    world.pull(repo, number)?;
    let repository = world.repository(repo)?;
    let view = call.view(&world);
    let all: Vec<Value> = world
        .reviews
        .values()
        .filter(|review| review.repository == repo && review.number == number)
        .map(|review| view.review(repository, review))
        .collect();
    let page = call.page(Some(repo), all);
    let answer = Answer::json(200, &json!(page.items));
    Ok(page.link(answer))
}

/// `POST /repos/{owner}/{repo}/pulls/{n}/reviews`: all comments or none.
pub(crate) fn review(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let body = call.body()?;
    let record = pull(call, repo, number)?;
    let event = body
        .get("event")
        .and_then(Value::as_str)
        .unwrap_or("PENDING");
    let text = body.get("body").and_then(Value::as_str).unwrap_or_default();
    if matches!(event, "REQUEST_CHANGES" | "COMMENT") && text.is_empty() {
        return Err(Answer::json(
            422,
            &json!({"message": "Unprocessable Entity", "errors": ["Body can't be blank"], "documentation_url": "https://docs.github.com/rest", "status": "422"}),
        ));
    }
    let state = match event {
        "APPROVE" => "APPROVED",
        "REQUEST_CHANGES" => "CHANGES_REQUESTED",
        "COMMENT" => "COMMENTED",
        _ => "PENDING",
    };
    let entries = changed(call, repo, &record)?;
    let mut comments = Vec::new();
    for comment in body
        .get("comments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let path = comment
            .get("path")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let line = comment.get("line").and_then(Value::as_u64).unwrap_or(0);
        let in_diff = entries.iter().any(|entry| {
            entry.path == path && entry.patch.as_deref().is_some_and(|p| in_hunk(p, line))
        });
        if !in_diff {
            return Err(Answer::json(
                422,
                &json!({
                    "message": "Unprocessable Entity",
                    "errors": ["Pull request review thread line must be part of the diff, Pull request review thread diff hunk can't be blank"],
                    "documentation_url": "https://docs.github.com/rest/pulls/reviews#create-a-review-for-a-pull-request",
                    "status": "422",
                }),
            ));
        }
        comments.push(ReviewComment {
            path: path.to_owned(),
            line,
            body: comment
                .get("body")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        });
    }
    let mut world = call.world();
    let id = world.id("review");
    let at = world.now();
    let commit = body
        .get("commit_id")
        .and_then(Value::as_str)
        .unwrap_or(&record.head_sha)
        .to_owned();
    let review = Review {
        id,
        repository: repo,
        number,
        state: state.to_owned(),
        body: text.to_owned(),
        commit,
        comments,
        at,
    };
    world.reviews.insert(id, review.clone());
    let repository = world.repository(repo)?;
    Ok(Answer::json(
        200,
        &call.view(&world).review(repository, &review),
    ))
}

/// Whether a line of the new file stands in one of the hunks.
fn in_hunk(patch: &str, line: u64) -> bool {
    patch
        .lines()
        .filter(|text| text.starts_with("@@ "))
        .any(|text| {
            let Some(new) = text.split(' ').find_map(|part| part.strip_prefix('+')) else {
                return false;
            };
            let (start, count) = new.split_once(',').unwrap_or((new, "1"));
            match (start.parse::<u64>(), count.parse::<u64>()) {
                (Ok(start), Ok(count)) => line >= start && line < start + count,
                _ => false,
            }
        })
}

/// `POST …/pulls/{n}/requested_reviewers`: collaborators only.
pub(crate) fn request_reviewers(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let body = call.body()?;
    let mut world = call.world();
    let mut wanted = Vec::new();
    for login in body
        .get("reviewers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let login = login.as_str().unwrap_or_default();
        let repository = world.repository(repo)?;
        let id = world
            .account(login)
            .map(|account| account.id)
            .filter(|id| repository.owner == *id || repository.collaborators.contains_key(id));
        match id {
            Some(id) => wanted.push(id),
            None => {
                return Err(Answer::error(
                    422,
                    "Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a collaborator of the repository.",
                ));
            }
        }
    }
    world.pull_mut(repo, number)?.reviewers.extend(wanted);
    let value = call.view(&world).pull_simple(world.pull(repo, number)?);
    Ok(Answer::json(201, &value))
}
