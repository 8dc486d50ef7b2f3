//! Defaults of serializer fields as a schema shows them: what the field's `to_representation` makes
//! of the value.

use super::drf_field::DrfField;
use super::node::Node;
use super::values;
use crate::python::value::{Literal, Val};

/// A default as the field's `to_representation` gives it.
pub(super) fn represented(field: &DrfField, val: &Val, node: &Node, coerce: bool) -> Node {
    let text = || values::text(val).or_else(|| node.as_str().map(str::to_owned));
    if field.many {
        return node.clone();
    }
    match &*field.base {
        "CharField" | "EmailField" | "RegexField" | "SlugField" | "URLField" | "IPAddressField" => {
            text().map_or_else(|| node.clone(), Node::from)
        }
        "DecimalField" => decimal_default(field, node, text(), coerce),
        "IntegerField" => match val {
            Val::Known(Literal::Str(text)) => text
                .trim()
                .parse::<i64>()
                .map_or_else(|_| node.clone(), Node::from),
            Val::Known(Literal::Float(text)) => text
                .parse::<f64>()
                .ok()
                .map_or_else(|| node.clone(), |n| Node::from(n.trunc() as i64)),
            Val::Known(Literal::Bool(flag)) => i64::from(*flag).into(),
            _ => node.clone(),
        },
        "FloatField" => match val {
            Val::Known(Literal::Int(n)) => {
                values::float(&n.to_string()).unwrap_or_else(|| node.clone())
            }
            Val::Known(Literal::Str(text)) => values::float(text).unwrap_or_else(|| node.clone()),
            _ => node.clone(),
        },
        _ => node.clone(),
    }
}

fn decimal_default(field: &DrfField, node: &Node, text: Option<String>, coerce: bool) -> Node {
    if !field.coerce_to_string.unwrap_or(coerce) {
        return text
            .and_then(|text| values::float(&text))
            .unwrap_or_else(|| node.clone());
    }
    let Some(text) = text else {
        return node.clone();
    };
    match (
        field.decimal_places.and_then(|p| usize::try_from(p).ok()),
        text.parse::<f64>(),
    ) {
        (Some(places), Ok(value)) => format!("{value:.places$}").into(),
        _ => text.into(),
    }
}
