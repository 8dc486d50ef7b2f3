//! DRF151: errors come in several shapes.

use super::handlers::{body_of, handlers};
use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::FunctionIr;
use crate::django::function::ResponseReturn;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{DictItem, ExprKind};
use crate::python::value::Place;
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF151",
    name: "mixed-error-envelopes",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("mixed_error_envelopes.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let settings = cx.head.django.settings();
    let handled = settings
        .get("REST_FRAMEWORK.EXCEPTION_HANDLER")
        .is_some_and(|found| found.str() != Some("rest_framework.views.exception_handler"));
    let mut shapes: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for handler in handlers(cx) {
        for response in &handler.function.responses {
            if !matches!(&*response.class, "Response" | "JsonResponse")
                || response.status.is_none_or(|status| status < 400)
            {
                continue;
            }
            out.looked();
            if let Some(shape) = shape(cx, handler.function, response) {
                let places = shapes.entry(shape).or_default();
                if !places.contains(&response.place) {
                    places.push(response.place);
                }
            }
        }
    }
    if handled || shapes.len() < 2 {
        return;
    }
    let mut ordered: Vec<(&String, &Vec<Place>)> = shapes.iter().collect();
    ordered.sort_by_key(|(_, places)| places.len());
    // The rarest shape is the one to change.
    let Some(((rarest, places), others)) = ordered.split_first() else {
        return;
    };
    let Some(place) = places.first() else { return };
    let names: Vec<String> = ordered
        .iter()
        .rev()
        .map(|(shape, _)| (*shape).clone())
        .collect();
    let mut evidence = Evidence::new(
        "error responses",
        cx.anchor(*place),
        format!(
            "Errors are answered in {} shapes ({}): a client needs a parser for each. Here it is {rarest}.",
            names.len(),
            names.join(", ")
        ),
    );
    for (shape, places) in others.iter().rev() {
        if let Some(place) = places.first() {
            evidence = evidence.also(cx.anchor(*place).note((*shape).clone()));
        }
    }
    out.found(evidence);
}

/// What DRF itself answers: `{detail}`, or the errors by field.
const OWN: &str = "DRF's own";

/// The part of the body that carries the message; DRF's own forms are one.
fn shape(cx: &Context<'_>, function: &FunctionIr, response: &ResponseReturn) -> Option<String> {
    if response.serializer_part.as_deref() == Some("errors") && response.keys.is_empty() {
        return Some(OWN.into());
    }
    let body = body_of(cx, function, response)?;
    match &body.kind {
        ExprKind::Str(_) | ExprKind::FString(_) => Some("bare text".into()),
        ExprKind::Attribute { attr, .. } if &**attr == "errors" => Some(OWN.into()),
        ExprKind::Dict(items) => {
            let keys: Vec<&str> = items
                .iter()
                .filter_map(|item| match item {
                    DictItem::Pair { key, .. } => key.as_str(),
                    DictItem::Spread(_) => None,
                })
                .collect();
            let carries = ["error", "errors", "detail", "details", "message", "msg"];
            let named: Vec<&str> = carries
                .into_iter()
                .filter(|key| keys.contains(key))
                .collect();
            match named.as_slice() {
                [] => None,
                ["detail"] => Some(OWN.into()),
                [..] => Some(format!("`{{{}}}`", named.join(", "))),
            }
        }
        _ => None,
    }
}
