//! What looks like a secret, by the name of its key and the shape of its value. Shared by the checks
//! on secrets; never shows a value.

/// Parts of names that hold secrets. A name alone never suffices: see [`is_placeholder`].
const SECRET_PARTS: [&str; 14] = [
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "TOKEN",
    "API_KEY",
    "APIKEY",
    "PRIVATE_KEY",
    "ACCESS_KEY",
    "AUTH_KEY",
    "CREDENTIAL",
    "SIGNING_KEY",
    "ENCRYPTION_KEY",
    "_PASS",
    "DSN",
];
/// Names with such a part that hold none.
const HARMLESS: [&str; 17] = [
    "TOKEN_LIFETIME",
    "TOKEN_MODEL",
    "TOKEN_CLASS",
    "TOKEN_TTL",
    "PASSWORD_VALIDATORS",
    "PASSWORD_HASHERS",
    "PASSWORD_RESET",
    "TOKEN_TYPE",
    "TOKEN_URL",
    "TOKEN_EXPIR",
    "PASSWORD_CHANGED",
    "TOKEN_SERIALIZER",
    "TOKEN_USER",
    "TOKEN_REFRESH_EXP",
    "_CLAIM",
    "ALLOW_EMPTY",
    "THROTTLE",
];
/// Values, in lower case, that stand where a secret belongs.
const PLACEHOLDERS: [&str; 36] = [
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "password",
    "passwd",
    "pass",
    "postgres",
    "root",
    "admin",
    "test",
    "testing",
    "dev",
    "local",
    "dummy",
    "example",
    "placeholder",
    "none",
    "null",
    "todo",
    "xxx",
    "xxxx",
    "foo",
    "bar",
    "guest",
    "user",
    "django",
    "mysql",
    "redis",
    "default",
    "sa",
    "secret-key",
    "yes",
    "true",
    "false",
    "disabled",
];

/// Whether a key's name says that it holds a secret (`EMAIL_HOST_PASSWORD`, `stripe_api_key`).
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace('-', "_");
    SECRET_PARTS.iter().any(|part| name.contains(part))
        && !HARMLESS.iter().any(|part| name.contains(part))
}

/// Whether a value only stands for a secret: empty, a well-known word, `<…>`, `your-…`, `${…}`.
pub(crate) fn is_placeholder(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let filler = |word: &str| value.contains(word);
    value.len() < 3
        || PLACEHOLDERS.contains(&value.as_str())
        || value.starts_with('<')
        || value.contains("${")
        || value.contains("{{")
        || value.starts_with('%')
        || [
            "your-",
            "your_",
            "yoursecret",
            "yourpass",
            "change-this",
            "changethis",
            "replace",
            "insert-",
            "xxxx",
            "example",
            "placeholder",
            "put-your",
            "dummy",
            "fake",
        ]
        .iter()
        .any(|word| filler(word))
        || value
            .chars()
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            <= 2
}

/// User and password of a URL (`postgres://user:pass@host/db`), with its host.
pub(crate) fn url_credentials(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let (user, host) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    Some((password, host.split(':').next().unwrap_or(host)))
}

/// A host on the developer's own machine or in a compose network.
pub(crate) fn is_local_host(host: &str) -> bool {
    matches!(
        host,
        "" | "localhost" | "127.0.0.1" | "0.0.0.0" | "::1" | "host.docker.internal"
    ) || !host.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        for name in [
            "SECRET_KEY",
            "EMAIL_HOST_PASSWORD",
            "stripe-api-key",
            "DB_PASS",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "ACCESS_TOKEN_LIFETIME",
            "AUTH_PASSWORD_VALIDATORS",
            "DEBUG",
            "HOST",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
        for value in [
            "",
            "changeme",
            "<your key>",
            "your-secret-here",
            "xxxxxxxx",
            "${DB_PASSWORD}",
            "aaaaaaaa",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["q7Ws-92kd-Lm", "django-insecure-3d#k2"] {
            assert!(!is_placeholder(value), "{value}");
        }
        assert_eq!(
            url_credentials("postgres://ann:pw1@db.example.org:5432/x"),
            Some(("pw1", "db.example.org"))
        );
        assert_eq!(url_credentials("redis://localhost:6379/0"), None);
    }
}
