//! Versions of the API: which path an operation has and whether it is in the document at all.
//!
//! The document is that of the default version.

use super::endpoints::Endpoint;
use crate::django::Django;
use crate::django::names::as_str;

/// What versioning makes of an endpoint.
pub(super) enum Versioned {
    /// It is written under this path.
    As(String),
    /// It is not of the default version, or there is none.
    LeftOut(&'static str),
}

pub(super) fn versioned(django: &Django, endpoint: &Endpoint<'_>) -> Versioned {
    let path = endpoint.path.clone();
    let Some(class) = endpoint
        .route
        .policy
        .versioning
        .alternatives
        .first()
        .and_then(|a| a.items.first())
    else {
        return Versioned::As(path);
    };
    let by_path = class.is("URLPathVersioning");
    let by_namespace = class.is("NamespaceVersioning");
    if !by_path && !by_namespace && !class.is("AcceptHeaderVersioning") {
        return Versioned::As(path);
    }
    let setting = |key: &str| {
        django
            .settings()
            .get(&format!("REST_FRAMEWORK.{key}"))
            .and_then(|f| as_str(f.val).map(str::to_owned))
    };
    let attr = |key: &str| class.attrs.str(key).map(str::to_owned);
    let default = attr("default_version").or_else(|| setting("DEFAULT_VERSION"));
    let Some(default) = default else {
        return Versioned::LeftOut("it has versions and no default version is set");
    };
    if by_path {
        let param = attr("version_param")
            .or_else(|| setting("VERSION_PARAM"))
            .unwrap_or_else(|| "version".to_owned());
        return Versioned::As(path.replace(&format!("{{{param}}}"), &default));
    }
    if by_namespace {
        let namespace = &django.pattern(endpoint.route.pattern).namespace;
        let allowed = django
            .settings()
            .get("REST_FRAMEWORK.ALLOWED_VERSIONS")
            .and_then(|f| f.strings())
            .or_else(|| {
                class
                    .attrs
                    .get("allowed_versions")
                    .and_then(|k| crate::django::names::as_strings(&k.val))
            });
        if !namespace.is_empty() {
            let found = namespace.split(':').find(|part| {
                allowed.as_ref().is_none_or(|all| {
                    all.is_empty() || *part == default || all.iter().any(|v| **v == **part)
                })
            });
            if found != Some(&default) {
                return Versioned::LeftOut("it is of another version than the default one");
            }
        }
    }
    Versioned::As(path)
}
