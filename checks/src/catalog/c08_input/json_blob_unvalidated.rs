//! DRF339: a JSON value of any shape is stored, and code relies on its keys.

use super::client_fields::sent;
use super::from_request::functions;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind};
use crate::python::value::Place;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF339",
    name: "json-blob-unvalidated",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("json_blob_unvalidated.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let functions = functions(cx);
    for sent in sent(cx) {
        if !matches!(&*sent.field.base, "JSONField" | "DictField") || sent.field.nested.is_some() {
            continue;
        }
        out.looked();
        let typed = sent
            .serializer
            .declared(&sent.field.name)
            .is_some_and(|field| field.child.is_some());
        if typed || sent.is_validated(cx) {
            continue;
        }
        let read = functions.iter().find_map(|function| {
            let mut found: Option<Place> = None;
            visit::exprs(function.body, |expr| {
                if found.is_none() && takes_key(expr, &sent.field.name) {
                    found = Some(function.place(expr));
                }
            });
            found
        });
        let (Some(read), Some(place)) = (read, sent.place(cx)) else {
            continue;
        };
        out.found(
            Evidence::new(
                sent.subject(),
                cx.anchor(place),
                format!(
                    "`{}` takes any JSON, and code takes keys out of it: a body of another shape is stored and fails there.",
                    sent.words()
                ),
            )
            .also(cx.anchor(read).note("takes a key out of it")),
        );
    }
}

/// `order.payload["total"]`, `validated_data["payload"]["total"]`.
fn takes_key(expr: &Expr, field: &str) -> bool {
    let ExprKind::Subscript { value, index } = &expr.kind else {
        return false;
    };
    if index.as_str().is_none() {
        return false;
    }
    match &value.kind {
        ExprKind::Attribute { attr, value } => {
            // `self.payload` of a plain class is another thing; `request.data` is no row.
            &**attr == field && !super::from_request::is_request(value)
        }
        ExprKind::Subscript { index, value } => {
            index.as_str() == Some(field)
                && value
                    .dotted()
                    .is_some_and(|name| name.ends_with("validated_data") || name == "attrs")
        }
        _ => false,
    }
}
