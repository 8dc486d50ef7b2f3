//! Settings and arguments that are JSON already: Python literals as nodes.
//!
//! What is not a literal stays unknown.

use serde_json::Number;

use super::node::{Kind, Node};
use crate::python::value::{Literal, Val};

/// The JSON that a value stands for; `None` where any part is not known.
pub(super) fn node(val: &Val) -> Option<Node> {
    Some(match val {
        Val::Known(Literal::None) => Kind::Null.into(),
        Val::Known(Literal::Bool(flag)) => (*flag).into(),
        Val::Known(Literal::Int(number)) => (*number).into(),
        Val::Known(Literal::Float(text)) => {
            let value: f64 = text.replace('_', "").parse().ok()?;
            Kind::Number(Number::from_f64(value)?).into()
        }
        Val::Known(Literal::Str(text)) => Node::from(std::sync::Arc::clone(text)),
        Val::Seq(items) => {
            let items: Option<Vec<Node>> = items.iter().map(|(item, _)| node(item)).collect();
            items?.into()
        }
        Val::Map(items) => {
            let mut out = Node::map();
            for (key, value, place) in items {
                let key = match key {
                    Val::Known(Literal::Str(text)) => text.to_string(),
                    Val::Known(Literal::Int(number)) => number.to_string(),
                    _ => return None,
                };
                out.insert(&key, node(value)?.at(*place));
            }
            out
        }
        _ => return None,
    })
}
