//! Methods of known values: text, mappings, what comes from the environment.

use std::sync::Arc;

use super::enumeration::title;
use super::{Literal, Place, Val, ops};

pub(super) fn method_of(receiver: &Val, method: &str, args: &[Val], keywords: &Val) -> Val {
    let first_text = args.first().and_then(Val::as_str);
    match receiver {
        Val::Known(Literal::Str(text)) => text_method(text, method, args, first_text, keywords)
            .unwrap_or_else(|| Val::unknown(format!("is the result of `{method}`"))),
        Val::Map(pairs) => {
            let list = |f: &dyn Fn(&(Val, Val, Place)) -> Val| {
                Val::Seq(pairs.iter().map(|pair| (f(pair), pair.2)).collect())
            };
            match method {
                "copy" => receiver.clone(),
                "keys" => list(&|(key, _, _)| key.clone()),
                "values" => list(&|(_, value, _)| value.clone()),
                "items" => list(&|(key, value, place)| {
                    Val::Seq(vec![(key.clone(), *place), (value.clone(), *place)])
                }),
                "get" | "pop" => {
                    let Some(key) = args.first() else {
                        return Val::unknown("is an item of a mapping");
                    };
                    let found = pairs.iter().rev().find(|(known, _, _)| known == key);
                    match found {
                        Some((_, value, _)) => value.clone(),
                        None if pairs.iter().any(|(known, _, _)| known.is_unknown()) => {
                            Val::unknown("is an item of a mapping that is not known")
                        }
                        None => args.get(1).cloned().unwrap_or(Val::NONE),
                    }
                }
                _ => Val::unknown(format!("is the result of `{method}`")),
            }
        }
        Val::Seq(_) if method == "copy" => receiver.clone(),
        Val::Env { key, default, cast } => match method {
            "lower" | "upper" | "strip" | "title" | "capitalize" | "casefold" | "rstrip"
            | "lstrip" | "replace" | "split" => Val::Env {
                key: Arc::clone(key),
                default: default
                    .as_ref()
                    .map(|default| Box::new(method_of(default, method, args, keywords))),
                cast: if method == "split" {
                    Some("list")
                } else {
                    *cast
                },
            },
            _ => receiver.clone().into_unknown(),
        },
        Val::Unknown(reason) => Val::Unknown(Arc::clone(reason)),
        _ => Val::unknown(format!("is the result of `{method}`")),
    }
}

fn text_method(
    text: &str,
    method: &str,
    args: &[Val],
    first_text: Option<&str>,
    keywords: &Val,
) -> Option<Val> {
    Some(match method {
        "lower" | "casefold" => Val::str(text.to_lowercase()),
        "upper" => Val::str(text.to_uppercase()),
        "strip" if args.is_empty() => Val::str(text.trim()),
        "strip" => Val::str(text.trim_matches(|c| first_text.is_some_and(|t| t.contains(c)))),
        "rstrip" => Val::str(match first_text {
            Some(set) => text.trim_end_matches(|c| set.contains(c)),
            None => text.trim_end(),
        }),
        "lstrip" => Val::str(match first_text {
            Some(set) => text.trim_start_matches(|c| set.contains(c)),
            None => text.trim_start(),
        }),
        "title" => Val::str(title(&text.replace(' ', "_"))),
        "capitalize" => {
            let mut chars = text.chars();
            let first = chars
                .next()
                .map_or(String::new(), |c| c.to_uppercase().to_string());
            Val::str(first + &chars.as_str().to_lowercase())
        }
        "replace" => Val::str(text.replace(first_text?, args.get(1)?.as_str()?)),
        "startswith" => Val::bool(text.starts_with(first_text?)),
        "endswith" => Val::bool(text.ends_with(first_text?)),
        "split" => {
            let parts: Vec<&str> = match first_text {
                Some("") => return None,
                Some(separator) => text.split(separator).collect(),
                None => text.split_whitespace().collect(),
            };
            Val::Seq(
                parts
                    .into_iter()
                    .take(super::MAX_SIZE)
                    .map(|part| (Val::str(part), Place::default()))
                    .collect(),
            )
        }
        "join" => {
            let items = args.first()?.items()?;
            let parts: Option<Vec<&str>> = items.iter().map(|(item, _)| item.as_str()).collect();
            Val::str(parts?.join(text))
        }
        "format" => Val::str(formatted(text, args, keywords)?),
        // Paths.
        "resolve" | "absolute" | "expanduser" => Val::str(ops::normal(text)),
        "as_posix" | "__str__" => Val::str(text),
        "joinpath" => {
            let mut out = text.to_owned();
            for arg in args {
                out = ops::join_paths(&out, arg.as_str()?);
            }
            Val::str(out)
        }
        _ => return None,
    })
}

/// `"{} {0} {name}".format(…)` without format specifications.
fn formatted(template: &str, args: &[Val], keywords: &Val) -> Option<String> {
    let mut out = String::new();
    let mut chars = template.chars().peekable();
    let mut next = 0;
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                out.push(c);
            }
            '{' => {
                let name: String = chars.by_ref().take_while(|c| *c != '}').collect();
                let value = if name.is_empty() {
                    next += 1;
                    args.get(next - 1)
                } else if let Ok(at) = name.parse::<usize>() {
                    args.get(at)
                } else {
                    keywords.get(&name).map(|(value, _)| value)
                };
                out.push_str(&ops::display(value?)?);
            }
            _ => out.push(c),
        }
        if out.len() > 20_000 {
            return None;
        }
    }
    Some(out)
}
