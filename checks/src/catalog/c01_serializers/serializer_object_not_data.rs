//! DRF121: a serializer itself is answered, not its data.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::FunctionIr;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{DictItem, Expr, ExprKind, keyword, positional};
use crate::python::value::Place;
use crate::python::visit;
use std::collections::BTreeSet;

pub(super) static CHECK: Check = Check {
    id: "DRF121",
    name: "serializer-object-not-data",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("serializer_object_not_data.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        if function.serializers.is_empty() {
            continue;
        }
        out.looked();
        let body = &cx.head.program.func_def(function.func).body;
        let bound = bound_names(function, body);
        // Lists that serializers are appended to.
        let mut lists: BTreeSet<&str> = BTreeSet::new();
        visit::calls(body, |_, func, args| {
            if let ExprKind::Attribute { value, attr } = &func.kind
                && &**attr == "append"
                && let Some(list) = value.as_name()
                && args
                    .first()
                    .is_some_and(|arg| is_serializer(function, &bound, &arg.value))
            {
                lists.insert(list);
            }
        });
        visit::calls(body, |call, func, args| {
            let is_response = function
                .responses
                .iter()
                .any(|response| response.place.span == call.span && &*response.class == "Response");
            if !is_response || func.as_name() != Some("Response") {
                return;
            }
            let Some(data) = keyword(args, "data").or_else(|| positional(args, 0)) else {
                return;
            };
            // A template gets the serializer to draw its form.
            if keyword(args, "template_name").is_some() {
                return;
            }
            if let Some(part) = carries(function, &bound, &lists, data) {
                let direct =
                    part.span == data.span && part.as_name().is_none_or(|n| !lists.contains(n));
                let follows = if direct {
                    "DRF raises an `AssertionError`"
                } else {
                    "it cannot be rendered as JSON, and a `TypeError` follows"
                };
                let place = Place {
                    file: function.place.file,
                    span: part.span,
                };
                out.found(Evidence::new(
                    format!("{}.{}", function.fq, call.span.start),
                    cx.anchor(place),
                    format!("A serializer is answered where its `.data` is meant: {follows}."),
                ));
            }
        });
    }
}

/// Names that hold a serializer and nothing else.
fn bound_names<'a>(
    function: &'a FunctionIr,
    body: &[crate::python::syntax::Stmt],
) -> BTreeSet<&'a str> {
    let mut names: BTreeSet<&str> = function
        .serializers
        .iter()
        .filter_map(|call| call.bound_to.as_deref())
        .collect();
    visit::stmts(body, |stmt| {
        if let crate::python::syntax::StmtKind::Assign { targets, value } = &stmt.kind {
            let made = function
                .serializers
                .iter()
                .any(|call| call.place.span == value.span);
            for target in targets {
                if let Some(name) = target.as_name().filter(|_| !made) {
                    names.remove(name);
                }
            }
        }
    });
    names
}

fn is_serializer(function: &FunctionIr, bound: &BTreeSet<&str>, expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => bound.contains(&**name),
        ExprKind::Call { .. } => function
            .serializers
            .iter()
            .any(|call| call.place.span == expr.span),
        _ => false,
    }
}

fn carries<'t>(
    function: &FunctionIr,
    bound: &BTreeSet<&str>,
    lists: &BTreeSet<&str>,
    data: &'t Expr,
) -> Option<&'t Expr> {
    if is_serializer(function, bound, data) {
        return Some(data);
    }
    match &data.kind {
        ExprKind::Name(name) => lists.contains(&**name).then_some(data),
        ExprKind::Dict(items) => items.iter().find_map(|item| match item {
            DictItem::Pair { value, .. } => carries(function, bound, lists, value),
            DictItem::Spread(_) => None,
        }),
        ExprKind::List(items) => items
            .iter()
            .find_map(|item| carries(function, bound, lists, item)),
        _ => None,
    }
}
