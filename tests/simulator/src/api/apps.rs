//! Endpoints of the App: itself, its installations, tokens, deliveries; and the rate limit.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Call, auth};
use crate::{
    deliveries::{Delivery, KEPT},
    http::{Answer, Reply},
    render::View,
    world::{Token, World},
};

/// Installation tokens live for one hour.
const TOKEN_LIFE: i64 = 3_600_000;
/// A token can be narrowed to this many repositories.
const MOST_REPOSITORIES: usize = 500;

pub(crate) fn app(call: &Call<'_>) -> Reply {
    call.app_only()?;
    let world = call.world();
    let mut value = call.view(&world).app();
    if let Some(into) = value.as_object_mut() {
        into.insert(
            "installations_count".into(),
            json!(world.installations.len()),
        );
    }
    Ok(Answer::json(200, &value))
}

pub(crate) fn installations(call: &Call<'_>) -> Reply {
    call.app_only()?;
    let world = call.world();
    let view = call.view(&world);
    let all = world
        .installations
        .values()
        .map(|i| view.installation(i))
        .collect();
    let page = call.page(None, all);
    let answer = Answer::json(200, &json!(page.items));
    Ok(page.link(answer))
}

pub(crate) fn installation(call: &Call<'_>, id: u64) -> Reply {
    call.app_only()?;
    let world = call.world();
    let installation = world.installations.get(&id).ok_or_else(Answer::not_found)?;
    Ok(Answer::json(
        200,
        &call.view(&world).installation(installation),
    ))
}

/// `POST /app/installations/{id}/access_tokens`.
pub(crate) fn mint(call: &Call<'_>, id: u64) -> Reply {
    call.app_only()?;
    let body = call.body()?;
    let mut world = call.world();
    let installation = world
        .installations
        .get(&id)
        .ok_or_else(Answer::not_found)?
        .clone();
    if installation.suspended_at.is_some() {
        return Err(Answer::error(403, "This installation has been suspended"));
    }
    let repositories = narrowed(&world, &installation, &body)?;
    let mut permissions = installation.permissions.clone();
    if let Some(Value::Object(wanted)) = body.get("permissions") {
        let refused = || {
            Answer::error(
                422,
                "The permissions requested are not granted to this installation.",
            )
        };
        let mut narrow = BTreeMap::new();
        for (name, level) in wanted {
            let level = level.as_str().ok_or_else(refused)?;
            let held = permissions.get(name).ok_or_else(refused)?;
            if level == "write" && held == "read" {
                return Err(refused());
            }
            narrow.insert(name.clone(), level.to_owned());
        }
        // Metadata always comes along.
        narrow
            .entry("metadata".to_owned())
            .or_insert_with(|| "read".to_owned());
        permissions = narrow;
    }
    let expires_at = world.now() + TOKEN_LIFE;
    let secret = new_token(&mut world, call.shared.options.short_tokens, id);
    world.tokens.insert(
        secret.clone(),
        Token {
            installation: id,
            permissions: permissions.clone(),
            repositories: repositories.clone(),
            expires_at,
        },
    );
    let view = View::new(&world, &call.shared.urls);
    let mut answer = json!({
        "token": secret,
        "expires_at": world.clock.iso(expires_at),
        "permissions": permissions,
        "repository_selection": if repositories.is_some() || installation.selected.is_some() { "selected" } else { "all" },
    });
    if let (Some(into), Some(repositories)) = (answer.as_object_mut(), &repositories) {
        let listed: Value = repositories
            .iter()
            .filter_map(|id| world.repositories.get(id))
            .map(|repository| view.repository(repository))
            .collect();
        into.insert("repositories".into(), listed);
    }
    Ok(Answer::json(201, &answer))
}

/// The repositories a token is asked for; `None` for all.
fn narrowed(
    world: &World,
    installation: &crate::world::Installation,
    body: &Value,
) -> Result<Option<BTreeSet<u64>>, Answer> {
    let mut wanted = BTreeSet::new();
    let mut any = false;
    let missing = || {
        Answer::error(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    };
    let covered = world.covered_ids(installation);
    for value in body
        .get("repository_ids")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        any = true;
        let id = value
            .as_u64()
            .filter(|id| covered.contains(id))
            .ok_or_else(missing)?;
        wanted.insert(id);
    }
    for value in body
        .get("repositories")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        any = true;
        let name = value.as_str().unwrap_or_default();
        let found = world
            .covered(installation)
            .find(|repository| repository.name.eq_ignore_ascii_case(name))
            .ok_or_else(missing)?;
        wanted.insert(found.id);
    }
    if wanted.len() > MOST_REPOSITORIES {
        return Err(Answer::error(
            422,
            "Too many repositories: at most 500 can be named.",
        ));
    }
    Ok(any.then_some(wanted))
}

/// `ghs_` and 36 characters, or the stateless form `ghs_{app}_{a JWT}` of several hundred.
fn new_token(world: &mut World, short: bool, installation: u64) -> String {
    if short {
        return format!("ghs_{}", world.rng.letters(36));
    }
    let claims = json!({"iss": "github.com", "sub": installation, "jti": world.rng.guid()});
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signature = world.rng.letters(342);
    format!("ghs_{}_{header}.{claims}.{signature}", world.app.id)
}

pub(crate) fn hook_config(call: &Call<'_>) -> Reply {
    call.app_only()?;
    let world = call.world();
    let mut value = json!({"content_type": "json", "insecure_ssl": "0", "secret": "********"});
    if let (Some(into), Some(url)) = (value.as_object_mut(), &world.app.hook_url) {
        into.insert("url".into(), json!(url));
    }
    Ok(Answer::json(200, &value))
}

/// `GET /app/hook/deliveries`: newest first, by cursor.
pub(crate) fn deliveries(call: &Call<'_>) -> Reply {
    call.app_only()?;
    let cursor = match call.request.parameter("cursor") {
        None => None,
        Some(text) => Some(
            text.strip_prefix("v1_")
                .and_then(|id| id.parse::<u64>().ok())
                .ok_or_else(|| Answer::error(400, "Invalid cursor"))?,
        ),
    };
    let status = call.request.parameter("status");
    if status.is_some_and(|status| !matches!(status, "success" | "failure")) {
        return Err(Answer::error(400, "Invalid status"));
    }
    let world = call.world();
    let since = world.now() - KEPT;
    let mut found = world
        .deliveries
        .values()
        .rev()
        .filter(|delivery| !delivery.hidden && !delivery.status.is_empty())
        .filter(|delivery| delivery.delivered_at >= since)
        .filter(|delivery| cursor.is_none_or(|cursor| delivery.id <= cursor))
        .filter(|delivery| match status {
            Some("success") => (200..400).contains(&delivery.status_code),
            // A delivery that timed out has no status and is in neither list.
            Some(_) => (400..600).contains(&delivery.status_code),
            None => true,
        });
    let size = call.per_page();
    let items: Vec<Value> = found.by_ref().take(size).map(|d| item(&world, d)).collect();
    let answer = Answer::json(200, &json!(items));
    Ok(match found.next() {
        Some(next) => {
            let url = call.url_with(None, "cursor", &format!("v1_{}", next.id));
            answer.with("link", format!("<{url}>; rel=\"next\""))
        }
        None => answer,
    })
}

/// `hook-delivery-item`.
fn item(world: &World, delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": world.clock.iso(delivery.delivered_at),
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation,
        "repository_id": delivery.repository,
        "throttled_at": null,
    })
}

pub(crate) fn delivery(call: &Call<'_>, id: u64) -> Reply {
    call.app_only()?;
    let world = call.world();
    let delivery = world
        .deliveries
        .get(&id)
        .filter(|delivery| !delivery.hidden)
        .ok_or_else(Answer::not_found)?;
    let mut value = item(&world, delivery);
    if let Some(into) = value.as_object_mut() {
        let headers: serde_json::Map<String, Value> = delivery
            .request_headers
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        into.insert(
            "url".into(),
            json!(world.app.hook_url.clone().unwrap_or_default()),
        );
        into.insert(
            "request".into(),
            json!({"headers": headers, "payload": delivery.payload()}),
        );
        into.insert(
            "response".into(),
            json!({"headers": delivery.response_headers, "payload": delivery.response_body}),
        );
    }
    Ok(Answer::json(200, &value))
}

pub(crate) fn redeliver(call: &Call<'_>, id: u64) -> Reply {
    call.app_only()?;
    let mut world = call.world();
    if world
        .deliveries
        .get(&id)
        .is_none_or(|delivery| delivery.hidden)
    {
        return Err(Answer::not_found());
    }
    if world.redeliver(id).is_none() {
        return Err(Answer::error(
            422,
            "The delivery is too old to be redelivered.",
        ));
    }
    Ok(Answer::json(202, &json!({})))
}

/// `POST /app-manifests/{code}/conversions`: a code is good once, for an hour.
pub(crate) fn convert_manifest(call: &Call<'_>, code: &str) -> Reply {
    let mut world = call.world();
    let now = world.now();
    world
        .manifest_codes
        .remove(code)
        .filter(|expires_at| *expires_at > now)
        .ok_or_else(Answer::not_found)?;
    let mut value = call.view(&world).app();
    let secret = world.rng.letters(40);
    if let Some(into) = value.as_object_mut() {
        into.insert("client_secret".into(), json!(secret.to_lowercase()));
        into.insert("webhook_secret".into(), json!(world.app.webhook_secret));
        into.insert("pem".into(), json!(world.app.key.pem));
    }
    Ok(Answer::json(201, &value))
}

pub(crate) fn installation_repositories(call: &Call<'_>) -> Reply {
    let token = call.installation_only()?;
    let world = call.world();
    let view = call.view(&world);
    let all: Vec<Value> = world
        .repositories
        .values()
        .filter(|repository| !repository.deleted && auth::sees(&world, token, repository))
        .map(|repository| view.repository(repository))
        .collect();
    let total = all.len();
    let page = call.page(None, all);
    let selection = world
        .installations
        .get(&token.installation)
        .map_or("all", crate::render::selection);
    let body = json!({
        "total_count": total,
        "repository_selection": selection,
        "repositories": page.items,
    });
    let answer = Answer::json(200, &body);
    Ok(page.link(answer))
}

pub(crate) fn rate_limit(call: &Call<'_>) -> Reply {
    let mut world = call.world();
    let now = world.now();
    let who = auth::bucket_in(&world, call.request);
    let budget = world.buckets.budget(&who, now);
    let core = json!({
        "limit": budget.limit,
        "used": budget.used,
        "remaining": budget.remaining(),
        "reset": world.clock.unix(budget.reset),
    });
    let other =
        json!({"limit": 30, "used": 0, "remaining": 30, "reset": world.clock.unix(now + 60_000)});
    let body = json!({"resources": {"core": core, "search": other}, "rate": core});
    Ok(Answer::json(200, &body))
}
