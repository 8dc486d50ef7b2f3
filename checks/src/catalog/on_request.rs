//! The project's code that a request of a route runs: handler, hooks of the view, methods of the
//! serializers that read the body, and what these call. Judges nothing.

use std::collections::BTreeSet;

use crate::catalog::Cx;
use crate::django::{FunctionIr, Method, Route, Serializer};
use crate::python::FuncId;
use crate::python::syntax::{Expr, ExprKind};
use crate::python::visit;

/// The view's functions: the handler, and the hooks that the framework calls for this action.
pub(crate) fn view_functions(cx: &Cx<'_>, route: &Route) -> Vec<FuncId> {
    let mut found: Vec<FuncId> = route.func.into_iter().collect();
    let Some(view) = cx.head.django.view_of(route) else {
        return found;
    };
    let usual = route.func.is_none() || route.is_standard();
    let hooks: &[&str] = match (usual, route.method) {
        (true, Method::Post) => &["create", "perform_create"],
        (true, Method::Put) => &["update", "perform_update"],
        (true, Method::Patch) => &["partial_update", "update", "perform_update"],
        (true, Method::Delete) => &["destroy", "perform_destroy"],
        _ => &[],
    };
    let around = [
        "initial",
        "dispatch",
        "get_serializer",
        "get_serializer_context",
    ];
    for name in hooks.iter().chain(&around) {
        if let Some(func) = view.method(name)
            && !found.contains(&func)
        {
            found.push(func);
        }
    }
    found
}

/// Methods of a serializer that run when it reads a body and saves.
pub(crate) fn serializer_functions(serializer: &Serializer, method: Method) -> Vec<FuncId> {
    let save = if method == Method::Post {
        "create"
    } else {
        "update"
    };
    let runs = |name: &str| {
        name == save
            || matches!(
                name,
                "save"
                    | "validate"
                    | "to_internal_value"
                    | "run_validation"
                    | "__init__"
                    | "get_fields"
            )
            || name.starts_with("validate_")
    };
    serializer
        .methods
        .iter()
        .filter(|(name, _)| runs(name))
        .map(|(_, func)| *func)
        .collect()
}

/// Everything these functions do, with what they call, each function once.
pub(crate) fn effects<'a>(cx: &Cx<'a>, functions: &[FuncId]) -> Vec<&'a FunctionIr> {
    let mut seen = BTreeSet::new();
    functions
        .iter()
        .flat_map(|func| cx.head.django.effects(*func))
        .filter(|function| seen.insert(function.func))
        .collect()
}

/// All that a request of this route runs in the project.
pub(crate) fn of_route<'a>(cx: &Cx<'a>, route: &Route) -> Vec<&'a FunctionIr> {
    let mut functions = view_functions(cx, route);
    for used in &route.input {
        let serializer = cx.head.django.serializer(used.serializer);
        functions.extend(serializer_functions(serializer, route.method));
    }
    effects(cx, &functions)
}

/// Whether the function names the caller: `request.user`, `self.request.user`,
/// `context["request"].user`, or a parameter called `user`.
pub(crate) fn names_caller(cx: &Cx<'_>, func: FuncId) -> bool {
    visit::any_expr(&cx.head.program.func_def(func).body, is_caller)
}

/// `request.user`, `self.request.user`, `self.context["request"].user`.
pub(crate) fn is_caller(expr: &Expr) -> bool {
    let ExprKind::Attribute { value, attr } = &expr.kind else {
        return false;
    };
    &**attr == "user"
        && match &value.kind {
            ExprKind::Name(name) => &**name == "request",
            ExprKind::Attribute { attr, .. } => &**attr == "request",
            ExprKind::Subscript { index, .. } => index.as_str() == Some("request"),
            ExprKind::Call { args, .. } => args
                .first()
                .is_some_and(|arg| arg.value.as_str() == Some("request")),
            _ => false,
        }
}
