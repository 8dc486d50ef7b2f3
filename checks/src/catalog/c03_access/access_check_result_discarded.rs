//! DRF183: a check says no, and nobody listens.

use crate::catalog::on_request::{effects, is_caller, view_functions};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Anonymous;
use crate::django::function::Callee;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ExprKind, StmtKind};
use crate::python::{FuncId, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF183",
    name: "access-check-result-discarded",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("access_check_result_discarded.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        if !route.mounted {
            continue;
        }
        let functions = view_functions(cx, route);
        for ir in functions.iter().filter_map(|func| django.function(*func)) {
            for call in ir.calls.iter().filter(|call| call.discarded) {
                let Callee::Project(callee) = call.callee else {
                    continue;
                };
                let Some(denies) = denial(cx, callee, &call.text) else {
                    continue;
                };
                out.looked();
                let acts = !ir.writes.is_empty()
                    || !ir.queries.is_empty()
                    || effects(cx, &functions)
                        .iter()
                        .any(|ir| !ir.writes.is_empty());
                if !acts {
                    continue;
                }
                let severity = if route.permission().needs_staff() == Some(true) {
                    Severity::Low
                } else if route.permission().anonymous() == Anonymous::Deny && !route.is_unsafe() {
                    Severity::High
                } else {
                    Severity::Critical
                };
                out.found(
                    Evidence::new(
                        ir.fq.to_string(),
                        cx.anchor(call.place),
                        format!(
                            "`{}()` refuses by {denies}, and `{}` throws that away: the request goes on whatever the check says.",
                            call.text,
                            route.label()
                        ),
                    )
                    .severity(severity)
                    .root(format!("{}", call.place.span.start)),
                );
            }
        }
    }
}

/// How the function says no, if it does so by its value alone and looks at the caller.
fn denial(cx: &Cx<'_>, func: FuncId, text: &str) -> Option<&'static str> {
    let ir = cx.head.django.function(func)?;
    let raises = cx
        .head
        .django
        .effects(func)
        .iter()
        .any(|ir| !ir.raises.is_empty());
    if raises || ir.calls_super {
        return None;
    }
    let body = &cx.head.program.func_def(func).body;
    let name = text.rsplit('.').next().unwrap_or("").to_ascii_lowercase();
    let words = [
        "check",
        "require",
        "ensure",
        "verify",
        "authori",
        "permission",
        "is_",
        "has_",
        "can_",
    ];
    let named = words
        .iter()
        .any(|word| name.trim_start_matches('_').contains(word));
    let looks = visit::any_expr(body, is_caller)
        || visit::any_expr(body, |expr| {
            expr.dotted().is_some_and(|name| {
                [
                    "is_staff",
                    "is_superuser",
                    "is_authenticated",
                    "request.headers",
                    "request.META",
                    ".role",
                ]
                .iter()
                .any(|part| name.contains(part))
            })
        });
    let refuses = ir
        .responses
        .iter()
        .any(|response| matches!(response.status, Some(401 | 403)));
    if refuses && (looks || named) {
        return Some("returning an answer");
    }
    let mut says_false = false;
    visit::stmts(body, |stmt| {
        if let StmtKind::Return(Some(value)) = &stmt.kind {
            says_false |= matches!(value.kind, ExprKind::Bool(false));
        }
    });
    (says_false && named && looks && ir.writes.is_empty()).then_some("returning `False`")
}
