//! Properties of the comparison on generated documents.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use takehome_checks::openapi::{self, Api, Changes, NoFiles, Options, diff};

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        Just(json!({"type": "string", "maxLength": 20, "nullable": true})),
        Just(json!({"type": "integer", "minimum": 1})),
        Just(json!({"type": "string", "enum": ["a", "b"]})),
        Just(json!({"$ref": "#/components/schemas/A"})),
        Just(json!({"allOf": [{"$ref": "#/components/schemas/B"}], "description": "x"})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|items| json!({"type": "array", "items": items})),
            prop::collection::btree_map("[a-e]", inner.clone(), 0..4)
                .prop_map(|properties| json!({"type": "object", "properties": properties})),
            prop::collection::vec(inner, 1..3).prop_map(|members| json!({"oneOf": members})),
        ]
    })
}

fn document() -> impl Strategy<Value = Value> {
    (schema(), schema(), schema(), schema()).prop_map(|(request, response, a, b)| {
        json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {"/x/": {"post": {
                "requestBody": {"content": {"application/json": {"schema": request}}},
                "responses": {"200": {"description": "ok",
                    "content": {"application/json": {"schema": response}}}},
            }}},
            "components": {"schemas": {"A": a, "B": b}},
        })
    })
}

fn read(value: &Value) -> Api {
    openapi::read("api.json", &value.to_string(), &NoFiles).unwrap()
}

fn compare(base: &Value, revision: &Value, per_operation: bool) -> Changes {
    let options = Options {
        per_operation,
        ..Options::default()
    };
    diff(&read(base), &read(revision), &options)
}

/// The same document with the keys of every mapping the other way round.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let entries = map.iter().rev().map(|(k, v)| (k.clone(), reversed(v)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(reversed).collect()),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_document_against_itself_gives_nothing(document in document(), per_operation: bool) {
        prop_assert_eq!(compare(&document, &document, per_operation).changes, vec![]);
    }

    #[test]
    fn the_order_of_keys_changes_nothing(document in document(), per_operation: bool) {
        let other = reversed(&document);
        prop_assert_eq!(compare(&document, &other, per_operation).changes, vec![]);
    }

    #[test]
    fn the_same_input_gives_the_same_output(base in document(), revision in document()) {
        let first = compare(&base, &revision, false);
        prop_assert_eq!(first, compare(&base, &revision, false));
    }

    #[test]
    fn swapping_turns_additions_into_removals(document in document()) {
        let mut more = document.clone();
        more["paths"]["/y/"] = document["paths"]["/x/"].clone();
        more["paths"]["/y/"]["post"]["responses"]["404"] = json!({"description": "none"});
        let ids = |changes: Changes| -> Vec<String> {
            changes.changes.into_iter().map(|c| c.id).collect()
        };
        prop_assert_eq!(ids(compare(&document, &more, true)), vec!["endpoint-added"]);
        prop_assert_eq!(
            ids(compare(&more, &document, true)),
            vec!["api-path-removed-without-deprecation"]
        );
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\n]{0,200}") {
        let _ = openapi::read("x", &text, &NoFiles);
    }
}

#[test]
fn a_reference_written_out_changes_nothing() {
    let of = |schema: Value| {
        json!({"openapi": "3.0.3", "info": {}, "paths": {"/x/": {"get": {"responses": {"200":
            {"content": {"application/json": {"schema": schema}}}}}}},
            "components": {"schemas": {"A": {"type": "object",
                "properties": {"n": {"type": "string"}}}}}})
    };
    let by_reference = of(json!({"$ref": "#/components/schemas/A"}));
    let inline = of(json!({"type": "object", "properties": {"n": {"type": "string"}}}));
    for per_operation in [false, true] {
        assert_eq!(compare(&by_reference, &inline, per_operation).changes, []);
        assert_eq!(compare(&inline, &by_reference, per_operation).changes, []);
    }
}

#[test]
fn components_that_are_each_a_member_of_the_other_may_stand_in_any_order() {
    let document = json!({"openapi": "3.0.3", "info": {}, "paths": {"/x/": {"get": {"responses":
    {"200": {"content": {"application/json":
        {"schema": {"$ref": "#/components/schemas/A"}}}}}}}},
    "components": {"schemas": {
        "A": {"oneOf": [
            {"allOf": [{"$ref": "#/components/schemas/B"}], "description": "x"},
            {"type": "string"},
        ]},
        "B": {"oneOf": [{"$ref": "#/components/schemas/A"}]},
    }}});
    for per_operation in [false, true] {
        let changes = compare(&document, &reversed(&document), per_operation);
        assert_eq!(changes.changes, []);
    }
}

#[test]
fn a_parameter_named_twice_is_the_same_twice() {
    let id = json!({"in": "path", "name": "id", "required": true, "schema": {"type": "string"}});
    let document = json!({"openapi": "3.0.3", "info": {}, "paths": {"/x/{id}/": {"get": {
        "parameters": [id, id], "responses": {"200": {"description": "ok"}}}}}});
    for per_operation in [false, true] {
        assert_eq!(compare(&document, &document, per_operation).changes, []);
    }
}

#[test]
fn cycles_and_long_chains_end() {
    let mut schemas = Map::new();
    for i in 0..20_000 {
        let next = format!("#/components/schemas/S{}", (i + 1) % 20_000);
        schemas.insert(
            format!("S{i}"),
            json!({"type": "object", "properties": {"next": {"$ref": next}, "n": {"type": "string"}}}),
        );
    }
    let mut base = json!({"openapi": "3.0.3", "info": {}, "paths": {"/x/": {"get": {"responses":
        {"200": {"content": {"application/json":
            {"schema": {"$ref": "#/components/schemas/S0"}}}}}}}},
        "components": {"schemas": schemas}});
    let old = base.clone();
    base["components"]["schemas"]["S5"]["properties"]["n"]["type"] = json!("integer");
    let changes = compare(&old, &base, false);
    assert_eq!(changes.changes.len(), 1);
    assert_eq!(changes.changes[0].id, "response-property-type-changed");
    assert_eq!(compare(&old, &base, true).changes.len(), 1);
}

#[test]
fn what_is_no_openapi_document_is_told_with_its_place() {
    for (text, line, says) in [
        ("swagger: '2.0'\n", 1, "Swagger 2.0"),
        ("a: 1\n", 1, "`openapi` is missing"),
        ("- a\n", 1, "not an OpenAPI document"),
        (
            "openapi: 3.0.3\npaths: [1]\n",
            2,
            "expected a mapping under `paths`",
        ),
        ("openapi: 4.0.0\n", 1, "not supported"),
        ("{\"openapi\": \"3.0.3\",\n\"paths\": {", 2, "expected"),
        ("\u{0}\u{1}", 1, ""),
    ] {
        let error = openapi::read("f.yaml", text, &NoFiles).unwrap_err();
        assert_eq!(error.at.line, line, "{text:?}: {error}");
        assert!(error.message.contains(says), "{text:?}: {error}");
        assert!(error.to_string().starts_with("f.yaml:"));
    }
}
