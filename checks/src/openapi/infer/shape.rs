//! What shapes the output beside the views: `SPECTACULAR_SETTINGS`, the database engine and
//! Django's version.
//!
//! Reads settings and requirements; where they are silent it takes a default and says so.

use std::sync::Arc;

use crate::django::names::{as_str, as_strings, truth};
use crate::facts::Facts;
use crate::python::value::Val;

/// The database engine, which decides the bounds of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgresql,
    Mysql,
    Oracle,
}

impl Engine {
    /// `sqlite`, `postgresql`, `mysql`, `oracle`; `None`: no such engine.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "sqlite" => Self::Sqlite,
            "postgresql" | "postgres" => Self::Postgresql,
            "mysql" => Self::Mysql,
            "oracle" => Self::Oracle,
            _ => return None,
        })
    }
}

/// Inputs that the source may leave open; `None`: guess from the source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given {
    pub engine: Option<Engine>,
    /// Major version of Django.
    pub django: Option<u32>,
}

/// Settings of drf-spectacular that change the document, with its defaults filled in.
#[derive(Clone, Debug)]
pub struct Shape {
    pub engine: Engine,
    /// Major version: 4, 5, 6.
    pub django: u32,
    /// A regular expression; `None`: the longest common path.
    pub path_prefix: Option<Arc<str>>,
    pub path_prefix_trim: bool,
    pub path_prefix_insert: Arc<str>,
    pub coerce_path_pk_suffix: bool,
    pub split_patch: bool,
    pub split_request: bool,
    pub no_read_only_required: bool,
    pub enforce_non_blank: bool,
    pub oas_version: Arc<str>,
    pub camelize_names: bool,
    pub enum_explicit_blank_null: bool,
    pub enum_descriptions: bool,
    pub enum_suffix: Arc<str>,
    /// Name → what was written for its choices.
    pub enum_overrides: Vec<(Arc<str>, Val)>,
    pub sort_operations: bool,
    pub sort_parameters: bool,
    pub method_first: bool,
    /// `dict`, `bool` or absent.
    pub generic_additional_properties: Option<Arc<str>>,
    pub docstring_descriptions: bool,
    pub title: Arc<str>,
    pub description: Arc<str>,
    pub version: Option<Arc<str>>,
    /// What was assumed or could not be read, as sentences for people.
    pub notes: Vec<String>,
}

impl Shape {
    /// Reads it from the settings profile that stands for the project.
    pub fn of(facts: &Facts, given: Given) -> Self {
        let settings = facts.django.settings();
        let get = |key: &str| {
            settings
                .get(&format!("SPECTACULAR_SETTINGS.{key}"))
                .map(|f| f.val)
        };
        let flag = |key: &str, default: bool| get(key).and_then(truth).unwrap_or(default);
        let text = |key: &str, default: &str| -> Arc<str> {
            get(key).and_then(as_str).unwrap_or(default).into()
        };
        let mut notes = Vec::new();
        let engine = given.engine.unwrap_or_else(|| engine(facts, &mut notes));
        let django = given.django.unwrap_or_else(|| django(facts, &mut notes));
        for key in ["PREPROCESSING_HOOKS", "POSTPROCESSING_HOOKS"] {
            let own: Vec<Arc<str>> = get(key)
                .and_then(as_strings)
                .unwrap_or_default()
                .into_iter()
                .filter(|hook| &**hook != "drf_spectacular.hooks.postprocess_schema_enums")
                .collect();
            if !own.is_empty() {
                notes.push(format!(
                    "{key} of SPECTACULAR_SETTINGS change the document; {} were not run",
                    own.join(", ")
                ));
            }
        }
        let enum_overrides = match get("ENUM_NAME_OVERRIDES") {
            Some(Val::Map(items)) => items
                .iter()
                .filter_map(|(key, val, _)| Some((as_str(key)?.into(), val.clone())))
                .collect(),
            _ => Vec::new(),
        };
        let generic: Option<Arc<str>> = match get("GENERIC_ADDITIONAL_PROPERTIES") {
            None => Some("dict".into()),
            Some(val) => as_str(val).map(Into::into),
        };
        Self {
            engine,
            django,
            path_prefix: get("SCHEMA_PATH_PREFIX").and_then(as_str).map(Into::into),
            path_prefix_trim: flag("SCHEMA_PATH_PREFIX_TRIM", false),
            path_prefix_insert: text("SCHEMA_PATH_PREFIX_INSERT", ""),
            coerce_path_pk_suffix: flag("SCHEMA_COERCE_PATH_PK_SUFFIX", false),
            split_patch: flag("COMPONENT_SPLIT_PATCH", true),
            split_request: flag("COMPONENT_SPLIT_REQUEST", false),
            no_read_only_required: flag("COMPONENT_NO_READ_ONLY_REQUIRED", false),
            enforce_non_blank: flag("ENFORCE_NON_BLANK_FIELDS", false),
            oas_version: text("OAS_VERSION", "3.0.3"),
            camelize_names: flag("CAMELIZE_NAMES", false),
            enum_explicit_blank_null: flag("ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE", true),
            enum_descriptions: flag("ENUM_GENERATE_CHOICE_DESCRIPTION", true),
            enum_suffix: text("ENUM_SUFFIX", "Enum"),
            enum_overrides,
            sort_operations: flag("SORT_OPERATIONS", true),
            sort_parameters: flag("SORT_OPERATION_PARAMETERS", true),
            method_first: &*text("OPERATION_ID_METHOD_POSITION", "POST") == "PRE",
            generic_additional_properties: generic,
            docstring_descriptions: !flag("DISABLE_DOCSTRING_DESCRIPTIONS", false),
            title: text("TITLE", ""),
            description: text("DESCRIPTION", ""),
            version: match get("VERSION") {
                None => Some("0.0.0".into()),
                Some(val) => as_str(val).map(Into::into),
            },
            notes,
        }
    }
}

fn engine(facts: &Facts, notes: &mut Vec<String>) -> Engine {
    let found = facts
        .django
        .settings()
        .get("DATABASES.default.ENGINE")
        .and_then(|f| f.str().map(str::to_ascii_lowercase));
    match found.as_deref() {
        Some(name) if name.contains("postg") => Engine::Postgresql,
        Some(name) if name.contains("mysql") => Engine::Mysql,
        Some(name) if name.contains("oracle") => Engine::Oracle,
        Some(name) if name.contains("sqlite") || name.contains("spatialite") => Engine::Sqlite,
        _ => {
            notes.push(
                "The settings do not say which database is used; SQLite was assumed for the \
                 bounds of integers"
                    .to_owned(),
            );
            Engine::Sqlite
        }
    }
}

/// The newest version that was measured, for a project that names none.
const NEWEST_DJANGO: u32 = 5;

fn django(facts: &Facts, notes: &mut Vec<String>) -> u32 {
    if let Some((major, _)) = facts.infra.dependencies.major_minor("django") {
        return major;
    }
    notes.push(format!(
        "The requirements do not fix a version of Django; {NEWEST_DJANGO} was assumed"
    ));
    NEWEST_DJANGO
}
