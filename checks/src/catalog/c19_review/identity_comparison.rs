//! DRF712: numbers or texts are compared by identity.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind};
use crate::python::value::Place;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF712",
    name: "identity-comparison",
    competency: Competency::C19,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("identity_comparison.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let mut found: Vec<(&Expr, bool)> = Vec::new();
        visit::exprs(&cx.head.program.func_def(function.func).body, |expr| {
            let ExprKind::Compare { left, rest } = &expr.kind else {
                return;
            };
            for (op, right) in rest {
                if !matches!(*op, "is" | "is not") {
                    continue;
                }
                let keys = is_key(left) && is_key(right);
                if keys
                    || is_literal(left)
                    || is_literal(right)
                    || is_value(left) && is_value(right)
                {
                    found.push((expr, keys));
                }
            }
        });
        for (expr, keys) in found {
            out.looked();
            let place = Place {
                file: function.place.file,
                span: expr.span,
            };
            let message = if keys {
                "Keys are compared by identity: for numbers above 256 `is` is false even where they are equal."
            } else {
                "A value is compared by identity with `is`: whether equal numbers or texts are one object is up to the interpreter."
            };
            out.found(
                Evidence::new(
                    format!("{}.{}", function.fq, expr.span.start),
                    cx.anchor(place),
                    message,
                )
                .severity(if keys {
                    Severity::High
                } else {
                    Severity::Medium
                }),
            );
        }
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Str(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::FString(_)
    )
}

fn is_key(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Attribute { attr, .. }
        if matches!(&**attr, "pk" | "id") || attr.ends_with("_id"))
}

fn is_value(expr: &Expr) -> bool {
    is_key(expr)
        || expr
            .as_call()
            .is_some_and(|(func, _)| matches!(func.as_name(), Some("len" | "str" | "int")))
}
