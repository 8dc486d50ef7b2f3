//! Endpoints of labels.

use serde_json::{Value, json};

use super::Call;
use crate::{
    http::{Answer, Reply},
    world::{Label, World},
};

fn listed(call: &Call<'_>, world: &World, repo: u64, number: u64) -> Reply {
    let repository = world.repository(repo)?;
    let pull = world.pull(repo, number)?;
    Ok(Answer::json(
        200,
        &call.view(world).labels(repository, &pull.labels),
    ))
}

pub(crate) fn of_issue(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let world = call.world();
    listed(call, &world, repo, number)
}

/// `POST` adds labels, `PUT` replaces them; unknown ones are made with the colour `ededed`.
pub(crate) fn add(call: &Call<'_>, repo: u64, number: u64, replace: bool) -> Reply {
    let body = call.body()?;
    let list = body
        .get("labels")
        .or_else(|| body.as_array().map(|_| &body));
    let Some(Value::Array(names)) = list else {
        return Err(Answer::invalid_request("\"labels\" wasn't supplied."));
    };
    let mut wanted = Vec::new();
    for name in names {
        let name = name
            .as_str()
            .or_else(|| name.get("name").and_then(Value::as_str));
        match name
            .map(str::trim)
            .filter(|name| !name.is_empty() && name.chars().count() <= 50)
        {
            Some(name) => wanted.push(name.to_owned()),
            None => {
                return Err(Answer::validation(
                    json!([{"resource": "Label", "code": "invalid", "field": "name"}]),
                ));
            }
        }
    }
    let mut world = call.world();
    world.pull(repo, number)?;
    let bot = world.app.bot;
    if replace {
        let gone: Vec<String> = world
            .pull(repo, number)?
            .labels
            .iter()
            .filter(|name| !wanted.iter().any(|other| other.eq_ignore_ascii_case(name)))
            .cloned()
            .collect();
        for name in gone {
            take_off(call, &mut world, repo, number, &name, bot)?;
        }
    }
    for name in wanted {
        world.ensure_label(repo, &name)?;
        let pull = world.pull_mut(repo, number)?;
        if pull
            .labels
            .iter()
            .any(|other| other.eq_ignore_ascii_case(&name))
        {
            continue;
        }
        pull.labels.push(name.clone());
        let label = label_json(call, &world, repo, &name)?;
        world.tell_pull(
            &call.shared.urls,
            repo,
            number,
            "labeled",
            bot,
            json!({"label": label}),
        );
    }
    listed(call, &world, repo, number)
}

fn label_json(call: &Call<'_>, world: &World, repo: u64, name: &str) -> Result<Value, Answer> {
    let repository = world.repository(repo)?;
    let label = repository
        .labels
        .get(&name.to_lowercase())
        .ok_or_else(Answer::not_found)?;
    Ok(call.view(world).label(repository, label))
}

fn take_off(
    call: &Call<'_>,
    world: &mut World,
    repo: u64,
    number: u64,
    name: &str,
    sender: u64,
) -> Result<(), Answer> {
    let pull = world.pull_mut(repo, number)?;
    let before = pull.labels.len();
    pull.labels
        .retain(|other| !other.eq_ignore_ascii_case(name));
    if pull.labels.len() == before {
        return Err(Answer::error(404, "Label does not exist"));
    }
    let label = label_json(call, world, repo, name)?;
    world.tell_pull(
        &call.shared.urls,
        repo,
        number,
        "unlabeled",
        sender,
        json!({"label": label}),
    );
    Ok(())
}

/// `DELETE …/issues/{n}/labels/{name}`.
pub(crate) fn remove(call: &Call<'_>, repo: u64, number: u64, name: &str) -> Reply {
    let mut world = call.world();
    let bot = world.app.bot;
    world.pull(repo, number)?;
    take_off(call, &mut world, repo, number, name, bot)?;
    listed(call, &world, repo, number)
}

/// `POST /repos/{owner}/{repo}/labels`.
pub(crate) fn create(call: &Call<'_>, repo: u64) -> Reply {
    let body = call.body()?;
    let invalid = |field: &str, code: &str| {
        Answer::validation(json!([{"resource": "Label", "code": code, "field": field}]))
    };
    let name = body
        .get("name")
        .and_then(Value::as_str)
        .ok_or_else(|| Answer::invalid_request("\"name\" wasn't supplied."))?;
    let color = body
        .get("color")
        .and_then(Value::as_str)
        .unwrap_or("ededed");
    if color.len() != 6 || !color.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(invalid("color", "invalid"));
    }
    let description = body.get("description").and_then(Value::as_str);
    if description.is_some_and(|text| text.chars().count() > 100) {
        return Err(invalid("description", "invalid"));
    }
    let mut world = call.world();
    let id = world.id("label");
    let repository = world.repository_mut(repo)?;
    let key = name.to_lowercase();
    if repository.labels.contains_key(&key) {
        return Err(invalid("name", "already_exists"));
    }
    let label = Label {
        id,
        name: name.to_owned(),
        color: color.to_lowercase(),
        description: description.map(str::to_owned),
    };
    repository.labels.insert(key, label);
    let value = label_json(call, &world, repo, name)?;
    let url = value
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok(Answer::json(201, &value).with("location", url))
}

/// `GET /repos/{owner}/{repo}/labels/{name}`.
pub(crate) fn get(call: &Call<'_>, repo: u64, name: &str) -> Reply {
    let world = call.world();
    Ok(Answer::json(200, &label_json(call, &world, repo, name)?))
}
