//! Every effective value, and where it was written. Reads what [`super::load`] found; decides
//! nothing.

use serde::Serialize;
use serde_json::Value;

use super::layer::{WHOLE, is_locked};
use super::shape::{SCHEMA, join, resolve};
use super::{Layer, Loaded, ValueSource};

/// One key with its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// `publish.fail_on`
    pub key: String,
    /// `None`: not set.
    pub value: Option<Value>,
    /// `None`: nobody wrote it; it is what the format says where nothing is written.
    pub source: Option<ValueSource>,
    /// A repository cannot set it.
    pub locked: bool,
}

impl std::fmt::Display for Explained {
    /// `publish.fail_on: "high"  # acme/.github:takehome.yml:3:12, locked`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.key)?;
        if let Some(value) = &self.value {
            write!(f, " {value}")?;
        }
        match &self.source {
            _ if self.value.is_none() => f.write_str("  # not set")?,
            None => f.write_str("  # default")?,
            Some(source) => {
                let place = format!("{}:{}:{}", source.file, source.line, source.column);
                match source.layer {
                    Layer::Default => write!(f, "  # default, {place}")?,
                    Layer::Organisation | Layer::Repository => write!(f, "  # {place}")?,
                }
            }
        }
        if self.locked {
            f.write_str(", locked")?;
        }
        Ok(())
    }
}

/// All keys in the order of the format.
pub fn explain(loaded: &Loaded) -> Vec<Explained> {
    let mut walk = Walk {
        loaded,
        found: Vec::new(),
    };
    let value = serde_json::to_value(&loaded.rules).unwrap_or_default();
    walk.below(&SCHEMA, Some(&value), "");
    walk.found
}

struct Walk<'a> {
    loaded: &'a Loaded,
    found: Vec<Explained>,
}

impl Walk<'_> {
    fn below(&mut self, schema: &Value, value: Option<&Value>, path: &str) {
        let members = resolve(schema).get("properties").and_then(Value::as_object);
        for (name, inner) in members.into_iter().flatten() {
            let key = join(path, name);
            let inner = resolve(inner);
            let value = value.and_then(|value| value.get(name));
            let is_mapping = inner.get("properties").is_some();
            if is_mapping && !WHOLE.contains(&name.as_str()) {
                self.below(inner, value, &key);
                continue;
            }
            let entries = value.and_then(Value::as_object);
            match entries.filter(|entries| !is_mapping && !entries.is_empty()) {
                // A mapping of any keys: each has its own source.
                Some(entries) => {
                    for (name, value) in entries {
                        self.tell(join(&key, name), Some(value));
                    }
                }
                None => self.tell(key, value),
            }
        }
    }

    fn tell(&mut self, key: String, value: Option<&Value>) {
        self.found.push(Explained {
            value: value.cloned(),
            source: self.loaded.sources.get(&key).cloned(),
            locked: is_locked(&self.loaded.rules.locked, &key),
            key,
        });
    }
}
