//! The admin API, below `/_simulator` on the host of the pages: what the handle can do, as JSON over
//! HTTP, for tests in other languages and for the buttons on the pages. It asks for no credentials:
//! it listens on this machine only and guards nothing.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    DeliveryRule, Error, File, Files, NewPullRequest, NewRepository, Random, Rule, Selection,
    Simulator,
    http::{Answer, Request, uri},
    shared::Shared,
};

/// What a call answers with.
type Outcome = crate::Result<Value>;

/// Answers a request below `/_simulator`.
pub(super) fn answer(shared: &Arc<Shared>, request: &Request, path: &[&str]) -> Answer {
    if request.method == "GET" && path == ["style.css"] {
        let css = include_str!("style.css").as_bytes().to_vec();
        return Answer::new(200, "text/css; charset=utf-8", css);
    }
    let body = match body(request) {
        Ok(body) => body,
        Err(error) => return failed(400, &error),
    };
    let back = body
        .get("back")
        .and_then(Value::as_str)
        .filter(|back| back.starts_with('/') && !back.starts_with("//"))
        .map(str::to_owned);
    let simulator = Simulator::within(shared);
    match routed(&simulator, request, path, &body) {
        // A button on a page leads back to the page.
        Ok(_) if back.is_some() => Answer::empty(303).with("location", back.unwrap_or_default()),
        Ok(value) => Answer::json(200, &value),
        Err(Error::NotFound { what }) => failed(404, &format!("no {what}")),
        Err(error) => failed(422, &error.to_string()),
    }
}

fn failed(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"message": message}))
}

/// The body: JSON, or the fields of a form.
fn body(request: &Request) -> Result<Value, String> {
    let form = request
        .header("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if form {
        let text = String::from_utf8_lossy(&request.body);
        return Ok(uri::query(&text)
            .into_iter()
            .map(|(key, value)| match (key.as_str(), value.parse::<u64>()) {
                ("run" | "number" | "suite", Ok(number)) => (key, json!(number)),
                _ => (key, json!(value)),
            })
            .collect());
    }
    request
        .json()
        .map_err(|error| format!("the body is not JSON: {error}"))
}

fn read<T: serde::de::DeserializeOwned>(body: &Value) -> crate::Result<T> {
    serde_json::from_value(body.clone())
        .map_err(|error| Error::Invalid(format!("the body: {error}")))
}

/// Files in a body: text, `null` for a removal, or `{"base64"}`, `{"symlink"}`, `{"executable"}`,
/// `{"submodule"}`.
fn files(value: Option<&Value>) -> crate::Result<Files> {
    let mut files = Files::new();
    let Some(Value::Object(entries)) = value else {
        return Ok(files);
    };
    for (path, content) in entries {
        let part = |name: &str| content.get(name).and_then(Value::as_str);
        let file = match content {
            Value::Null => File::Deleted,
            Value::String(text) => File::from(text.as_str()),
            _ => {
                if let Some(text) = part("base64") {
                    let bytes = STANDARD
                        .decode(text)
                        .map_err(|error| Error::Invalid(format!("{path}: not base64: {error}")))?;
                    File::Regular(bytes)
                } else if let Some(target) = part("symlink") {
                    File::Symlink(target.to_owned())
                } else if let Some(text) = part("executable") {
                    File::Executable(text.as_bytes().to_vec())
                } else if let Some(commit) = part("submodule") {
                    File::Submodule(commit.to_owned())
                } else {
                    return Err(Error::Invalid(format!(
                        "{path}: neither text nor a known kind of file"
                    )));
                }
            }
        };
        files.insert(path.clone(), file);
    }
    Ok(files)
}

/// A repository by `"owner/name"` or its id.
fn repository(simulator: &Simulator, body: &Value) -> crate::Result<crate::Repo> {
    match body.get("repo") {
        Some(Value::String(name)) => simulator.repo(name),
        Some(Value::Number(id)) => simulator.repo_by_id(id.as_u64().unwrap_or(0)),
        _ => Err(Error::Invalid(
            "\"repo\" is missing: \"owner/name\" or an id".to_owned(),
        )),
    }
}

fn word<'v>(body: &'v Value, name: &str) -> crate::Result<&'v str> {
    body.get(name)
        .and_then(Value::as_str)
        .ok_or_else(|| Error::Invalid(format!("{name:?} is missing or no text")))
}

fn number(body: &Value, name: &str) -> crate::Result<u64> {
    body.get(name)
        .and_then(Value::as_u64)
        .ok_or_else(|| Error::Invalid(format!("{name:?} is missing or no number")))
}

fn flag(body: &Value, name: &str) -> Option<bool> {
    body.get(name).and_then(Value::as_bool)
}

fn as_json(value: impl serde::Serialize) -> Outcome {
    serde_json::to_value(value).map_err(|error| Error::Invalid(error.to_string()))
}

fn done(result: crate::Result<()>) -> Outcome {
    result.map(|()| json!({}))
}

fn routed(simulator: &Simulator, request: &Request, path: &[&str], body: &Value) -> Outcome {
    match (request.method.as_str(), path) {
        ("GET", rest) => seen(simulator, request, rest),
        ("POST", ["orgs"]) => Ok(json!({"id": simulator.create_org(word(body, "login")?)?})),
        ("POST", ["users"]) => Ok(json!({"id": simulator.create_user(word(body, "login")?)?})),
        ("POST", ["installations"]) => {
            let selection = match body.get("repositories").and_then(Value::as_array) {
                None => Selection::All,
                Some(ids) => Selection::Only(ids.iter().filter_map(Value::as_u64).collect()),
            };
            Ok(json!({"id": simulator.install_on(word(body, "login")?, selection)?}))
        }
        ("POST", ["installations", action]) => installation(simulator, action, body),
        ("POST", ["repos"]) => {
            let new = NewRepository {
                private: flag(body, "private").unwrap_or(true),
                default_branch: word(body, "default_branch").unwrap_or("main").to_owned(),
            };
            let files = files(body.get("files"))?;
            as_json(simulator.create_repo_with(
                word(body, "owner")?,
                word(body, "name")?,
                files,
                &new,
            )?)
        }
        ("POST", ["repos", action]) => change_repository(simulator, action, body),
        ("POST", ["pulls"]) => {
            let repo = repository(simulator, body)?;
            let text = |name: &str| word(body, name).unwrap_or_default().to_owned();
            as_json(simulator.open_pull_request(
                repo.id,
                NewPullRequest {
                    author: word(body, "author")?.to_owned(),
                    title: word(body, "title")?.to_owned(),
                    body: text("body"),
                    branch: word(body, "branch")?.to_owned(),
                    base: word(body, "base").ok().map(str::to_owned),
                    changes: files(body.get("files"))?,
                    fork: flag(body, "fork").unwrap_or(true),
                    draft: flag(body, "draft").unwrap_or(false),
                },
            )?)
        }
        ("POST", ["pulls", action]) => change_pull(simulator, action, body),
        ("POST", ["comments"]) => {
            let repo = repository(simulator, body)?;
            let (user, text) = (word(body, "user")?, word(body, "body")?);
            Ok(json!({"id": simulator.comment(repo.id, number(body, "number")?, user, text)?}))
        }
        ("POST", ["rerequest"]) => {
            done(simulator.rerequest(number(body, "run")?, word(body, "user")?))
        }
        ("POST", ["rerequest-suite"]) => {
            done(simulator.rerequest_suite(number(body, "suite")?, word(body, "user")?))
        }
        ("POST", ["request-action"]) => done(simulator.request_action(
            number(body, "run")?,
            word(body, "user")?,
            word(body, "identifier")?,
        )),
        ("POST", ["hook"]) => {
            match body.get("url").and_then(Value::as_str) {
                Some(url) => simulator.set_hook_url(url),
                None => simulator.clear_hook_url(),
            }
            Ok(json!({}))
        }
        ("POST", ["ping"]) => Ok(json!({"id": simulator.ping()})),
        ("POST", ["clock"]) => {
            if let Some(seconds) = body.get("advance_seconds").and_then(Value::as_u64) {
                simulator.advance_clock(Duration::from_secs(seconds));
            }
            if let Some(seconds) = body.get("skew_seconds").and_then(Value::as_i64) {
                simulator.set_clock_skew(seconds);
            }
            Ok(json!({}))
        }
        ("POST", ["faults"]) => add_faults(simulator, body),
        ("POST", ["faults", "release"]) => {
            simulator.faults().release();
            Ok(json!({}))
        }
        ("DELETE", ["faults"]) => {
            simulator.faults().clear();
            Ok(json!({}))
        }
        ("POST", ["deliveries", id, "redeliver"]) => {
            let id = id
                .parse()
                .map_err(|_| Error::Invalid(format!("{id} is no id")))?;
            Ok(json!({"id": simulator.redeliver(id)?}))
        }
        ("POST", ["events", event]) => Ok(json!({"id": simulator.deliver(event, body)})),
        _ => Err(crate::error::not_found(format!(
            "admin call {} /_simulator/{}",
            request.method,
            path.join("/")
        ))),
    }
}

fn installation(simulator: &Simulator, action: &str, body: &Value) -> Outcome {
    let id = number(body, "installation")?;
    done(match action {
        "suspend" => simulator.suspend(id),
        "unsuspend" => simulator.unsuspend(id),
        "uninstall" => simulator.uninstall(id),
        "select" => {
            let ids: Vec<u64> = body
                .get("repositories")
                .and_then(Value::as_array)
                .map(|ids| ids.iter().filter_map(Value::as_u64).collect())
                .unwrap_or_default();
            simulator.select_repositories(id, &ids)
        }
        "permissions" => {
            let wanted = body.get("permissions").and_then(Value::as_object);
            let pairs: Vec<(&str, &str)> = wanted
                .into_iter()
                .flatten()
                .filter_map(|(name, level)| Some((name.as_str(), level.as_str()?)))
                .collect();
            simulator.set_permissions(id, &pairs)
        }
        other => Err(crate::error::not_found(format!(
            "action {other} on an installation"
        ))),
    })
}

fn change_repository(simulator: &Simulator, action: &str, body: &Value) -> Outcome {
    let id = repository(simulator, body)?.id;
    match action {
        "push" => {
            let branch = word(body, "branch").unwrap_or("main");
            let message = word(body, "message").unwrap_or("Change files");
            let sha = simulator.push(id, branch, message, files(body.get("files"))?)?;
            Ok(json!({"sha": sha}))
        }
        "rename" => done(simulator.rename(id, word(body, "name")?)),
        "transfer" => done(simulator.transfer(id, word(body, "to")?)),
        "archive" => done(simulator.archive(id)),
        "delete" => done(simulator.delete_repo(id)),
        "visibility" => done(simulator.set_private(id, flag(body, "private").unwrap_or(true))),
        "collaborator" => {
            done(simulator.set_collaborator(id, word(body, "user")?, word(body, "permission")?))
        }
        other => Err(crate::error::not_found(format!(
            "action {other} on a repository"
        ))),
    }
}

fn change_pull(simulator: &Simulator, action: &str, body: &Value) -> Outcome {
    let (id, n) = (repository(simulator, body)?.id, number(body, "number")?);
    let message = word(body, "message").unwrap_or("Change files");
    match action {
        "push" => {
            let sha = simulator.push_to_pull_request(id, n, message, files(body.get("files"))?)?;
            Ok(json!({"sha": sha}))
        }
        "force-push" => {
            let sha =
                simulator.force_push_pull_request(id, n, message, files(body.get("files"))?)?;
            Ok(json!({"sha": sha}))
        }
        "close" => done(simulator.close(id, n)),
        "reopen" => done(simulator.reopen(id, n)),
        "merge" => done(simulator.merge(id, n)),
        "ready" => done(simulator.ready_for_review(id, n)),
        "draft" => done(simulator.convert_to_draft(id, n)),
        "title" => done(simulator.edit_title(id, n, word(body, "title")?)),
        "base" => done(simulator.edit_base(id, n, word(body, "base")?)),
        "label" => done(simulator.add_label(id, n, word(body, "name")?)),
        "unlabel" => done(simulator.remove_label(id, n, word(body, "name")?)),
        "delete-fork" => done(simulator.delete_fork(id, n)),
        other => Err(crate::error::not_found(format!(
            "action {other} on a pull request"
        ))),
    }
}

/// `{"requests": [rule], "deliveries": [rule], "random": {…} or null}`.
fn add_faults(simulator: &Simulator, body: &Value) -> Outcome {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(default)]
        requests: Vec<Rule>,
        #[serde(default)]
        deliveries: Vec<DeliveryRule>,
        random: Option<Random>,
    }
    let wanted: Wanted = read(body)?;
    let faults = simulator.faults();
    wanted
        .requests
        .into_iter()
        .for_each(|rule| faults.add(rule));
    wanted
        .deliveries
        .into_iter()
        .for_each(|rule| faults.add_delivery(rule));
    if wanted.random.is_some() {
        faults.random(wanted.random);
    }
    Ok(json!({}))
}

fn seen(simulator: &Simulator, request: &Request, path: &[&str]) -> Outcome {
    let parameter = |name: &str| request.parameter(name).unwrap_or_default();
    let repo = || simulator.repo(parameter("repo"));
    let n = || parameter("number").parse::<u64>().unwrap_or(0);
    match path {
        [] => Ok(json!({
            "api": simulator.api_url(), "archive": simulator.archive_url(), "web": simulator.web_url(),
            "contract": simulator.contract(), "requests": simulator.request_count(),
        })),
        ["app"] => {
            let app = simulator.app();
            Ok(json!({
                "id": app.id, "slug": app.slug,
                "private_key_pem": app.private_key_pem, "webhook_secret": app.webhook_secret,
            }))
        }
        ["repos"] => as_json(repo()?),
        ["pulls"] => as_json(simulator.pull_request(repo()?.id, n())?),
        ["check-runs"] => as_json(simulator.check_runs(repo()?.id, parameter("sha"))),
        ["comments"] => as_json(simulator.comments(repo()?.id, n())),
        ["labels"] => as_json(simulator.labels(repo()?.id, n())),
        ["requests"] => as_json(simulator.requests()),
        ["violations"] => as_json(simulator.violations()),
        ["response-violations"] => as_json(simulator.response_violations()),
        ["faults"] => {
            Ok(json!({"fired": simulator.faults().fired(), "held": simulator.faults().held()}))
        }
        ["deliveries"] => Ok(simulator
            .deliveries()
            .iter()
            .map(|delivery| {
                json!({
                    "id": delivery.id, "guid": delivery.guid, "event": delivery.event,
                    "action": delivery.action, "redelivery": delivery.redelivery,
                    "status": delivery.status, "status_code": delivery.status_code,
                    "fault": delivery.fault.map(crate::DeliveryFault::name),
                })
            })
            .collect()),
        other => Err(crate::error::not_found(format!(
            "admin page {}",
            other.join("/")
        ))),
    }
}
