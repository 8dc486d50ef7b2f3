//! The pages for people and the admin API, on one host. Everything anybody wrote is escaped, nothing
//! is loaded from elsewhere.

mod admin;
mod code;
mod html;
mod markdown;
mod pages;
mod pull;

use std::sync::Arc;

use crate::{
    http::{Answer, Request},
    shared::Shared,
    world::{Repository, World},
};

/// Answers a request to the web host.
pub(crate) fn answer(shared: &Arc<Shared>, request: &Request) -> Answer {
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if let ["_simulator", rest @ ..] = segments.as_slice() {
        return admin::answer(shared, request, rest);
    }
    if request.method != "GET" && request.method != "HEAD" {
        return Answer::html(
            405,
            "<!DOCTYPE html><title>Method not allowed</title><p>Pages are read only.</p>",
        );
    }
    let world = shared.world();
    match shown(&world, &segments) {
        Some(answer) => answer.with(
            "content-security-policy",
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'",
        ),
        None => Answer::html(
            404,
            "<!DOCTYPE html><title>Not found</title><p>There is nothing here. <a href=\"/\">What stands here</a></p>",
        ),
    }
}

fn shown(world: &World, segments: &[&str]) -> Option<Answer> {
    let page = match segments {
        [] => pages::index(world),
        [login] => pages::account(world, login)?,
        [owner, name, rest @ ..] => {
            let former = format!("{owner}/{name}").to_lowercase();
            let repository = world
                .named(owner, name)
                .or_else(|| world.repositories.get(world.former_names.get(&former)?))?;
            match rest {
                [] => pages::repository(world, repository),
                ["pull", n] => pull::conversation(
                    world,
                    repository,
                    world.pull(repository.id, n.parse().ok()?).ok()?,
                ),
                ["pull", n, "files"] => pull::files(
                    world,
                    repository,
                    world.pull(repository.id, n.parse().ok()?).ok()?,
                ),
                ["runs", id] => {
                    let run = world.runs.get(&id.parse().ok()?)?;
                    pull::run(
                        world,
                        repository,
                        Some(run).filter(|run| run.repository == repository.id)?,
                    )
                }
                ["blob", reference, path @ ..] => {
                    let path = path.join("/");
                    let bytes = file(repository, reference, &path)?;
                    pages::blob(
                        world,
                        repository,
                        reference,
                        &path,
                        &String::from_utf8_lossy(&bytes),
                    )
                }
                ["raw", reference, path @ ..] => {
                    let bytes = file(repository, reference, &path.join("/"))?;
                    let answer = Answer::new(200, "text/plain; charset=utf-8", bytes);
                    return Some(answer.with("x-content-type-options", "nosniff"));
                }
                _ => return None,
            }
        }
    };
    Some(Answer::html(200, page))
}

fn file(repository: &Repository, reference: &str, path: &str) -> Option<Vec<u8>> {
    let commit = repository
        .git
        .resolve(&format!("{}{reference}", repository.branches))
        .or_else(|| repository.git.resolve(reference))?;
    let entry = repository.git.entry(&commit, path).ok()??;
    (entry.kind == "blob")
        .then(|| repository.git.blob(&entry.sha).ok())
        .flatten()
}
