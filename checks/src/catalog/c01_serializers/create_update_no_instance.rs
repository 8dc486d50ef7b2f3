//! DRF114: `create` or `update` of a serializer ends without the row.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ExprKind, StmtKind};

pub(super) static CHECK: Check = Check {
    id: "DRF114",
    name: "create-update-no-instance",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("create_update_no_instance.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        if serializer.class.is_none() || serializer.method("save").is_some() {
            continue;
        }
        for (name, func) in &serializer.methods {
            if !matches!(&**name, "create" | "update") {
                continue;
            }
            let Some(function) = cx.head.django.function(*func) else {
                continue;
            };
            out.looked();
            let body = &cx.head.program.func_def(*func).body;
            // `pass` says that nothing is saved through this serializer.
            let stub = body.iter().all(|stmt| match &stmt.kind {
                StmtKind::Pass => true,
                StmtKind::Expr(expr) => {
                    matches!(expr.kind, ExprKind::Str(_) | ExprKind::Ellipsis)
                }
                _ => false,
            });
            let Some(place) = function.exits_without_value.filter(|_| !stub) else {
                continue;
            };
            out.found(
                Evidence::new(
                    function.fq.to_string(),
                    cx.anchor(place),
                    format!(
                        "`{name}` can end without returning the row: `save()` raises an `AssertionError` after it was written."
                    ),
                )
                .root(function.fq.to_string()),
            );
        }
    }
}
