//! Whether callers are held to their own rows on a route, and by what. Shared by the checks on
//! ownership; judges nothing.

use crate::catalog::Cx;
use crate::catalog::on_request::{is_caller, names_caller};
use crate::django::function::WriteKind;
use crate::django::policy::{PermissionFact, Permissions};
use crate::django::{FunctionIr, Method, Model, Route};
use crate::python::syntax::{Expr, ExprKind};
use crate::python::value::Place;
use crate::python::{AttributeKind, FuncId, visit};

/// What stands between a caller and somebody else's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scoped {
    /// The queryset gives the caller's own rows.
    Queryset,
    /// An object permission compares the row with the caller, and is asked.
    ObjectPermission,
    /// The handler compares and refuses.
    Guard,
    /// Only staff gets in.
    Staff,
    /// Nothing does.
    No,
    /// It could not be told.
    Unknown,
}

/// The owned model a detail route works on.
pub(super) fn owned_model<'a>(cx: &Cx<'a>, route: &Route) -> Option<&'a Model> {
    let model = row_model(cx, route)?;
    (model.owner().is_some() && !model.is_user).then_some(model)
}

/// The model of the row that the URL names: of the view's queryset, else of the row its handler
/// fetches.
pub(super) fn row_model<'a>(cx: &Cx<'a>, route: &Route) -> Option<&'a Model> {
    let fetched = || {
        let ir = cx.head.django.function(route.func?)?;
        let query = ir.queries.iter().find(|query| {
            let ends = query.qs.ended_by.as_ref();
            query.or_404 || ends.is_some_and(|(name, _)| matches!(&**name, "get" | "first"))
        });
        query?.qs.model
    };
    let id = route.model.or_else(fetched)?;
    Some(cx.head.django.model(id))
}

/// Whether the route changes rows of this model, as far as the handler of the project says so;
/// commenting on an article or liking it does not change the article.
pub(super) fn changes(cx: &Cx<'_>, route: &Route, model: &Model) -> bool {
    let usual = matches!(
        route.action.as_deref(),
        Some("update" | "partial_update" | "destroy")
    );
    let Some(func) = route.func else {
        return usual;
    };
    let effects = cx.head.django.effects(func);
    let passes_on = usual && effects.iter().any(|ir| ir.calls_super);
    passes_on
        || effects.iter().any(|ir| {
            ir.writes.iter().any(|write| {
                let kind = matches!(
                    write.kind,
                    WriteKind::Save
                        | WriteKind::Update
                        | WriteKind::Delete
                        | WriteKind::BulkUpdate
                        | WriteKind::SerializerSave
                );
                kind && write.model.is_none_or(|id| id == model.id)
            })
        })
}

/// Works on the one row that its URL names.
pub(super) fn works_on_one_object(route: &Route) -> bool {
    route.detail == Some(true)
        || matches!(
            route.action.as_deref(),
            Some("retrieve" | "update" | "partial_update" | "destroy")
        )
        || route.func.is_some()
            && !route.params.is_empty()
            && matches!(route.method, Method::Put | Method::Patch | Method::Delete)
}

/// What holds callers of this route to their own rows.
pub(super) fn scope(cx: &Cx<'_>, route: &Route) -> Scoped {
    let django = &cx.head.django;
    let permission = route.permission();
    if permission.needs_staff() == Some(true) && !is_for_everybody(permission) {
        return Scoped::Staff;
    }
    let view = django.view_of(route);
    let effects: Vec<_> = route
        .func
        .map(|func| django.effects(func))
        .unwrap_or_default();
    let get_object = view.and_then(|view| view.method("get_object"));
    let looked_up: Vec<_> = get_object
        .map(|func| django.effects(func))
        .unwrap_or_default();

    let mut unknown = false;
    match route
        .queryset
        .as_ref()
        .map(|queryset| (queryset.is_user_scoped(), queryset.open.is_some()))
    {
        Some((Some(true), _)) => return Scoped::Queryset,
        Some((None, _) | (_, true)) => unknown = true,
        _ => {}
    }
    // Rows fetched in the handler or in `get_object` by the caller: `filter(user=request.user)`.
    let bodies = || effects.iter().chain(&looked_up);
    let fetched_by_caller = bodies().any(|function| {
        function.queries.iter().any(|query| {
            query.qs.from_user
                || query.qs.is_user_scoped() == Some(true)
                || query.qs.user_conditions().next().is_some()
        })
    });
    // `get_object` that gives back the caller, or what hangs on the caller.
    let is_caller_itself = get_object.is_some_and(|func| {
        names_caller(cx, func) && looked_up.iter().all(|ir| ir.queries.is_empty())
    });
    if fetched_by_caller || is_caller_itself {
        return Scoped::Queryset;
    }
    // `has_object_permission` is asked by `get_object()` and `check_object_permissions()` only.
    let framework_fetches = route.func.is_none() && get_object.is_none();
    let is_asked = framework_fetches
        || bodies().any(|function| function.checks_object_permissions || function.calls_super);
    for fact in permission.classes() {
        match (fact.object_level, fact.object_compares_user) {
            (Some(true), Some(true)) if is_asked => return Scoped::ObjectPermission,
            (Some(true), None) | (None, _) if is_asked => unknown = true,
            (Some(true), Some(false)) if is_asked && passes_object_on(cx, fact) => unknown = true,
            _ => {}
        }
    }
    if bodies().any(|function| !function.guards.is_empty() || compares_caller(cx, function)) {
        return Scoped::Guard;
    }
    // A comparison whose outcome travels through a variable: seen, and not followed.
    if bodies().any(|function| compares_user(cx, function) || refuses_somewhere(cx, function)) {
        unknown = true;
    }
    // A role of the project's own that could not be followed may be a staff role.
    let unread_role = permission.needs_staff().is_none()
        && permission
            .classes()
            .iter()
            .any(|fact| fact.needs_staff.is_none() && fact.request_level == Some(true));
    if unread_role || permission.open.is_some() || view.is_some_and(|view| view.open.is_some()) {
        unknown = true;
    }
    if unknown { Scoped::Unknown } else { Scoped::No }
}

/// Roles that ordinary users have: they keep strangers out, and users not from each other's rows.
const ORDINARY: [&str; 11] = [
    "member",
    "customer",
    "client",
    "buyer",
    "student",
    "patient",
    "borrower",
    "reader",
    "user",
    "candidate",
    "applicant",
];

/// Every role that the permission asks for is one of ordinary users: `IsMember`, `IsCustomer`.
fn is_for_everybody(permission: &Permissions) -> bool {
    let roles: Vec<_> = permission
        .classes()
        .into_iter()
        .filter(|fact| fact.needs_staff == Some(true))
        .collect();
    !roles.is_empty()
        && roles.iter().all(|fact| {
            let name = fact.class.name().to_lowercase();
            let role = name
                .trim_start_matches("is")
                .trim_end_matches("only")
                .trim_end_matches("permission")
                .trim_end_matches("role");
            // A membership of something is looked up with the row or the URL.
            ORDINARY.contains(&role) && fact.class.class().is_some()
        })
}

/// `invoice.user_id != request.user.id` and the like, whatever follows from it.
fn compares_caller(cx: &Cx<'_>, ir: &FunctionIr) -> bool {
    let names_caller = |expr: &Expr| visit::any_within(expr, is_caller);
    let names_row = |expr: &Expr| {
        matches!(expr.kind, ExprKind::Attribute { .. }) && !visit::any_within(expr, is_caller)
    };
    compares(cx, ir.func, names_caller, names_row)
}

/// `order.user != user`, where `user` came as an argument.
fn compares_user(cx: &Cx<'_>, ir: &FunctionIr) -> bool {
    let names_user = |expr: &Expr| {
        expr.dotted().is_some_and(|name| {
            matches!(
                name.as_str(),
                "user" | "user.id" | "user.pk" | "current_user" | "current_user.id"
            )
        })
    };
    let names_row = |expr: &Expr| matches!(expr.kind, ExprKind::Attribute { .. });
    compares(cx, ir.func, names_user, names_row)
}

/// The function's source names a refusal (403, `PermissionDenied`) beside the caller.
fn refuses_somewhere(cx: &Cx<'_>, function: &FunctionIr) -> bool {
    let file = cx.head.tree.file(function.span.file);
    let span = function.span.span;
    let text = file
        .text()
        .and_then(|text| text.get(span.start as usize..span.end as usize));
    text.is_some_and(|text| {
        ["403", "PermissionDenied", "FORBIDDEN", "Forbidden"]
            .iter()
            .any(|word| text.contains(word))
            && text.contains("user")
    })
}

fn compares(
    cx: &Cx<'_>,
    func: FuncId,
    one: impl Fn(&Expr) -> bool,
    other: impl Fn(&Expr) -> bool,
) -> bool {
    visit::any_expr(&cx.head.program.func_def(func).body, |expr| {
        let ExprKind::Compare { left, rest } = &expr.kind else {
            return false;
        };
        rest.iter().any(|(op, right)| {
            matches!(*op, "==" | "!=" | "is" | "is not" | "in" | "not in")
                && (one(left) && other(right) || one(right) && other(left))
        })
    })
}

/// `has_object_permission` hands the object to a function that was not followed.
fn passes_object_on(cx: &Cx<'_>, fact: &PermissionFact) -> bool {
    let Some(class) = fact.class.class() else {
        return true;
    };
    let attribute = cx.head.program.attribute(class, "has_object_permission");
    let Some(AttributeKind::Method(func)) = attribute.map(|attribute| attribute.kind) else {
        return true;
    };
    let def = cx.head.program.func_def(func);
    let Some(object) = def.params.get(3).map(|param| &param.name) else {
        return true;
    };
    let mut passes = false;
    visit::calls(&def.body, |_, callee, args| {
        let looks = matches!(callee.as_name(), Some("hasattr" | "isinstance" | "getattr"));
        let given = args
            .iter()
            .any(|arg| arg.value.as_name() == Some(&**object));
        passes |= given && !looks;
    });
    passes
}

/// What holds the rows of a list to the caller's own: object permissions are never asked there, and
/// filter backends of the project may do it.
pub(super) fn list_scope(cx: &Cx<'_>, route: &Route) -> Scoped {
    let scoped = scope(cx, route);
    if !matches!(scoped, Scoped::No | Scoped::ObjectPermission) {
        return scoped;
    }
    let filters = &route.policy.filters;
    for class in filters.items().filter_map(|filter| filter.class.class()) {
        let method = cx.head.program.attribute(class, "filter_queryset");
        match method.map(|attribute| attribute.kind) {
            Some(AttributeKind::Method(func)) if names_caller(cx, func) => return Scoped::Queryset,
            Some(_) => return Scoped::Unknown,
            None => {}
        }
    }
    let open = route
        .queryset
        .as_ref()
        .is_none_or(|queryset| queryset.is_user_scoped() != Some(false));
    if open && route.func.is_none() {
        Scoped::Unknown
    } else {
        Scoped::No
    }
}

/// Where the view names the permission that its callers pass.
pub(super) fn explicit_permission(route: &Route) -> Option<Place> {
    let permission = route.permission();
    let explicit = permission
        .source()
        .is_some_and(crate::django::policy::Source::is_explicit);
    permission.place().filter(|_| explicit)
}
