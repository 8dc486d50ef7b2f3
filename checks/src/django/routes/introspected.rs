//! What a schema generator finds that makes an instance of a view and asks it: its serializer, the
//! model of its queryset. It asks as an anonymous caller without arguments of the URL, so
//! `get_queryset()` may raise where a real request would not.
//!
//! Never runs anything; a way that is certain to raise is told from one that is not known.

use std::sync::Arc;

use super::build::{Parts, root_model};
use super::serializers::{Uses, declared};
use super::{Introspected, SerializerUse, UseFrom};
use crate::django::names::ModelId;
use crate::django::policy::resolve::RouteCx;
use crate::django::read::{Ancestor, Attr, method_call, walk_expr};
use crate::django::serializers::find::Serializers;
use crate::django::symbolic::{Bind, Caller, Env, Eval, Out, Path, Truth};
use crate::django::views::ViewKind;
use crate::python::syntax::{ArgKind, Expr, ExprKind, ParamKind, Stmt, StmtKind, keyword};
use crate::python::{ClassId, FuncId, Scope};

pub(super) fn introspect(
    cx: &RouteCx<'_, '_>,
    parts: &Parts<'_, '_>,
    all: &mut Serializers,
) -> Introspected {
    let mut out = Introspected {
        identity: Arc::clone(&cx.view.fq),
        is_list_mixin: derives(cx, &["rest_framework.mixins.ListModelMixin"]),
        is_create_view: derives(
            cx,
            &[
                "rest_framework.generics.CreateAPIView",
                "rest_framework.generics.ListCreateAPIView",
            ],
        ),
        ..Introspected::default()
    };
    if !cx.view.kind.is_drf() {
        return out;
    }
    let asked = RouteCx {
        read: cx.read,
        settings: cx.settings,
        view: cx.view,
        handler: cx.handler,
        bind: Bind {
            caller: Caller::Schema,
            ..cx.bind.clone()
        },
        initkwargs: cx.initkwargs,
        decorators: cx.decorators,
    };
    let eval = Eval::new(cx.read, asked.bind.clone());
    let is_generic = matches!(cx.view.kind, ViewKind::Generic | ViewKind::ViewSet);
    if let Some(func) = cx.view.method("get_serializer") {
        made(&asked, parts, all, &eval, func, &mut out);
    } else {
        let mut uses = Uses::default();
        declared(&asked, parts.models, all, &mut uses, true, true, false);
        out.serializers = uses.output;
        out.open = uses.open;
    }
    out.fails = out.serializers.is_empty() && out.open.is_none();
    if is_generic && let Some(class) = cx.view.class {
        out.queryset = queryset_attribute(&asked, parts, class);
        out.model = out
            .queryset
            .or_else(|| returned_model(&asked, parts, &eval, class));
    }
    out
}

fn derives(cx: &RouteCx<'_, '_>, wanted: &[&str]) -> bool {
    match cx.view.class {
        Some(class) => cx
            .read
            .lineage(class)
            .iter()
            .any(|a| matches!(a, Ancestor::External(name) if wanted.contains(&&**name))),
        None => wanted
            .iter()
            .any(|fq| cx.read.stubs.is_a(&cx.view.fq, fq) == Some(true)),
    }
}

/// The serializer that an overridden `get_serializer` makes: `return XSerializer(*args, **kwargs)`.
fn made<'p>(
    cx: &RouteCx<'_, 'p>,
    parts: &Parts<'_, 'p>,
    all: &mut Serializers,
    eval: &Eval<'_, 'p>,
    func: FuncId,
    out: &mut Introspected,
) {
    let takes_context = cx
        .read
        .program
        .func_def(func)
        .params
        .iter()
        .any(|p| p.kind == ParamKind::DoubleStar || *p.name == *"context");
    if !takes_context {
        // It is asked with `context=…`, which this one refuses.
        return;
    }
    for path in certain_ways(parts, eval, eval.paths(func, Env::new(), 0)) {
        let class = match &path.value {
            Out::Expr(scope, expr) => match expr.as_call() {
                Some((func, args)) => {
                    let many = keyword(args, "many")
                        .is_some_and(|e| matches!(e.kind, ExprKind::Bool(true)));
                    Some((*scope, func, many, expr.span))
                }
                None => None,
            },
            _ => None,
        };
        let found = class.and_then(|(scope, func, many, span)| {
            let class = cx.read.class_ref(scope, func);
            Some(SerializerUse {
                serializer: all.of_ref(cx.read, parts.models, &class)?,
                many,
                from: UseFrom::GetSerializerClass,
                place: Some(cx.read.place(scope.module, span)),
            })
        });
        match found {
            Some(found) if !out.serializers.contains(&found) => out.serializers.push(found),
            Some(_) => {}
            None => {
                // It hands on to the framework's, or makes it in a way that is not followed: what
                // the class declares is the best there is.
                let mut uses = Uses::default();
                declared(cx, parts.models, all, &mut uses, true, true, false);
                out.serializers.extend(uses.output);
                out.open = uses.open;
                return;
            }
        }
    }
}

fn queryset_attribute(
    cx: &RouteCx<'_, '_>,
    parts: &Parts<'_, '_>,
    class: ClassId,
) -> Option<ModelId> {
    if let Some(kwarg) = cx.initkwargs.get("queryset") {
        let _ = kwarg;
        return cx.view.model;
    }
    match cx.read.attr(class, "queryset")? {
        Attr::Value { expr, owner, .. } => root_model(parts, cx.read.class_scope(owner), expr),
        _ => None,
    }
}

/// The model of what `get_queryset()` returns, unless it is certain to raise.
fn returned_model<'p>(
    cx: &RouteCx<'_, 'p>,
    parts: &Parts<'_, 'p>,
    eval: &Eval<'_, 'p>,
    class: ClassId,
) -> Option<ModelId> {
    let func = cx.read.method(class, "get_queryset")?;
    let ways = certain_ways(parts, eval, eval.paths(func, Env::new(), 0));
    let mut found = None;
    for way in ways {
        let model = match &way.value {
            Out::Expr(scope, expr) => model_of(parts, eval, *scope, expr, &way.env, 0),
            _ => None,
        };
        match model {
            Some(model) => found = found.or(Some(model)),
            None if way.conditions.is_empty() => return None,
            None => {}
        }
    }
    found
}

/// The model at the root of an expression, local variables followed.
fn model_of<'p>(
    parts: &Parts<'_, 'p>,
    eval: &Eval<'_, 'p>,
    scope: Scope,
    expr: &'p Expr,
    env: &Env<'p>,
    depth: usize,
) -> Option<ModelId> {
    if depth > 8 || raises(parts, eval, scope, expr, env) {
        return None;
    }
    if let Some(model) = root_model(parts, scope, expr) {
        return Some(model);
    }
    let mut at = expr;
    for _ in 0..32 {
        match &at.kind {
            ExprKind::Call { func, .. } => {
                if let Some(("get_queryset", on)) = method_call(func).map(|(on, n)| (n, on))
                    && crate::django::read::is_super_call(on)
                {
                    return None;
                }
                at = func;
            }
            // `self.model.objects`
            ExprKind::Attribute { value, attr } if value.as_name() == Some("self") => {
                return match parts.read.attr(eval.bind.class?, attr)? {
                    Attr::Value { expr, owner, .. } => {
                        root_model(parts, parts.read.class_scope(owner), expr)
                    }
                    _ => None,
                };
            }
            ExprKind::Attribute { value, .. } | ExprKind::Subscript { value, .. } => at = value,
            ExprKind::Name(name) => {
                return match env.get(&**name) {
                    Some(Out::Expr(scope, next)) if !std::ptr::eq(*next, expr) => {
                        model_of(parts, eval, *scope, next, env, depth + 1)
                    }
                    // `queryset = queryset.filter(…)`: what it was before.
                    Some(Out::Expr(..)) => assigned_model(parts, eval, scope, name, env),
                    _ => None,
                };
            }
            _ => return None,
        }
    }
    None
}

/// The model of what a function assigns to a name one time after the other; `None` too where one
/// of these is certain to raise.
fn assigned_model<'p>(
    parts: &Parts<'_, 'p>,
    eval: &Eval<'_, 'p>,
    scope: Scope,
    name: &str,
    env: &Env<'p>,
) -> Option<ModelId> {
    let program: &'p crate::python::Program = parts.read.program;
    let mut open: Vec<&'p Stmt> = program.func_def(scope.func?).body.iter().rev().collect();
    let mut found = None;
    while let Some(stmt) = open.pop() {
        match &stmt.kind {
            StmtKind::Assign { targets, value }
                if targets.iter().any(|t| t.as_name() == Some(name)) =>
            {
                if raises(parts, eval, scope, value, env) {
                    return None;
                }
                found = found.or_else(|| root_model(parts, scope, value));
            }
            StmtKind::If { test, body, orelse } => match eval.test(scope, test, env, 0) {
                Truth::True => open.extend(body.iter().rev()),
                Truth::False => open.extend(orelse.iter().rev()),
                Truth::Raise => return None,
                Truth::Unknown => {}
            },
            StmtKind::With { body, .. } | StmtKind::Try { body, .. } => {
                open.extend(body.iter().rev());
            }
            StmtKind::Return(_) => break,
            _ => {}
        }
    }
    found
}

/// Ways that can be taken: those on which something was assigned that is certain to raise go.
fn certain_ways<'p>(
    parts: &Parts<'_, 'p>,
    eval: &Eval<'_, 'p>,
    ways: Vec<Path<'p>>,
) -> Vec<Path<'p>> {
    ways.into_iter()
        .map(|mut way| {
            let fails = way.env.values().any(|value| match value {
                Out::Expr(scope, expr) => raises(parts, eval, *scope, expr, &way.env),
                _ => false,
            });
            if fails {
                way.value = Out::Raise;
            }
            way
        })
        .collect()
}

/// Whether an expression is certain to raise: it reads what an anonymous caller has not, an
/// argument of the URL, compares a relation with an anonymous caller, or fetches one row.
fn raises<'p>(
    parts: &Parts<'_, 'p>,
    eval: &Eval<'_, 'p>,
    scope: Scope,
    expr: &'p Expr,
    env: &Env<'p>,
) -> bool {
    let mut found = false;
    walk_expr(expr, &mut |e| {
        if found {
            return;
        }
        found = match &e.kind {
            ExprKind::Attribute { .. } | ExprKind::Subscript { .. } => eval.raises(scope, e, env),
            ExprKind::Call { func, args } => {
                let name = func.dotted().unwrap_or_default();
                let last = match &func.kind {
                    ExprKind::Attribute { attr, .. } => &**attr,
                    _ => name.as_str(),
                };
                match last {
                    "get_object_or_404" | "get_list_or_404" => true,
                    "get" => func.dotted().is_some_and(|d| d.ends_with("objects.get")),
                    "filter" | "exclude" | "Q" => args.iter().any(|arg| match &arg.kind {
                        ArgKind::Keyword(key) => {
                            !is_text_lookup(key)
                                && !has_text_key(parts)
                                && eval.is_caller(scope, &arg.value, env)
                        }
                        _ => false,
                    }),
                    _ => false,
                }
            }
            _ => false,
        };
    });
    found
}

/// A look-up that compares texts or lists: an anonymous caller is no error there.
fn is_text_lookup(key: &str) -> bool {
    matches!(
        key.rsplit("__").next(),
        Some(
            "contains"
                | "icontains"
                | "iexact"
                | "startswith"
                | "istartswith"
                | "endswith"
                | "iendswith"
                | "in"
                | "isnull"
        )
    )
}

/// The user's key is a text, which an anonymous caller has too (`str(user)`).
fn has_text_key(parts: &Parts<'_, '_>) -> bool {
    parts
        .models
        .iter()
        .find(|m| m.is_user)
        .and_then(crate::django::Model::pk)
        .is_some_and(crate::django::Field::is_text)
}
