//! DRF267: the schema says what happens when a request is refused, or shows one.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind, keyword};
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF267",
    name: "documented-errors-and-examples",
    competency: Competency::C06,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("documented_errors_and_examples.md"),
    yields_to: &[],
    run,
};

/// Handlers with such a description before it is a habit.
const WANTED: usize = 2;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut found = Vec::new();
    for function in cx.head.django.functions() {
        let def = cx.head.program.func_def(function.func);
        for decorator in &def.decorators {
            let Some(place) = documents(decorator) else {
                continue;
            };
            out.looked();
            if place {
                found.push((function, decorator.span));
            }
        }
    }
    if found.len() < WANTED {
        return;
    }
    for (function, span) in found {
        let place = crate::python::value::Place {
            file: function.place.file,
            span,
        };
        out.found(
            Evidence::new(
                function.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` documents its answers by status, or with examples.",
                    function.fq
                ),
            )
            .root("documented answers"),
        );
    }
}

/// `None`: describes no operation. Whether it holds two answers or an example.
fn documents(decorator: &Expr) -> Option<bool> {
    let mut said = None;
    visit::within(decorator, |expr| {
        let Some((callee, args)) = expr.as_call() else {
            return;
        };
        let name = callee.dotted().unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or("");
        if !matches!(last, "extend_schema" | "swagger_auto_schema") {
            return;
        }
        let answers = keyword(args, "responses").is_some_and(|value| match &value.kind {
            ExprKind::Dict(items) => items.len() >= 2,
            _ => false,
        });
        let examples = keyword(args, "examples")
            .is_some_and(|value| value.elements().is_none_or(|items| !items.is_empty()));
        said = Some(said == Some(true) || answers || examples);
    });
    said
}
