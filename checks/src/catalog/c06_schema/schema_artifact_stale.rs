//! DRF265: the committed schema is not the schema of the code beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::documentable::is_documentable;
use crate::catalog::route_words::handler_place;
use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::django::routes::Target;
use crate::django::serializers::FieldOrigin;
use crate::django::{Method, Route, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::openapi::{Api, files};
use crate::source::FileId;

pub(super) static CHECK: Check = Check {
    id: "DRF265",
    name: "schema-artifact-stale",
    competency: Competency::C06,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Diff,
    page: include_str!("schema_artifact_stale.md"),
    yields_to: &[],
    run,
};

/// Routes or fields that one message names.
const NAMED: usize = 5;

/// Method and path with the names of parameters left out: `GET`, `/orders/{}`.
type Key = (String, String);

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let committed = files::committed(&cx.head.tree);
    for error in &committed.errors {
        out.unknown(error.path.clone(), error.to_string());
    }
    let served: BTreeMap<Key, &Route> = cx
        .head
        .django
        .routes()
        .iter()
        .filter(|route| route.mounted)
        .map(|route| (key(route.method.as_str(), &route.template), route))
        .collect();
    for (file, api) in &committed.apis {
        out.looked();
        if served.is_empty() {
            out.not_applicable("the project serves no route");
            return;
        }
        compare(cx, *file, api, &served, out);
    }
}

fn compare(
    cx: &Cx<'_>,
    file: FileId,
    api: &Api,
    served: &BTreeMap<Key, &Route>,
    out: &mut Answers,
) {
    let path = cx.head.tree.file(file).path.to_string();
    let documented: BTreeMap<Key, u32> = api
        .paths
        .iter()
        .flat_map(|(path, item)| {
            item.operations
                .iter()
                .map(move |(method, operation)| (key(method, path), operation.origin.at.line))
        })
        .collect();
    let Some(prefix) = prefix(&documented, served) else {
        out.unknown(
            path,
            "no path of it is a route of the project: it describes something else",
        );
        return;
    };
    let full = |(method, path): &Key| (method.clone(), format!("{prefix}{path}"));
    let in_file: BTreeSet<Key> = documented.keys().map(full).collect();
    gone(cx, file, &path, &documented, &full, served, out);
    missing(cx, file, api, &path, &in_file, served, &prefix, out);
    components(cx, file, api, &path, out);
}

/// Operations of the file that no route answers.
fn gone(
    cx: &Cx<'_>,
    file: FileId,
    path: &str,
    documented: &BTreeMap<Key, u32>,
    full: &dyn Fn(&Key) -> Key,
    served: &BTreeMap<Key, &Route>,
    out: &mut Answers,
) {
    let django = &cx.head.django;
    // One pattern that was not understood could be any of them.
    let open = django.routes().iter().any(|route| route.open.is_some())
        || django
            .patterns()
            .iter()
            .any(|pattern| matches!(pattern.view, Target::Unknown(_)));
    let any: BTreeSet<&str> = served
        .iter()
        .filter(|((_, _), route)| route.method == Method::Any)
        .map(|((_, path), _)| path.as_str())
        .collect();
    for (operation, line) in documented {
        let wanted = full(operation);
        if served.contains_key(&wanted) || any.contains(wanted.1.as_str()) {
            continue;
        }
        let label = format!("{} {}", operation.0, operation.1);
        if open {
            out.unknown(
                format!("{path} {label}"),
                "some routes of the project are not known",
            );
            continue;
        }
        out.found(
            Evidence::new(
                format!("{path} {label}"),
                Anchor::line(file, *line),
                format!("The committed schema describes `{label}`, and no route answers it."),
            )
            .root(format!("{path} gone")),
        );
    }
}

/// Routes that the file does not know.
#[expect(clippy::too_many_arguments, reason = "one file's view of one project")]
fn missing(
    cx: &Cx<'_>,
    file: FileId,
    api: &Api,
    path: &str,
    in_file: &BTreeSet<Key>,
    served: &BTreeMap<Key, &Route>,
    prefix: &str,
    out: &mut Answers,
) {
    let expected: Vec<(&Key, &&Route)> = served
        .iter()
        .filter(|((_, at), route)| at.starts_with(prefix) && is_documentable(cx, route))
        .collect();
    let absent: Vec<&(&Key, &&Route)> = expected
        .iter()
        .filter(|(key, _)| !in_file.contains(*key))
        .collect();
    if absent.is_empty() {
        return;
    }
    // A document for a part of the API is no stale document of the whole.
    if absent.len() * 2 > expected.len() {
        out.unknown(
            path.to_owned(),
            "it describes less than half of the routes: a document for a part of them",
        );
        return;
    }
    let names: Vec<String> = absent
        .iter()
        .take(NAMED)
        .map(|(_, route)| format!("`{}`", route.label()))
        .collect();
    let more = match absent.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let line = api.field(api.root, "paths").map_or(1, |at| at.at.line);
    let mut evidence = Evidence::new(
        format!("{path} missing"),
        Anchor::line(file, line),
        format!(
            "The committed schema does not describe {}{more}: it was not generated again.",
            names.join(", ")
        ),
    );
    for (_, route) in absent.iter().take(NAMED) {
        if let Some(place) = handler_place(cx, route) {
            evidence = evidence.also(
                cx.anchor(place)
                    .note(format!("`{}` stands here", route.label())),
            );
        }
    }
    out.found(evidence);
}

/// What stands before every path of the file in the project's URLs (`servers` or a base path):
/// the one with which most paths are routes; `None` where none is.
fn prefix(documented: &BTreeMap<Key, u32>, served: &BTreeMap<Key, &Route>) -> Option<String> {
    let paths: BTreeSet<&str> = documented.keys().map(|(_, path)| path.as_str()).collect();
    let routes: BTreeSet<&str> = served.keys().map(|(_, path)| path.as_str()).collect();
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for path in &paths {
        for route in &routes {
            if let Some(prefix) = route.strip_suffix(path) {
                *votes.entry(prefix).or_default() += 1;
            }
        }
    }
    // Of several with as many votes the shortest.
    votes
        .into_iter()
        .max_by_key(|(prefix, count)| (*count, std::cmp::Reverse(prefix.len())))
        .map(|(prefix, _)| prefix.to_owned())
}

/// Components that are named after a serializer and have other properties than its fields.
fn components(cx: &Cx<'_>, file: FileId, api: &Api, path: &str, out: &mut Answers) {
    let mut by_name: BTreeMap<&str, Vec<&Serializer>> = BTreeMap::new();
    for serializer in cx.head.django.serializers() {
        let name = serializer.name.strip_suffix("Serializer");
        by_name
            .entry(name.unwrap_or(&serializer.name))
            .or_default()
            .push(serializer);
    }
    for (name, component) in &api.components {
        let Some([serializer]) = by_name.get(&**name).map(Vec::as_slice) else {
            continue;
        };
        let schema = api.schema(component.id);
        // Only whole components of this file, beside a serializer that is known whole.
        let known = serializer.class.is_some()
            && serializer.is_closed()
            && serializer
                .fields
                .iter()
                .all(|f| f.origin != FieldOrigin::Unresolved)
            && serializer.method("to_representation").is_none()
            && serializer.method("get_fields").is_none();
        if !known || schema.composition.is_some() || schema.object().properties.is_empty() {
            continue;
        }
        out.looked();
        // With COMPONENT_SPLIT_REQUEST the fields that are only written stand in another one.
        let split = api
            .components
            .contains_key(format!("{name}Request").as_str());
        let absent: Vec<&str> = serializer
            .fields
            .iter()
            .filter(|f| !f.hidden && (!split || f.is_output() == Some(true)))
            .map(|f| &*f.name)
            .filter(|field| schema.property(field).is_none())
            .collect();
        let extra: Vec<&str> = schema
            .object()
            .properties
            .keys()
            .map(|property| &**property)
            .filter(|property| serializer.field(property).is_none())
            .collect();
        if absent.is_empty() && extra.is_empty() {
            continue;
        }
        let list = |names: &[&str]| {
            let shown: Vec<String> = names.iter().take(NAMED).map(|n| format!("`{n}`")).collect();
            shown.join(", ")
        };
        let message = match (absent.is_empty(), extra.is_empty()) {
            (false, true) => format!("has no {}", list(&absent)),
            (true, _) => format!("still has {}", list(&extra)),
            (false, false) => format!("has no {} and still has {}", list(&absent), list(&extra)),
        };
        let mut evidence = Evidence::new(
            format!("{path} {name}"),
            Anchor::line(file, schema.origin.at.line),
            format!(
                "`{name}` of the committed schema {message}; `{}` says otherwise.",
                serializer.name
            ),
        )
        .root(format!("{path} components"));
        if let Some(place) = serializer.place {
            evidence = evidence.also(cx.anchor(place).note("the serializer"));
        }
        out.found(evidence);
    }
}

fn key(method: &str, path: &str) -> Key {
    let mut shape = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '{' => {
                inside = true;
                shape.push_str("{}");
            }
            '}' => inside = false,
            _ if inside => {}
            c => shape.push(c),
        }
    }
    let shape = shape.trim_end_matches('/');
    (method.to_ascii_uppercase(), shape.to_owned())
}
