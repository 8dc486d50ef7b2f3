//! DRF120: a list is built with one serializer for each row.

use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{FunctionIr, SerializerCall};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ComprehensionKind, ExprKind, Span, Stmt, StmtKind};
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF120",
    name: "serializer-per-object",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("serializer_per_object.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for call in &function.serializers {
            let Some(place) = call.in_loop else { continue };
            out.looked();
            let one = !call.many && !call.has_data && call.serializer.is_some() && call.reads_data;
            if !one || !collects(cx, function, call, place.span) {
                continue;
            }
            out.found(
                Evidence::new(
                    format!("{}.{}", function.fq, place.span.start),
                    cx.anchor(place),
                    "A serializer is made for each row of a loop: `many=True` does it for the whole list, and such a list can be paginated.",
                )
                .also(cx.anchor(call.place).note("the serializer")),
            );
        }
    }
}

/// The loop does nothing but collect into one list: no early end, no grouping by key.
fn collects(cx: &Context<'_>, function: &FunctionIr, call: &SerializerCall, around: Span) -> bool {
    let body = &cx.head.program.func_def(function.func).body;
    let mut found = false;
    visit::stmts(body, |stmt: &Stmt| {
        if let StmtKind::For { body, .. } = &stmt.kind
            && stmt.span.contains(call.place.span)
            && stmt.span.start >= around.start.min(stmt.span.start)
        {
            let mut ends = false;
            let mut keyed = false;
            visit::stmts(body, |stmt| match &stmt.kind {
                StmtKind::Break | StmtKind::Return(_) => ends = true,
                StmtKind::Assign { targets, .. } => {
                    keyed |= targets
                        .iter()
                        .any(|target| matches!(target.kind, ExprKind::Subscript { .. }));
                }
                _ => {}
            });
            let mut appended = false;
            visit::calls(body, |_, func, _| {
                if let ExprKind::Attribute { value, attr } = &func.kind {
                    let list = matches!(value.kind, ExprKind::Name(_));
                    appended |= &**attr == "append" && list;
                }
            });
            found = appended && !ends && !keyed;
        }
    });
    visit::exprs(body, |expr| {
        if let ExprKind::Comprehension(of) = &expr.kind
            && of.kind == ComprehensionKind::List
            && expr.span.contains(call.place.span)
        {
            found = true;
        }
    });
    found
}
