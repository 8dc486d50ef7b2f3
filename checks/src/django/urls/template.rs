//! From Django's routes and regexes to templates: `orders/<int:pk>/` and `^orders/(?P<pk>\d+)/$`
//! both give `orders/{pk}/`.

use std::sync::Arc;

use crate::django::routes::PathParam;

/// Regexes of the built-in converters (source: django.urls.converters).
fn converter_regex(name: &str) -> &'static str {
    match name {
        "int" => "[0-9]+",
        "str" => "[^/]+",
        "uuid" => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "slug" => "[-a-zA-Z0-9_]+",
        "path" => ".+",
        _ => ".+",
    }
}

/// A `path()` route.
pub(in crate::django) fn of_path(route: &str) -> (String, Vec<PathParam>) {
    let mut out = String::new();
    let mut params = Vec::new();
    let mut rest = route;
    while let Some(open) = rest.find('<') {
        let (before, after) = rest.split_at(open);
        out.push_str(before);
        let after = after.get(1..).unwrap_or("");
        let Some(close) = after.find('>') else {
            out.push('<');
            rest = after;
            continue;
        };
        let inner = after.get(..close).unwrap_or("");
        let (converter, name) = inner.split_once(':').unwrap_or(("str", inner));
        let name = name.trim();
        out.push('{');
        out.push_str(name);
        out.push('}');
        params.push(PathParam {
            name: name.into(),
            converter: Some(converter.trim().into()),
            is_typed: inner.contains(':'),
            regex: converter_regex(converter.trim()).into(),
        });
        rest = after.get(close + 1..).unwrap_or("");
    }
    out.push_str(rest);
    (out, params)
}

/// A regex: named groups become parameters, anchors and escapes go, quantifiers after a character
/// are dropped as Django's `simplify_regex` does.
pub(in crate::django) fn of_regex(regex: &str) -> (String, Vec<PathParam>) {
    let chars: Vec<char> = regex.chars().collect();
    let mut out = String::new();
    let mut params = Vec::new();
    let mut unnamed = 0;
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        match c {
            '^' | '$' | '?' | '*' | '+' => at += 1,
            '\\' => {
                match chars.get(at + 1) {
                    Some('Z' | 'A' | 'b' | 'B') | None => {}
                    Some(c @ ('d' | 'w' | 's' | 'D' | 'W' | 'S')) => {
                        out.push('\\');
                        out.push(*c);
                    }
                    Some(c) => out.push(*c),
                }
                at += 2;
            }
            '(' => {
                let end = group_end(&chars, at);
                let inner: String = chars.get(at + 1..end).unwrap_or(&[]).iter().collect();
                if let Some(named) = inner.strip_prefix("?P<") {
                    let (name, regex) = named.split_once('>').unwrap_or((named, ""));
                    out.push('{');
                    out.push_str(name);
                    out.push('}');
                    params.push(PathParam {
                        name: name.into(),
                        converter: None,
                        is_typed: false,
                        regex: regex.into(),
                    });
                } else if let Some(plain) = inner.strip_prefix("?:") {
                    let first = plain.split('|').next().unwrap_or("");
                    let (text, more) = of_regex(first);
                    out.push_str(&text);
                    params.extend(more);
                } else if !inner.starts_with('?') {
                    unnamed += 1;
                    let name: Arc<str> = format!("var{unnamed}").into();
                    out.push('{');
                    out.push_str(&name);
                    out.push('}');
                    params.push(PathParam {
                        name,
                        converter: None,
                        is_typed: false,
                        regex: inner.as_str().into(),
                    });
                }
                at = end + 1;
            }
            '[' => {
                let mut end = at + 1;
                while chars.get(end).is_some_and(|c| *c != ']') {
                    end += 1 + usize::from(chars.get(end) == Some(&'\\'));
                }
                out.extend(
                    chars
                        .get(at..=end.min(chars.len().saturating_sub(1)))
                        .unwrap_or(&[]),
                );
                at = end + 1;
            }
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    (out, params)
}

/// Index of the `)` that closes the group opened at `open`, or the end.
fn group_end(chars: &[char], open: usize) -> usize {
    let mut depth = 0usize;
    let mut at = open;
    let mut in_class = false;
    while let Some(c) = chars.get(at) {
        match c {
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
        at += 1;
    }
    chars.len()
}

/// Joined parts with one leading slash, as people write a path.
pub(in crate::django) fn absolute(parts: &[String]) -> Arc<str> {
    let joined = parts.concat();
    let mut out = String::with_capacity(joined.len() + 1);
    out.push('/');
    for c in joined.chars() {
        if c == '/' && out.ends_with('/') {
            continue;
        }
        out.push(c);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_routes() {
        let (text, params) = of_path("orders/<uuid:pk>/items/<slug>/");
        assert_eq!(text, "orders/{pk}/items/{slug}/");
        assert_eq!(params.len(), 2);
        let (text, params) = of_regex(r"^users/(?P<id>[^/.]+)/(?P<kind>(a|b))/?$");
        assert_eq!(text, "users/{id}/{kind}/");
        assert_eq!(params[1].regex.as_ref(), "(a|b)");
        assert_eq!(of_regex(r"^a/(\d+)/$").0, "a/{var1}/");
        assert_eq!(
            of_regex(r"^bad(((").0,
            "bad{var1}",
            "not closed: up to the end"
        );
        assert_eq!(absolute(&["api//".into(), "/x".into()]).as_ref(), "/api/x");
    }
}
