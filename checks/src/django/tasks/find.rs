//! Finds task functions and signal receivers by their decorators and `connect` calls.

use std::sync::Arc;

use super::{Receiver, Task};
use crate::django::data::World;
use crate::django::read::{Read, method_call, walk_statements};
use crate::python::syntax::{Expr, StmtKind, keyword, positional};
use crate::python::{FuncId, Scope, Symbol};
use crate::source::Role;

/// Names that make a function a task: Celery, Huey, Dramatiq, RQ, Django Q, Django's own.
const TASKS: &[&str] = &[
    "shared_task",
    "task",
    "periodic_task",
    "db_task",
    "db_periodic_task",
    "actor",
    "job",
];

pub(in crate::django) fn find(world: &World<'_, '_>) -> (Vec<Task>, Vec<Receiver>) {
    let read = world.read;
    let mut tasks = Vec::new();
    let mut receivers = Vec::new();
    for (func, info) in read.program.functions() {
        if !read.role(info.module).is_product_code() {
            continue;
        }
        let scope = Scope {
            func: None,
            ..read.func_scope(func)
        };
        for decorator in &read.program.func_def(func).decorators {
            let (named, args) = decorator.as_call().unwrap_or((decorator, &[]));
            let fq = read
                .callee(scope, named)
                .or_else(|| named.dotted().map(Into::into));
            let Some(fq) = fq else { continue };
            let last = fq.rsplit('.').next().unwrap_or("");
            let text = named.dotted().unwrap_or_default();
            let is_task = TASKS.contains(&last)
                && (last != "task"
                    || text.contains('.')
                    || fq.contains("celery")
                    || fq.contains("huey"))
                && !fq.contains("locust");
            if is_task {
                tasks.push(Task {
                    func,
                    fq: Arc::clone(&info.fq),
                    decorator: Arc::clone(&fq),
                    options: read.kwargs(scope, args, &[]),
                    place: read.func_place(func),
                });
            }
            if last == "receiver" {
                for signal in signals(read, scope, positional(args, 0)) {
                    receivers.push(receiver(
                        world,
                        scope,
                        func,
                        signal,
                        keyword(args, "sender"),
                    ));
                }
            }
        }
    }
    connects(world, &mut receivers);
    (tasks, receivers)
}

fn signals(read: &Read<'_>, scope: Scope, expr: Option<&Expr>) -> Vec<Arc<str>> {
    let Some(expr) = expr else { return Vec::new() };
    let one = |e: &Expr| read.callee(scope, e).or_else(|| e.dotted().map(Into::into));
    match expr.elements() {
        Some(items) => items.iter().filter_map(one).collect(),
        None => one(expr).into_iter().collect(),
    }
}

fn receiver(
    world: &World<'_, '_>,
    scope: Scope,
    func: FuncId,
    signal: Arc<str>,
    sender: Option<&Expr>,
) -> Receiver {
    let read = world.read;
    Receiver {
        func,
        fq: Arc::clone(&read.program.func(func).fq),
        signal,
        sender: sender.map(|s| read.class_ref(scope, s)),
        sender_model: sender.and_then(|s| {
            if s.dotted().is_some_and(|d| d.ends_with("AUTH_USER_MODEL")) {
                world.user()
            } else {
                world.model_expr(scope, s)
            }
        }),
        place: read.func_place(func),
    }
}

/// `post_save.connect(handler, sender=Order)` at module level and in `ready`.
fn connects(world: &World<'_, '_>, out: &mut Vec<Receiver>) {
    let read = world.read;
    let mut visit = |scope: Scope, body| {
        walk_statements(body, &mut |stmt| {
            let StmtKind::Expr(expr) = &stmt.kind else {
                return;
            };
            let Some((func, args)) = expr.as_call() else {
                return;
            };
            let Some((on, "connect")) = method_call(func) else {
                return;
            };
            let Some(signal) = read.callee(scope, on) else {
                return;
            };
            if !signal.contains("signals") && !signal.starts_with("django.") {
                return;
            }
            let handler = positional(args, 0).or_else(|| keyword(args, "receiver"));
            let Some(Symbol::Func(id)) = handler.map(|h| read.program.resolve(scope, h)) else {
                return;
            };
            out.push(receiver(world, scope, id, signal, keyword(args, "sender")));
        });
    };
    for (id, _) in read.program.modules() {
        if matches!(read.role(id), Role::App | Role::Script | Role::Settings) {
            visit(Read::module_scope(id), read.program.body(id));
        }
    }
    for (func, info) in read.program.functions() {
        let def = read.program.func_def(func);
        if &*def.name == "ready" && info.class.is_some() && read.role(info.module).is_product_code()
        {
            visit(read.func_scope(func), &def.body);
        }
    }
}
