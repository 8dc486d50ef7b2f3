//! GitHub's own OpenAPI description as a referee: every request that arrives, and every answer that
//! leaves, is held against it. The description is read at run time and stands outside this crate.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use jsonschema::{Registry, Validator};
use serde_json::{Map, Value, json};

use crate::{
    error::{Error, Result},
    http::{Answer, Request, uri},
    options::Contract,
};

const BASE: &str = "json-schema:///github";

/// The description, ready for use; validators are compiled when first needed.
pub(crate) struct ContractCheck {
    /// Where it was read.
    pub(crate) file: PathBuf,
    document: Value,
    registry: &'static Registry<'static>,
    validators: Mutex<BTreeMap<String, Option<Arc<Validator>>>>,
}

impl std::fmt::Debug for ContractCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContractCheck")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// Where GitHub's own answers are known to contradict its description; problems there are not
/// reported. A deleted fork's head has no repository and no user; a label of a listed pull request
/// may lack a description; the account of a listed installation is described as a user and an
/// enterprise at once.
const KNOWN: &[&str] = &[
    "/head/repo\"",
    "/head/user\"",
    "/head_commit\"",
    "/description\"",
    "/account\"",
];

impl ContractCheck {
    /// Finds and reads the description as the options say.
    pub(crate) fn load(contract: &Contract) -> Result<Option<Arc<Self>>> {
        let file = match contract {
            Contract::Off => return Ok(None),
            Contract::File(file) => file.clone(),
            Contract::Find => match find() {
                Some(file) => file,
                None => return Ok(None),
            },
        };
        static READ: OnceLock<Mutex<BTreeMap<PathBuf, Arc<ContractCheck>>>> = OnceLock::new();
        let mut read = READ
            .get_or_init(Mutex::default)
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(check) = read.get(&file) {
            return Ok(Some(Arc::clone(check)));
        }
        let wrong =
            |error: &dyn std::fmt::Display| Error::Contract(format!("{}: {error}", file.display()));
        let text = fs::read_to_string(&file).map_err(|error| wrong(&error))?;
        let mut document: Value = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        convert(&mut document);
        let registry = Registry::new()
            .add(BASE, document.clone())
            .and_then(jsonschema::RegistryBuilder::prepare)
            .map_err(|error| wrong(&error))?;
        let check = Arc::new(Self {
            file: file.clone(),
            document,
            // One description per process and path, kept to its end: validators borrow from it.
            registry: Box::leak(Box::new(registry)),
            validators: Mutex::default(),
        });
        read.insert(file, Arc::clone(&check));
        Ok(Some(check))
    }

    /// The template of a path, its parameters, and its operation.
    fn operation(&self, method: &str, path: &str) -> Option<(String, Map<String, Value>, &Value)> {
        let paths = self.document.get("paths")?.as_object()?;
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let mut best: Option<(usize, String, Map<String, Value>, &Value)> = None;
        for (template, operations) in paths {
            let Some(operation) = operations.get(method.to_lowercase()) else {
                continue;
            };
            let Some((literal, parameters)) = fit(template, &segments) else {
                continue;
            };
            if best.as_ref().is_none_or(|(most, ..)| literal > *most) {
                best = Some((literal, template.clone(), parameters, operation));
            }
        }
        best.map(|(_, template, parameters, operation)| (template, parameters, operation))
    }

    /// What a request to the API contradicts.
    pub(crate) fn request(&self, request: &Request, path: &str) -> Vec<String> {
        let Some((template, parameters, operation)) = self.operation(&request.method, path) else {
            return vec!["no such operation in the description".to_owned()];
        };
        let mut problems = Vec::new();
        let empty = Vec::new();
        let declared = operation
            .get("parameters")
            .and_then(Value::as_array)
            .unwrap_or(&empty);
        let declared: Vec<&Value> = declared
            .iter()
            .map(|parameter| self.resolve(parameter))
            .collect();
        let method = request.method.to_lowercase();
        for (at, parameter) in declared.iter().enumerate() {
            let name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let place = parameter
                .get("in")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let given = match place {
                "path" => parameters.get(name).and_then(Value::as_str),
                "query" => request.parameter(name),
                "header" => request.header(name),
                _ => continue,
            };
            let required = parameter
                .get("required")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            let Some(given) = given else {
                if required {
                    problems.push(format!("{place} parameter {name} is missing"));
                }
                continue;
            };
            let Some(schema) = parameter.get("schema") else {
                continue;
            };
            let typed = typed(given, self.resolve(schema));
            let key = format!("{method} {template} parameter {at}");
            self.validate(
                &key,
                schema,
                &typed,
                &format!("{place} parameter {name}"),
                &mut problems,
            );
        }
        for (name, _) in &request.query {
            let known = declared.iter().any(|parameter| {
                parameter.get("in").and_then(Value::as_str) == Some("query")
                    && parameter.get("name").and_then(Value::as_str) == Some(name)
            });
            if !known {
                problems.push(format!("query parameter {name} is unknown"));
            }
        }
        match operation.get("requestBody") {
            None if !request.body.is_empty() => problems.push("takes no body".to_owned()),
            None => {}
            Some(body) => {
                let required = body
                    .get("required")
                    .and_then(Value::as_bool)
                    .unwrap_or(false);
                if request.body.is_empty() {
                    if required {
                        problems.push("the body is missing".to_owned());
                    }
                } else {
                    match request.json() {
                        Err(error) => problems.push(format!("the body is not JSON: {error}")),
                        Ok(value) => {
                            let schema = body.pointer("/content/application~1json/schema");
                            if let Some(schema) = schema {
                                let key = format!("{method} {template} body");
                                self.validate(&key, schema, &value, "body", &mut problems);
                            }
                        }
                    }
                }
            }
        }
        problems
    }

    /// What one of our own answers contradicts. Errors and redirections are not judged: the
    /// description knows few of them.
    pub(crate) fn answer(&self, request: &Request, path: &str, answer: &Answer) -> Vec<String> {
        let Some((template, _, operation)) = self.operation(&request.method, path) else {
            return Vec::new();
        };
        if answer.status >= 300 {
            return Vec::new();
        }
        let method = request.method.to_lowercase();
        let Some(response) = operation.pointer(&format!("/responses/{}", answer.status)) else {
            return vec![format!("status {} is not described", answer.status)];
        };
        let response = self.resolve(response);
        let is_json = answer
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/json"));
        let Some(schema) = response
            .pointer("/content/application~1json/schema")
            .filter(|_| is_json)
        else {
            return Vec::new();
        };
        let Ok(value) = serde_json::from_slice::<Value>(&answer.body) else {
            return vec!["the answer is not JSON".to_owned()];
        };
        let mut problems = Vec::new();
        let key = format!("{method} {template} response {}", answer.status);
        self.validate(&key, schema, &value, "response", &mut problems);
        problems.retain(|problem| !KNOWN.iter().any(|known| problem.contains(known)));
        problems
    }

    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        value
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| reference.strip_prefix(BASE)?.strip_prefix('#'))
            .and_then(|pointer| self.document.pointer(pointer))
            .unwrap_or(value)
    }

    fn validate(
        &self,
        key: &str,
        schema: &Value,
        value: &Value,
        what: &str,
        problems: &mut Vec<String>,
    ) {
        let validator = {
            let mut validators = self
                .validators
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            validators
                .entry(key.to_owned())
                .or_insert_with(|| {
                    jsonschema::options()
                        .with_draft(jsonschema::Draft::Draft202012)
                        .with_registry(self.registry)
                        .build(schema)
                        .ok()
                        .map(Arc::new)
                })
                .clone()
        };
        let Some(validator) = validator else {
            problems.push(format!("{what}: its schema could not be compiled"));
            return;
        };
        for error in validator.iter_errors(value).take(5) {
            // Without the value: it may be long, and it stands in the transcript.
            let mut text = error.masked().to_string();
            if text.len() > 400 {
                text = text.chars().take(400).chain("…".chars()).collect();
            }
            problems.push(format!(
                "{what} at {:?}: {text}",
                error.instance_path().to_string()
            ));
        }
    }
}

/// `suites/github/openapi-slice.json` of the shared folder.
fn find() -> Option<PathBuf> {
    const SLICE: &str = "suites/github/openapi-slice.json";
    if let Some(shared) = env::var_os("TAKEHOME_SHARED") {
        return Some(Path::new(&shared).join(SLICE)).filter(|file| file.is_file());
    }
    let start = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .or_else(|| env::current_dir().ok())?;
    start
        .ancestors()
        .map(|folder| folder.join("shared").join(SLICE))
        .find(|file| file.is_file())
}

/// Makes JSON Schema of OpenAPI 3.0: `nullable` becomes the type `null`, references become absolute.
fn convert(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(convert),
        Value::Object(object) => {
            for inner in object.values_mut() {
                convert(inner);
            }
            if let Some(Value::String(reference)) = object.get_mut("$ref")
                && reference.starts_with('#')
            {
                *reference = format!("{BASE}{reference}");
            }
            // Examples are no schemas, and a property may be named "nullable".
            if object.get("nullable") == Some(&Value::Bool(true)) {
                object.remove("nullable");
                if let Some(Value::Array(values)) = object.get_mut("enum")
                    && !values.contains(&Value::Null)
                {
                    values.push(Value::Null);
                }
                if let Some(Value::String(kind)) = object.get("type") {
                    let kinds = json!([kind, "null"]);
                    object.insert("type".to_owned(), kinds);
                } else if ["$ref", "allOf", "anyOf", "oneOf"]
                    .iter()
                    .any(|key| object.contains_key(*key))
                {
                    let inner = Value::Object(std::mem::take(object));
                    object.insert("anyOf".to_owned(), json!([inner, {"type": "null"}]));
                }
            }
        }
        _ => {}
    }
}

/// Whether a path fits a template: how many segments are literal, and the parameters. The `{path}` of
/// contents and the `{ref}`s may hold slashes.
fn fit(template: &str, segments: &[&str]) -> Option<(usize, Map<String, Value>)> {
    let wanted: Vec<&str> = template.trim_matches('/').split('/').collect();
    let mut parameters = Map::new();
    let mut literal = 0;
    let open_end = matches!(
        wanted.last(),
        Some(&("{path}" | "{ref}" | "{basehead}" | "{name}"))
    );
    // The folder at the root is the empty path.
    let root = wanted.last() == Some(&"{path}") && segments.len() + 1 == wanted.len();
    if (segments.len() < wanted.len() && !root) || (segments.len() > wanted.len() && !open_end) {
        return None;
    }
    for (at, part) in wanted.iter().enumerate() {
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        match name {
            None if segments.get(at) == Some(part) => literal += 1,
            None => return None,
            Some(name) => {
                let last = at + 1 == wanted.len();
                let given = if last {
                    segments.get(at..)?.join("/")
                } else {
                    (*segments.get(at)?).to_owned()
                };
                parameters.insert(name.to_owned(), Value::String(uri::decode(&given, false)));
            }
        }
    }
    Some((literal, parameters))
}

/// A parameter's text as the type its schema wants, where it is one.
fn typed(text: &str, schema: &Value) -> Value {
    let wants = |kind: &str| match schema.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => false,
    };
    if wants("integer")
        && let Ok(number) = text.parse::<i64>()
    {
        return json!(number);
    }
    if wants("boolean")
        && let Ok(flag) = text.parse::<bool>()
    {
        return json!(flag);
    }
    Value::String(text.to_owned())
}
