//! Enumerations become components of their own: which properties share one, what it is called when
//! names collide, and the components for a blank and for null.
//!
//! Source of the rules: drf-spectacular's `postprocess_schema_enums`, its odd cases included.
//! Works on finished schemas and knows nothing of fields.

use std::fmt::Write as _;

use indexmap::{IndexMap, IndexSet};
use sha2::{Digest, Sha256};

use super::basic::of as typed;
use super::field_schema::{ENUM_ID, safe_ref};
use super::node::{Kind, Node};
use super::shape::Shape;
use super::values::{self, Choice};
use crate::facts::Facts;
use crate::python::Symbol;
use crate::python::value::{Literal, Val};

/// Characters of a hash that are kept.
const HASH_LENGTH: usize = 16;

/// What tells two sets of choices apart: a hash over values and labels, blank and null left out.
pub(super) fn identity(choices: &[Choice]) -> String {
    let pairs = choices
        .iter()
        .filter(|(value, _)| !value.is_none() && value.as_str() != Some(""))
        .filter_map(|(value, label)| Some((values::node(value)?, label.clone())))
        .collect();
    hash(pairs)
}

/// Python's `sha256(json.dumps(sorted(pairs)))`, cut.
fn hash(pairs: Vec<(Node, String)>) -> String {
    let mut pairs = pairs;
    pairs.sort_by(|a, b| order(&a.0, &b.0).then_with(|| a.1.cmp(&b.1)));
    let rows: Vec<String> = pairs
        .iter()
        .map(|(value, label)| format!("[{}, {}]", dumped(value), quoted(label)))
        .collect();
    let digest = Sha256::digest(format!("[{}]", rows.join(", ")).as_bytes());
    let mut out = String::new();
    for byte in digest {
        let _ = write!(out, "{byte:02x}");
    }
    out.truncate(HASH_LENGTH);
    out
}

fn order(a: &Node, b: &Node) -> std::cmp::Ordering {
    match (&a.kind, &b.kind) {
        (Kind::Number(a), Kind::Number(b)) => a
            .as_f64()
            .partial_cmp(&b.as_f64())
            .unwrap_or(std::cmp::Ordering::Equal),
        _ => dumped(a).cmp(&dumped(b)),
    }
}

fn dumped(value: &Node) -> String {
    match &value.kind {
        Kind::String(text) => quoted(text),
        _ => value.to_value(false).to_string(),
    }
}

/// A string as Python's `json.dumps` writes it: ASCII only.
fn quoted(text: &str) -> String {
    let plain = serde_json::Value::String(text.to_owned()).to_string();
    let mut out = String::with_capacity(plain.len());
    for c in plain.chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        let mut units = [0_u16; 2];
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

/// The identity of the enumeration at a node.
fn identity_of(schema: &Node) -> Option<String> {
    let Some(Node {
        kind: Kind::List(values),
        ..
    }) = schema.get("enum")
    else {
        return None;
    };
    if let Some(id) = schema.get(ENUM_ID).and_then(Node::as_str) {
        return Some(id.to_owned());
    }
    Some(hash(
        values
            .iter()
            .filter(|v| !is_blank_or_null(v))
            .map(|v| {
                let label = v.as_str().map_or_else(|| dumped(v), str::to_owned);
                (v.clone(), label)
            })
            .collect(),
    ))
}

fn is_blank_or_null(value: &Node) -> bool {
    value.kind == Kind::Null || value.as_str() == Some("")
}

/// Gives every enumeration of a property a component and puts a reference in its place.
pub(super) fn name_all(schemas: &mut IndexMap<String, Node>, facts: &Facts, shape: &Shape) {
    let overrides = overrides(facts, shape);
    // Property → its sets of choices; set of choices → where it stands. In the order of the text.
    let mut by_property: IndexMap<String, IndexSet<String>> = IndexMap::new();
    let mut by_set: IndexMap<String, IndexSet<(String, String)>> = IndexMap::new();
    for (name, schema) in schemas.iter_mut() {
        let component = plain_name(name, shape);
        each_properties(schema, &mut |properties| {
            each_enum(properties, &mut |property, schema| {
                if let Some(id) = identity_of(schema) {
                    by_property
                        .entry(property.to_owned())
                        .or_default()
                        .insert(id.clone());
                    by_set
                        .entry(id)
                        .or_default()
                        .insert((component.clone(), property.to_owned()));
                }
            });
        });
    }
    let names = names(&by_property, &by_set, &overrides, &shape.enum_suffix);
    let mut made: IndexMap<String, Node> = IndexMap::new();
    for schema in schemas.values_mut() {
        each_properties(schema, &mut |properties| {
            each_enum(properties, &mut |property, schema| {
                replace(property, schema, &names, shape, &mut made);
            });
        });
    }
    for (name, schema) in made {
        schemas.entry(name).or_insert(schema);
    }
}

/// Names by set alone (empty property) and by set and property.
type Names = IndexMap<(String, String), String>;

fn names(
    by_property: &IndexMap<String, IndexSet<String>>,
    by_set: &IndexMap<String, IndexSet<(String, String)>>,
    overrides: &IndexMap<String, String>,
    suffix: &str,
) -> Names {
    let mut out: Names = IndexMap::new();
    for (property, sets) in by_property {
        for set in sets {
            let places = by_set.get(set);
            let name = if let Some(name) = overrides.get(set) {
                name.clone()
            } else if sets.len() == 1 {
                format!("{}{suffix}", camelize(property))
            } else if let Some((component, _)) = places
                .filter(|places| places.len() == 1)
                .and_then(|places| places.first())
            {
                format!("{}{}{suffix}", camelize(component), camelize(property))
            } else {
                let start: String = set.chars().take(3).collect();
                format!("{}{}{suffix}", camelize(property), capitalized(&start))
            };
            let alone = (set.clone(), String::new());
            if out.get(&alone).is_some_and(|known| *known != name) {
                out.shift_remove(&alone);
            } else {
                out.insert(alone, name.clone());
            }
            out.insert((set.clone(), property.clone()), name);
        }
    }
    out
}

fn replace(
    property: &str,
    schema: &mut Node,
    names: &Names,
    shape: &Shape,
    made: &mut IndexMap<String, Node>,
) {
    let Some(id) = identity_of(schema) else {
        return;
    };
    let name = names
        .get(&(id.clone(), String::new()))
        .or_else(|| names.get(&(id, property.to_owned())));
    let (
        Some(name),
        Some(Node {
            kind: Kind::List(all),
            ..
        }),
    ) = (name, schema.remove("enum"))
    else {
        return;
    };
    let at = schema.at;
    let certainty = schema.certainty.clone();
    let kept: Vec<Node> = all
        .iter()
        .filter(|v| !is_blank_or_null(v))
        .cloned()
        .collect();
    let mut component = Node::map().with("enum", kept);
    if let Some(of_type) = schema.remove("type") {
        // Null has a component of its own.
        let of_type = match of_type.kind {
            Kind::List(names) => names.into_iter().find(|n| n.as_str() != Some("null")),
            kind => Some(Node::from(kind)),
        };
        if let Some(of_type) = of_type {
            component.insert("type", of_type);
        }
    }
    schema.remove(ENUM_ID);
    if shape.enum_descriptions {
        let text = schema
            .get("description")
            .and_then(Node::as_str)
            .map(str::to_owned);
        if let Some(text) = text {
            if text.starts_with('*') {
                schema.remove("description");
                component.insert("description", text);
            } else if let Some((_, list)) = text.split_once("\n\n*") {
                component.insert("description", format!("*{list}"));
            }
        }
    }
    component.at = at;
    let mut references = vec![name.clone()];
    made.entry(name.clone()).or_insert(component);
    if shape.enum_explicit_blank_null {
        if all.iter().any(|v| v.as_str() == Some("")) {
            let blank = format!("Blank{}", shape.enum_suffix);
            made.entry(blank.clone())
                .or_insert_with(|| Node::map().with("enum", vec![Node::from("")]));
            references.push(blank);
        }
        if all.iter().any(|v| v.kind == Kind::Null) {
            let null = format!("Null{}", shape.enum_suffix);
            let is_3_1 = shape.oas_version.starts_with("3.1");
            made.entry(null.clone()).or_insert_with(|| {
                if is_3_1 {
                    typed("null")
                } else {
                    Node::map().with("enum", vec![Node::from(Kind::Null)])
                }
            });
            references.push(null);
        }
    }
    match references.as_slice() {
        [only] => {
            for (key, value) in Node::reference(only).into_entries() {
                schema.insert(&key, value);
            }
        }
        all => {
            let all: Vec<Node> = all.iter().map(|name| Node::reference(name)).collect();
            schema.insert("oneOf", all);
        }
    }
    let mut out = safe_ref(std::mem::replace(schema, Node::map()));
    out.at = at;
    out.certainty = certainty;
    *schema = out;
}

/// The component's name without the marks of partial updates and requests.
fn plain_name(name: &str, shape: &Shape) -> String {
    let mut name = name;
    if shape.split_patch
        && let Some(rest) = name.strip_prefix("Patched")
        && !rest.is_empty()
    {
        name = rest;
    }
    if shape.split_request
        && let Some(rest) = name.strip_suffix("Request")
        && !rest.is_empty()
    {
        name = rest;
    }
    name.to_owned()
}

/// The properties of a schema and of what it is composed of.
fn each_properties(schema: &mut Node, visit: &mut dyn FnMut(&mut Node)) {
    if let Some(properties) = schema.get_mut("properties") {
        visit(properties);
    }
    for key in ["oneOf", "allOf", "anyOf"] {
        if let Some(Node {
            kind: Kind::List(items),
            ..
        }) = schema.get_mut(key)
        {
            for item in items {
                each_properties(item, visit);
            }
        }
    }
}

/// Properties that are an enumeration or a list of one.
fn each_enum(properties: &mut Node, visit: &mut dyn FnMut(&str, &mut Node)) {
    let Kind::Map(entries) = &mut properties.kind else {
        return;
    };
    for (name, schema) in entries.iter_mut() {
        let is_array = schema.get("type").and_then(Node::as_str) == Some("array");
        let target = if is_array {
            schema.get_mut("items")
        } else {
            Some(schema)
        };
        if let Some(target) = target
            && target.get("enum").is_some()
        {
            visit(name, target);
        }
    }
}

/// Takes the identities off what got no name: parameters, inline schemas.
pub(super) fn remove_identities(node: &mut Node) {
    match &mut node.kind {
        Kind::List(items) => items.iter_mut().for_each(remove_identities),
        Kind::Map(entries) => {
            entries.shift_remove(ENUM_ID);
            entries.values_mut().for_each(remove_identities);
        }
        _ => {}
    }
}

/// `inflection.camelize`: first letters after `_` in upper case.
fn camelize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    if let Some(first) = chars.next() {
        out.extend(first.to_uppercase());
    }
    while let Some(c) = chars.next() {
        if c != '_' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some(next) => out.extend(next.to_uppercase()),
            None => out.push('_'),
        }
    }
    out
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().collect::<String>() + &chars.as_str().to_lowercase())
        .unwrap_or_default()
}

/// `ENUM_NAME_OVERRIDES`: identity → name.
fn overrides(facts: &Facts, shape: &Shape) -> IndexMap<String, String> {
    let mut out = IndexMap::new();
    for (name, val) in &shape.enum_overrides {
        let choices = match val {
            Val::Known(Literal::Str(dotted)) => named_choices(facts, dotted),
            Val::Symbol(symbol) => symbol_choices(facts, symbol),
            val => values::choices(val),
        };
        if let Some(choices) = choices {
            out.insert(identity(&choices), name.to_string());
        }
    }
    out
}

/// Choices at a dotted path: `orders.models.Order.Status`, `orders.models.STATUSES`,
/// `orders.models.Order.STATUSES`.
fn named_choices(facts: &Facts, dotted: &str) -> Option<Vec<Choice>> {
    let named = dotted.strip_suffix(".choices").unwrap_or(dotted);
    let found = facts.program.resolve_dotted(named);
    if let Some(choices) = symbol_choices(facts, &found) {
        return Some(choices);
    }
    let (owner, attribute) = named.rsplit_once('.')?;
    match facts.program.resolve_dotted(owner) {
        Symbol::Class(class) => values::choices(&facts.program.class_value(class, attribute)?),
        _ => None,
    }
}

fn symbol_choices(facts: &Facts, symbol: &Symbol) -> Option<Vec<Choice>> {
    let program = &facts.program;
    match symbol {
        Symbol::Class(class) => super::drf_field::class_choices(program, *class),
        Symbol::Variable(module, name) => values::choices(&program.module_value(*module, name)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_python_does() {
        let pair = |v: &str, l: &str| (Val::Known(Literal::Str(v.into())), l.to_owned());
        // hashlib.sha256(b'[["a", "A"], ["b", "B"]]').hexdigest()[:16]
        assert_eq!(
            identity(&[pair("b", "B"), pair("a", "A")]),
            "f7e681299ec23488"
        );
        assert_eq!(quoted("é\"😀"), "\"\\u00e9\\\"\\ud83d\\ude00\"");
    }

    #[test]
    fn camelizes_as_inflection_does() {
        assert_eq!(camelize("order_status"), "OrderStatus");
        assert_eq!(camelize("status"), "Status");
        assert_eq!(camelize("orderStatus"), "OrderStatus");
        assert_eq!(camelize("a__b"), "A_b");
        assert_eq!(camelize("_x"), "_x");
        assert_eq!(camelize("x_"), "X_");
    }
}
