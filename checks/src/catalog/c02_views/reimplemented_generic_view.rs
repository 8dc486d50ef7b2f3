//! DRF141: a plain view writes out what a generic one brings.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{Callee, FunctionIr, WriteKind};
use crate::django::views::ViewKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF141",
    name: "reimplemented-generic-view",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Medium,
    scope: Scope::File,
    page: include_str!("reimplemented_generic_view.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for view in cx.head.django.views() {
        if view.kind != ViewKind::ApiView || view.class.is_none() {
            continue;
        }
        let handlers: Vec<(&str, &FunctionIr)> = view
            .handlers
            .iter()
            .filter_map(|handler| Some((&*handler.name, cx.head.django.function(handler.func?)?)))
            .collect();
        let Some(place) = view.place.filter(|_| handlers.len() >= 2) else {
            continue;
        };
        out.looked();
        let usual = handlers
            .iter()
            .filter(|(verb, function)| is_usual(cx, verb, function))
            .count();
        if usual < 2 || usual < handlers.len() {
            continue;
        }
        out.found(Evidence::new(
            view.fq.to_string(),
            cx.anchor(place),
            format!(
                "`{}` writes out by hand what `generics` or a viewset brings: pagination, filters and object permissions come with those.",
                view.name
            ),
        ));
    }
}

/// The handler does what the generic view of this verb does, and no more.
fn is_usual(cx: &Context<'_>, verb: &str, function: &FunctionIr) -> bool {
    let elsewhere = function.calls.iter().any(|call| match call.callee {
        // Looking up its own row is part of the pattern.
        Callee::Project(func) => !cx
            .head
            .program
            .func_def(func)
            .name
            .starts_with("get_object"),
        _ => false,
    });
    if elsewhere || !function.external.is_empty() || !function.dispatches.is_empty() {
        return false;
    }
    let [serializer] = function.serializers.as_slice() else {
        return verb == "delete"
            && function.serializers.is_empty()
            && function.lines <= 12
            && matches!(function.writes.as_slice(), [write] if write.kind == WriteKind::Delete);
    };
    let rows = serializer.instance.is_some() || serializer.has_instance;
    match verb {
        "get" => !serializer.has_data && rows && serializer.reads_data && function.lines <= 15,
        "post" => serializer.has_data && serializer.saved.is_some() && !serializer.has_instance,
        "put" | "patch" => serializer.has_data && serializer.saved.is_some() && rows,
        _ => false,
    }
}
