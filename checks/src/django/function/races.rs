//! Reads that a write depends on: read-modify-write, check-then-create.

use std::sync::Arc;

use super::build::{Assigned, Build, has_f};
use super::{CheckThenCreate, ReadModifyWrite, WriteKind};
use crate::django::ModelId;
use crate::django::read::{walk_expr, walk_statements};
use crate::python::link::Local;
use crate::python::syntax::{Expr, ExprKind, Stmt, StmtKind};
use crate::python::value::Place;

pub(super) fn find<'p>(build: &mut Build<'_, '_, '_, 'p>, body: &'p [Stmt]) {
    let tests = tests(build, body);
    let mut races = Vec::new();
    for write in &build.out.writes {
        match write.kind {
            WriteKind::Save => {
                let own: Vec<&Assigned<'p>> = build
                    .assigned
                    .iter()
                    .filter(|a| {
                        *a.variable == *write.target && a.place.span.start < write.place.span.start
                    })
                    .collect();
                for assigned in own {
                    let read_back = assigned.aug
                        || reads(build, assigned.value, &assigned.variable, &assigned.attr, 0);
                    let tested = tests
                        .iter()
                        .find(|(variable, attr, place)| {
                            *variable == assigned.variable
                                && *attr == assigned.attr
                                && place.span.start < assigned.place.span.start
                        })
                        .map(|(_, _, place)| *place);
                    if !read_back && tested.is_none() {
                        continue;
                    }
                    if just_made(build, &assigned.variable, assigned.place) {
                        continue;
                    }
                    let fetch = fetch(build, &assigned.variable, assigned.place);
                    races.push(ReadModifyWrite {
                        variable: Arc::clone(&assigned.variable),
                        model: write.model,
                        field: Arc::clone(&assigned.attr),
                        fetch: fetch.map(|(p, _)| p),
                        modify: if read_back {
                            assigned.stmt
                        } else {
                            tested.unwrap_or(assigned.stmt)
                        },
                        save: write.place,
                        locked: fetch.map_or_else(
                            || locked_rows(build, write.model, assigned.place),
                            |(_, locked)| locked,
                        ),
                        in_atomic: write.in_atomic,
                        by_database: has_f(assigned.value),
                        only_tested: !read_back,
                    });
                }
            }
            WriteKind::Update => {
                // Order.objects.filter(pk=order.pk).update(total=order.total + 1)
                for kwarg in &write.kwargs.items {
                    if write.f_expressions.contains(&kwarg.name) {
                        continue;
                    }
                    let needle = format!(".{}", kwarg.name);
                    let Some(at) = kwarg.text.find(&needle) else {
                        continue;
                    };
                    let variable: String = kwarg
                        .text
                        .get(..at)
                        .unwrap_or("")
                        .chars()
                        .rev()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect::<Vec<_>>()
                        .into_iter()
                        .rev()
                        .collect();
                    if variable.is_empty() {
                        continue;
                    }
                    let variable: Arc<str> = variable.into();
                    // A condition on the old value makes the update safe.
                    let conditional = write.conditions.iter().any(|c| *c.path == *kwarg.name);
                    if conditional {
                        continue;
                    }
                    let Some(place) = kwarg.place else { continue };
                    let fetch = fetch(build, &variable, place);
                    if fetch.is_none() {
                        continue;
                    }
                    races.push(ReadModifyWrite {
                        variable,
                        model: write.model,
                        field: Arc::clone(&kwarg.name),
                        fetch: fetch.map(|(p, _)| p),
                        modify: place,
                        save: write.place,
                        locked: fetch.is_some_and(|(_, locked)| locked),
                        in_atomic: write.in_atomic,
                        by_database: false,
                        only_tested: false,
                    });
                }
            }
            _ => {}
        }
    }
    races.dedup_by(|a, b| a.field == b.field && a.save == b.save && a.modify == b.modify);
    build.out.races = races;
    build.out.check_then_create = check_then_create(build);
}

/// Attributes that conditions test: variable, attribute, place.
fn tests<'p>(build: &Build<'_, '_, '_, 'p>, body: &'p [Stmt]) -> Vec<(Arc<str>, Arc<str>, Place)> {
    let mut out = Vec::new();
    walk_statements(body, &mut |stmt| {
        let (StmtKind::If { test, .. } | StmtKind::While { test, .. }) = &stmt.kind else {
            return;
        };
        walk_expr(test, &mut |e| {
            let ExprKind::Compare { left, rest } = &e.kind else {
                return;
            };
            for side in std::iter::once(&**left).chain(rest.iter().map(|(_, r)| r)) {
                if let ExprKind::Attribute { value, attr } = &side.kind
                    && let Some(variable) = value.dotted()
                {
                    out.push((variable.into(), Arc::clone(attr), build.place(e)));
                }
            }
        });
    });
    out
}

/// Whether a value reads `variable.attr`, directly or through a local computed from it.
fn reads<'p>(
    build: &Build<'_, '_, '_, 'p>,
    value: &'p Expr,
    variable: &str,
    attr: &str,
    depth: usize,
) -> bool {
    let mut found = false;
    let mut names: Vec<(&'p Arc<str>, u32)> = Vec::new();
    walk_expr(value, &mut |e| match &e.kind {
        ExprKind::Attribute { value, attr: read } => {
            found |= **read == *attr && value.dotted().as_deref() == Some(variable);
        }
        ExprKind::Name(name) => names.push((name, e.span.start)),
        _ => {}
    });
    if found || depth > 2 {
        return found;
    }
    let program: &'p crate::python::Program = build.data.world.read.program;
    names.into_iter().any(|(name, at)| {
        **name != *variable
            && program
                .local(build.data.scope, name, at)
                .iter()
                .any(|l| match l {
                    Local::Value(scope, inner)
                        if scope.module == build.data.scope.module
                            && !std::ptr::eq(*inner, value) =>
                    {
                        reads(build, inner, variable, attr, depth + 1)
                    }
                    _ => false,
                })
    })
}

/// Where a variable's row was fetched, and whether under a lock in a transaction.
fn fetch(build: &Build<'_, '_, '_, '_>, variable: &str, before: Place) -> Option<(Place, bool)> {
    build
        .out
        .queries
        .iter()
        .rfind(|q| {
            q.bound_to.as_deref() == Some(variable) && q.place.span.start < before.span.start
        })
        .map(|q| (q.place, q.qs.lock.is_some() && q.in_atomic))
}

/// Whether rows of this model were locked before: a row that comes out of a loop or a mapping of
/// them was fetched by no statement of its own.
fn locked_rows(build: &Build<'_, '_, '_, '_>, model: Option<ModelId>, before: Place) -> bool {
    build.out.queries.iter().any(|q| {
        q.qs.lock.is_some()
            && q.in_atomic
            && q.place.span.start < before.span.start
            && (model.is_none() || q.qs.model.is_none() || q.qs.model == model)
    })
}

/// The row was created here, so that nobody else has it yet.
fn just_made(build: &Build<'_, '_, '_, '_>, variable: &str, before: Place) -> bool {
    let program = build.data.world.read.program;
    let locals = program.local(build.data.scope, variable, before.span.start);
    !locals.is_empty()
        && locals.iter().all(|local| match local {
            Local::Value(_, value) => {
                value
                    .as_call()
                    .is_some_and(|(callee, _)| match &callee.kind {
                        ExprKind::Attribute { attr, .. } => {
                            matches!(
                                &**attr,
                                "create" | "acreate" | "create_user" | "create_superuser"
                            )
                        }
                        _ => false,
                    })
            }
            _ => false,
        })
}

/// `exists()` (or `count()`) and a create of the same model behind it.
fn check_then_create(build: &Build<'_, '_, '_, '_>) -> Vec<CheckThenCreate> {
    let mut out = Vec::new();
    for query in &build.out.queries {
        let Some((end, _)) = &query.qs.ended_by else {
            continue;
        };
        if !matches!(&**end, "exists" | "count" | "aexists") || query.qs.conditions.is_empty() {
            continue;
        }
        let create = build.out.writes.iter().find(|w| {
            matches!(w.kind, WriteKind::Create | WriteKind::SerializerSave)
                && w.place.span.start > query.place.span.start
                && (w.model.is_some() && w.model == query.qs.model)
        });
        if let Some(create) = create {
            out.push(CheckThenCreate {
                model: query.qs.model,
                fields: query
                    .qs
                    .conditions
                    .iter()
                    .filter(|c| !c.negated)
                    .map(|c| Arc::clone(&c.path))
                    .collect(),
                check: query.place,
                create: create.place,
                in_atomic: create.in_atomic && query.in_atomic,
                locked: query.qs.lock.is_some(),
            });
        }
    }
    out
}
