//! Which endpoint a request is for, and the permission it needs.
//! Source of the permissions: "Permissions required for GitHub Apps", GitHub's documentation.

use serde_json::json;

use super::{
    Call, apps,
    auth::Access::{Read, Write},
    checks, code, comments, labels, pulls, repositories,
};
use crate::http::{Answer, Reply, uri};

/// Finds the endpoint and answers.
pub(crate) fn route(call: &Call<'_>) -> Reply {
    let segments = call.request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let method = match call.request.method.as_str() {
        "HEAD" => "GET",
        other => other,
    };
    match (method, segments.as_slice()) {
        ("GET", []) => Ok(Answer::json(
            200,
            &json!({"current_user_url": format!("{}/user", call.shared.urls.api)}),
        )),
        ("GET", ["rate_limit"]) => apps::rate_limit(call),
        ("GET", ["app"]) => apps::app(call),
        ("GET", ["app", "installations"]) => apps::installations(call),
        ("GET", ["app", "installations", id]) => apps::installation(call, number(id)?),
        ("POST", ["app", "installations", id, "access_tokens"]) => apps::mint(call, number(id)?),
        ("GET", ["app", "hook", "config"]) => apps::hook_config(call),
        ("GET", ["app", "hook", "deliveries"]) => apps::deliveries(call),
        ("GET", ["app", "hook", "deliveries", id]) => apps::delivery(call, number(id)?),
        ("POST", ["app", "hook", "deliveries", id, "attempts"]) => {
            apps::redeliver(call, number(id)?)
        }
        ("POST", ["app-manifests", code, "conversions"]) => apps::convert_manifest(call, code),
        ("GET", ["installation", "repositories"]) => apps::installation_repositories(call),
        (_, ["repos", owner, name, rest @ ..]) => named(call, owner, name, method, rest),
        (_, ["repositories", id, rest @ ..]) => {
            let id = number(id)?;
            call.repository(id)?;
            in_repository(call, id, method, rest)
        }
        _ => Err(Answer::not_found()),
    }
}

fn number(text: &str) -> Result<u64, Answer> {
    text.parse().map_err(|_| Answer::not_found())
}

/// A repository by name; a former name answers with a redirection to its id.
/// Source: recorded traffic, `rename-repository` of @octokit/fixtures.
fn named(call: &Call<'_>, owner: &str, name: &str, method: &str, rest: &[&str]) -> Reply {
    let (id, moved) = {
        let world = call.world();
        match world.named(owner, name) {
            Some(repository) => (Some(repository.id), None),
            None => {
                let former = format!("{owner}/{name}").to_lowercase();
                (None, world.former_names.get(&former).copied())
            }
        }
    };
    if let Some(id) = id {
        return in_repository(call, id, method, rest);
    }
    let Some(id) = moved else {
        return Err(Answer::not_found());
    };
    if matches!(call.caller, super::Caller::Nobody) {
        return Err(Answer::error(401, "Requires authentication"));
    }
    let mut url = format!("{}/repositories/{id}", call.shared.urls.api);
    for segment in rest {
        url.push('/');
        url.push_str(&uri::encode(segment));
    }
    if !call.request.raw_query.is_empty() {
        url.push('?');
        url.push_str(&call.request.raw_query);
    }
    let status = if method == "GET" { 301 } else { 307 };
    let body = json!({
        "message": "Moved Permanently",
        "url": url,
        "documentation_url": "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects",
    });
    Ok(Answer::json(status, &body).with("location", url))
}

fn in_repository(call: &Call<'_>, repo: u64, method: &str, rest: &[&str]) -> Reply {
    let need = |any_of: &[_]| call.require(repo, any_of);
    let checks_read = [("checks", Read)];
    let checks_write = [("checks", Write)];
    let contents = [("contents", Read)];
    let pulls_read = [("pull_requests", Read)];
    let pulls_write = [("pull_requests", Write)];
    let talk_read = [("issues", Read), ("pull_requests", Read)];
    let talk_write = [("issues", Write), ("pull_requests", Write)];
    match (method, rest) {
        ("GET", ["installation"]) => repositories::installation(call, repo),
        ("GET", []) => {
            need(&[("metadata", Read)])?;
            repositories::get(call, repo)
        }
        ("GET", ["collaborators", user, "permission"]) => {
            need(&[("metadata", Read)])?;
            repositories::permission(call, repo, user)
        }
        ("POST", ["check-runs"]) => {
            need(&checks_write)?;
            checks::create(call, repo)
        }
        ("PATCH", ["check-runs", id]) => {
            need(&checks_write)?;
            checks::update(call, repo, number(id)?)
        }
        ("GET", ["check-runs", id]) => {
            need(&checks_read)?;
            checks::get(call, repo, number(id)?)
        }
        ("GET", ["check-runs", id, "annotations"]) => {
            need(&checks_read)?;
            checks::annotations(call, repo, number(id)?)
        }
        ("POST", ["check-runs", id, "rerequest"]) => {
            need(&checks_write)?;
            checks::rerequest(call, repo, number(id)?)
        }
        ("GET", ["commits", reference @ .., "check-runs"]) => {
            need(&checks_read)?;
            checks::of_commit(call, repo, &reference.join("/"))
        }
        ("GET", ["commits", reference @ .., "check-suites"]) => {
            need(&checks_read)?;
            checks::suites_of_commit(call, repo, &reference.join("/"))
        }
        ("GET", ["check-suites", id, "check-runs"]) => {
            need(&checks_read)?;
            checks::of_suite(call, repo, number(id)?)
        }
        ("GET", ["pulls"]) => {
            need(&pulls_read)?;
            pulls::list(call, repo)
        }
        ("GET", ["pulls", n]) => {
            need(&pulls_read)?;
            // GitHub flags this endpoint as needing the code, too.
            need(&contents)?;
            pulls::get(call, repo, number(n)?)
        }
        ("GET", ["pulls", n, "files"]) => {
            need(&pulls_read)?;
            pulls::files(call, repo, number(n)?)
        }
        ("GET", ["pulls", n, "commits"]) => {
            need(&pulls_read)?;
            pulls::commits(call, repo, number(n)?)
        }
        ("GET", ["pulls", n, "reviews"]) => {
            need(&pulls_read)?;
            pulls::reviews(call, repo, number(n)?)
        }
        ("POST", ["pulls", n, "reviews"]) => {
            need(&pulls_write)?;
            pulls::review(call, repo, number(n)?)
        }
        ("POST", ["pulls", n, "requested_reviewers"]) => {
            need(&pulls_write)?;
            pulls::request_reviewers(call, repo, number(n)?)
        }
        ("GET", ["compare", range @ ..]) => {
            need(&contents)?;
            code::compare(call, repo, &range.join("/"))
        }
        ("GET", ["tarball", reference @ ..]) => {
            need(&contents)?;
            code::tarball(call, repo, &reference.join("/"))
        }
        ("GET", ["git", "trees", reference @ ..]) => {
            need(&contents)?;
            code::tree(call, repo, &reference.join("/"))
        }
        ("GET", ["git", "blobs", sha]) => {
            need(&contents)?;
            code::blob(call, repo, sha)
        }
        ("GET", ["contents", path @ ..]) => {
            need(&contents)?;
            code::contents(call, repo, &path.join("/"))
        }
        ("GET", ["issues", n, "comments"]) => {
            need(&talk_read)?;
            comments::list(call, repo, number(n)?)
        }
        ("POST", ["issues", n, "comments"]) => {
            need(&talk_write)?;
            comments::create(call, repo, number(n)?)
        }
        ("PATCH", ["issues", "comments", id]) => {
            need(&talk_write)?;
            comments::update(call, repo, number(id)?)
        }
        ("DELETE", ["issues", "comments", id]) => {
            need(&talk_write)?;
            comments::delete(call, repo, number(id)?)
        }
        ("POST", ["issues", "comments", id, "reactions"]) => {
            need(&talk_write)?;
            comments::react(call, repo, number(id)?)
        }
        ("GET", ["issues", n, "labels"]) => {
            need(&talk_read)?;
            labels::of_issue(call, repo, number(n)?)
        }
        ("POST", ["issues", n, "labels"]) => {
            need(&talk_write)?;
            labels::add(call, repo, number(n)?, false)
        }
        ("PUT", ["issues", n, "labels"]) => {
            need(&talk_write)?;
            labels::add(call, repo, number(n)?, true)
        }
        ("DELETE", ["issues", n, "labels", name @ ..]) => {
            need(&talk_write)?;
            labels::remove(call, repo, number(n)?, &name.join("/"))
        }
        ("POST", ["labels"]) => {
            need(&talk_write)?;
            labels::create(call, repo)
        }
        ("GET", ["labels", name @ ..]) => {
            need(&talk_read)?;
            labels::get(call, repo, &name.join("/"))
        }
        _ => Err(Answer::not_found()),
    }
}
