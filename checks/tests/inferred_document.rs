//! The document inferred for a small project is the one that drf-spectacular wrote for it.
//!
//! The project is `tests/inferred/shop`; `tests/inferred/shop.json` was written by running it. From
//! `tests/inferred`, with djangorestframework, django-filter and drf-spectacular 0.30 installed:
//!
//! ```console
//! DJANGO_SETTINGS_MODULE=shop.settings PYTHONPATH=. python -m django spectacular --format openapi-json > shop.json
//! ```

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use takehome_checks::facts::Facts;
use takehome_checks::openapi::infer::{Given, infer};
use takehome_checks::source::Tree;

fn facts() -> Facts {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inferred");
    let mut files: Vec<(String, String)> = Vec::new();
    for entry in std::fs::read_dir(root.join("shop")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "py") {
            let name = format!("shop/{}", path.file_name().unwrap().to_string_lossy());
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    files.sort();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(n, t)| (n.as_str(), t.as_str()))
        .collect();
    Facts::of(Arc::new(Tree::of_texts(files)))
}

/// Differences as lines, so that a failure names the place.
fn differences(wanted: &Value, got: &Value, at: &str, out: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in a {
                match b.get(key) {
                    Some(other) => differences(value, other, &format!("{at}/{key}"), out),
                    None => out.push(format!("{at}: misses {key}: {value}")),
                }
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                out.push(format!("{at}: has {key}: {value}"));
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{at}/{index}"), out);
            }
        }
        (a, b) if a == b || (a.is_number() && a.as_f64() == b.as_f64()) => {}
        (a, b) => out.push(format!("{at}: wanted {a}, got {b}")),
    }
}

#[test]
fn it_is_the_document_that_spectacular_wrote() {
    let wanted: Value = serde_json::from_str(include_str!("inferred/shop.json")).unwrap();
    let given = Given {
        django: Some(5),
        ..Given::default()
    };
    let inferred = infer(&facts(), given);
    let mut out = Vec::new();
    differences(&wanted, &inferred.document.to_value(false), "", &mut out);
    assert!(out.is_empty(), "{}", out.join("\n"));
    assert_eq!(inferred.share.percent(), 100);
    assert_eq!(inferred.notes, Vec::<String>::new());
}

/// The same source gives the same bytes.
#[test]
fn it_is_the_same_every_time() {
    use takehome_checks::openapi::infer::print::yaml;
    let once = yaml(&infer(&facts(), Given::default()).document, true);
    let again = yaml(&infer(&facts(), Given::default()).document, true);
    assert_eq!(once, again);
}
