//! Endpoints of comments and reactions.

use serde_json::{Value, json};

use super::Call;
use crate::{
    http::{Answer, Reply},
    world::{Comment, Reaction, Writer},
};

/// Characters of a comment. Not in GitHub's description; the refusal is quoted in
/// telia-oss/github-pr-resource#259.
const LONGEST: usize = 65_536;

fn body(call: &Call<'_>) -> Result<String, Answer> {
    let body = call.body()?;
    let Some(text) = body.get("body").and_then(Value::as_str) else {
        return Err(Answer::invalid_request("\"body\" wasn't supplied."));
    };
    if text.trim().is_empty() {
        return Err(Answer::validation(json!([{
            "resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body cannot be blank"
        }])));
    }
    if text.chars().count() > LONGEST {
        return Err(Answer::validation(json!([{
            "resource": "IssueComment", "code": "unprocessable", "field": "data",
            "message": format!("Body is too long (maximum is {LONGEST} characters)")
        }])));
    }
    Ok(text.to_owned())
}

/// `GET /repos/{owner}/{repo}/issues/{n}/comments`, by ascending id.
pub(crate) fn list(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let world = call.world();
    world.pull(repo, number)?;
    let view = call.view(&world);
    let since = call.request.parameter("since");
    let all: Vec<Value> = world
        .comments_of(repo, number)
        .filter(|comment| {
            since.is_none_or(|since| world.clock.iso(comment.updated_at).as_str() >= since)
        })
        .map(|comment| view.comment(comment))
        .collect();
    let page = call.page(Some(repo), all);
    let answer = Answer::json(200, &json!(page.items));
    Ok(page.link(answer))
}

/// `POST /repos/{owner}/{repo}/issues/{n}/comments`.
pub(crate) fn create(call: &Call<'_>, repo: u64, number: u64) -> Reply {
    let text = body(call)?;
    let mut world = call.world();
    world.pull(repo, number)?;
    let id = world.id("comment");
    let now = world.now();
    let comment = Comment {
        id,
        repository: repo,
        number,
        writer: Writer::App,
        body: text,
        created_at: now,
        updated_at: now,
    };
    world.comments.insert(id, comment.clone());
    let bot = world.app.bot;
    world.tell_comment(&call.shared.urls, id, "created", bot, json!({}));
    let value = call.view(&world).comment(&comment);
    let url = value
        .get("url")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok(Answer::json(201, &value).with("location", url))
}

/// The comment, which must be of this repository; and for a change, the App's own.
fn own(call: &Call<'_>, repo: u64, id: u64) -> Result<Comment, Answer> {
    let world = call.world();
    let comment = world
        .comments
        .get(&id)
        .filter(|comment| comment.repository == repo)
        .ok_or_else(Answer::not_found)?;
    if comment.writer != Writer::App {
        return Err(Answer::not_accessible());
    }
    Ok(comment.clone())
}

/// `PATCH /repos/{owner}/{repo}/issues/comments/{id}`.
pub(crate) fn update(call: &Call<'_>, repo: u64, id: u64) -> Reply {
    let before = own(call, repo, id)?.body;
    let text = body(call)?;
    let mut world = call.world();
    let now = world.now();
    let comment = world.comments.get_mut(&id).ok_or_else(Answer::not_found)?;
    comment.body = text;
    comment.updated_at = now;
    let comment = comment.clone();
    let bot = world.app.bot;
    world.tell_comment(
        &call.shared.urls,
        id,
        "edited",
        bot,
        json!({"changes": {"body": {"from": before}}}),
    );
    Ok(Answer::json(200, &call.view(&world).comment(&comment)))
}

/// `DELETE /repos/{owner}/{repo}/issues/comments/{id}`.
pub(crate) fn delete(call: &Call<'_>, repo: u64, id: u64) -> Reply {
    own(call, repo, id)?;
    let mut world = call.world();
    let bot = world.app.bot;
    world.tell_comment(&call.shared.urls, id, "deleted", bot, json!({}));
    world.comments.remove(&id);
    world.reactions.retain(|_, reaction| reaction.comment != id);
    Ok(Answer::empty(204))
}

/// `POST …/issues/comments/{id}/reactions`: 201, or 200 where the reaction stood already.
pub(crate) fn react(call: &Call<'_>, repo: u64, id: u64) -> Reply {
    const KNOWN: &[&str] = &[
        "+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes",
    ];
    let body = call.body()?;
    let content = body
        .get("content")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !KNOWN.contains(&content) {
        return Err(Answer::validation(
            json!([{"resource": "Reaction", "code": "invalid", "field": "content"}]),
        ));
    }
    let mut world = call.world();
    if world
        .comments
        .get(&id)
        .is_none_or(|comment| comment.repository != repo)
    {
        return Err(Answer::not_found());
    }
    let stands = world
        .reactions
        .values()
        .find(|reaction| reaction.comment == id && reaction.content == content)
        .cloned();
    if let Some(reaction) = stands {
        return Ok(Answer::json(200, &call.view(&world).reaction(&reaction)));
    }
    let reaction = Reaction {
        id: world.id("reaction"),
        comment: id,
        content: content.to_owned(),
        at: world.now(),
    };
    world.reactions.insert(reaction.id, reaction.clone());
    Ok(Answer::json(201, &call.view(&world).reaction(&reaction)))
}
