//! What a schema cannot say about a file: ids that exist, globs that compile, references that git
//! accepts, locks that name a key. Looks at values that already have the right shape, and takes out
//! those that cannot be used.

use globset::{Glob, GlobBuilder};
use serde_json::{Map, Value};
use takehome_checks::evidence::Severity;

use super::problem::{Problem, Weight};
use super::shape::{SCHEMA, Shaped, resolve};
use super::suggest::nearest;
use super::yaml::{Spot, shown};
use super::{Layer, catalogue};

/// Checks of wording and habits, which never weigh more than low: they say little about skill and
/// much about language and circumstances.
const NEVER_ABOVE_LOW: [&str; 3] = ["DRF701", "DRF702", "DRF707"];

/// Looks at the values of one file.
pub(super) fn examine(file: &str, layer: Layer, shaped: &mut Shaped, problems: &mut Vec<Problem>) {
    let mut look = Look {
        file,
        shaped,
        problems,
    };
    look.ids("/checks/off", "checks.off");
    look.ids("/rubric/unscored", "rubric.unscored");
    look.severities();
    look.seeded();
    look.list("/assignment/protected", "assignment.protected", glob_fault);
    look.list(
        "/assignment/starter/paths",
        "assignment.starter.paths",
        glob_fault,
    );
    look.text("assignment", &["starter", "ref"], ref_fault);
    look.text("contract", &["file"], path_fault);
    look.levels();
    match layer {
        Layer::Repository => look.no_locks(),
        Layer::Default | Layer::Organisation => look.list("/locked", "locked", lock_fault),
    }
}

/// What is wrong with a text, what was expected, and what was probably meant.
struct Fault {
    message: String,
    expected: String,
    suggestion: Option<String>,
}

struct Look<'a> {
    file: &'a str,
    shaped: &'a mut Shaped,
    problems: &'a mut Vec<Problem>,
}

impl Look<'_> {
    /// The place of a value, or of a key.
    fn spot(&self, path: &str, of_key: bool) -> Spot {
        let spots = self.shaped.spots.get(path);
        spots.map_or(Spot::START, |(key, value)| {
            if of_key { key.clone() } else { value.clone() }
        })
    }

    fn tell(&mut self, path: &str, of_key: bool, weight: Weight, fault: Fault) {
        let mut problem = self
            .spot(path, of_key)
            .problem(self.file, path, fault.message);
        problem.weight = weight;
        problem.expected = Some(fault.expected);
        problem.suggestion = fault.suggestion.map(|text| shown(&text));
        self.problems.push(problem);
    }

    fn array(&mut self, pointer: &str) -> Option<&mut Vec<Value>> {
        let (first, rest) = pointer
            .strip_prefix('/')?
            .split_once('/')
            .unwrap_or((pointer.strip_prefix('/')?, ""));
        let top = self.shaped.value.get_mut(first)?;
        if rest.is_empty() {
            top.as_array_mut()
        } else {
            top.pointer_mut(&format!("/{rest}"))?.as_array_mut()
        }
    }

    fn texts(&mut self, pointer: &str) -> Vec<String> {
        let values = self.array(pointer).map(|values| values.clone());
        let values = values.into_iter().flatten();
        values
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    }

    fn unknown_id(&mut self, id: &str, path: &str, of_key: bool) {
        if catalogue::has(id) {
            return;
        }
        let fault = Fault {
            message: format!("this version has no check `{id}`"),
            expected: "the entry has no effect until it has".into(),
            suggestion: None,
        };
        self.tell(path, of_key, Weight::Warning, fault);
    }

    fn ids(&mut self, pointer: &str, path: &str) {
        for (index, id) in self.texts(pointer).iter().enumerate() {
            self.unknown_id(id, &format!("{path}[{index}]"), false);
        }
    }

    fn severities(&mut self) {
        let Some(Value::Object(set)) = self
            .shaped
            .value
            .get("checks")
            .and_then(|checks| checks.get("severity"))
        else {
            return;
        };
        let set: Vec<(String, Value)> = set.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        for (id, value) in set {
            let path = format!("checks.severity.{id}");
            self.unknown_id(&id, &path, true);
            let severity = serde_json::from_value::<Severity>(value).unwrap_or(Severity::Info);
            if severity > Severity::Low && NEVER_ABOVE_LOW.contains(&id.as_str()) {
                let fault = Fault {
                    message: format!("`{id}` never weighs more than `low`"),
                    expected: "it is about wording and habits, which say little about skill".into(),
                    suggestion: Some("low".into()),
                };
                self.tell(&path, false, Weight::Error, fault);
                let checks = self.shaped.value.get_mut("checks");
                if let Some(set) = checks
                    .and_then(|checks| checks.get_mut("severity"))
                    .and_then(Value::as_object_mut)
                {
                    set.remove(&id);
                }
            }
        }
    }

    fn seeded(&mut self) {
        let seeded = self.array("/assignment/seeded_defects").map(|v| v.clone());
        for (index, defect) in seeded.into_iter().flatten().enumerate() {
            let id = defect.get("check").and_then(Value::as_str).unwrap_or("");
            let path = format!("assignment.seeded_defects[{index}].check");
            self.unknown_id(id, &path, false);
        }
    }

    /// Takes the entries with a fault out of a list.
    fn list(&mut self, pointer: &str, path: &str, fault: fn(&str) -> Option<Fault>) {
        let faults: Vec<Option<Fault>> =
            self.texts(pointer).iter().map(|text| fault(text)).collect();
        let mut keep = faults
            .iter()
            .map(Option::is_none)
            .collect::<Vec<_>>()
            .into_iter();
        if let Some(values) = self.array(pointer) {
            values.retain(|_| keep.next().unwrap_or(true));
        }
        for (index, fault) in faults.into_iter().enumerate() {
            if let Some(fault) = fault {
                self.tell(&format!("{path}[{index}]"), false, Weight::Error, fault);
            }
        }
    }

    /// Takes a text with a fault out of its mapping.
    fn text(&mut self, top: &str, keys: &[&str], fault: fn(&str) -> Option<Fault>) {
        let Some((last, between)) = keys.split_last() else {
            return;
        };
        let mut parent: Option<&mut Value> = self.shaped.value.get_mut(top);
        for key in between {
            parent = parent.and_then(|value| value.get_mut(*key));
        }
        let Some(parent) = parent.and_then(Value::as_object_mut) else {
            return;
        };
        let found = parent.get(*last).and_then(Value::as_str).and_then(fault);
        if let Some(found) = found {
            parent.remove(*last);
            let path = format!("{top}.{}", keys.join("."));
            self.tell(&path, false, Weight::Error, found);
        }
    }

    /// Level 0 is for whoever meets no other level: it has no conditions.
    fn levels(&mut self) {
        let Some(Value::Object(competencies)) = self
            .shaped
            .value
            .get_mut("rubric")
            .and_then(|rubric| rubric.get_mut("competencies"))
        else {
            return;
        };
        let mut found = Vec::new();
        let mut named = Vec::new();
        for (code, rules) in competencies.iter_mut() {
            let levels = rules.get("levels").and_then(Value::as_object);
            for (level, rule) in levels.into_iter().flatten() {
                let ids = rule.get("never_with").and_then(Value::as_array);
                let ids = ids.into_iter().flatten().filter_map(Value::as_str);
                let path = format!("rubric.competencies.{code}.levels.{level}.never_with");
                named.extend(
                    (0..)
                        .zip(ids)
                        .map(|(n, id): (u32, &str)| (id.to_owned(), format!("{path}[{n}]"))),
                );
            }
            let zero = rules
                .pointer_mut("/levels/0")
                .and_then(Value::as_object_mut);
            let Some(zero) = zero else { continue };
            for key in ["gaps_at_most", "strengths_at_least", "never_with"] {
                let none = |value: &Value| match value {
                    Value::Object(members) => members.is_empty(),
                    Value::Array(entries) => entries.is_empty(),
                    other => other.as_u64() == Some(0),
                };
                if zero.get(key).is_some_and(|value| !none(value)) {
                    zero.remove(key);
                    found.push(format!("rubric.competencies.{code}.levels.0.{key}"));
                }
            }
        }
        for (id, path) in named {
            self.unknown_id(&id, &path, false);
        }
        for path in found {
            let fault = Fault {
                message: "level 0 has no conditions".into(),
                expected: "it is given where no other level is met; remove the key".into(),
                suggestion: None,
            };
            self.tell(&path, true, Weight::Error, fault);
        }
    }

    fn no_locks(&mut self) {
        if self.shaped.value.remove("locked").is_some() {
            let fault = Fault {
                message: "`locked` belongs in the organisation's file".into(),
                expected: "a repository cannot lock keys; remove the key".into(),
                suggestion: None,
            };
            self.tell("locked", true, Weight::Error, fault);
        }
    }
}

/// A glob as this crate reads it: `*` and `?` stay within a folder, `**` crosses folders.
///
/// # Errors
/// What globset says about a malformed pattern.
pub(super) fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
}

fn glob_fault(text: &str) -> Option<Fault> {
    if let Some(fault) = path_fault(text) {
        return Some(fault);
    }
    let error = match glob(text) {
        Err(error) => error.kind().to_string(),
        // Building the expression itself is what costs: its size is bounded by the length of the text.
        Ok(glob) => match globset::GlobSetBuilder::new().add(glob).build() {
            Ok(_) => return None,
            Err(error) => error.kind().to_string(),
        },
    };
    Some(Fault {
        message: format!("`{}` is not a glob: {error}", shown(text)),
        expected: "expected a pattern such as `tests/contract/**` or `*/migrations/*.py`".into(),
        suggestion: None,
    })
}

fn path_fault(text: &str) -> Option<Fault> {
    let (what, suggestion) = if text.starts_with('/') {
        let bare = text.trim_start_matches('/');
        (
            "begins with `/`",
            (!bare.is_empty()).then(|| bare.to_owned()),
        )
    } else if let Some(bare) = text.strip_prefix("./") {
        ("begins with `./`", Some(bare.to_owned()))
    } else if text.split('/').any(|part| part == "..") {
        ("leaves the repository", None)
    } else if text.contains('\\') {
        ("has a backslash", Some(text.replace('\\', "/")))
    } else if text.chars().any(char::is_control) {
        ("has a control character", None)
    } else {
        return None;
    };
    Some(Fault {
        message: format!("the path `{}` {what}", shown(text)),
        expected: "paths begin at the root of the repository and are written with `/`".into(),
        suggestion,
    })
}

/// The rules of `git check-ref-format`, as far as a typing mistake can break them.
fn ref_fault(text: &str) -> Option<Fault> {
    let bad_char = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let bad = text.starts_with(['-', '/', '.'])
        || text.ends_with(['/', '.'])
        || text.ends_with(".lock")
        || text.contains("..")
        || text.contains("//")
        || text.contains("@{")
        || text.chars().any(bad_char);
    bad.then(|| Fault {
        message: format!("`{}` is not a name that git accepts", shown(text)),
        expected: "expected a branch, a tag or a commit id".into(),
        suggestion: None,
    })
}

/// A lock names a key of the format; `*` stands for any one key.
fn lock_fault(path: &str) -> Option<Fault> {
    let mut schema = resolve(&SCHEMA);
    let segments: Vec<&str> = path.split('.').collect();
    let empty = Map::new();
    for (index, segment) in segments.iter().enumerate() {
        let known = schema.get("properties").and_then(Value::as_object);
        let open = schema.get("additionalProperties").filter(|s| s.is_object());
        let known = known.unwrap_or(&empty);
        let next = match *segment {
            "*" => known.values().next().or(open),
            name => known.get(name).or(open),
        };
        if let Some(next) = next {
            schema = resolve(next);
            continue;
        }
        let meant = nearest(segment, known.keys().map(String::as_str)).map(|name| {
            let mut right: Vec<&str> = segments.clone();
            if let Some(place) = right.get_mut(index) {
                *place = name;
            }
            right.join(".")
        });
        return Some(Fault {
            message: format!("there is no key `{}` to lock", shown(path)),
            expected: "expected a path such as `publish` or `rubric.competencies.*.weight`".into(),
            suggestion: meant,
        });
    }
    None
}
