//! Endpoints of a repository itself.

use serde_json::json;

use super::{Call, Caller};
use crate::http::{Answer, Reply};

pub(crate) fn get(call: &Call<'_>, id: u64) -> Reply {
    let world = call.world();
    let repository = world.repository(id)?;
    Ok(Answer::json(
        200,
        &call.view(&world).full_repository(repository),
    ))
}

/// `GET /repos/{owner}/{repo}/installation`: the App asks where it is installed.
pub(crate) fn installation(call: &Call<'_>, id: u64) -> Reply {
    if !matches!(call.caller, Caller::App) {
        return Err(Answer::error(401, "A JSON web token could not be decoded"));
    }
    let world = call.world();
    let repository = world.repository(id)?;
    let installation = world
        .installation_for(repository)
        .ok_or_else(Answer::not_found)?;
    Ok(Answer::json(
        200,
        &call.view(&world).installation(installation),
    ))
}

/// `GET /repos/{owner}/{repo}/collaborators/{username}/permission`; 404 for an account that does not
/// exist.
pub(crate) fn permission(call: &Call<'_>, id: u64, login: &str) -> Reply {
    let world = call.world();
    let repository = world.repository(id)?;
    let user = world.account(login).ok_or_else(Answer::not_found)?.id;
    let role = world.permission(repository, user);
    // The older field knows four words: maintain is a kind of write, triage a kind of read.
    let permission = match role {
        "maintain" => "write",
        "triage" => "read",
        other => other,
    };
    let mut account = call.view(&world).user(Some(user));
    if let Some(into) = account.as_object_mut() {
        into.insert("role_name".into(), json!(role));
        into.insert(
            "permissions".into(),
            json!({
                "admin": role == "admin",
                "maintain": matches!(role, "admin" | "maintain"),
                "push": matches!(role, "admin" | "maintain" | "write"),
                "triage": matches!(role, "admin" | "maintain" | "write" | "triage"),
                "pull": role != "none",
            }),
        );
    }
    let body = json!({"permission": permission, "role_name": role, "user": account});
    Ok(Answer::json(200, &body))
}
