//! Python values as JSON, as text and as lists of choices.
//!
//! Knows nothing of fields and schemas.

use serde_json::Number;

use super::node::{Kind, Node};
use crate::python::value::{Literal, Val};

/// A value and its label.
pub(super) type Choice = (Val, String);

pub(super) use super::json::node;

/// A number as Python writes it.
pub(super) fn float(text: &str) -> Option<Node> {
    let value: f64 = text.replace('_', "").parse().ok()?;
    Number::from_f64(value).map(|n| Kind::Number(n).into())
}

/// `str(value)`
pub(super) fn text(val: &Val) -> Option<String> {
    Some(match val {
        Val::Known(Literal::None) => "None".to_owned(),
        Val::Known(Literal::Bool(flag)) => if *flag { "True" } else { "False" }.to_owned(),
        Val::Known(Literal::Int(number)) => number.to_string(),
        Val::Known(Literal::Float(text)) => {
            let value: f64 = text.replace('_', "").parse().ok()?;
            if value.fract() == 0.0 && value.abs() < 1e16 {
                format!("{value:.1}")
            } else {
                value.to_string()
            }
        }
        Val::Known(Literal::Str(text)) => text.to_string(),
        _ => return None,
    })
}

/// Choices as DRF flattens them: pairs, groups of pairs, bare values. `None` where any part is not
/// known.
pub(super) fn choices(val: &Val) -> Option<Vec<Choice>> {
    let mut out = Vec::new();
    collect(val, &mut out, 0).then_some(out)
}

fn collect(val: &Val, out: &mut Vec<Choice>, depth: usize) -> bool {
    if depth > 3 {
        return false;
    }
    match val {
        Val::Seq(items) => items.iter().all(|(item, _)| match item {
            Val::Seq(pair) => match pair.as_slice() {
                [(_, _), (group @ (Val::Seq(_) | Val::Map(_)), _)] => {
                    collect(group, out, depth + 1)
                }
                [(value, _), (label, _)] => push(value, label, out),
                _ => false,
            },
            single => push(single, single, out),
        }),
        Val::Map(items) => items.iter().all(|(key, value, _)| match value {
            Val::Map(_) | Val::Seq(_) => collect(value, out, depth + 1),
            label => push(key, label, out),
        }),
        _ => false,
    }
}

fn push(value: &Val, label: &Val, out: &mut Vec<Choice>) -> bool {
    if node(value).is_none() {
        return false;
    }
    // A label that is computed changes only words; the value is what counts.
    let label = text(label).or_else(|| text(value)).unwrap_or_default();
    match out.iter_mut().find(|(v, _)| v == value) {
        Some(known) => known.1 = label,
        None => out.push((value.clone(), label)),
    }
    true
}

/// Whether two texts are the same but for case, blanks and dashes.
pub(super) fn is_trivial_variation(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '-'], "_");
    plain(a) == plain(b)
}

/// The first letter in upper case, as Django's `capfirst`.
pub(super) fn capfirst(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().collect::<String>() + chars.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_values_as_python_does() {
        let float = |t: &str| text(&Val::Known(Literal::Float(t.into())));
        assert_eq!(float("1.50").as_deref(), Some("1.5"));
        assert_eq!(float("2.").as_deref(), Some("2.0"));
        assert!(is_trivial_variation("First Name", "first_name"));
        assert_eq!(capfirst("élan vital"), "Élan vital");
    }
}
