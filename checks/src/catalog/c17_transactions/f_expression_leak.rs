//! DRF638: a row still carries the expression, not the value that the database computed.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind};
use crate::python::value::Place;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF638",
    name: "f-expression-leak",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("f_expression_leak.md"),
    yields_to: &[],
    run,
};

/// Since this version a save brings the computed values back.
const REFRESHES: (u32, u32) = (6, 0);

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let version = cx.head.infra.dependencies.major_minor("django");
    if version.is_some_and(|version| version >= REFRESHES) {
        out.not_applicable("this Django reads computed values back");
        return;
    }
    for function in cx.head.django.functions() {
        for write in &function.writes {
            let saves = write.kind == crate::django::function::WriteKind::Save;
            let Some(field) = write.f_expressions.first().filter(|_| saves) else {
                continue;
            };
            out.looked();
            let refreshed = function.calls.iter().any(|call| {
                call.place.span.start > write.place.span.start
                    && *call.text == *format!("{}.refresh_from_db", write.target)
            });
            if refreshed {
                continue;
            }
            let body = &cx.head.program.func_def(function.func).body;
            let mut used: Option<Place> = None;
            visit::exprs(body, |expr| {
                let later = expr.span.start > write.place.span.end;
                if later && used.is_none() && uses(expr, &write.target, field) {
                    used = Some(Place {
                        file: write.place.file,
                        span: expr.span,
                    });
                }
            });
            let Some(used) = used else { continue };
            out.found(
                Evidence::new(
                    format!("{}.{field}", function.fq),
                    cx.anchor(used),
                    format!(
                        "`{}.{field}` is still the expression here, not a number: serialized it fails or shows `F(…)`, saved again it is applied twice. `refresh_from_db()` reads the value.",
                        write.target
                    ),
                )
                .also(cx.anchor(write.place).note("saved with `F()` here")),
            );
        }
    }
}

/// Reads the field, saves again, or hands the row to a serializer.
fn uses(expr: &Expr, target: &str, field: &str) -> bool {
    match &expr.kind {
        ExprKind::Attribute { value, attr } => {
            **attr == *field && value.dotted().as_deref() == Some(target)
        }
        ExprKind::Call { func, args } => {
            let name = func.dotted().unwrap_or_default();
            let again = name == format!("{target}.save");
            let serializes = name.ends_with("Serializer") || name.ends_with("get_serializer");
            again
                || (serializes
                    && args
                        .first()
                        .is_some_and(|arg| arg.value.dotted().as_deref() == Some(target)))
        }
        _ => false,
    }
}
