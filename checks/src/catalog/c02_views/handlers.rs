//! The functions that answer requests, each with the routes that lead to it, and the body of a
//! response. Judges nothing.

use std::collections::BTreeMap;

use crate::catalog::{Cx, on_request};
use crate::django::function::ResponseReturn;
use crate::django::{FunctionIr, Method, Route, View};
use crate::python::syntax::{DictItem, Expr, ExprKind, FPart, keyword, positional};
use crate::python::value::Place;
use crate::python::{FuncId, Local, visit};

/// A function of the project that answers requests.
pub(super) struct Handler<'a> {
    pub(super) function: &'a FunctionIr,
    pub(super) routes: Vec<&'a Route>,
}

impl Handler<'_> {
    /// Every route that leads here has one of these methods.
    pub(super) fn only(&self, methods: &[Method]) -> bool {
        self.routes
            .iter()
            .all(|route| methods.contains(&route.method))
    }
}

/// Handlers and the hooks of their actions, in the order of the functions.
pub(super) fn handlers<'a>(cx: &Cx<'a>) -> Vec<Handler<'a>> {
    let django = &cx.head.django;
    let mut found: BTreeMap<FuncId, Vec<&'a Route>> = BTreeMap::new();
    for route in django.routes() {
        for func in on_request::view_functions(cx, route) {
            let name = &*cx.head.program.func_def(func).name;
            if !matches!(
                name,
                "initial" | "dispatch" | "get_serializer" | "get_serializer_context"
            ) {
                found.entry(func).or_default().push(route);
            }
        }
    }
    found
        .into_iter()
        .filter_map(|(func, routes)| {
            let function = django.function(func)?;
            Some(Handler { function, routes })
        })
        .collect()
}

/// Where the URL configuration names the view: the last link of the chain that is not the view
/// itself.
pub(super) fn url_place(chain: &[Place], view: Option<&View>) -> Option<Place> {
    let own = view.and_then(View::class_place);
    let outside = chain
        .iter()
        .rev()
        .find(|place| own.is_none_or(|own| own.file != place.file));
    outside.or_else(|| chain.first()).copied()
}

/// The expression that a response carries; a local variable that is bound once is followed.
pub(super) fn body_of<'a>(
    cx: &Cx<'a>,
    function: &FunctionIr,
    response: &ResponseReturn,
) -> Option<&'a Expr> {
    let program = &cx.head.program;
    let mut found = None;
    visit::calls(&program.func_def(function.func).body, |call, _, args| {
        if call.span == response.place.span {
            found = keyword(args, "data").or_else(|| positional(args, 0));
        }
    });
    let body = found?;
    let Some(name) = body.as_name() else {
        return Some(body);
    };
    let scope = program.scope_of_func(function.func);
    match program.local(scope, name, body.span.start).as_slice() {
        [Local::Value(_, value)] => Some(value),
        _ => Some(body),
    }
}

/// Whether a response tells that something went wrong: by its keys, its words, or because it
/// carries a serializer's errors.
pub(super) fn says_failure(cx: &Cx<'_>, function: &FunctionIr, response: &ResponseReturn) -> bool {
    response.serializer_part.as_deref() == Some("errors")
        || body_of(cx, function, response).is_some_and(failure)
}

fn failure(body: &Expr) -> bool {
    match &body.kind {
        ExprKind::Dict(items) => {
            let denied = items.iter().any(|item| match item {
                DictItem::Pair { key, value } => key.as_str().is_some_and(|key| {
                    matches!(key, "success" | "succeeded")
                        && matches!(value.kind, ExprKind::Bool(true))
                }),
                DictItem::Spread(_) => false,
            });
            !denied
                && items.iter().any(|item| match item {
                    DictItem::Pair { key, value } => {
                        key.as_str().is_some_and(|key| pair_says(key, value))
                    }
                    DictItem::Spread(_) => false,
                })
        }
        _ => words(body).is_some_and(|text| failure_words(&text)),
    }
}

fn pair_says(key: &str, value: &Expr) -> bool {
    match &*key.to_ascii_lowercase() {
        "error" | "err" | "error_message" => match &value.kind {
            ExprKind::Str(text) => !text.trim().is_empty(),
            ExprKind::FString(_) | ExprKind::Bool(true) => true,
            ExprKind::Attribute { attr, .. } => &**attr == "errors",
            // str(error)
            ExprKind::Call { func, .. } => func.as_name() == Some("str"),
            _ => false,
        },
        "errors" => match &value.kind {
            ExprKind::Str(text) => !text.trim().is_empty(),
            ExprKind::Attribute { attr, .. } => &**attr == "errors",
            _ => false,
        },
        "success" => matches!(value.kind, ExprKind::Bool(false)),
        "detail" | "details" | "message" | "msg" | "failed" | "failure" | "status" => {
            words(value).is_some_and(|text| failure_words(&text))
        }
        _ => false,
    }
}

fn words(value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Str(text) => Some(text.to_string()),
        ExprKind::FString(parts) => Some(
            parts
                .iter()
                .map(|part| match part {
                    FPart::Text(text) => &**text,
                    FPart::Hole(_) => " ",
                })
                .collect(),
        ),
        _ => None,
    }
}

const FAILURE: [&str; 36] = [
    "please enter",
    "please provide",
    "not found",
    "does not exist",
    "doesn't exist",
    "dose not exist",
    "invalid",
    "incorrect",
    "not valid",
    "failed",
    "failure",
    "error",
    "denied",
    "forbidden",
    "unauthorized",
    "not authorized",
    "not allowed",
    "not permitted",
    "cannot ",
    "can't ",
    "can not ",
    "could not",
    "couldn't",
    "unable to",
    "is required",
    "are required",
    "is missing",
    "already exists",
    "already registered",
    "already taken",
    "has expired",
    "is expired",
    "no such",
    "don't match",
    "do not match",
    "wrong",
];

fn failure_words(text: &str) -> bool {
    let text = text.to_lowercase();
    let calm = [
        "success",
        "no error",
        "without error",
        "if the ",
        "if your ",
        "if an ",
        "if a ",
        "if this ",
    ];
    !calm.iter().any(|word| text.contains(word)) && FAILURE.iter().any(|word| text.contains(word))
}
