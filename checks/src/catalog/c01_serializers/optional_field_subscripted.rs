//! DRF122: validated input is read by a key that the client may leave out.

use super::key_reads::{asks, unguarded};
use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::FunctionIr;
use crate::django::serializers::SerializerField;
use crate::django::{Method, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind};
use crate::python::{FuncId, Local, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF122",
    name: "optional-field-subscripted",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("optional_field_subscripted.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let mut calls = function
            .serializers
            .iter()
            .filter(|call| call.has_data && call.is_valid.is_some());
        let (Some(call), None) = (calls.next(), calls.next()) else {
            continue;
        };
        let Some(id) = call.serializer else { continue };
        if call.partial.is_none_or(|partial| partial) && call.kwargs.has("partial") || call.many {
            continue;
        }
        let serializer = cx.head.django.serializer(id);
        out.looked();
        tell(
            cx,
            function,
            serializer,
            |expr| is_validated(cx, function, expr),
            out,
        );
    }
    // `create` of the serializer itself, by an ordinary POST.
    for serializer in cx.head.django.serializers() {
        let Some(func) = serializer
            .method("create")
            .filter(|_| serializer.class.is_some())
        else {
            continue;
        };
        let Some(function) = cx.head.django.function(func) else {
            continue;
        };
        let posted = cx.head.django.routes_using(serializer.id).any(|route| {
            route.method == Method::Post
                && route
                    .input
                    .iter()
                    .any(|used| used.serializer == serializer.id)
        });
        let def = cx.head.program.func_def(func);
        if let Some(mapping) = def.params.get(1).filter(|_| posted) {
            out.looked();
            tell(
                cx,
                function,
                serializer,
                |expr| expr.as_name() == Some(&*mapping.name),
                out,
            );
        }
    }
}

fn tell(
    cx: &Context<'_>,
    function: &FunctionIr,
    serializer: &Serializer,
    is_mapping: impl Fn(&Expr) -> bool,
    out: &mut Answers,
) {
    let def = cx.head.program.func_def(function.func);
    for read in unguarded(&def.body, function.place.file, is_mapping) {
        let Some(field) = serializer
            .fields
            .iter()
            .find(|field| field.source == read.key)
        else {
            continue;
        };
        if !may_be_absent(field) || supplied(cx, serializer, &read.key) {
            continue;
        }
        let mut evidence = Evidence::new(
            format!("{}.{}", function.fq, read.key),
            cx.anchor(read.place),
            format!(
                "`{}` is optional on `{}`, has no default, and is read by subscript: a request without it raises `KeyError`, and the answer is 500.",
                read.key, serializer.name
            ),
        )
        .root(function.fq.to_string());
        if let Some(place) = field.place {
            evidence = evidence.also(cx.anchor(place).note("the optional field"));
        }
        out.found(evidence);
    }
}

fn may_be_absent(field: &SerializerField) -> bool {
    field.required == Some(false)
        && field.is_input() == Some(true)
        && !field.hidden
        && !field.kwargs.has("default")
        && !field.kwargs.open
}

/// `validate` and its kin put it there, or refuse input without it.
fn supplied(cx: &Context<'_>, serializer: &Serializer, key: &str) -> bool {
    [
        "validate",
        "to_internal_value",
        "run_validation",
        "__init__",
    ]
    .iter()
    .filter_map(|name| serializer.method(name))
    .any(|func: FuncId| {
        visit::any_expr(&cx.head.program.func_def(func).body, |expr| asks(expr, key))
    })
}

/// `serializer.validated_data`, or a name that is bound to it.
fn is_validated(cx: &Context<'_>, function: &FunctionIr, expr: &Expr) -> bool {
    let direct = |expr: &Expr| matches!(&expr.kind, ExprKind::Attribute { attr, .. } if &**attr == "validated_data");
    if direct(expr) {
        return true;
    }
    let Some(name) = expr.as_name() else {
        return false;
    };
    let scope = cx.head.program.scope_of_func(function.func);
    matches!(
        cx.head.program.local(scope, name, expr.span.start).as_slice(),
        [Local::Value(_, value)] if direct(value)
    )
}
