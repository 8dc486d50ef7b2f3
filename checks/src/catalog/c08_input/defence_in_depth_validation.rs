//! DRF345: what a serializer refuses, the database refuses too.

use std::collections::BTreeSet;

use super::client_fields::sent;
use super::from_request::functions;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::ExprKind;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF345",
    name: "defence-in-depth-validation",
    competency: Competency::C08,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("defence_in_depth_validation.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut said = BTreeSet::new();
    for sent in sent(cx) {
        let Some((model, field)) = sent.model_field(cx) else {
            continue;
        };
        out.looked();
        let method = sent
            .serializer
            .method(&format!("validate_{}", sent.field.name));
        let declared = sent
            .serializer
            .declared(&sent.field.name)
            .filter(|declared| {
                ["min_value", "max_value", "validators", "min_length"]
                    .iter()
                    .any(|option| declared.kwargs.has(option))
            });
        let in_serializer = method
            .and_then(|func| cx.head.django.function(func))
            .map(|function| function.place)
            .or(declared.map(|declared| declared.place));
        let is_file = matches!(&*field.base, "FileField" | "ImageField");
        let uploads = field
            .kwargs
            .get("validators")
            .or_else(|| sent.field.kwargs.get("validators"))
            .filter(|_| is_file)
            .and_then(|kwarg| kwarg.place);
        if let Some(place) = uploads.filter(|place| said.insert((place.file, place.span.start))) {
            out.found(Evidence::new(
                sent.subject(),
                cx.anchor(place),
                format!("`{}` looks at the files it is given.", sent.words()),
            ));
            continue;
        }
        let constraint = model
            .meta
            .constraints
            .iter()
            .find(|constraint| constraint.fields.contains(&field.name));
        let (Some(rule), Some(constraint)) = (in_serializer, constraint) else {
            continue;
        };
        if said.insert((constraint.place.file, constraint.place.span.start)) {
            out.found(
                Evidence::new(
                    sent.subject(),
                    cx.anchor(rule),
                    format!(
                        "`{}` is checked by the serializer and again by the database.",
                        sent.words()
                    ),
                )
                .also(cx.anchor(constraint.place).note("the constraint")),
            );
        }
    }
    unknown_fields(cx, out);
}

/// A serializer that refuses keys it does not know.
fn unknown_fields(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        for name in [
            "validate",
            "to_internal_value",
            "run_validation",
            "is_valid",
        ] {
            let Some(func) = serializer.method(name) else {
                continue;
            };
            let Some(function) = functions(cx).into_iter().find(|f| f.id == func) else {
                continue;
            };
            let body = function.body;
            let raw = visit::any_expr(body, |expr| {
                matches!(&expr.kind, ExprKind::Attribute { attr, .. } if &**attr == "initial_data")
                    || (name != "validate" && expr.as_name() == Some("data"))
            });
            let known =
                visit::any_expr(body, |expr| expr.dotted().as_deref() == Some("self.fields"));
            let difference = visit::any_expr(body, |expr| {
                matches!(expr.kind, ExprKind::BinOp { op: "-", .. })
                    || matches!(&expr.kind, ExprKind::Attribute { attr, .. } if &**attr == "difference")
            });
            let refuses = cx
                .head
                .django
                .function(func)
                .is_some_and(|ir| !ir.raises.is_empty());
            if raw && known && difference && refuses {
                if let Some(ir) = cx.head.django.function(func) {
                    out.found(
                        Evidence::new(
                            function.fq,
                            cx.anchor(ir.place),
                            "Keys that the serializer does not know are refused instead of dropped.",
                        )
                        .root(function.fq.to_owned()),
                    );
                }
            }
        }
    }
}
