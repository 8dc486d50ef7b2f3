//! DRF139: a GET writes.

use crate::catalog::on_request;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{FunctionIr, Write, WriteKind};
use crate::django::{Method, Route};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::FuncId;
use crate::python::value::Place;
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF139",
    name: "state-change-on-get",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("state_change_on_get.md"),
    yields_to: &[],
    run,
};

/// Ways in by a link in a mail, and redirects of a payment provider: a GET is all they can send.
const LINKS: [&str; 11] = [
    "confirm",
    "verify",
    "verification",
    "activate",
    "activation",
    "unsubscribe",
    "callback",
    "redirect",
    "webhook",
    "oauth",
    "track",
];
/// Fields and models that only record that somebody looked.
const RECORDS: [&str; 13] = [
    "view", "visit", "seen", "last_", "hit", "click", "count", "log", "audit", "history", "stat",
    "access", "read",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut by_handler: BTreeMap<FuncId, Vec<&Route>> = BTreeMap::new();
    for route in cx.head.django.routes() {
        if let Some(func) = route.func.filter(|_| route.method == Method::Get) {
            by_handler.entry(func).or_default().push(route);
        }
    }
    for (func, routes) in by_handler {
        let (Some(function), Some(route)) = (cx.head.django.function(func), routes.first()) else {
            continue;
        };
        out.looked();
        let functions = on_request::view_functions(cx, route);
        let effects = on_request::effects(cx, &functions);
        // A handler that also answers POST branches on the method.
        let branches = cx
            .head
            .django
            .routes()
            .iter()
            .any(|other| other.func == Some(func) && other.method.is_unsafe());
        let Some((place, what, mild)) = worst(cx, &effects, function, branches) else {
            continue;
        };
        let by_link = routes.iter().any(|route| {
            let path = route.template.to_ascii_lowercase();
            LINKS.iter().any(|word| path.contains(word))
        });
        out.found(
            Evidence::new(
                function.fq.to_string(),
                cx.anchor(function.place),
                format!(
                    "`{}` {what}: a prefetch, a crawler or a repeated request changes data.",
                    route.label()
                ),
            )
            .also(cx.anchor(place).note("the write"))
            .severity(if mild || by_link {
                Severity::Low
            } else {
                Severity::High
            }),
        );
    }
}

/// The write that weighs most: its place, in words, and whether it only records the visit.
fn worst(
    cx: &Cx<'_>,
    effects: &[&FunctionIr],
    handler: &FunctionIr,
    branches: bool,
) -> Option<(Place, String, bool)> {
    let mut found: Option<(Place, String, bool)> = None;
    for function in effects {
        if branches && function.func == handler.func {
            continue;
        }
        for write in &function.writes {
            let Some(what) = in_words(cx, write) else {
                continue;
            };
            let mild = is_mild(cx, write);
            if found.as_ref().is_none_or(|(_, _, known)| *known && !mild) {
                found = Some((write.place, what, mild));
            }
        }
    }
    found
}

fn in_words(cx: &Cx<'_>, write: &Write) -> Option<String> {
    let name = write
        .model
        .map(|id| format!("`{}`", cx.head.django.model(id).name));
    let verb = match write.kind {
        WriteKind::Create | WriteKind::GetOrCreate | WriteKind::BulkCreate => "makes rows of",
        WriteKind::UpdateOrCreate | WriteKind::BulkUpdate | WriteKind::Update | WriteKind::Save => {
            "changes rows of"
        }
        WriteKind::Delete => "deletes rows of",
        WriteKind::Relation => "changes relations of",
        WriteKind::SerializerSave => return Some("saves through a serializer".into()),
        WriteKind::RawSql => return Some("writes by SQL".into()),
    };
    Some(format!("{verb} {}", name?))
}

fn is_mild(cx: &Cx<'_>, write: &Write) -> bool {
    let recorded = |name: &str| {
        let name = name.to_ascii_lowercase();
        RECORDS.iter().any(|word| name.contains(word))
    };
    let model = write
        .model
        .is_some_and(|id| recorded(&cx.head.django.model(id).name));
    let fields = !write.fields.is_empty() && write.fields.iter().all(|(name, _)| recorded(name));
    let lazily = write.kind == WriteKind::GetOrCreate;
    model || lazily || (fields && matches!(write.kind, WriteKind::Save | WriteKind::Update))
}
