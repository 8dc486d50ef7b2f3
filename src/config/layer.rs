//! Layers become one: a later file wins, except where the organisation locked a key. Mappings are
//! merged, everything else is replaced. Every value keeps the place where it was written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::problem::{Problem, Weight};
use super::shape::{Shaped, join};
use super::yaml::Spot;
use super::{Layer, ValueSource};

/// Mappings that are one value: what is written is the whole rule.
pub(super) const WHOLE: [&str; 1] = ["gaps_at_most"];

/// The layers so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    pub value: Map<String, Value>,
    pub sources: BTreeMap<String, ValueSource>,
}

struct Adding<'a> {
    file: &'a str,
    layer: Layer,
    shaped: &'a Shaped,
    locks: Vec<String>,
    sources: &'a mut BTreeMap<String, ValueSource>,
    problems: &'a mut Vec<Problem>,
}

impl Stack {
    /// Puts a file on top.
    pub(super) fn add(
        &mut self,
        file: &str,
        layer: Layer,
        shaped: &Shaped,
        problems: &mut Vec<Problem>,
    ) {
        let locks = if layer == Layer::Repository {
            self.locks()
        } else {
            Vec::new()
        };
        let mut adding = Adding {
            file,
            layer,
            shaped,
            locks,
            sources: &mut self.sources,
            problems,
        };
        adding.merge(&mut self.value, &shaped.value, "");
    }

    fn locks(&self) -> Vec<String> {
        let locked = self.value.get("locked").and_then(Value::as_array);
        let paths = locked.into_iter().flatten().filter_map(Value::as_str);
        paths.map(str::to_owned).collect()
    }
}

impl Adding<'_> {
    fn merge(&mut self, into: &mut Map<String, Value>, from: &Map<String, Value>, path: &str) {
        for (key, value) in from {
            let inner = join(path, key);
            if let Value::Object(members) = value
                && !WHOLE.contains(&key.as_str())
            {
                let slot = into
                    .entry(key.clone())
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(below) = slot {
                    self.merge(below, members, &inner);
                }
                continue;
            }
            let (key_spot, value_spot) = self
                .shaped
                .spots
                .get(&inner)
                .cloned()
                .unwrap_or((Spot::START, Spot::START));
            // The version of the format may stand in every file.
            if inner != "version"
                && let Some(lock) = self.locks.iter().find(|lock| covers(lock, &inner))
            {
                let message = format!("`{inner}` is locked by the organisation");
                let mut problem = key_spot.problem(self.file, inner.as_str(), message);
                problem.weight = Weight::Error;
                problem.expected = Some(format!(
                    "the organisation's value is used (`locked` holds `{lock}`); remove the key"
                ));
                self.problems.push(problem);
                continue;
            }
            self.sources.insert(
                inner,
                ValueSource {
                    layer: self.layer,
                    file: self.file.to_owned(),
                    line: value_spot.line,
                    column: value_spot.column,
                },
            );
            into.insert(key.clone(), value.clone());
        }
    }
}

/// Whether one of the locks covers a key path.
pub(super) fn is_locked(locks: &[String], path: &str) -> bool {
    locks.iter().any(|lock| covers(lock, path))
}

/// A lock covers its key, everything below it, and a whole value that holds it.
fn covers(lock: &str, path: &str) -> bool {
    lock.split('.')
        .zip(path.split('.'))
        .all(|(lock, key)| lock == "*" || lock == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_covers_what_is_below_it() {
        assert!(covers("publish", "publish.fail_on"));
        assert!(covers("publish.fail_on", "publish.fail_on"));
        assert!(!covers("publish.fail_on", "publish.labels.reviewed"));
        let weights = "rubric.competencies.*.weight";
        assert!(covers(weights, "rubric.competencies.C03.weight"));
        assert!(!covers(weights, "rubric.competencies.C03.profile"));
    }
}
