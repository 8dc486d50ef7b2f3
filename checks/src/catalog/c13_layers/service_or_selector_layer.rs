//! DRF507: writes stand in functions of a service layer that handlers call.

use std::collections::BTreeMap;

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{Callee, FunctionIr};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF507",
    name: "service-or-selector-layer",
    competency: Competency::C13,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("service_or_selector_layer.md"),
    yields_to: &[],
    run,
};

/// Module names of such a layer.
const LAYER: [&str; 6] = [
    "services",
    "service",
    "selectors",
    "use_cases",
    "usecases",
    "domain",
];
/// A body of one line only passes on.
const MIN_LINES: u32 = 2;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    // Layer function → handlers that call it.
    let mut called: BTreeMap<crate::python::FuncId, Vec<String>> = BTreeMap::new();
    let mut handlers: Vec<_> = django
        .routes()
        .iter()
        .filter_map(|route| Some((route.func?, route.label())))
        .collect();
    handlers.sort();
    handlers.dedup_by(|a, b| a.0 == b.0);
    for (func, label) in handlers {
        let Some(handler) = django.function(func) else {
            continue;
        };
        out.looked();
        if !handler.writes.is_empty() {
            continue;
        }
        for callee in project_calls(handler) {
            if django.function(callee).is_some_and(is_layer_function) {
                called.entry(callee).or_default().push(label.clone());
            }
        }
    }
    for (func, labels) in called {
        let Some(function) = django.function(func) else {
            continue;
        };
        let first = labels.first().map_or("", String::as_str);
        out.found(
            Evidence::new(
                function.fq.to_string(),
                cx.anchor(function.place),
                format!(
                    "`{}` owns the work behind `{first}`; the handler only validates and answers.",
                    function.fq
                ),
            )
            .root("layer"),
        );
    }
}

fn project_calls(function: &FunctionIr) -> impl Iterator<Item = crate::python::FuncId> {
    function.calls.iter().filter_map(|call| match call.callee {
        Callee::Project(callee) => Some(callee),
        _ => None,
    })
}

/// It stands in a module of the layer, and does the writing or reading itself.
fn is_layer_function(function: &FunctionIr) -> bool {
    let in_layer = function
        .fq
        .split('.')
        .rev()
        .skip(1)
        .any(|part| LAYER.contains(&part));
    in_layer
        && function.lines >= MIN_LINES
        && !(function.writes.is_empty() && function.queries.is_empty())
}
