//! Who may call: security requirements and schemes, and what their change means for access.

use std::collections::HashSet;
use std::sync::Arc;

use super::model::*;

type Args = Vec<(&'static str, String)>;

/// A requirement in words: `tokenAuth`, `oauth: [read, write]`.
fn words(requirement: &SecurityRequirement) -> String {
    if requirement.is_empty() {
        return "{}".to_owned();
    }
    let mut parts: Vec<String> = requirement
        .iter()
        .map(|(scheme, scopes)| {
            let mut scopes: Vec<&str> = scopes.iter().map(|s| &**s).collect();
            scopes.sort_unstable();
            if scopes.is_empty() {
                scheme.to_string()
            } else {
                format!("{scheme}: [{}]", scopes.join(", "))
            }
        })
        .collect();
    parts.sort();
    parts.join(" AND ")
}

#[derive(Default)]
struct Pairs<'r> {
    added: Vec<&'r SecurityRequirement>,
    removed: Vec<&'r SecurityRequirement>,
    changed: Vec<(&'r SecurityRequirement, &'r SecurityRequirement)>,
}

fn same_schemes(left: &SecurityRequirement, right: &SecurityRequirement) -> bool {
    left.len() == right.len() && left.keys().all(|k| right.contains_key(k))
}

fn same_scopes(left: &SecurityRequirement, right: &SecurityRequirement) -> bool {
    left.iter().all(|(scheme, scopes)| {
        let set: HashSet<_> = scopes.iter().collect();
        right
            .get(scheme)
            .is_some_and(|other| set == other.iter().collect())
    })
}

/// Equal alternatives first; then those that alone have the same schemes with other scopes.
fn pairs<'r>(base: &'r [SecurityRequirement], revision: &'r [SecurityRequirement]) -> Pairs<'r> {
    let mut left: Vec<&SecurityRequirement> = base.iter().collect();
    let mut right: Vec<&SecurityRequirement> = revision.iter().collect();
    left.retain(|l| {
        let equal = right
            .iter()
            .position(|r| same_schemes(l, r) && same_scopes(l, r));
        equal.map(|at| right.remove(at)).is_none()
    });
    let mut result = Pairs::default();
    let mut rest: Vec<&SecurityRequirement> = Vec::new();
    for (i, l) in left.iter().enumerate() {
        let alone = left
            .iter()
            .enumerate()
            .all(|(other, r)| other == i || !same_schemes(l, r));
        let twins: Vec<usize> = (0..right.len())
            .filter(|&j| right.get(j).is_some_and(|r| same_schemes(l, r)))
            .collect();
        match (&twins[..], alone) {
            ([j], true) => {
                let r = right.remove(*j);
                result.changed.push((l, r));
            }
            _ => rest.push(l),
        }
    }
    result.removed = rest;
    result.added = right;
    result
}

fn scopes(
    (base, revision): (&SecurityRequirement, &SecurityRequirement),
    found: &mut dyn FnMut(&'static str, Args),
    ids: (&'static str, &'static str),
) {
    for (scheme, old) in base {
        let Some(new) = revision.get(scheme) else {
            continue;
        };
        let told =
            |scope: &Arc<str>| vec![("value", scope.to_string()), ("scheme", scheme.to_string())];
        for scope in new.iter().filter(|s| !old.contains(s)) {
            found(ids.0, told(scope));
        }
        for scope in old.iter().filter(|s| !new.contains(s)) {
            found(ids.1, told(scope));
        }
    }
}

/// The rules on one operation's own `security`.
pub(crate) fn of_operation(
    base: &Operation,
    revision: &Operation,
    found: &mut dyn FnMut(&'static str, Args),
) {
    let pairs = pairs(
        base.security.as_deref().unwrap_or(&[]),
        revision.security.as_deref().unwrap_or(&[]),
    );
    for requirement in pairs.added.iter().filter(|r| !r.is_empty()) {
        found("api-security-added", vec![("value", words(requirement))]);
    }
    for requirement in pairs.removed.iter().filter(|r| !r.is_empty()) {
        found("api-security-removed", vec![("value", words(requirement))]);
    }
    for changed in pairs.changed {
        scopes(
            changed,
            found,
            ("api-security-scope-added", "api-security-scope-removed"),
        );
    }
}

/// The rules on the API's `security` and its schemes.
pub(crate) fn of_api(
    base: &Api,
    revision: &Api,
    found: &mut dyn FnMut(&'static str, Args, (Option<Origin>, Option<Origin>)),
) {
    let places = (
        base.field(base.root, "security"),
        revision.field(revision.root, "security"),
    );
    let global = pairs(
        base.security.as_deref().unwrap_or(&[]),
        revision.security.as_deref().unwrap_or(&[]),
    );
    for requirement in global.added {
        let args = vec![("value", words(requirement))];
        found("api-global-security-added", args, (None, places.1));
    }
    for requirement in global.removed {
        let args = vec![("value", words(requirement))];
        found("api-global-security-removed", args, (places.0, None));
    }
    for changed in global.changed {
        scopes(
            changed,
            &mut |id, args| {
                let places = if id.ends_with("added") {
                    (None, places.1)
                } else {
                    (places.0, None)
                };
                found(id, args, places);
            },
            (
                "api-global-security-scope-added",
                "api-global-security-scope-removed",
            ),
        );
    }
    for (name, scheme) in &base.security_schemes {
        let told = || vec![("scheme", name.to_string())];
        let Some(other) = revision.security_schemes.get(name) else {
            found(
                "api-security-component-removed",
                told(),
                (Some(scheme.origin), None),
            );
            continue;
        };
        let places = (Some(scheme.origin), Some(other.origin));
        let mut changed = |id, from: &str, to: &str| {
            if from != to {
                let mut args = told();
                args.push(("from", from.to_owned()));
                args.push(("to", to.to_owned()));
                found(id, args, places);
            }
        };
        changed(
            "api-security-component-type-changed",
            &scheme.kind,
            &other.kind,
        );
        if !(scheme.has_implicit_flow && other.has_implicit_flow) {
            continue;
        }
        changed(
            "api-security-component-oauth-url-changed",
            &scheme.authorization_url,
            &other.authorization_url,
        );
        changed(
            "api-security-component-oauth-token-url-changed",
            &scheme.token_url,
            &other.token_url,
        );
        for (scope, text) in &scheme.scopes {
            let mut args = told();
            args.push(("value", scope.to_string()));
            match other.scopes.get(scope) {
                None => found(
                    "api-security-component-oauth-scope-removed",
                    args,
                    (places.0, None),
                ),
                Some(now) if now != text => {
                    args.push(("from", text.to_string()));
                    args.push(("to", now.to_string()));
                    found("api-security-component-oauth-scope-changed", args, places);
                }
                Some(_) => {}
            }
        }
        for scope in other.scopes.keys() {
            if !scheme.scopes.contains_key(scope) {
                let mut args = told();
                args.push(("value", scope.to_string()));
                found(
                    "api-security-component-oauth-scope-added",
                    args,
                    (None, places.1),
                );
            }
        }
    }
    for (name, scheme) in &revision.security_schemes {
        if !base.security_schemes.contains_key(name) {
            found(
                "api-security-component-added",
                vec![("scheme", name.to_string())],
                (None, Some(scheme.origin)),
            );
        }
    }
}

/// Ours: what the change means for who may call. An empty alternative, or none at all, lets
/// everybody in (OpenAPI 3.1, Operation Object, `security`).
pub(crate) fn of_access(
    (base_api, base): (&Api, &Operation),
    (revision_api, revision): (&Api, &Operation),
    found: &mut dyn FnMut(&'static str, Args),
) {
    fn effective<'s>(api: &'s Api, operation: &'s Operation) -> &'s [SecurityRequirement] {
        operation
            .security
            .as_deref()
            .or(api.security.as_deref())
            .unwrap_or(&[])
    }
    let (old, new) = (effective(base_api, base), effective(revision_api, revision));
    let open = |list: &[SecurityRequirement]| {
        list.is_empty() || list.iter().any(indexmap::IndexMap::is_empty)
    };
    match (open(old), open(new)) {
        (true, true) => {}
        (false, true) => found("drf-auth-loosened", Vec::new()),
        (true, false) => found("drf-auth-tightened", Vec::new()),
        (false, false) => {
            let refused: Vec<String> = old
                .iter()
                .filter(|l| {
                    !new.iter()
                        .any(|r| r.keys().all(|scheme| l.contains_key(scheme)))
                })
                .map(words)
                .collect();
            if !refused.is_empty() {
                found("drf-auth-changed", vec![("from", refused.join("`, `"))]);
            }
        }
    }
}
