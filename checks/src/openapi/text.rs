//! How values, types and sentences are written for people.

use serde_json::Value;

use super::model::*;

/// A value as it stands in a sentence; strings without quotes, long ones cut.
pub(crate) fn of_value(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text),
        Value::Null => "null".to_owned(),
        other => cut(&other.to_string()),
    }
}

/// At most this many characters of one value stand in a sentence.
const LONGEST: usize = 200;

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

pub(crate) fn of_number(number: f64) -> String {
    super::tree::number_value(number).to_string()
}

pub(crate) fn of_bound(bound: Bound) -> String {
    match bound {
        Bound::Unset => "none".to_owned(),
        Bound::Flag(flag) => flag.to_string(),
        Bound::Number(number) => of_number(number),
    }
}

/// `string`, `array<integer>`, `string, null`; `any` where every type is allowed.
pub(crate) fn of_types(api: &Api, schema: &Schema) -> String {
    if schema.types.is_empty() {
        return "any".to_owned();
    }
    let names: Vec<String> = schema
        .types
        .iter()
        .map(|one| match (one, &schema.items) {
            (Type::Array, Some(items)) => {
                let items = api.schema(items.id);
                let mut inner = if items.types.is_empty() {
                    "any".to_owned()
                } else {
                    items
                        .types
                        .iter()
                        .map(|t| t.name())
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                if let Some(format) = &items.format {
                    inner = format!("{inner}/{format}");
                }
                format!("array<{inner}>")
            }
            _ => one.name().to_owned(),
        })
        .collect();
    names.join(", ")
}

/// Type and format, as far as they changed.
pub(crate) fn of_type_format(api: &Api, schema: &Schema, types: bool, format: bool) -> String {
    let name = schema.format.as_deref();
    match (types, format) {
        (true, true) => match name {
            Some(name) => format!("{}/{name}", of_types(api, schema)),
            None => of_types(api, schema),
        },
        (_, true) => name.unwrap_or("none").to_owned(),
        _ => of_types(api, schema),
    }
}

/// Fills the words in braces.
pub(crate) fn fill(template: &str, args: &[(&'static str, String)]) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((word, tail)) = after.split_once('}') else {
            break;
        };
        if let Some((_, value)) = args.iter().find(|(name, _)| *name == word) {
            text.push_str(value);
        }
        rest = tail;
    }
    text.push_str(rest);
    text
}
