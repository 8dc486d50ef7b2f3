//! From a place back to the expression that stands there: facts keep values and places, and a
//! schema sometimes needs the arguments of the call behind a value.
//!
//! Reads nothing but syntax.

use crate::python::syntax::{Arg, Expr, ExprKind, Span, Stmt, StmtKind};
use crate::python::value::Place;
use crate::python::{Program, Scope, visit};

/// A call and where its names are looked up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'p> {
    pub(super) scope: Scope,
    pub(super) args: &'p [Arg],
}

/// The expression that stands at a place.
pub(super) fn expr_at(program: &Program, place: Place) -> Option<(Scope, &Expr)> {
    let module = program.module_of_file(place.file)?;
    let expr = in_body(program.body(module), place.span)?;
    let class = program
        .classes()
        .filter(|(_, info)| info.module == module)
        .filter(|(id, _)| program.class_def(*id).span.contains(place.span))
        .min_by_key(|(id, _)| width(program.class_def(*id).span))
        .map(|(id, _)| id);
    let scope = class.map_or_else(
        || Scope::of_module(module),
        |class| program.scope_of_class(class),
    );
    Some((scope, expr))
}

/// The call that stands at a place.
pub(super) fn call_at(program: &Program, place: Place) -> Option<Call<'_>> {
    let (scope, expr) = expr_at(program, place)?;
    let (_, args) = expr.as_call()?;
    Some(Call { scope, args })
}

fn width(span: Span) -> u32 {
    span.end.saturating_sub(span.start)
}

fn in_body(body: &[Stmt], span: Span) -> Option<&Expr> {
    let stmt = body.iter().find(|stmt| stmt.span.contains(span))?;
    let mut found = None;
    visit::own_exprs(stmt, &mut |expr| {
        if found.is_none() && expr.span.contains(span) {
            found = within(expr, span);
        }
    });
    if found.is_some() {
        return found;
    }
    let inner = match &stmt.kind {
        StmtKind::Function(def) => Some(def.body.as_slice()),
        StmtKind::Class(def) => Some(def.body.as_slice()),
        _ => None,
    };
    if let Some(body) = inner {
        return in_body(body, span);
    }
    visit::blocks(stmt, &mut |block| {
        if found.is_none() {
            found = in_body(block, span);
        }
    });
    found
}

fn within(expr: &Expr, span: Span) -> Option<&Expr> {
    if expr.span == span && !matches!(expr.kind, ExprKind::Opaque) {
        return Some(expr);
    }
    let mut found = None;
    visit::children(expr, &mut |child| {
        if found.is_none() && child.span.contains(span) {
            found = within(child, span);
        }
    });
    found
}
