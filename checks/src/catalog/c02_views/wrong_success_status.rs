//! DRF136: the status of a success says something else than what was done.

use super::handlers::{Handler, handlers, says_failure};
use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Method;
use crate::django::function::{ResponseReturn, WriteKind};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF136",
    name: "wrong-success-status",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::File,
    page: include_str!("wrong_success_status.md"),
    yields_to: &[],
    run,
};

/// Endpoints that do something rather than make a resource; 200 is right for them.
const CALLS: [&str; 24] = [
    "login",
    "signin",
    "sign-in",
    "sign_in",
    "logout",
    "token",
    "refresh",
    "verify",
    "otp",
    "reset",
    "forgot",
    "search",
    "import",
    "upload",
    "sync",
    "webhook",
    "callback",
    "check",
    "validate",
    "send",
    "confirm",
    "toggle",
    "calculate",
    "activate",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for handler in handlers(cx) {
        let function = handler.function;
        out.looked();
        for response in &function.responses {
            let Some(message) = wrong(cx, &handler, response) else {
                continue;
            };
            out.found(
                Evidence::new(
                    format!("{}.{}", function.fq, response.place.span.start),
                    cx.anchor(response.place),
                    message,
                )
                .root(format!(
                    "{} {}",
                    function.fq,
                    response.status.unwrap_or(200)
                )),
            );
        }
    }
}

fn wrong(cx: &Context<'_>, handler: &Handler<'_>, response: &ResponseReturn) -> Option<String> {
    if response.in_except || !matches!(&*response.class, "Response" | "JsonResponse") {
        return None;
    }
    let function = handler.function;
    let status = response.status?;
    let has = |code: u16| {
        function
            .responses
            .iter()
            .any(|other| other.status == Some(code))
    };
    match status {
        204 if !response.empty => {
            return Some(
                "204 says that there is no body, and one is given: it is dropped or breaks the client."
                    .into(),
            );
        }
        // One way makes something (201), the other does nothing and says 204.
        204 if response.in_branch
            && has(201)
            && !has(200)
            && handler.only(&[Method::Post])
            && !deletes_or_updates(function) =>
        {
            return Some(
                "A request that was not carried out is answered with 204, which is a success: the caller takes it for done. 409 or 429 says that it was not."
                    .into(),
            );
        }
        201 if handler.only(&[Method::Get]) => {
            return Some("201 says that a resource was made, and this answers a GET.".into());
        }
        201 if handler.only(&[Method::Put, Method::Patch]) && !creates(function) => {
            return Some(
                "201 says that a resource was made, and an existing one was changed.".into(),
            );
        }
        201 if serves_both(handler) && !has(200) => {
            return Some(
                "The same handler makes a row and changes the one that the URL names, and answers 201 for both."
                    .into(),
            );
        }
        200 if response.empty && handler.only(&[Method::Delete]) => {
            return Some("An empty 200 for a deletion: 204 says that there is no body.".into());
        }
        200 => {}
        _ => return None,
    }
    let made = handler.only(&[Method::Post])
        && creates(function)
        && !deletes_or_updates(function)
        && !has(201)
        && !is_call(cx, handler)
        && !says_failure(cx, function, response)
        && !function
            .serializers
            .iter()
            .any(|serializer| serializer.has_data && (serializer.has_instance || serializer.many));
    // The last response of the way that makes the row; an early one answers something else.
    let after = function
        .writes
        .iter()
        .all(|write| write.place.span.start < response.place.span.start);
    (made && after).then(|| {
        "A row is made and the answer is 200: 201 tells the client that there is a new resource."
            .into()
    })
}

/// Makes a row of a model that is more than a side effect.
fn creates(function: &crate::django::FunctionIr) -> bool {
    function.writes.iter().any(|write| match write.kind {
        WriteKind::Create => write.model.is_some(),
        WriteKind::SerializerSave => true,
        _ => false,
    }) || function
        .serializers
        .iter()
        .any(|serializer| serializer.saved.is_some() && !serializer.has_instance)
}

/// Changes or deletes rows that were there before; saving what was just made does not count.
fn deletes_or_updates(function: &crate::django::FunctionIr) -> bool {
    let made: Vec<_> = function
        .writes
        .iter()
        .filter(|write| write.kind == WriteKind::Create)
        .map(|write| write.model)
        .collect();
    function.writes.iter().any(|write| match write.kind {
        WriteKind::Save => !made.contains(&write.model),
        WriteKind::Update
        | WriteKind::Delete
        | WriteKind::BulkUpdate
        | WriteKind::BulkCreate
        | WriteKind::GetOrCreate
        | WriteKind::UpdateOrCreate => true,
        _ => false,
    })
}

fn is_call(cx: &Context<'_>, handler: &Handler<'_>) -> bool {
    handler.routes.iter().any(|route| {
        let view = cx.head.django.view_of(route);
        let mut words = vec![route.template.to_ascii_lowercase()];
        words.extend(view.map(|view| view.name.to_ascii_lowercase()));
        let named = words
            .iter()
            .any(|word| CALLS.iter().any(|call| word.contains(call)));
        // An extra action on a row does something to it.
        let extra = view
            .and_then(|view| view.handler(route.handler.as_deref()?))
            .is_some_and(|found| found.extra.is_some());
        named || extra || route.detail == Some(true)
    })
}

/// The same POST handler under `…/` and `…/{pk}/`.
fn serves_both(handler: &Handler<'_>) -> bool {
    handler.only(&[Method::Post])
        && handler.routes.iter().any(|detail| {
            let template = detail.template.trim_end_matches('/');
            let Some((parent, last)) = template.rsplit_once('/') else {
                return false;
            };
            last.starts_with('{')
                && handler
                    .routes
                    .iter()
                    .any(|other| other.template.trim_end_matches('/') == parent)
        })
}
