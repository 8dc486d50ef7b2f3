//! Names of media types and how they relate (`application/json` holds `application/problem+json`).

use std::collections::BTreeMap;

struct MediaTypeName {
    kind: String,
    subtype: String,
    suffix: String,
    parameters: BTreeMap<String, String>,
}

fn parse(name: &str) -> Option<MediaTypeName> {
    let mut parts = name.split(';');
    let (kind, subtype) = parts.next()?.split_once('/')?;
    let mut subtype = subtype.trim().splitn(3, '+');
    let (plain, suffix, more) = (subtype.next()?, subtype.next(), subtype.next());
    if more.is_some() || plain.contains('/') || suffix.is_some_and(|s| s.trim().is_empty()) {
        return None;
    }
    let parameters = parts
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let (key, value) = part.split_once('=')?;
            Some((
                key.trim().to_ascii_lowercase(),
                value.trim().trim_matches('"').to_owned(),
            ))
        })
        .collect::<Option<_>>()?;
    Some(MediaTypeName {
        kind: kind.trim().to_ascii_lowercase(),
        subtype: plain.trim().to_ascii_lowercase(),
        suffix: suffix.unwrap_or("").trim().to_ascii_lowercase(),
        parameters,
    })
}

/// Is `special` a form of `general`, parameters left aside?
fn contains(general: &MediaTypeName, special: &MediaTypeName) -> bool {
    general.kind == special.kind
        && (general.suffix.is_empty()
            && !special.suffix.is_empty()
            && special.suffix == general.subtype
            || general.subtype == special.subtype && general.suffix == special.suffix)
}

/// Is one a form of the other?
pub(crate) fn related(left: &str, right: &str) -> bool {
    match (parse(left), parse(right)) {
        (Some(left), Some(right)) => contains(&left, &right) || contains(&right, &left),
        _ => false,
    }
}

/// The id of the change from one related name to another.
pub(crate) fn change(from: &str, to: &str) -> &'static str {
    let (Some(from), Some(to)) = (parse(from), parse(to)) else {
        return "response-media-type-name-changed";
    };
    if from.parameters != to.parameters {
        "response-media-type-name-changed"
    } else if contains(&from, &to) {
        "response-media-type-name-specialized"
    } else {
        "response-media-type-name-generalized"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_specialise() {
        assert!(related("application/json", "application/problem+json"));
        assert!(!related("application/json", "application/xml"));
        assert_eq!(
            change("application/json", "application/problem+json"),
            "response-media-type-name-specialized"
        );
        assert_eq!(
            change("application/problem+json", "application/json"),
            "response-media-type-name-generalized"
        );
        assert_eq!(
            change("application/json", "application/json; q=1"),
            "response-media-type-name-changed"
        );
    }
}
