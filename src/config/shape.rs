//! A file against the schema: every problem at once, and the values that are good. Knows the parts
//! of JSON Schema that [`super::schema`] uses, and no more.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::problem::Problem;
use super::suggest::nearest;
use super::yaml::{Kind, Member, Node, Spot, shown};
use super::{catalogue, schema};

/// The schema of a file, once.
pub(super) static SCHEMA: LazyLock<Value> = LazyLock::new(schema::of_file);

/// What a file says, as far as it is good.
#[derive(Debug, Default)]
pub(super) struct Shaped {
    pub value: Map<String, Value>,
    /// Key and value of every key path in `value`; entries of lists are `path[0]`.
    pub spots: BTreeMap<String, (Spot, Spot)>,
}

struct Walk<'a> {
    file: &'a str,
    problems: &'a mut Vec<Problem>,
    spots: BTreeMap<String, (Spot, Spot)>,
}

/// Compares a file with the schema.
pub(super) fn shape(file: &str, root: &Node, problems: &mut Vec<Problem>) -> Shaped {
    let mut walk = Walk {
        file,
        problems,
        spots: BTreeMap::new(),
    };
    let value = match walk.node(root, &SCHEMA, "", &root.spot) {
        Some(Value::Object(value)) => value,
        _ => Map::new(),
    };
    Shaped {
        value,
        spots: walk.spots,
    }
}

/// Follows `$ref`.
pub(super) fn resolve(schema: &Value) -> &Value {
    let mut schema = schema;
    // The schema is ours and has no cycles; the bound says so.
    for _ in 0..8 {
        let Some(name) = schema.get("$ref").and_then(Value::as_str) else {
            break;
        };
        let target = name.strip_prefix("#").and_then(|at| SCHEMA.pointer(at));
        schema = target.unwrap_or(&Value::Null);
    }
    schema
}

/// The words that an enumeration allows.
fn words(schema: &Value) -> Option<Vec<&Value>> {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Some(words.iter().collect());
    }
    if let Some(word) = schema.get("const") {
        return Some(vec![word]);
    }
    let choices = schema.get("oneOf").and_then(Value::as_array)?;
    let words = choices.iter().filter_map(words).flatten().collect();
    Some(words)
}

/// `publish` and `fail_on` make `publish.fail_on`.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

impl Walk<'_> {
    fn fail(&mut self, spot: &Spot, key: &str, message: String, expected: String) {
        let mut problem = spot.problem(self.file, key, message);
        problem.expected = Some(expected);
        self.problems.push(problem);
    }

    /// The good part of a node; `at` is what to point at where the node is a collection.
    fn node(&mut self, node: &Node, schema: &Value, path: &str, at: &Spot) -> Option<Value> {
        let schema = resolve(schema);
        if let Some(words) = words(schema) {
            return self.word(node, schema, &words, path, at);
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("object") => self.object(node, schema, path, at),
            Some("array") => self.array(node, schema, path, at),
            Some("boolean") => self.boolean(node, path, at),
            Some("integer") => self.integer(node, schema, path, at),
            _ => self.string(node, schema, path, at),
        }
    }

    fn object(&mut self, node: &Node, schema: &Value, path: &str, at: &Spot) -> Option<Value> {
        if node.is_empty() {
            return Some(Value::Object(Map::new()));
        }
        let none = Map::new();
        let known = schema
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&none);
        let Kind::Map(members) = &node.kind else {
            let spot = place(node, at);
            let keys = known.keys().map(String::as_str).collect::<Vec<_>>();
            self.fail(
                spot,
                path,
                format!("{} is not a mapping", subject(path)),
                format!("expected keys with values: {}", listing(&keys)),
            );
            return None;
        };
        let most = schema.get("maxProperties").and_then(Value::as_u64);
        let mut out = Map::new();
        for member in members {
            let inner = join(path, &member.key);
            let value_schema = match (known.get(&member.key), schema.get("additionalProperties")) {
                (Some(value_schema), _) => value_schema,
                (None, Some(value_schema @ Value::Object(_))) => {
                    let names = schema.get("propertyNames");
                    if !self.key_fits(member, names, path) {
                        continue;
                    }
                    value_schema
                }
                _ => {
                    self.unknown_key(member, known, path);
                    continue;
                }
            };
            if most.is_some_and(|most| out.len() as u64 >= most) {
                let message = format!("{} has too many keys", subject(path));
                self.fail(at, path, message, format!("at most {} are read", out.len()));
                break;
            }
            if let Some(value) = self.node(&member.node, value_schema, &inner, &member.key_spot) {
                let spots = (member.key_spot.clone(), member.node.spot.clone());
                self.spots.insert(inner, spots);
                out.insert(member.key.clone(), value);
            }
        }
        let required = schema.get("required").and_then(Value::as_array);
        for name in required.into_iter().flatten().filter_map(Value::as_str) {
            let written = members.iter().any(|member| member.key == name);
            if !written {
                let message = format!("the key `{name}` is missing");
                let expected = known.get(name).map_or_else(String::new, describe);
                self.fail(place(node, at), path, message, expected);
            }
            if !out.contains_key(name) {
                return None;
            }
        }
        Some(Value::Object(out))
    }

    fn key_fits(&mut self, member: &Member, names: Option<&Value>, path: &str) -> bool {
        let Some(pattern) = names.and_then(|n| n.get("pattern")).and_then(Value::as_str) else {
            return true;
        };
        if matches(pattern, &member.key) {
            return true;
        }
        let message = format!("`{}` is not the id of a check", shown(&member.key));
        let mut problem = member.key_spot.problem(self.file, path, message);
        problem.expected = Some("expected an id such as `DRF631`".into());
        problem.suggestion = catalogue::meant(&member.key);
        self.problems.push(problem);
        false
    }

    fn unknown_key(&mut self, member: &Member, known: &Map<String, Value>, path: &str) {
        let place = if path.is_empty() {
            "a rules file".to_owned()
        } else {
            format!("`{path}`")
        };
        let message = format!("`{}` is not a key of {place}", shown(&member.key));
        let mut problem = member.key_spot.problem(self.file, path, message);
        let keys: Vec<&str> = known.keys().map(String::as_str).collect();
        problem.suggestion = nearest(&member.key, keys.iter().copied()).map(str::to_owned);
        problem.expected = Some(
            match (&problem.suggestion, elsewhere(&SCHEMA, &member.key, "", 0)) {
                (None, Some(other)) => format!("the key is `{other}`"),
                _ => format!("expected one of {}", listing(&keys)),
            },
        );
        self.problems.push(problem);
    }

    fn array(&mut self, node: &Node, schema: &Value, path: &str, at: &Spot) -> Option<Value> {
        let items = schema.get("items").unwrap_or(&Value::Null);
        let Kind::List(nodes) = &node.kind else {
            let (message, expected) = if node.is_empty() {
                (
                    format!("`{path}` has no value"),
                    "write a list, such as `[]`, or remove the key".to_owned(),
                )
            } else {
                (
                    format!("`{path}` is not a list"),
                    format!(
                        "put each value on its own line after `- `: {}",
                        describe(items)
                    ),
                )
            };
            self.fail(place(node, at), path, message, expected);
            return None;
        };
        let most = schema.get("maxItems").and_then(Value::as_u64);
        let most = most.map_or(usize::MAX, |most| most as usize);
        if let Some(beyond) = nodes.get(most) {
            let message = format!("`{path}` has more than {most} entries");
            self.fail(&beyond.spot, path, message, "the rest is left out".into());
        }
        let unique = schema.get("uniqueItems").is_some();
        let mut out: Vec<Value> = Vec::new();
        for (index, item) in nodes.iter().take(most).enumerate() {
            let inner = format!("{path}[{index}]");
            let Some(value) = self.node(item, items, &inner, &item.spot) else {
                continue;
            };
            if unique && out.contains(&value) {
                let text = value.as_str().unwrap_or_default();
                let message = format!("`{text}` stands twice in `{path}`");
                self.fail(&item.spot, &inner, message, "once is enough".into());
                continue;
            }
            // Places follow the entries that were kept.
            let kept = format!("{path}[{}]", out.len());
            self.spots
                .insert(kept, (item.spot.clone(), item.spot.clone()));
            out.push(value);
        }
        Some(Value::Array(out))
    }

    /// The text of a scalar, or a problem.
    fn scalar<'n>(
        &mut self,
        node: &'n Node,
        path: &str,
        at: &Spot,
        expected: &str,
    ) -> Option<(&'n str, bool)> {
        let message = match &node.kind {
            _ if node.is_empty() => format!("{} has no value", subject(path)),
            Kind::Scalar { text, plain } => return Some((text, *plain)),
            Kind::List(_) => format!("{} is a list", subject(path)),
            Kind::Map(_) => format!("{} is a mapping", subject(path)),
        };
        self.fail(place(node, at), path, message, expected.to_owned());
        None
    }

    fn boolean(&mut self, node: &Node, path: &str, at: &Spot) -> Option<Value> {
        let (text, plain) = self.scalar(node, path, at, "expected `true` or `false`")?;
        match (text, plain) {
            ("true", true) => return Some(Value::Bool(true)),
            ("false", true) => return Some(Value::Bool(false)),
            _ => {}
        }
        let message = format!("`{}` is not a boolean", shown(text));
        let mut problem = node.spot.problem(self.file, path, message);
        problem.expected = Some("expected `true` or `false`".into());
        let meant = match text.to_lowercase().as_str() {
            "yes" | "on" | "y" | "true" | "1" => Some("true"),
            "no" | "off" | "n" | "false" | "0" => Some("false"),
            other => nearest(other, ["true", "false"]),
        };
        problem.suggestion = meant.map(str::to_owned);
        self.problems.push(problem);
        None
    }

    fn integer(&mut self, node: &Node, schema: &Value, path: &str, at: &Spot) -> Option<Value> {
        let expected = describe(schema);
        let (text, plain) = self.scalar(node, path, at, &expected)?;
        let least = schema.get("minimum").and_then(Value::as_u64).unwrap_or(0);
        let most = schema.get("maximum").and_then(Value::as_u64);
        // `012` is twelve, ten or a word, depending on whom one asks: it is refused.
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let clear = plain && digits && !(text.len() > 1 && text.starts_with('0'));
        let number = if clear {
            text.parse::<u64>().ok()
        } else {
            None
        };
        if let Some(number) = number
            && number >= least
            && most.is_none_or(|most| number <= most)
        {
            return Some(Value::from(number));
        }
        let message = if clear {
            format!("{} is out of range for `{path}`", shown(text))
        } else {
            format!("`{}` is not a whole number", shown(text))
        };
        self.fail(&node.spot, path, message, expected);
        None
    }

    fn word(
        &mut self,
        node: &Node,
        schema: &Value,
        words: &[&Value],
        path: &str,
        at: &Spot,
    ) -> Option<Value> {
        let names: Vec<String> = words
            .iter()
            .map(|word| {
                word.as_str()
                    .map_or_else(|| word.to_string(), str::to_owned)
            })
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let expected = format!("expected {}", listing(&names));
        let (text, _) = self.scalar(node, path, at, &expected)?;
        if let Some(index) = names.iter().position(|name| *name == text) {
            return words.get(index).map(|word| (*word).clone());
        }
        let message = format!("`{}` is not a value of `{path}`", shown(text));
        let mut problem = node.spot.problem(self.file, path, message);
        if schema.get("type").and_then(Value::as_str) == Some("integer") {
            problem.expected = Some(format!("{expected}: this takehome knows no other"));
        } else {
            problem.suggestion = nearest(text, names.iter().copied()).map(str::to_owned);
            problem.expected = Some(expected);
        }
        self.problems.push(problem);
        None
    }

    fn string(&mut self, node: &Node, schema: &Value, path: &str, at: &Spot) -> Option<Value> {
        let expected = describe(schema);
        // `django: 5.2` means the text 5.2: what was written is what is meant.
        let (text, _) = self.scalar(node, path, at, &expected)?;
        let length = text.chars().count() as u64;
        let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
        if bound("minLength").is_some_and(|least| length < least) {
            self.fail(
                &node.spot,
                path,
                format!("{} is empty", subject(path)),
                expected,
            );
            return None;
        }
        if let Some(most) = bound("maxLength")
            && length > most
        {
            let message = format!("{} is longer than {most} characters", subject(path));
            self.fail(&node.spot, path, message, "shorten it".into());
            return None;
        }
        let pattern = schema.get("pattern").and_then(Value::as_str);
        if let Some(pattern) = pattern
            && !matches(pattern, text)
        {
            let is_id = pattern.starts_with("^DRF");
            let message = if is_id {
                format!("`{}` is not the id of a check", shown(text))
            } else {
                format!("`{}` is not a value of `{path}`", shown(text))
            };
            let mut problem = node.spot.problem(self.file, path, message);
            problem.suggestion = is_id.then(|| catalogue::meant(text)).flatten();
            problem.expected = Some(expected);
            self.problems.push(problem);
            return None;
        }
        Some(Value::from(text))
    }
}

/// Patterns are those of our own schema, never of a file.
fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
}

/// Point at the value where it is a scalar, at the key where it is a collection.
fn place<'a>(node: &'a Node, at: &'a Spot) -> &'a Spot {
    match node.kind {
        Kind::Scalar { .. } if !node.is_empty() => &node.spot,
        _ => at,
    }
}

fn subject(path: &str) -> String {
    if path.is_empty() {
        "the file".to_owned()
    } else {
        format!("`{path}`")
    }
}

fn listing(words: &[&str]) -> String {
    const MOST: usize = 12;
    let quoted: Vec<String> = words.iter().take(MOST).map(|w| format!("`{w}`")).collect();
    match words.len().checked_sub(MOST) {
        Some(more @ 1..) => format!("{} and {more} more", quoted.join(", ")),
        _ => match quoted.as_slice() {
            [] => "nothing".to_owned(),
            [only] => only.clone(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        },
    }
}

/// What a value should look like, in words.
pub(super) fn describe(schema: &Value) -> String {
    let schema = resolve(schema);
    if let Some(words) = words(schema) {
        let names: Vec<&str> = words.iter().filter_map(|word| word.as_str()).collect();
        return format!("expected {}", listing(&names));
    }
    let examples = schema.get("examples").and_then(Value::as_array);
    let examples: Vec<&str> = examples
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if !examples.is_empty() {
        return format!("expected a value such as {}", listing(&examples));
    }
    let bound = |name: &str| schema.get(name).and_then(Value::as_u64);
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let keys = schema.get("properties").and_then(Value::as_object);
            let keys: Vec<&str> = keys
                .into_iter()
                .flat_map(|k| k.keys())
                .map(String::as_str)
                .collect();
            format!("expected a mapping with {}", listing(&keys))
        }
        Some("array") => "expected a list".to_owned(),
        Some("boolean") => "expected `true` or `false`".to_owned(),
        Some("integer") => match (bound("minimum"), bound("maximum")) {
            (least, Some(most)) => {
                format!(
                    "expected a whole number from {} to {most}",
                    least.unwrap_or(0)
                )
            }
            _ => "expected a whole number".to_owned(),
        },
        _ => "expected a text".to_owned(),
    }
}

/// Where else the format has a key of this name.
fn elsewhere(schema: &Value, key: &str, path: &str, depth: u8) -> Option<String> {
    let known = resolve(schema).get("properties")?.as_object()?;
    if depth > 0 && known.contains_key(key) {
        return Some(join(path, key));
    }
    if depth >= 3 {
        return None;
    }
    known
        .iter()
        .find_map(|(name, inner)| elsewhere(inner, key, &join(path, name), depth + 1))
}
