//! Who asks: the App by its JWT, or an installation by its token; and what they may do.

use serde_json::Value;

use super::Call;
use crate::{
    http::{Answer, Request},
    shared::Shared,
    world::{Repository, Token, World},
};

/// An App's JWT may live for 10 minutes.
/// Source: "Generating a JSON Web Token (JWT) for a GitHub App", GitHub's documentation.
const LONGEST_JWT: i64 = 600;

/// The answer to "who are you".
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// The App itself.
    App,
    /// An installation of it.
    Installation(Token),
    /// No credentials.
    Nobody,
}

/// The secret of the `Authorization` header.
pub(crate) fn secret(request: &Request) -> Option<&str> {
    let (scheme, secret) = request.header("authorization")?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token"))
        .then_some(secret.trim())
}

/// Who pays for a request.
pub(crate) fn bucket_in(world: &World, request: &Request) -> String {
    match secret(request) {
        Some(secret) => match world.tokens.get(secret) {
            Some(token) => format!("installation ID {}", token.installation),
            None => format!("app ID {}", world.app.id),
        },
        None => "127.0.0.1".to_owned(),
    }
}

/// Checks the credentials of a request.
pub(crate) fn caller(shared: &Shared, request: &Request) -> Result<Caller, Answer> {
    let Some(header) = request.header("authorization") else {
        return Ok(Caller::Nobody);
    };
    let Some(secret) = secret(request) else {
        tracing::debug!(
            scheme = header.split(' ').next(),
            "unknown authorization scheme"
        );
        return Err(Answer::bad_credentials());
    };
    let world = shared.world();
    if let Some(token) = world.tokens.get(secret) {
        if token.expires_at <= world.now() {
            return Err(Answer::bad_credentials());
        }
        let installation = world.installations.get(&token.installation);
        return match installation {
            None => Err(Answer::bad_credentials()),
            Some(installation) if installation.suspended_at.is_some() => {
                Err(Answer::error(403, "This installation has been suspended"))
            }
            Some(_) => Ok(Caller::Installation(token.clone())),
        };
    }
    let is_jwt = secret.starts_with("ey") && secret.split('.').count() == 3;
    if !is_jwt {
        return Err(Answer::bad_credentials());
    }
    let claims = world
        .app
        .key
        .claims(secret)
        .ok_or_else(|| Answer::error(401, "A JSON web token could not be decoded"))?;
    judge(&claims, world.app.id, world.clock.unix_as_github())?;
    Ok(Caller::App)
}

/// Checks the claims of a JWT, with GitHub's own messages.
fn judge(claims: &Value, app: u64, now: i64) -> Result<(), Answer> {
    let refuse = |message: &str| Err(Answer::error(401, message));
    let issuer = match claims.get("iss") {
        Some(Value::Number(number)) => number.as_u64(),
        // A client id is accepted beside the App's id.
        Some(Value::String(text)) => text
            .parse()
            .ok()
            .or_else(|| (*text == format!("Iv23li{app:014}")).then_some(app)),
        _ => return refuse("'Issuer' claim ('iss') must be an Integer"),
    };
    if issuer != Some(app) {
        return Err(Answer::error(404, "Integration not found"));
    }
    let Some(expires) = claims.get("exp").and_then(Value::as_i64) else {
        return refuse(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        );
    };
    if expires <= now {
        return refuse(
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        );
    }
    let Some(issued) = claims.get("iat").and_then(Value::as_i64) else {
        return refuse(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        );
    };
    if issued > now {
        return refuse(
            "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
        );
    }
    if expires - now > LONGEST_JWT {
        return refuse("'Expiration time' claim ('exp') is too far in the future");
    }
    Ok(())
}

/// How much of a permission an endpoint needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Call<'_> {
    /// The App itself must ask.
    pub(crate) fn app_only(&self) -> Result<(), Answer> {
        match self.caller {
            Caller::App => Ok(()),
            Caller::Installation(_) | Caller::Nobody => {
                Err(Answer::error(401, "A JSON web token could not be decoded"))
            }
        }
    }

    /// An installation must ask.
    pub(crate) fn installation_only(&self) -> Result<&Token, Answer> {
        match &self.caller {
            Caller::Installation(token) => Ok(token),
            Caller::App => Err(Answer::error(
                403,
                "You must authenticate with an installation access token in order to list repositories for an installation.",
            )),
            Caller::Nobody => Err(Answer::error(401, "Requires authentication")),
        }
    }

    /// The caller must see the repository and hold one of these permissions on it.
    pub(crate) fn require(&self, repository: u64, any_of: &[(&str, Access)]) -> Result<(), Answer> {
        let world = self.world();
        let repository = world.repository(repository)?;
        let Caller::Installation(token) = &self.caller else {
            return Err(Answer::error(401, "Requires authentication"));
        };
        let write = self.request.is_write();
        if !sees(&world, token, repository) {
            if repository.private {
                return Err(Answer::not_found());
            }
            if self.shared.options.public_readable && !write {
                return Ok(());
            }
            return Err(Answer::not_accessible());
        }
        let held = any_of.iter().any(|(name, access)| {
            token
                .permissions
                .get(*name)
                .is_some_and(|level| match access {
                    Access::Read => true,
                    Access::Write => level == "write" || level == "admin",
                })
        });
        if !held {
            return Err(Answer::not_accessible());
        }
        if write && repository.archived {
            return Err(Answer::error(
                403,
                "Repository was archived so is read-only.",
            ));
        }
        Ok(())
    }
}

/// Whether a token reaches a repository.
pub(crate) fn sees(world: &World, token: &Token, repository: &Repository) -> bool {
    let covered = world
        .installations
        .get(&token.installation)
        .is_some_and(|i| i.account == repository.owner && i.covers(repository.id));
    covered
        && token
            .repositories
            .as_ref()
            .is_none_or(|some| some.contains(&repository.id))
}
