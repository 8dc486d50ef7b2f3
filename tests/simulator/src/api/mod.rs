//! The REST API: who asks, whether they may, which endpoint it is, and what every answer carries
//! (rate limit, ETag, request id). The endpoints themselves are in the modules below.

mod apps;
mod auth;
mod checks;
mod code;
mod comments;
mod labels;
mod paging;
mod pulls;
mod repositories;
mod routes;

use std::sync::MutexGuard;

use serde_json::Value;

use auth::Caller;
pub(crate) use auth::bucket_in;

use crate::{
    http::{Answer, Reply, Request},
    keys::sha256_hex,
    limits::Refusal,
    render::View,
    shared::Shared,
    world::{Repository, World},
};

/// One request being answered.
#[derive(Debug)]
pub(crate) struct Call<'s> {
    pub(crate) shared: &'s Shared,
    pub(crate) request: &'s Request,
    pub(crate) caller: Caller,
}

impl Call<'_> {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    pub(crate) fn view<'w>(&'w self, world: &'w World) -> View<'w> {
        View::new(world, &self.shared.urls)
    }

    /// A copy of a repository's record, so that git can be asked without holding the world.
    pub(crate) fn repository(&self, id: u64) -> Result<Repository, Answer> {
        Ok(self.world().repository(id)?.clone())
    }

    /// The body; what is not JSON is refused as GitHub does.
    pub(crate) fn body(&self) -> Result<Value, Answer> {
        self.request
            .json()
            .map_err(|_| Answer::error(400, "Problems parsing JSON"))
    }

    pub(crate) fn accepts(&self, media: &str) -> bool {
        self.request
            .header("accept")
            .is_some_and(|accept| accept.contains(media))
    }
}

/// `/repositories/{id}/…` as `/repos/{owner}/{name}/…`; other paths as they are.
pub(crate) fn path_with_names(shared: &Shared, path: &str) -> String {
    let Some(rest) = path.strip_prefix("/repositories/") else {
        return path.to_owned();
    };
    let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let world = shared.world();
    let name = id
        .parse()
        .ok()
        .and_then(|id: u64| world.repositories.get(&id))
        .map(|repository| world.full_name(repository));
    match name {
        Some(name) if rest.is_empty() => format!("/repos/{name}"),
        Some(name) => format!("/repos/{name}/{rest}"),
        None => path.to_owned(),
    }
}

/// Lets the token of a request expire.
pub(crate) fn expire_token(shared: &Shared, request: &Request) {
    let mut world = shared.world();
    if let Some(secret) = auth::secret(request) {
        world.tokens.remove(secret);
    }
}

/// A refusal by a secondary rate limit.
/// Source of the words: GitHub's answers, as recognised by octokit's throttling plugin.
pub(crate) fn secondary(status: u16, retry_after: Option<u64>) -> Answer {
    let answer = Answer::json(
        status,
        &serde_json::json!({
            "documentation_url": "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
            "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. \
                        If you reach out to GitHub Support for help, please include the request ID.",
            "status": status.to_string(),
        }),
    );
    match retry_after {
        Some(seconds) => answer.with("retry-after", seconds.to_string()),
        None => answer,
    }
}

/// Answers a request to the API host.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Answer {
    let mut answer = with_limits(shared, request);
    conditional(request, &mut answer);
    let mut world = shared.world();
    let who = bucket_in(&world, request);
    let now = world.now();
    if answer.status == 304 {
        world.buckets.refund(&who);
    }
    let budget = world.buckets.budget(&who, now);
    let id = world.rng.letters(24).to_uppercase();
    let reset = world.clock.unix(budget.reset);
    for (name, value) in [
        ("date", world.clock.http_date()),
        ("server", "github.com".to_owned()),
        ("x-github-request-id", id),
        ("x-github-media-type", "github.v3; format=json".to_owned()),
        ("x-github-api-version-selected", "2022-11-28".to_owned()),
        ("x-ratelimit-limit", budget.limit.to_string()),
        ("x-ratelimit-remaining", budget.remaining().to_string()),
        ("x-ratelimit-used", budget.used.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
    ] {
        answer.headers.push((name.to_owned(), value));
    }
    answer
}

fn with_limits(shared: &Shared, request: &Request) -> Answer {
    if request.header("user-agent").is_none() {
        return Answer::new(
            403,
            "text/html; charset=utf-8",
            b"Request forbidden by administrative rules. Please make sure your request has a User-Agent header.\n".to_vec(),
        );
    }
    let (who, taken) = {
        let mut world = shared.world();
        let who = bucket_in(&world, request);
        let now = world.now();
        let write = request.is_write();
        let content = write && !request.path.starts_with("/app");
        let free = request.path == "/rate_limit" || request.path.contains("/tarball/");
        let taken = world.buckets.take(&who, now, write, content, free);
        (who, taken)
    };
    let answer = match taken {
        Ok(()) => handled(shared, request).unwrap_or_else(|refusal| refusal),
        Err(Refusal::Primary) => Answer::error(403, &format!("API rate limit exceeded for {who}.")),
        Err(Refusal::Secondary(seconds)) => secondary(403, u64::try_from(seconds).ok()),
    };
    shared.world().buckets.done(&who);
    answer
}

fn handled(shared: &Shared, request: &Request) -> Reply {
    let caller = auth::caller(shared, request)?;
    let call = Call {
        shared,
        request,
        caller,
    };
    routes::route(&call)
}

/// Gives a read its ETag, and answers 304 where the client has it.
fn conditional(request: &Request, answer: &mut Answer) {
    if request.method != "GET" || answer.status != 200 {
        return;
    }
    let tag = match answer.header("etag") {
        Some(tag) => tag.to_owned(),
        None => {
            // As reverse-engineered of GitHub: what is asked for, by whom, and the body.
            let mut text = String::new();
            for name in ["accept", "authorization", "cookie"] {
                text.push_str(request.header(name).unwrap_or_default());
                text.push('\n');
            }
            let mut bytes = text.into_bytes();
            bytes.extend_from_slice(&answer.body);
            let tag = format!("W/\"{}\"", sha256_hex(&bytes));
            answer.headers.push(("etag".to_owned(), tag.clone()));
            tag
        }
    };
    answer.headers.push((
        "cache-control".to_owned(),
        "private, max-age=60, s-maxage=60".to_owned(),
    ));
    let known = request
        .header("if-none-match")
        .is_some_and(|known| known.split(',').any(|known| known.trim() == tag));
    if known {
        answer.status = 304;
        answer.body.clear();
        answer.headers.retain(|(name, _)| name != "content-type");
    }
}
