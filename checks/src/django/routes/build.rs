//! Makes routes of patterns: methods, handlers, actions, serializers, policy.

use std::sync::Arc;

use super::serializers::{Uses, serializers};
use super::{Route, Target, UrlPattern};
use crate::django::models::Model;
use crate::django::names::{Method, ModelId, RouteId};
use crate::django::policy::Policy;
use crate::django::policy::resolve::{RouteCx, generic_action, resolve};
use crate::django::read::{Attr, Read, walk_expr};
use crate::django::serializers::find::Serializers;
use crate::django::settings::Settings;
use crate::django::symbolic::{Bind, Caller, Out};
use crate::django::urls::Mounted;
use crate::django::views::find::Views;
use crate::django::views::{Handler, View, ViewKind};
use crate::python::syntax::{Expr, ExprKind, StmtKind};
use crate::python::value::Val;
use crate::python::{FuncId, Program, Scope, Symbol};

/// Everything routes are made from.
pub(in crate::django) struct Parts<'a, 'p> {
    pub(in crate::django) read: &'a Read<'p>,
    pub(in crate::django) settings: &'a Settings,
    pub(in crate::django) models: &'a [Model],
}

/// Routes in order of resolution; a (path, method) that an earlier pattern took is kept: checks
/// for shadowing compare patterns.
pub(in crate::django) fn build(
    parts: &Parts<'_, '_>,
    patterns: &[Mounted],
    views: &mut Views,
    all: &mut Serializers,
) -> Vec<Route> {
    let mut out = Vec::new();
    for view in &mut views.all {
        view.model = view_model(parts, view);
    }
    for mounted in patterns {
        let pattern = &mounted.pattern;
        match &pattern.view {
            Target::View(id) => {
                let Some(view) = views.all.get(id.0 as usize) else {
                    continue;
                };
                let plans = plans(parts.read, mounted, view);
                if plans.is_empty() {
                    let reason = match (&view.open, view.kind) {
                        (Some(open), _) => Arc::clone(open),
                        (None, ViewKind::ViewSet) => {
                            "its viewset is used without a map of methods to actions".into()
                        }
                        _ => "its view has no handlers that were found".into(),
                    };
                    // A package's view or template page without handlers is no fault of ours.
                    let known = view.kind == ViewKind::DjangoClass && view.open.is_none();
                    let mut route = bare(pattern, Method::Any);
                    route.view = Some(view.id);
                    route.open = (!known).then_some(reason);
                    push(&mut out, route);
                    continue;
                }
                for plan in plans {
                    push(&mut out, route(parts, mounted, view, plan, all));
                }
            }
            Target::Unknown(reason) => {
                let mut route = bare(pattern, Method::Any);
                route.open = Some(Arc::clone(reason));
                push(&mut out, route);
            }
            Target::Opaque(_) => {}
        }
    }
    out
}

fn push(out: &mut Vec<Route>, mut route: Route) {
    route.id = RouteId(out.len() as u32);
    out.push(route);
}

/// One method of a pattern before it is worked out.
struct Plan {
    method: Method,
    /// Name to look the handler up by.
    handler: Arc<str>,
    action: Option<Arc<str>>,
    /// Where a `.mapping.<verb>` function answers in the action's place.
    func: Option<FuncId>,
}

/// The framework's `get` of a generic view calls `list`, its `put` calls `update` (and its `patch`
/// that too, through `partial_update`): what the project overrides is what runs.
fn overridden_action(view: &View, action: &str) -> Option<FuncId> {
    let through = (action == "partial_update").then_some("update");
    view.method(action)
        .or_else(|| through.and_then(|name| view.method(name)))
}

fn plans(read: &Read<'_>, mounted: &Mounted, view: &View) -> Vec<Plan> {
    let allowed = |m: Method| {
        view.http_method_names
            .as_ref()
            .is_none_or(|names| names.contains(&m))
    };
    let mut out = Vec::new();
    if view.kind == ViewKind::ViewSet {
        for (method, action) in mounted.actions.iter().flatten() {
            if !allowed(*method) {
                continue;
            }
            let mapped = view
                .handlers
                .iter()
                .filter_map(|h| h.extra.as_ref())
                .flat_map(|e| &e.mapping)
                .find(|(_, func)| read.program.func_def(*func).name == *action);
            out.push(Plan {
                method: *method,
                handler: Arc::clone(action),
                action: Some(Arc::clone(action)),
                func: mapped.map(|(_, f)| *f).or_else(|| view.method(action)),
            });
        }
    } else {
        for handler in &view.handlers {
            for method in &handler.methods {
                if allowed(*method) {
                    let action = matches!(view.kind, ViewKind::Generic)
                        .then(|| generic_action(read, view, *method))
                        .flatten();
                    let func = handler
                        .func
                        .or_else(|| overridden_action(view, action.as_deref()?));
                    out.push(Plan {
                        method: *method,
                        handler: Arc::clone(&handler.name),
                        action,
                        func,
                    });
                }
            }
        }
    }
    out.sort_by_key(|p| Method::HANDLED.iter().position(|m| *m == p.method));
    out
}

fn bare(pattern: &UrlPattern, method: Method) -> Route {
    let name = pattern.name.as_ref().map(|name| {
        if pattern.namespace.is_empty() {
            Arc::clone(name)
        } else {
            format!("{}:{name}", pattern.namespace).into()
        }
    });
    Route {
        id: RouteId(0),
        pattern: pattern.id,
        template: Arc::clone(&pattern.template),
        params: pattern.params.clone(),
        method,
        view: None,
        action: None,
        handler: None,
        func: None,
        detail: None,
        name,
        input: Vec::new(),
        output: Vec::new(),
        serializer_open: None,
        introspected: super::Introspected::default(),
        model: None,
        queryset: None,
        policy: Policy::default(),
        tests: Vec::new(),
        chain: pattern.chain.clone(),
        conditional: pattern.conditional,
        mounted: pattern.mounted,
        open: None,
    }
}

fn route(
    parts: &Parts<'_, '_>,
    mounted: &Mounted,
    view: &View,
    plan: Plan,
    all: &mut Serializers,
) -> Route {
    let pattern = &mounted.pattern;
    let mut out = bare(pattern, plan.method);
    out.view = Some(view.id);
    out.handler = Some(Arc::clone(&plan.handler));
    out.func = plan.func;
    out.action.clone_from(&plan.action);
    out.detail = mounted.detail.or_else(|| detail(&plan, pattern));
    let handler: Option<&Handler> = view.handler(&plan.handler).or_else(|| {
        view.handlers.iter().find(|h| {
            h.extra
                .as_ref()
                .is_some_and(|e| e.mapping.iter().any(|(_, f)| Some(*f) == plan.func))
        })
    });
    let place = handler
        .and_then(|h| h.place)
        .or_else(|| plan.func.map(|f| parts.read.func_place(f)))
        .or(view.place);
    if let Some(place) = place
        && out.chain.last() != Some(&place)
    {
        out.chain.push(place);
    }
    if view.open.is_some() && handler.is_none() && plan.func.is_none() {
        out.open.clone_from(&view.open);
    }
    let cx = RouteCx {
        read: parts.read,
        settings: parts.settings,
        view,
        handler,
        bind: Bind {
            // `self.action` exists on viewsets alone.
            action: (view.kind == ViewKind::ViewSet)
                .then(|| plan.action.clone())
                .flatten(),
            method: plan.method,
            detail: out.detail,
            class: view.class,
            caller: Caller::Any,
        },
        initkwargs: &pattern.initkwargs,
        decorators: &pattern.decorators,
    };
    out.policy = resolve(&cx);
    out.policy.pagination.applied = paginates(parts.read, view, &plan);
    let Uses {
        input,
        output,
        open,
    } = serializers(&cx, parts.models, all, plan.func, plan.action.as_deref());
    out.input = input;
    out.output = output;
    out.serializer_open = open;
    out.introspected = super::introspected::introspect(&cx, parts, all);
    out.model = view.model.or_else(|| {
        out.input
            .iter()
            .chain(&out.output)
            .find_map(|u| all.all.get(u.serializer.0 as usize)?.model)
    });
    out
}

/// Works on one object: the usual detail actions, or a path that ends in a parameter.
fn detail(plan: &Plan, pattern: &UrlPattern) -> Option<bool> {
    match plan.action.as_deref() {
        Some("retrieve" | "update" | "partial_update" | "destroy") => return Some(true),
        Some("list" | "create") => return Some(false),
        _ => {}
    }
    if pattern.params.is_empty() {
        return Some(false);
    }
    let last = pattern.template.trim_end_matches('/').rsplit('/').next();
    if last.is_some_and(|l| l.starts_with('{')) {
        Some(true)
    } else {
        None
    }
}

/// Whether the handler paginates: the framework's `list` does, own code where it calls a paginator.
fn paginates(read: &Read<'_>, view: &View, plan: &Plan) -> Option<bool> {
    if !matches!(view.kind, ViewKind::ViewSet | ViewKind::Generic) && plan.func.is_none() {
        return Some(false);
    }
    let func = match plan.func {
        Some(func) => func,
        None => {
            // A generic view's `get` calls `list`, which the project may override.
            let name = plan.action.as_deref().unwrap_or("");
            match view.method(name) {
                Some(func) if view.kind == ViewKind::Generic => func,
                _ => return Some(name == "list"),
            }
        }
    };
    let mut own = false;
    let mut framework = false;
    for stmt in all_statements(&read.program.func_def(func).body) {
        for expr in crate::django::read::statement_exprs(stmt) {
            walk_expr(expr, &mut |e| {
                if let ExprKind::Attribute { value, attr } = &e.kind {
                    own |= matches!(
                        &**attr,
                        "paginate_queryset" | "get_paginated_response" | "get_page"
                    );
                    let calls_base = crate::django::read::is_super_call(value)
                        || value.as_name() == Some("self");
                    framework |= &**attr == "list" && calls_base;
                    // `super().get(…)` of a list view is the framework's list too.
                    framework |= &**attr == "get"
                        && plan.action.as_deref() == Some("list")
                        && crate::django::read::is_super_call(value);
                }
                if let ExprKind::Name(name) = &e.kind {
                    own |= name.ends_with("Paginator") || name.ends_with("Pagination");
                }
            });
        }
    }
    Some(own || framework)
}

pub(in crate::django) fn all_statements(
    body: &[crate::python::syntax::Stmt],
) -> Vec<&crate::python::syntax::Stmt> {
    let mut out = Vec::new();
    crate::django::read::walk_statements(body, &mut |s| out.push(s));
    out
}

/// The model of a view: `queryset`, `model`, what `get_queryset` returns, its serializer's.
fn view_model(parts: &Parts<'_, '_>, view: &View) -> Option<ModelId> {
    let read = parts.read;
    let class = view.class?;
    for name in ["queryset", "model"] {
        if let Some(Attr::Value { expr, owner, .. }) = read.attr(class, name) {
            let found = root_model(parts, read.class_scope(owner), expr);
            if found.is_some() {
                return found;
            }
        }
    }
    if let Some(func) = view.method("get_queryset") {
        let scope = read.func_scope(func);
        let eval = crate::django::symbolic::Eval::new(
            read,
            Bind {
                action: None,
                method: Method::Any,
                detail: None,
                class: Some(class),
                caller: Caller::Any,
            },
        );
        for path in eval.paths(func, crate::django::symbolic::Env::new(), 0) {
            if let Out::Expr(_, expr) = path.value {
                let found = root_model(parts, scope, expr);
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

/// The model at the root of a queryset expression: `Order.objects.filter(…)`, `Order`.
pub(in crate::django) fn root_model(
    parts: &Parts<'_, '_>,
    scope: Scope,
    expr: &Expr,
) -> Option<ModelId> {
    let mut at = expr;
    let mut scope = scope;
    let program: &Program = parts.read.program;
    for _ in 0..64 {
        if let Some(id) = symbol_model(parts, &parts.read.program.resolve(scope, at)) {
            return Some(id);
        }
        match &at.kind {
            ExprKind::Call { func, args } => {
                if func.dotted().is_some_and(|d| d.ends_with("get_user_model")) {
                    return parts.models.iter().find(|m| m.is_user).map(|m| m.id);
                }
                if func.dotted().is_some_and(|d| {
                    d.ends_with("get_object_or_404") || d.ends_with("get_list_or_404")
                }) {
                    at = args.first().map(|a| &a.value)?;
                    continue;
                }
                // A function of the project: what it returns.
                if let Symbol::Func(id) = program.resolve(scope, func)
                    && let Some(returned) = all_statements(&program.func_def(id).body)
                        .into_iter()
                        .find_map(|s| match &s.kind {
                            StmtKind::Return(value) => value.as_ref(),
                            _ => None,
                        })
                {
                    scope = parts.read.func_scope(id);
                    at = returned;
                    continue;
                }
                at = func;
            }
            ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => at = value,
            // `User = get_user_model()`, `Model = Order`
            ExprKind::Name(_) => {
                return match parts.read.program.eval(scope, at) {
                    Val::Instance {
                        class: Symbol::External(fq),
                        ..
                    } if fq.ends_with("get_user_model") => {
                        parts.models.iter().find(|m| m.is_user).map(|m| m.id)
                    }
                    Val::Symbol(symbol) => symbol_model(parts, &symbol),
                    _ => None,
                };
            }
            _ => return None,
        }
    }
    None
}

pub(in crate::django) fn symbol_model(parts: &Parts<'_, '_>, symbol: &Symbol) -> Option<ModelId> {
    match symbol {
        Symbol::Class(class) => parts
            .models
            .iter()
            .find(|m| m.class == Some(*class))
            .map(|m| m.id),
        Symbol::External(fq) => {
            if fq.ends_with("get_user_model") {
                return parts.models.iter().find(|m| m.is_user).map(|m| m.id);
            }
            let fq = parts.read.canonical(fq);
            parts.models.iter().find(|m| m.fq == fq).map(|m| m.id)
        }
        _ => None,
    }
}
