//! DRF331: text is put into SQL instead of being passed beside it.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF331",
    name: "raw-sql-interpolation",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("raw_sql_interpolation.md"),
    yields_to: &[],
    run,
};
use crate::python::link::Local;
use crate::python::syntax::{Arg, Expr, ExprKind, FPart, keyword, positional};
use crate::python::value::{Place, Val};
use crate::python::{Program, Scope as NameScope, flow, visit};

/// Locals are followed this far.
const MAX_DEPTH: u32 = 3;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    for (id, info) in program.functions() {
        let file = program.module(info.module).file;
        if !cx.head.tree.file(file).role.is_product_code() {
            continue;
        }
        let scope = program.scope_of_func(id);
        visit::calls(&program.func_def(id).body, |call, callee, args| {
            let Some((sink, sql)) = sink(program, scope, callee, args) else {
                return;
            };
            out.looked();
            let Some(hole) = interpolated(program, scope, sql, MAX_DEPTH) else {
                return;
            };
            let from_request = comes_from_request(program, scope, hole, MAX_DEPTH)
                || is_parameter(program, scope, hole);
            let severity = if from_request {
                Severity::Critical
            } else {
                Severity::Medium
            };
            let what = cx
                .head
                .tree
                .file(file)
                .text()
                .and_then(|t| t.get(hole.span.start as usize..hole.span.end as usize))
                .unwrap_or("");
            let what: String = what.chars().take(60).collect();
            out.found(
                Evidence::new(
                    info.fq.to_string(),
                    cx.anchor(Place { file, span: call.span }),
                    format!("`{sink}` gets SQL with `{what}` put into its text: whoever controls that value writes the query. Parameters beside the text keep them apart."),
                )
                .severity(severity),
            );
        });
    }
}

/// The SQL argument of `.raw(…)`, `.extra(…)`, `RawSQL(…)`, `cursor.execute(…)`.
fn sink<'t>(
    program: &Program,
    scope: NameScope,
    callee: &'t Expr,
    args: &'t [Arg],
) -> Option<(&'static str, &'t Expr)> {
    let name = match &callee.kind {
        ExprKind::Attribute { attr, value } => match &**attr {
            "execute" | "executemany" => {
                let on = value.dotted().unwrap_or_default().to_lowercase();
                let is_cursor =
                    on.contains("cursor") || on.contains("connection") || value.as_call().is_some();
                return is_cursor.then(|| Some(("cursor.execute", positional(args, 0)?)))?;
            }
            "raw" => {
                // `Model.objects.raw(…)`; a `raw` of something else takes no SQL.
                let is_manager = value.dotted().is_some_and(|on| {
                    on.contains("objects") || on.contains("queryset") || on.ends_with("_qs")
                });
                return is_manager.then(|| {
                    Some((
                        ".raw",
                        positional(args, 0).or_else(|| keyword(args, "raw_query"))?,
                    ))
                })?;
            }
            "extra" => {
                let where_ = keyword(args, "where").or_else(|| keyword(args, "select"))?;
                return Some((".extra", where_));
            }
            _ => program.fq(&program.resolve(scope, callee))?,
        },
        _ => program.fq(&program.resolve(scope, callee))?,
    };
    name.ends_with(".RawSQL")
        .then(|| Some(("RawSQL", positional(args, 0)?)))?
}

/// The first part of an SQL text that is not constant and not a name of the schema.
fn interpolated<'p>(
    program: &'p Program,
    scope: NameScope,
    sql: &'p Expr,
    depth: u32,
) -> Option<&'p Expr> {
    let hole = |expr: &'p Expr| -> Option<&'p Expr> {
        (!is_constant(program, scope, expr)).then_some(expr)
    };
    match &sql.kind {
        ExprKind::FString(parts) => parts.iter().find_map(|part| match part {
            FPart::Hole(inner) => hole(inner),
            FPart::Text(_) => None,
        }),
        ExprKind::BinOp {
            left,
            op: "%",
            right,
        } => match right.elements() {
            Some(items) => items.iter().find_map(hole),
            None => hole(right),
        }
        .or_else(|| interpolated(program, scope, left, depth)),
        ExprKind::BinOp {
            left,
            op: "+",
            right,
        } => {
            let side = |expr: &'p Expr| match &expr.kind {
                ExprKind::Str(_) => None,
                ExprKind::BinOp { .. } | ExprKind::FString(_) => {
                    interpolated(program, scope, expr, depth)
                }
                _ => hole(expr),
            };
            side(left).or_else(|| side(right))
        }
        ExprKind::Call { func, args } => match &func.kind {
            ExprKind::Attribute { attr, .. } if &**attr == "format" => {
                args.iter().find_map(|arg| hole(&arg.value))
            }
            _ => None,
        },
        ExprKind::List(items) | ExprKind::Tuple(items) => items
            .iter()
            .find_map(|item| interpolated(program, scope, item, depth)),
        ExprKind::Dict(_) => None,
        ExprKind::Name(name) if depth > 0 => program
            .local(scope, name, sql.span.start)
            .into_iter()
            .find_map(|local| match local {
                Local::Value(within, value) => interpolated(program, within, value, depth - 1),
                _ => None,
            }),
        _ => None,
    }
}

/// A value the source fixes, or a quoted or generated name of the schema.
fn is_constant(program: &Program, scope: NameScope, expr: &Expr) -> bool {
    if matches!(program.eval(scope, expr), Val::Known(_) | Val::Seq(_)) {
        return true;
    }
    visit::any_within(expr, |inner| match &inner.kind {
        ExprKind::Attribute { attr, .. } => {
            matches!(&**attr, "_meta" | "db_table" | "quote_name" | "column")
        }
        _ => false,
    })
}

/// `request…`, `self.request…`, `validated_data`, or a local made from one of these.
fn comes_from_request(program: &Program, scope: NameScope, expr: &Expr, depth: u32) -> bool {
    visit::any_within(expr, |inner| {
        let Some(path) = flow::path(inner) else {
            return false;
        };
        let first = path.first().map_or("", |name| &***name);
        if first == "request"
            || first == "validated_data"
            || (first == "self"
                && path
                    .get(1)
                    .is_some_and(|name| matches!(&***name, "request" | "kwargs")))
        {
            return true;
        }
        depth > 0
            && program
                .local(scope, first, inner.span.start)
                .into_iter()
                .any(|local| match local {
                    Local::Value(within, value) => {
                        comes_from_request(program, within, value, depth - 1)
                    }
                    _ => false,
                })
    })
}

/// A parameter of a view's handler (its URL argument) or of a function that a handler may call.
fn is_parameter(program: &Program, scope: NameScope, expr: &Expr) -> bool {
    visit::any_within(expr, |inner| match &inner.kind {
        ExprKind::Name(name) if !matches!(&**name, "self" | "cls") => program
            .local(scope, name, inner.span.start)
            .iter()
            .any(|local| matches!(local, Local::Param(..))),
        _ => false,
    })
}
