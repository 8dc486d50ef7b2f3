//! DRF117: a rule about several fields together, or a validator of the project, refuses input.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::ExprKind;
use crate::python::visit;
use std::collections::BTreeSet;

pub(super) static CHECK: Check = Check {
    id: "DRF117",
    name: "cross-field-validation",
    competency: Competency::C01,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("cross_field_validation.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        let Some(func) = serializer
            .method("validate")
            .filter(|_| serializer.class.is_some())
        else {
            continue;
        };
        let Some(function) = cx.head.django.function(func) else {
            continue;
        };
        out.looked();
        let def = cx.head.program.func_def(func);
        let Some(mapping) = def.params.get(1) else {
            continue;
        };
        let mut keys: BTreeSet<&str> = BTreeSet::new();
        visit::exprs(&def.body, |expr| match &expr.kind {
            ExprKind::Subscript { value, index } if value.as_name() == Some(&*mapping.name) => {
                keys.extend(index.as_str());
            }
            ExprKind::Call { func, args } => {
                if let ExprKind::Attribute { value, attr } = &func.kind
                    && value.as_name() == Some(&*mapping.name)
                    && matches!(&**attr, "get" | "pop")
                {
                    keys.extend(args.first().and_then(|arg| arg.value.as_str()));
                }
            }
            _ => {}
        });
        let raise = function.raises.iter().find(|raise| {
            raise
                .class
                .as_deref()
                .is_some_and(|class| class.ends_with("ValidationError"))
        });
        let Some(raise) = raise.filter(|_| keys.len() >= 2) else {
            continue;
        };
        let names: Vec<&str> = keys.into_iter().take(4).collect();
        out.found(
            Evidence::new(
                function.fq.to_string(),
                cx.anchor(raise.place),
                format!("`validate` checks `{}` together.", names.join("`, `")),
            )
            .root("validate"),
        );
    }
}
