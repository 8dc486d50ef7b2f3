//! How long reading and comparing takes as documents grow; `cargo bench -p takehome-checks`.

#![allow(clippy::unwrap_used, reason = "the documents are made here")]

use serde_json::{Map, Value, json};
use takehome_checks::openapi::{self, NoFiles, Options, diff};

fn main() {
    divan::main();
}

/// A description with this many resources, each with a schema of its own that refers to the next;
/// 1,000 are about 1.5 MB.
fn document(resources: usize, changed: bool) -> String {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for i in 0..resources {
        let schema = json!({"$ref": format!("#/components/schemas/S{i}")});
        let content = json!({"application/json": {"schema": schema}});
        paths.insert(
            format!("/r{i}/{{id}}/"),
            json!({
                "get": {"operationId": format!("r{i}_retrieve"),
                    "responses": {"200": {"description": "ok", "content": content}}},
                "put": {"operationId": format!("r{i}_update"), "requestBody": {"content": content},
                    "responses": {"200": {"description": "ok", "content": content}}},
            }),
        );
        let mut properties = Map::new();
        for p in 0..12 {
            properties.insert(
                format!("p{p}"),
                json!({"type": "string", "maxLength": 100 + p, "description": "A property."}),
            );
        }
        let next = (i + 1) % resources;
        properties.insert(
            "next".to_owned(),
            json!({"allOf": [{"$ref": format!("#/components/schemas/S{next}")}], "nullable": true}),
        );
        if changed && i % 50 == 0 {
            properties.insert("p0".to_owned(), json!({"type": "integer"}));
        }
        schemas.insert(
            format!("S{i}"),
            json!({"type": "object", "required": ["p1"], "properties": properties}),
        );
    }
    let document: Value = json!({"openapi": "3.0.3", "info": {"title": "t", "version": "1"},
        "paths": paths, "components": {"schemas": schemas}});
    document.to_string()
}

#[divan::bench(args = [100, 1_000, 6_000], sample_count = 5)]
fn read_and_compare(bencher: divan::Bencher<'_, '_>, resources: usize) {
    let (base, revision) = (document(resources, false), document(resources, true));
    bencher.bench(|| {
        let base = openapi::read("base.json", &base, &NoFiles).unwrap();
        let revision = openapi::read("revision.json", &revision, &NoFiles).unwrap();
        diff(&base, &revision, &Options::default()).changes.len()
    });
}
