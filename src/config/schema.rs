//! The JSON Schema of `takehome.yml`, made from the types in [`super::rules`]. Used for editors
//! (`config/takehome.schema.json`) and for checking a file; reads nothing.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use takehome_checks::evidence::Competency;

use super::rules::{CompetencyRules, LevelRule, Rules};

/// The words of [`takehome_checks::evidence::Severity`].
const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];
/// The only version of the format so far.
pub const VERSION: u32 = 1;
/// Levels of a competency.
pub const LEVELS: [u8; 5] = [0, 1, 2, 3, 4];
/// Globs and paths longer than this are a mistake; GitHub's own limit for a path is 4,096 bytes.
const MAX_PATH: u32 = 512;
/// Entries of a list of globs or ids: each is tried on every file or check.
const MAX_LIST: u32 = 400;

/// The schema of a layer: every key may be left out, none may be null.
///
/// A list's entries keep their required keys, because an entry is never merged with another.
pub fn of_file() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Rules>().to_value();
    relax(&mut schema);
    if let Some(defs) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, def) in defs {
            let required = def.get("required").cloned();
            relax(def);
            if let (true, Some(object), Some(required)) =
                (name == "SeededDefect", def.as_object_mut(), required)
            {
                object.insert("required".to_owned(), required);
            }
        }
    }
    unfold(&mut schema);
    schema
}

/// Descriptions come from doc comments, whose lines end where a line of source does.
fn unfold(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == "description" => {
                        *text = text
                            .replace("\n\n", "\r")
                            .replace('\n', " ")
                            .replace('\r', "\n\n");
                    }
                    other => unfold(other),
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(unfold),
        _ => {}
    }
}

/// Removes `required` and `default` of an object and null as a type of its members.
fn relax(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    object.remove("required");
    let members = object.get_mut("properties").and_then(Value::as_object_mut);
    for member in members.into_iter().flat_map(|m| m.values_mut()) {
        let Some(member) = member.as_object_mut() else {
            continue;
        };
        member.remove("default");
        if let Some(types) = member.get_mut("type").and_then(Value::as_array_mut) {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                member.insert("type".to_owned(), only);
            }
        }
        if let Some(choices) = member.get_mut("anyOf").and_then(Value::as_array_mut) {
            choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                member.remove("anyOf");
                member.extend(only);
            }
        }
    }
}

/// An object with these members and no other.
fn members(of: impl IntoIterator<Item = (String, Value)>) -> Schema {
    let properties: Map<String, Value> = of.into_iter().collect();
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}

pub(super) fn version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "enum": [VERSION] })
}

pub(super) fn competencies(generator: &mut SchemaGenerator) -> Schema {
    let rules = generator.subschema_for::<CompetencyRules>().to_value();
    members(Competency::ALL.map(|competency| {
        let mut one = rules.clone();
        if let Some(object) = one.as_object_mut() {
            let title = Value::from(format!("{}.", competency.title()));
            object.insert("description".to_owned(), title);
        }
        (competency.code().to_owned(), one)
    }))
}

pub(super) fn levels(generator: &mut SchemaGenerator) -> Schema {
    let rule = generator.subschema_for::<LevelRule>().to_value();
    members(LEVELS.map(|level| (level.to_string(), rule.clone())))
}

pub(super) fn gap_limits(_: &mut SchemaGenerator) -> Schema {
    let count = json!({ "type": "integer", "minimum": 0, "maximum": 1000 });
    members(
        SEVERITIES
            .into_iter()
            .rev()
            .map(|name| (name.to_owned(), count.clone())),
    )
}

pub(super) fn check_severities(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": { "pattern": "^DRF[0-9]{3}$" },
        "additionalProperties": { "type": "string", "enum": SEVERITIES },
        "maxProperties": MAX_LIST,
        "examples": [{ "DRF639": "medium" }],
    })
}

pub(super) fn check_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^DRF[0-9]{3}$", "examples": ["DRF631"] })
}

pub(super) fn check_ids(generator: &mut SchemaGenerator) -> Schema {
    let id = check_id(generator);
    json_schema!({ "type": "array", "items": id, "uniqueItems": true, "maxItems": MAX_LIST })
}

pub(super) fn key_paths(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "string", "minLength": 1, "maxLength": 200, "examples": ["publish"] },
        "maxItems": MAX_LIST,
    })
}

pub(super) fn globs(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "string", "minLength": 1, "maxLength": MAX_PATH, "examples": ["tests/contract/**"] },
        "maxItems": MAX_LIST,
    })
}

pub(super) fn path(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX_PATH, "examples": ["docs/openapi.yaml"] })
}

pub(super) fn git_ref(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 200, "examples": ["starter-v2"] })
}

pub(super) fn time_box(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[1-9][0-9]{0,3}(m|h|d)$", "examples": ["90m", "4h", "2d"] })
}

pub(super) fn django_version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[0-9]{1,2}\\.[0-9]{1,2}$", "examples": ["5.2"] })
}
