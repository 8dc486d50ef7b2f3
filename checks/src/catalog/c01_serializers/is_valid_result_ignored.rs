//! DRF113: the answer of `is_valid()` is thrown away.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::ExprKind;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF113",
    name: "is-valid-result-ignored",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("is_valid_result_ignored.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for serializer in &function.serializers {
            let Some(is_valid) = serializer.is_valid else {
                continue;
            };
            out.looked();
            if is_valid.raises || is_valid.result_used {
                continue;
            }
            let body = &cx.head.program.func_def(function.func).body;
            let reads = |name: &str| {
                visit::any_expr(
                    body,
                    |expr| matches!(&expr.kind, ExprKind::Attribute { attr, .. } if &**attr == name),
                )
            };
            // `if serializer.errors:` asks in another way.
            let used = serializer.saved.is_some() || reads("validated_data");
            if !used || reads("errors") {
                continue;
            }
            let follows = if serializer.saved.is_some() {
                "`save()` fails with an `AssertionError` for invalid input, and the answer is 500"
            } else {
                "invalid input goes on as if nothing were wrong"
            };
            out.found(Evidence::new(
                format!("{}.{}", function.fq, is_valid.place.span.start),
                cx.anchor(is_valid.place),
                format!("The result of `is_valid()` is not used: {follows}."),
            ));
        }
    }
}
