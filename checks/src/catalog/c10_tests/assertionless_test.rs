//! DRF405: a test that runs code and checks nothing.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Test;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ExprKind, StmtKind};

pub(super) static CHECK: Check = Check {
    id: "DRF405",
    name: "assertionless-test",
    competency: Competency::C10,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("assertionless_test.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for test in cx.head.django.tests() {
        if !test.is_collected() || test.skipped.is_some() {
            continue;
        }
        out.looked();
        let def = cx.head.program.func_def(test.func);
        let empty = def.body.iter().all(|statement| match &statement.kind {
            StmtKind::Pass => true,
            StmtKind::Expr(expr) => matches!(expr.kind, ExprKind::Str(_) | ExprKind::Ellipsis),
            _ => false,
        });
        // Assertions of helpers it calls are among them.
        if !test.asserts.is_empty() {
            continue;
        }
        let (message, severity) = if empty {
            (
                "has no body: it passes whatever the code does",
                Severity::High,
            )
        } else if has_smoke_comment(cx, test) {
            (
                "only checks that nothing is raised, as its comment says",
                Severity::Low,
            )
        } else {
            (
                "runs code and checks nothing: it passes as long as nothing is raised",
                Severity::High,
            )
        };
        out.found(
            Evidence::new(
                test.label.to_string(),
                cx.anchor(test.place),
                format!("`{}` {message}.", def.name),
            )
            .severity(severity),
        );
    }
}

/// A comment or docstring in it says that it is a smoke test.
fn has_smoke_comment(cx: &Cx<'_>, test: &Test) -> bool {
    let file = cx.head.tree.file(test.place.file);
    let span = cx.head.program.func_def(test.func).span;
    let text = file
        .text()
        .and_then(|text| text.get(span.start as usize..span.end as usize));
    text.is_some_and(|text| {
        let text = text.to_ascii_lowercase();
        [
            "smoke",
            "does not raise",
            "doesn't raise",
            "should not raise",
            "no error",
        ]
        .iter()
        .any(|word| text.contains(word))
    })
}
