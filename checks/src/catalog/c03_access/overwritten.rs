//! Whether a field that a client sends is overwritten before it is stored. Shared by the checks on
//! fields that clients should not set; judges nothing.

use crate::catalog::Cx;
use crate::django::{Method, Route, Serializer};
use crate::python::syntax::ExprKind;
use crate::python::visit;

/// The view's `save(role=…)` or the serializer's `create` sets it whatever the client sent.
pub(super) fn is_overwritten(
    cx: &Cx<'_>,
    route: &Route,
    serializer: &Serializer,
    field: &str,
) -> bool {
    let django = &cx.head.django;
    let view = django.view_of(route);
    let hooks = [
        "perform_create",
        "perform_update",
        "create",
        "update",
        "post",
        "put",
        "patch",
    ];
    let from_view = hooks
        .iter()
        .filter_map(|name| view.and_then(|view| view.method(name)));
    let from_serializer = ["create", "update", "save"]
        .iter()
        .filter_map(|name| serializer.method(name));
    from_view
        .chain(from_serializer)
        .chain(route.func)
        .any(|func| {
            django.function(func).is_some_and(|function| {
                function
                    .serializers
                    .iter()
                    .any(|call| call.save_kwargs.has(field))
                    || function
                        .calls
                        .iter()
                        .any(|call| call.text.ends_with(".save") && call.kwargs.has(field))
                    || function.writes.iter().any(|write| {
                        write.fields.iter().any(|(name, taint)| {
                            &**name == field && *taint == crate::django::queryset::Taint::Constant
                        })
                    })
            })
        })
}

/// The serializer's own `create`, `update` or `save` names every field it stores, and not this one.
pub(super) fn is_left_out(
    cx: &Cx<'_>,
    route: &Route,
    serializer: &Serializer,
    field: &str,
) -> bool {
    let method = if route.method == Method::Post {
        "create"
    } else {
        "update"
    };
    let Some(func) = serializer
        .method("save")
        .or_else(|| serializer.method(method))
    else {
        return false;
    };
    let effects = cx.head.django.effects(func);
    let takes_all = effects.iter().any(|ir| {
        ir.calls_super
            || ir.writes.iter().any(|write| write.kwargs.open)
            || ir
                .calls
                .iter()
                .any(|call| call.kwargs.open || &*call.text == "setattr")
    });
    let names_it = visit::any_expr(&cx.head.program.func_def(func).body, |expr| {
        expr.as_str() == Some(field)
            || matches!(&expr.kind, ExprKind::Attribute { attr, .. } if &**attr == field)
    });
    !effects.is_empty() && !takes_all && !names_it
}
