//! Endpoints of check runs and suites, with GitHub's limits in its own words.
//! Sources: GitHub's OpenAPI description; the messages are from GitHub's answers as quoted in
//! reviewdog/action-rubocop#67 and ataylorme/eslint-annotate-action#32.

use serde_json::{Value, json};

use super::Call;
use crate::{
    http::{Answer, Reply},
    world::{Action, Annotation, CheckRun, World},
};

/// Characters of `summary` and of `text`.
const LONGEST_TEXT: usize = 65_535;
/// Annotations of one request.
const MOST_ANNOTATIONS: usize = 50;
/// Buttons of a run.
const MOST_ACTIONS: usize = 3;
/// Bytes of an annotation's message and of its raw details.
const LONGEST_MESSAGE: usize = 64 * 1024;
/// Characters of an annotation's title.
const LONGEST_TITLE: usize = 255;

const STATUSES: &[&str] = &[
    "queued",
    "in_progress",
    "completed",
    "waiting",
    "requested",
    "pending",
];
const CONCLUSIONS: &[&str] = &[
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "timed_out",
];

fn invalid(what: &str) -> Answer {
    Answer::invalid_request(what)
}

/// A string of the body; `None` where it is missing or null.
fn text<'v>(body: &'v Value, name: &str) -> Result<Option<&'v str>, Answer> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(invalid(&format!(
            "For 'properties/{name}', {other} is not a string."
        ))),
    }
}

fn one_of<'v>(body: &'v Value, name: &str, allowed: &[&str]) -> Result<Option<&'v str>, Answer> {
    let value = text(body, name)?;
    match value {
        Some(word) if !allowed.contains(&word) => Err(invalid(&format!(
            "For 'properties/{name}', {word:?} is not a member of {allowed:?}."
        ))),
        other => Ok(other),
    }
}

fn limited(object: &Value, name: &str, most: usize) -> Result<Option<String>, Answer> {
    let Some(value) = text(object, name)? else {
        return Ok(None);
    };
    let length = value.chars().count();
    if length > most {
        return Err(invalid(&format!(
            "Only {most} characters are allowed; {length} were supplied."
        )));
    }
    Ok(Some(value.to_owned()))
}

fn items<'v>(object: &'v Value, name: &str, most: usize) -> Result<&'v [Value], Answer> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) if items.len() > most => Err(invalid(&format!(
            "No more than {most} items are allowed; {} were supplied.",
            items.len()
        ))),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(invalid(&format!(
            "For 'properties/{name}', {other} is not an array."
        ))),
    }
}

fn annotation(value: &Value) -> Result<Annotation, Answer> {
    for name in [
        "path",
        "start_line",
        "end_line",
        "annotation_level",
        "message",
    ] {
        if value.get(name).is_none_or(Value::is_null) {
            return Err(invalid(&format!("{name:?} wasn't supplied.")));
        }
    }
    let annotation: Annotation = serde_json::from_value(value.clone())
        .map_err(|error| invalid(&format!("For 'properties/output/annotations', {error}.")))?;
    let refuse = |field: &str| {
        Err(Answer::validation(
            json!([{"resource": "CheckAnnotation", "code": "invalid", "field": field}]),
        ))
    };
    if !matches!(
        annotation.annotation_level.as_str(),
        "notice" | "warning" | "failure"
    ) {
        return refuse("annotation_level");
    }
    if annotation.start_line < 1 {
        return refuse("start_line");
    }
    if annotation.end_line < annotation.start_line {
        return refuse("end_line");
    }
    let columns = [annotation.start_column, annotation.end_column];
    if columns.iter().any(Option::is_some) && annotation.start_line != annotation.end_line {
        return refuse("start_column");
    }
    if columns.contains(&Some(0)) {
        return refuse("start_column");
    }
    if annotation.message.len() > LONGEST_MESSAGE {
        return refuse("message");
    }
    if annotation
        .raw_details
        .as_ref()
        .is_some_and(|text| text.len() > LONGEST_MESSAGE)
    {
        return refuse("raw_details");
    }
    if annotation
        .title
        .as_ref()
        .is_some_and(|text| text.chars().count() > LONGEST_TITLE)
    {
        return refuse("title");
    }
    Ok(annotation)
}

fn action(value: &Value) -> Result<Action, Answer> {
    let action: Action = serde_json::from_value(value.clone())
        .map_err(|error| invalid(&format!("For 'properties/actions', {error}.")))?;
    for (text, most) in [
        (&action.label, 20),
        (&action.description, 40),
        (&action.identifier, 20),
    ] {
        let length = text.chars().count();
        if length > most {
            return Err(invalid(&format!(
                "Only {most} characters are allowed; {length} were supplied."
            )));
        }
    }
    Ok(action)
}

/// What a body changes in a run; checked whole before anything is changed.
#[derive(Debug, Default)]
struct Change {
    name: Option<String>,
    details_url: Option<String>,
    external_id: Option<String>,
    started_at: Option<String>,
    completed_at: Option<String>,
    status: Option<String>,
    conclusion: Option<String>,
    output: Option<Output>,
    actions: Option<Vec<Action>>,
}

#[derive(Debug)]
struct Output {
    title: Option<String>,
    summary: Option<String>,
    text: Option<String>,
    annotations: Vec<Annotation>,
}

fn change(body: &Value, creating: bool) -> Result<Change, Answer> {
    let owned = |name: &str| text(body, name).map(|value| value.map(str::to_owned));
    let status = one_of(body, "status", STATUSES)?.map(str::to_owned);
    let conclusion = one_of(body, "conclusion", CONCLUSIONS)?.map(str::to_owned);
    if status.as_deref() == Some("completed") && conclusion.is_none() {
        return Err(invalid("\"conclusion\" wasn't supplied."));
    }
    let details_url = owned("details_url")?;
    if details_url
        .as_ref()
        .is_some_and(|url| !url.starts_with("http://") && !url.starts_with("https://"))
    {
        return Err(Answer::validation(
            json!([{"resource": "CheckRun", "code": "invalid", "field": "details_url"}]),
        ));
    }
    let output = match body.get("output") {
        None | Some(Value::Null) => None,
        Some(output) => {
            let title = text(output, "title")?.map(str::to_owned);
            if creating && title.is_none() {
                return Err(invalid("\"title\" wasn't supplied."));
            }
            let summary = limited(output, "summary", LONGEST_TEXT)?;
            if summary.is_none() {
                return Err(invalid("\"summary\" wasn't supplied."));
            }
            let annotations = items(output, "annotations", MOST_ANNOTATIONS)?;
            Some(Output {
                title,
                summary,
                text: limited(output, "text", LONGEST_TEXT)?,
                annotations: annotations
                    .iter()
                    .map(annotation)
                    .collect::<Result<_, _>>()?,
            })
        }
    };
    let actions = match body.get("actions") {
        None | Some(Value::Null) => None,
        Some(_) => Some(
            items(body, "actions", MOST_ACTIONS)?
                .iter()
                .map(action)
                .collect::<Result<_, _>>()?,
        ),
    };
    Ok(Change {
        name: owned("name")?,
        details_url,
        external_id: owned("external_id")?,
        started_at: owned("started_at")?,
        completed_at: owned("completed_at")?,
        status,
        conclusion,
        output,
        actions,
    })
}

/// Puts a change into a run; says whether the run was completed by it.
fn apply(run: &mut CheckRun, change: Change, now: &str) -> bool {
    let was_complete = run.status == "completed";
    if let Some(name) = change.name {
        run.name = name;
    }
    if change.details_url.is_some() {
        run.details_url = change.details_url;
    }
    if let Some(external_id) = change.external_id {
        run.external_id = external_id;
    }
    if change.started_at.is_some() {
        run.started_at = change.started_at;
    }
    if let Some(status) = change.status {
        if status != "completed" {
            run.conclusion = None;
            run.completed_at = None;
        }
        run.status = status;
    }
    if let Some(conclusion) = change.conclusion {
        run.conclusion = Some(conclusion);
        "completed".clone_into(&mut run.status);
        run.completed_at = change.completed_at.or_else(|| Some(now.to_owned()));
    }
    if let Some(output) = change.output {
        if output.title.is_some() {
            run.title = output.title;
        }
        run.summary = output.summary;
        run.text = output.text;
        // Annotations are added to what stands; everything else is replaced.
        run.annotations.extend(output.annotations);
    }
    if let Some(actions) = change.actions {
        run.actions = actions;
    }
    !was_complete && run.status == "completed"
}

/// `POST /repos/{owner}/{repo}/check-runs`.
pub(crate) fn create(call: &Call<'_>, repo: u64) -> Reply {
    let body = call.body()?;
    for name in ["name", "head_sha"] {
        if text(&body, name)?.is_none() {
            return Err(invalid(&format!("{name:?} wasn't supplied.")));
        }
    }
    let head_sha = text(&body, "head_sha")?.unwrap_or_default().to_owned();
    let change = change(&body, true)?;
    let repository = call.repository(repo)?;
    let is_commit = head_sha.len() == 40 && repository.git.resolve(&head_sha).is_some();
    if !is_commit {
        return Err(Answer::error(
            422,
            &format!("No commit found for SHA: {head_sha}"),
        ));
    }
    let urls = &call.shared.urls;
    let mut world = call.world();
    let suite = world.suite(repo, &head_sha);
    let id = world.id("run");
    let now = world.now();
    let stamp = world.clock.iso(now);
    let mut run = CheckRun {
        id,
        suite,
        repository: repo,
        head_sha,
        status: "queued".to_owned(),
        started_at: Some(stamp.clone()),
        ..CheckRun::default()
    };
    let completed = apply(&mut run, change, &stamp);
    world.runs.insert(id, run);
    touch(&mut world, suite);
    let bot = world.app.bot;
    world.tell_run(urls, id, "created", bot, json!({}));
    if completed {
        tell_completed(&mut world, call, id, suite);
    }
    answer(call, &world, repo, id, 201)
}

/// `PATCH /repos/{owner}/{repo}/check-runs/{id}`.
pub(crate) fn update(call: &Call<'_>, repo: u64, id: u64) -> Reply {
    let body = call.body()?;
    let change = change(&body, false)?;
    let mut world = call.world();
    let now = world.now();
    let stamp = world.clock.iso(now);
    let run = world
        .runs
        .get_mut(&id)
        .filter(|run| run.repository == repo)
        .ok_or_else(Answer::not_found)?;
    let suite = run.suite;
    let completed = apply(run, change, &stamp);
    touch(&mut world, suite);
    if completed {
        tell_completed(&mut world, call, id, suite);
    }
    answer(call, &world, repo, id, 200)
}

fn touch(world: &mut World, suite: u64) {
    let now = world.now();
    if let Some(suite) = world.suites.get_mut(&suite) {
        suite.updated_at = now;
    }
}

fn tell_completed(world: &mut World, call: &Call<'_>, run: u64, suite: u64) {
    let urls = &call.shared.urls;
    let bot = world.app.bot;
    world.tell_run(urls, run, "completed", bot, json!({}));
    if world.verdict(suite).0 == "completed" {
        world.tell_suite(urls, suite, "completed", bot);
    }
}

fn answer(call: &Call<'_>, world: &World, repo: u64, id: u64, status: u16) -> Reply {
    let repository = world.repository(repo)?;
    let run = world
        .runs
        .get(&id)
        .filter(|run| run.repository == repo)
        .ok_or_else(Answer::not_found)?;
    Ok(Answer::json(status, &call.view(world).run(repository, run)))
}

pub(crate) fn get(call: &Call<'_>, repo: u64, id: u64) -> Reply {
    let world = call.world();
    answer(call, &world, repo, id, 200)
}

pub(crate) fn annotations(call: &Call<'_>, repo: u64, id: u64) -> Reply {
    let world = call.world();
    let repository = world.repository(repo)?;
    let run = world
        .runs
        .get(&id)
        .filter(|run| run.repository == repo)
        .ok_or_else(Answer::not_found)?;
    let view = call.view(&world);
    let all = run
        .annotations
        .iter()
        .map(|a| view.annotation(repository, run, a))
        .collect();
    let page = call.page(Some(repo), all);
    let answer = Answer::json(200, &json!(page.items));
    Ok(page.link(answer))
}

/// `POST …/check-runs/{id}/rerequest`: tells the owner of the run.
pub(crate) fn rerequest(call: &Call<'_>, repo: u64, id: u64) -> Reply {
    let mut world = call.world();
    if world.runs.get(&id).is_none_or(|run| run.repository != repo) {
        return Err(Answer::not_found());
    }
    let bot = world.app.bot;
    world.tell_run(&call.shared.urls, id, "rerequested", bot, json!({}));
    Ok(Answer::json(201, &json!({})))
}

/// `GET …/commits/{ref}/check-runs`.
pub(crate) fn of_commit(call: &Call<'_>, repo: u64, reference: &str) -> Reply {
    let sha = super::code::commit_of(call, repo, reference)?;
    list(call, repo, |run| run.head_sha == sha)
}

/// `GET …/check-suites/{id}/check-runs`.
pub(crate) fn of_suite(call: &Call<'_>, repo: u64, suite: u64) -> Reply {
    list(call, repo, |run| run.suite == suite)
}

fn list(call: &Call<'_>, repo: u64, of: impl Fn(&CheckRun) -> bool) -> Reply {
    let parameter = |name: &str| call.request.parameter(name);
    let world = call.world();
    let repository = world.repository(repo)?;
    let app = world.app.id.to_string();
    let mut found: Vec<&CheckRun> = world
        .runs
        .values()
        .rev()
        .filter(|run| run.repository == repo && of(run))
        .filter(|run| parameter("check_name").is_none_or(|name| run.name == name))
        .filter(|_| parameter("app_id").is_none_or(|id| id == app))
        .collect();
    if parameter("filter") != Some("all") {
        // The newest run of each name; the list is newest first.
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|run| seen.insert(run.name.clone()));
    }
    found.retain(|run| parameter("status").is_none_or(|status| run.status == status));
    let view = call.view(&world);
    let all: Vec<Value> = found
        .into_iter()
        .map(|run| view.run(repository, run))
        .collect();
    let total = all.len();
    let page = call.page(Some(repo), all);
    let answer = Answer::json(
        200,
        &json!({"total_count": total, "check_runs": page.items}),
    );
    Ok(page.link(answer))
}

/// `GET …/commits/{ref}/check-suites`.
pub(crate) fn suites_of_commit(call: &Call<'_>, repo: u64, reference: &str) -> Reply {
    let sha = super::code::commit_of(call, repo, reference)?;
    let world = call.world();
    let repository = world.repository(repo)?;
    let view = call.view(&world);
    let app = world.app.id.to_string();
    let name = call.request.parameter("check_name");
    let all: Vec<Value> = world
        .suites
        .values()
        .filter(|suite| suite.repository == repo && suite.head_sha == sha)
        .filter(|_| call.request.parameter("app_id").is_none_or(|id| id == app))
        .filter(|suite| name.is_none_or(|name| world.runs_of(suite.id).any(|run| run.name == name)))
        .map(|suite| view.suite(repository, suite))
        .collect();
    let total = all.len();
    let page = call.page(Some(repo), all);
    let answer = Answer::json(
        200,
        &json!({"total_count": total, "check_suites": page.items}),
    );
    Ok(page.link(answer))
}
