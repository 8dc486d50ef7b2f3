//! Django's validators as limits of a schema: how the values of `validators=` read, and what each
//! adds to the schema of a property.
//!
//! Knows nothing of the fields that carry them.

use super::node::{Kind, Node};
use super::places::call_at;
use super::values;
use crate::python::syntax::{Expr, keyword, positional};
use crate::python::value::{Literal, Val};
use crate::python::{Base, ClassId, Program, Scope, Symbol};

/// What a validator limits.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    MaxLength(i64),
    MinLength(i64),
    MaxValue(Node),
    MinValue(Node),
    Pattern(String),
    Email,
    Url,
    Extensions(Vec<String>),
    /// `DecimalValidator`: greatest number of digits, digits behind the point.
    Digits(i64, i64),
}

/// What a list of validators limits, and whether one of them could not be read.
pub(super) fn rules(program: &Program, val: &Val) -> (Vec<Rule>, bool) {
    let Val::Seq(items) = val else {
        return (Vec::new(), !val.is_none());
    };
    let mut out = Vec::new();
    let mut open = false;
    for (item, _) in items {
        match rule(program, item) {
            Some(Some(rule)) => out.push(rule),
            Some(None) => {}
            None => open = true,
        }
    }
    (out, open)
}

/// `None`: not known; `Some(None)`: it limits nothing that a schema says.
#[expect(
    clippy::option_option,
    reason = "not known, and limiting nothing, are two answers"
)]
fn rule(program: &Program, val: &Val) -> Option<Option<Rule>> {
    match val {
        Val::Instance { class, place } => {
            let name = match class {
                Symbol::External(fq) => fq.rsplit('.').next()?.to_owned(),
                Symbol::Class(id) => return Some(own_rule(program, *id)),
                _ => return None,
            };
            let call = call_at(program, *place)?;
            let arg = |name: &str, at: usize| {
                keyword(call.args, name)
                    .or_else(|| positional(call.args, at))
                    .map(|expr| program.eval(call.scope, expr))
            };
            by_name(program, &name, &arg)
        }
        Val::Symbol(Symbol::External(fq)) => Some(match fq.rsplit('.').next()? {
            "validate_slug" => Some(Rule::Pattern("^[-a-zA-Z0-9_]+$".to_owned())),
            "validate_unicode_slug" => Some(Rule::Pattern(r"^[-\w]+$".to_owned())),
            "validate_email" => Some(Rule::Email),
            "validate_integer" => Some(Rule::Pattern(r"^-?\d+$".to_owned())),
            "validate_comma_separated_integer_list" => {
                Some(Rule::Pattern(r"^\d+(?:,\d+)*$".to_owned()))
            }
            // Checks an image's name against what Pillow reads.
            _ => None,
        }),
        // A function of the project.
        Val::Symbol(Symbol::Func(_)) => Some(None),
        Val::Symbol(Symbol::Class(_)) => Some(None),
        _ => None,
    }
}

#[expect(
    clippy::option_option,
    reason = "not known, and limiting nothing, are two answers"
)]
fn by_name(
    program: &Program,
    name: &str,
    arg: &dyn Fn(&str, usize) -> Option<Val>,
) -> Option<Option<Rule>> {
    let limit = || arg("limit_value", 0);
    Some(Some(match name {
        "MaxLengthValidator" => Rule::MaxLength(limit()?.as_int()?),
        "MinLengthValidator" => Rule::MinLength(limit()?.as_int()?),
        "MaxValueValidator" => Rule::MaxValue(number(program, &limit()?)?),
        "MinValueValidator" => Rule::MinValue(number(program, &limit()?)?),
        "RegexValidator" => match arg("regex", 0) {
            Some(regex) => Rule::Pattern(pattern(program, &regex)?),
            None => return Some(None),
        },
        "EmailValidator" => Rule::Email,
        "URLValidator" => Rule::Url,
        "UnicodeUsernameValidator" => Rule::Pattern(r"^[\w.@+-]+$".to_owned()),
        "ASCIIUsernameValidator" => Rule::Pattern(r"^[\w.@+-]+$".to_owned()),
        "FileExtensionValidator" => match arg("allowed_extensions", 0)? {
            Val::Seq(items) => Rule::Extensions(
                items
                    .iter()
                    .map(|(item, _)| item.as_str().map(str::to_lowercase))
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        },
        "DecimalValidator" => Rule::Digits(
            arg("max_digits", 0)?.as_int()?,
            arg("decimal_places", 1)?.as_int()?,
        ),
        _ => return Some(None),
    }))
}

/// A validator class of the project: its pattern, where it derives from `RegexValidator`.
fn own_rule(program: &Program, class: ClassId) -> Option<Rule> {
    let is_regex = program.mro(class).entries.iter().any(|base| {
        matches!(base, Base::External(fq) if fq.ends_with(".RegexValidator") || fq.ends_with("UsernameValidator"))
    });
    if !is_regex {
        return None;
    }
    let regex = program.class_value(class, "regex")?;
    pattern(program, &regex).map(Rule::Pattern)
}

/// A regular expression as it stands in a schema: Python's anchors become ECMA's.
fn pattern(program: &Program, regex: &Val) -> Option<String> {
    let text = match regex {
        Val::Known(Literal::Str(text)) => text.to_string(),
        Val::Instance { place, .. } => {
            let call = call_at(program, *place)?;
            program
                .eval(call.scope, positional(call.args, 0)?)
                .as_str()?
                .to_owned()
        }
        _ => return None,
    };
    Some(ecma(&text))
}

/// Python's anchors become ECMA's, what is not ASCII is escaped.
pub(super) fn ecma(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if c.is_ascii() {
            out.push(c);
        } else if u32::from(c) < 0x100 {
            out.push_str(&format!("\\u00{:02x}", u32::from(c)));
        } else if u32::from(c) < 0x1_0000 {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push_str(&format!("\\U{:08x}", u32::from(c)));
        }
    }
    out.replace(r"\x", r"\u00")
        .replace(r"\Z", "$")
        .replace(r"\A", "^")
}

/// A number, `Decimal("0.01")` included.
pub(super) fn number(program: &Program, val: &Val) -> Option<Node> {
    match val {
        Val::Known(Literal::Int(_) | Literal::Float(_)) => values::node(val),
        Val::Instance { .. } => values::float(&decimal(program, val)?),
        _ => None,
    }
}

/// The text of a `Decimal(…)`.
pub(super) fn decimal(program: &Program, val: &Val) -> Option<String> {
    let Val::Instance {
        class: Symbol::External(fq),
        place,
    } = val
    else {
        return None;
    };
    if !fq.ends_with("Decimal") {
        return None;
    }
    let call = call_at(program, *place)?;
    let arg: (Scope, &Expr) = (call.scope, positional(call.args, 0)?);
    values::text(&program.eval(arg.0, arg.1))
}

/// Adds what the validators of a field limit to its schema.
pub(super) fn insert(rules: &[Rule], schema: &mut Node) {
    let of_type = match schema.get("type").map(|t| &t.kind) {
        Some(Kind::String(text)) => text.to_string(),
        Some(Kind::List(items)) => items
            .iter()
            .filter_map(Node::as_str)
            .find(|t| *t != "null")
            .unwrap_or("")
            .to_owned(),
        _ => return,
    };
    for rule in rules {
        match (&*of_type, rule) {
            ("string", Rule::Email) => insert_missing(schema, "format", "email"),
            ("string", Rule::Url) => insert_missing(schema, "format", "uri"),
            ("string", Rule::Pattern(text)) => insert_missing(schema, "pattern", text),
            ("string", Rule::MaxLength(n)) => tighten(schema, "maxLength", &(*n).into(), true),
            ("string", Rule::MinLength(n)) => tighten(schema, "minLength", &(*n).into(), false),
            ("string", Rule::Extensions(all)) if !all.is_empty() => {
                let all: Vec<String> = all.iter().map(|e| regex::escape(e)).collect();
                insert_missing(schema, "pattern", &format!("(?:{})$", all.join("|")));
            }
            ("integer" | "number", Rule::MaxValue(n)) => tighten(schema, "maximum", n, true),
            ("integer" | "number", Rule::MinValue(n)) => tighten(schema, "minimum", n, false),
            ("array", Rule::MaxLength(n)) => tighten(schema, "maxItems", &(*n).into(), true),
            ("array", Rule::MinLength(n)) => tighten(schema, "minItems", &(*n).into(), false),
            ("object", Rule::MaxLength(n)) => tighten(schema, "maxProperties", &(*n).into(), true),
            ("object", Rule::MinLength(n)) => {
                tighten(schema, "minProperties", &(*n).into(), false);
            }
            _ => {}
        }
    }
}

fn insert_missing(schema: &mut Node, key: &str, value: &str) {
    if schema.get(key).is_none() {
        schema.insert(key, value);
    }
}

/// The stricter of what stands there and `value`.
fn tighten(schema: &mut Node, key: &str, value: &Node, is_upper: bool) {
    let old = schema.get(key).and_then(as_f64);
    let new = as_f64(value);
    let keeps = match (old, new) {
        (Some(old), Some(new)) if is_upper => old <= new,
        (Some(old), Some(new)) => old >= new,
        _ => false,
    };
    if !keeps {
        schema.insert(key, value.clone());
    }
    match key {
        "maximum" => drop(schema.remove("exclusiveMaximum")),
        "minimum" => drop(schema.remove("exclusiveMinimum")),
        _ => {}
    }
}

pub(super) fn as_f64(node: &Node) -> Option<f64> {
    match &node.kind {
        Kind::Number(number) => number.as_f64(),
        _ => None,
    }
}
