//! DRF261: nothing tells a client what the API looks like.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF261",
    name: "schema-generation-absent",
    competency: Competency::C06,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("schema_generation_absent.md"),
    yields_to: &[],
    run,
};

/// Distributions that generate a schema or its pages.
const GENERATORS: [&str; 6] = [
    "drf-spectacular",
    "drf-yasg",
    "coreapi",
    "drf-yasg2",
    "django-ninja",
    "apispec",
];
/// Their apps in `INSTALLED_APPS`.
const APPS: [&str; 3] = ["drf_spectacular", "drf_yasg", "rest_framework_swagger"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let facts = cx.head;
    if facts.django.routes().is_empty() {
        out.not_applicable("the project serves no route");
        return;
    }
    let Some(project) = facts.project_anchor() else {
        return;
    };
    out.looked();
    let declared = GENERATORS
        .iter()
        .any(|name| facts.infra.dependencies.has(name));
    let installed = APPS
        .iter()
        .any(|app| facts.django.settings().installs(app) == Some(true));
    let uses_drf_view = facts.django.routes().iter().any(|route| {
        let view = facts.django.view_of(route);
        view.is_some_and(|view| {
            view.name.contains("SchemaView") || view.name.contains("Spectacular")
        })
    });
    if declared || installed || uses_drf_view || has_schema_file(cx) || calls_schema_view(cx) {
        return;
    }
    let settings = facts.django.settings().prod();
    let anchor = settings
        .and_then(|profile| profile.get("INSTALLED_APPS"))
        .map_or(project, |found| cx.anchor(found.place));
    let (message, severity) = if described_otherwise(cx) {
        (
            "The endpoints are described by hand, and no schema is generated from the code.",
            Severity::Info,
        )
    } else {
        (
            "No schema is generated (drf-spectacular, drf-yasg) and none is committed: a client has to read the code.",
            Severity::Low,
        )
    };
    out.found(Evidence::new("schema", anchor, message).severity(severity));
}

/// A committed OpenAPI or Swagger document.
fn has_schema_file(cx: &Cx<'_>) -> bool {
    cx.head.tree.files().any(|(_, file)| {
        let name = file.name().to_ascii_lowercase();
        let is_document = [".yml", ".yaml", ".json"]
            .iter()
            .any(|ending| name.ends_with(ending));
        is_document
            && file.text().is_some_and(|text| {
                let head: String = text.chars().take(2_000).collect();
                (head.contains("openapi") || head.contains("swagger")) && text.contains("paths")
            })
    })
}

/// DRF's own `get_schema_view`.
fn calls_schema_view(cx: &Cx<'_>) -> bool {
    cx.head.tree.files().any(|(_, file)| {
        file.role.is_product_code()
            && file
                .text()
                .is_some_and(|text| text.contains("get_schema_view("))
    })
}

/// A Postman or Insomnia collection, a `.http` file, or endpoints in the README.
fn described_otherwise(cx: &Cx<'_>) -> bool {
    let collection = cx.head.tree.files().any(|(_, file)| {
        let name = file.name().to_ascii_lowercase();
        name.ends_with(".http") || name.contains("postman") || name.contains("insomnia")
    });
    let listed = cx.head.infra.markdown.iter().any(|doc| {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let lines = doc.prose.iter().filter(|(_, line)| {
            line.contains('/')
                && line
                    .split(|c: char| !c.is_ascii_uppercase())
                    .any(|word| methods.contains(&word))
        });
        lines.count() >= 3
    });
    collection || listed
}
