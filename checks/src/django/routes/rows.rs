//! The rows a route works on: its queryset for this action, and whether the caller is held to their
//! own.

use std::collections::BTreeMap;

use super::Route;
use crate::django::data::{Data, World};
use crate::django::function::{Callee, FunctionIr, Query};
use crate::django::names::{ClassRef, ModelId};
use crate::django::queryset::build::settle;
use crate::django::queryset::{QsIr, Taint};
use crate::django::read::{statement_exprs, walk_expr, walk_statements};
use crate::django::symbolic::{Bind, Caller};
use crate::django::views::{View, ViewKind};
use crate::python::FuncId;
use crate::python::syntax::{Stmt, StmtKind};

/// Fills [`Route::queryset`] and, where only the body tells, [`Route::model`].
pub(in crate::django) fn fill(
    world: &World<'_, '_>,
    functions: &BTreeMap<FuncId, FunctionIr>,
    views: &[View],
    route: &mut Route,
) {
    let Some(view) = route.view.and_then(|id| views.get(id.0 as usize)) else {
        return;
    };
    let bind = Bind {
        action: (view.kind == ViewKind::ViewSet)
            .then(|| route.action.clone())
            .flatten(),
        method: route.method,
        detail: route.detail,
        class: view.class,
        caller: Caller::Any,
    };
    let from_view = uses_view_queryset(functions, view, route);
    let mut qs = if from_view {
        view_rows(world, view, route, &bind)
    } else {
        None
    };
    if qs.is_none() {
        qs = route
            .func
            .and_then(|func| body_rows(functions, func, route.model));
        if qs.is_none() && !from_view && view.class.is_some() && route.func.is_some() {
            // A handler that works on rows it never names.
            qs = None;
        }
    }
    let Some(mut qs) = qs else { return };
    settle(&mut qs);
    if from_view && qs.user_scoped != Some(true) && backend_scopes(world, route) {
        qs.user_scoped = Some(true);
    }
    if route.model.is_none() {
        route.model = qs.model;
    }
    route.queryset = Some(qs);
}

/// Whether the handler gets its rows through `get_queryset`, `get_object` or the framework.
fn uses_view_queryset(
    functions: &BTreeMap<FuncId, FunctionIr>,
    view: &View,
    route: &Route,
) -> bool {
    if !matches!(
        view.kind,
        ViewKind::ViewSet | ViewKind::Generic | ViewKind::DjangoClass
    ) {
        return false;
    }
    let Some(func) = route.func else {
        return true;
    };
    let Some(ir) = functions.get(&func) else {
        return true;
    };
    ir.checks_object_permissions
        || ir.filters
        || ir.calls_super
        || ir.calls.iter().any(|c| {
            matches!(
                &*c.text,
                "self.get_queryset"
                    | "self.get_object"
                    | "self.filter_queryset"
                    | "self.list"
                    | "self.retrieve"
                    | "self.update"
                    | "self.partial_update"
                    | "self.destroy"
                    | "self.create"
            )
        })
}

fn view_rows(world: &World<'_, '_>, view: &View, route: &Route, bind: &Bind) -> Option<QsIr> {
    let class = view.class?;
    let func = view
        .method("get_queryset")
        .or_else(|| view.method("get_object"));
    let scope = world.read.class_scope(class);
    let mut data = Data::of_scope(world, scope, Some(class));
    data.bind = Some(bind.clone());
    let _ = func;
    let rows = data.view_queryset();
    let single =
        route.detail != Some(false) && !matches!(route.action.as_deref(), Some("list" | "create"));
    match view.method("get_object").filter(|_| single) {
        Some(get_object) => object_rows(world, view, get_object, bind, rows.clone()).or(rows),
        None => rows,
    }
}

/// What an overridden `get_object` gives.
fn object_rows(
    world: &World<'_, '_>,
    view: &View,
    func: FuncId,
    bind: &Bind,
    view_rows: Option<QsIr>,
) -> Option<QsIr> {
    let data = Data::of_func(world, func, view.class, Some(bind.clone()));
    let program: &crate::python::Program = world.read.program;
    let mut out: Option<QsIr> = None;
    let mut returns = Vec::new();
    walk_statements(&program.func_def(func).body, &mut |stmt: &Stmt| {
        if let StmtKind::Return(Some(value)) = &stmt.kind {
            returns.push(value);
        }
    });
    for value in returns {
        let found = if let Some(qs) = data.qs(value) {
            Some(qs)
        } else if data.taint(value) == Taint::User {
            Some(QsIr {
                model: data.instance(value).or_else(|| world.user()),
                from_user: true,
                user_scoped: Some(true),
                ..QsIr::default()
            })
        } else {
            view_rows.clone()
        };
        if let Some(mut qs) = found {
            settle(&mut qs);
            out = Some(match out.take() {
                None => qs,
                Some(before) => crate::django::queryset::build::weakest(&before, &qs),
            });
        }
    }
    // Comparing the owner before returning holds callers to their own as well.
    let refuses = crate::django::function::guards_of(world, func);
    if let (Some(qs), true) = (&mut out, refuses) {
        qs.user_scoped = Some(true);
    }
    out
}

/// The rows of a handler's own body: what its serializer shows, else the first query on its model,
/// in it and in what it calls.
fn body_rows(
    functions: &BTreeMap<FuncId, FunctionIr>,
    func: FuncId,
    model: Option<ModelId>,
) -> Option<QsIr> {
    let mut layer = vec![func];
    let mut seen: Vec<FuncId> = Vec::new();
    for _ in 0..=crate::django::MAX_CALL_DEPTH {
        let mut next = Vec::new();
        for id in layer {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let Some(ir) = functions.get(&id) else {
                continue;
            };
            let shown = ir
                .serializers
                .iter()
                .filter(|s| !s.has_data || s.reads_data)
                .find_map(|s| s.instance.clone());
            if shown.is_some() {
                return shown;
            }
            let fits = |q: &&Query| {
                q.qs.model.is_some() && !q.qs.empty && (model.is_none() || q.qs.model == model)
            };
            let main = ir
                .queries
                .iter()
                .filter(fits)
                .find(|q| {
                    !q.qs
                        .ended_by
                        .as_ref()
                        .is_some_and(|(n, _)| matches!(&**n, "exists" | "count" | "create"))
                })
                .map(|q| q.qs.clone());
            if main.is_some() {
                return main;
            }
            next.extend(ir.calls.iter().filter_map(|c| match c.callee {
                Callee::Project(id) => Some(id),
                _ => None,
            }));
        }
        layer = next;
    }
    None
}

/// A project filter backend that reads the caller.
fn backend_scopes(world: &World<'_, '_>, route: &Route) -> bool {
    route.policy.filters.items().any(|c| match &c.class {
        ClassRef::Project { id, .. } => {
            let Some(func) = world.read.method(*id, "filter_queryset") else {
                return false;
            };
            let mut reads = false;
            walk_statements(&world.read.program.func_def(func).body, &mut |stmt| {
                for expr in statement_exprs(stmt) {
                    walk_expr(expr, &mut |e| {
                        reads |= e.dotted().as_deref() == Some("request.user");
                    });
                }
            });
            reads
        }
        _ => false,
    })
}
