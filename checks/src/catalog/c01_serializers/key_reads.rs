//! Keys that are read from a mapping in a way that raises where they are missing, and that nothing
//! before asks for. Judges nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::python::flow::{Context, Event, Guard, events};
use crate::python::syntax::{Expr, ExprKind, Span, Stmt, StmtKind};
use crate::python::value::Place;
use crate::python::visit;
use crate::source::FileId;

/// `mapping["key"]` or `mapping.pop("key")`.
pub(super) struct KeyRead {
    pub(super) key: Arc<str>,
    pub(super) place: Place,
}

/// Every key once, at its first unguarded read.
pub(super) fn unguarded(
    body: &[Stmt],
    file: FileId,
    is_mapping: impl Fn(&Expr) -> bool,
) -> Vec<KeyRead> {
    let mut known: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut found: Vec<KeyRead> = Vec::new();
    events(body, |event, context| match event {
        Event::Assign { target, .. } => {
            if let Some((on, key)) = subscript(target)
                && is_mapping(on)
            {
                known.insert(key.into());
            }
        }
        Event::Expr(expr) => {
            let read = subscript(expr).or_else(|| pop(expr));
            if let Some((on, key)) = set_default(expr)
                && is_mapping(on)
            {
                known.insert(key.into());
            }
            let Some((_, key)) = read.filter(|(on, _)| is_mapping(on)) else {
                return;
            };
            let written = context.stmt.is_some_and(|stmt| match &stmt.kind {
                StmtKind::Assign { targets, .. } => {
                    targets.iter().any(|target| target.span == expr.span)
                }
                StmtKind::Delete(_) => true,
                _ => false,
            });
            if written || known.contains(key) || guarded(context, key, expr.span) {
                return;
            }
            if !found.iter().any(|read| &*read.key == key) {
                found.push(KeyRead {
                    key: key.into(),
                    place: Place {
                        file,
                        span: expr.span,
                    },
                });
            }
        }
        _ => {}
    });
    found
}

fn subscript(expr: &Expr) -> Option<(&Expr, &str)> {
    match &expr.kind {
        ExprKind::Subscript { value, index } => Some((value, index.as_str()?)),
        _ => None,
    }
}

fn method<'t>(expr: &'t Expr, wanted: &str) -> Option<(&'t Expr, &'t str, usize)> {
    let (func, args) = expr.as_call()?;
    let ExprKind::Attribute { value, attr } = &func.kind else {
        return None;
    };
    let key = args.first()?.value.as_str()?;
    (&**attr == wanted).then_some((value, key, args.len()))
}

/// Without a default, it raises.
fn pop(expr: &Expr) -> Option<(&Expr, &str)> {
    let (on, key, args) = method(expr, "pop")?;
    (args == 1).then_some((on, key))
}

fn set_default(expr: &Expr) -> Option<(&Expr, &str)> {
    method(expr, "setdefault").map(|(on, key, _)| (on, key))
}

fn guarded(context: &Context<'_>, key: &str, at: Span) -> bool {
    let tested = context.guards.iter().any(|guard| match guard {
        Guard::Test { test, .. } => asks(test, key),
        Guard::Case { subject, .. } => asks(subject, key),
    });
    let caught = context.tries.iter().any(|stmt| {
        let StmtKind::Try { handlers, .. } = &stmt.kind else {
            return false;
        };
        handlers.iter().any(|handler| {
            handler.types.as_ref().is_none_or(|types| {
                visit::any_within(types, |expr| {
                    matches!(
                        expr.as_name(),
                        Some("KeyError" | "LookupError" | "Exception" | "BaseException")
                    )
                })
            })
        })
    });
    tested || caught || context.stmt.is_some_and(|stmt| within(stmt, key, at))
}

/// A condition asks for the key, or whether this is the creation of a row.
pub(super) fn asks(test: &Expr, key: &str) -> bool {
    visit::any_within(test, |expr| match &expr.kind {
        ExprKind::Str(text) => &**text == key,
        ExprKind::Attribute { attr, .. } => {
            matches!(&**attr, "instance" | "partial" | "method" | "action")
        }
        ExprKind::Name(name) => &**name == key,
        _ => false,
    })
}

/// `"k" in attrs and attrs["k"]`, `attrs["k"] if … else …` within the statement.
fn within(stmt: &Stmt, key: &str, at: Span) -> bool {
    let mut found = false;
    visit::own_exprs(stmt, &mut |own| {
        visit::within(own, |expr| {
            found |= match &expr.kind {
                ExprKind::BoolOp { values, .. } => {
                    let place = values.iter().position(|value| value.span.contains(at));
                    place.is_some_and(|place| values.iter().take(place).any(|v| asks(v, key)))
                }
                ExprKind::IfExp { test, body, orelse } => {
                    (body.span.contains(at) || orelse.span.contains(at)) && asks(test, key)
                }
                _ => false,
            };
        });
    });
    found
}
