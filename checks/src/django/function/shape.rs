//! Parts of a function that its statements show: responses, exception handlers, atomic regions,
//! ownership guards, size.

use std::sync::Arc;

use super::build::is_atomic;
use super::{AtomicRegion, Except, FunctionIr, ResponseReturn};
use crate::django::data::Data;
use crate::django::ownership::Guard;
use crate::django::queryset::Taint;
use crate::django::read::{
    Read, call_name, inner_bodies, method_call, statement_exprs, walk_expr, walk_statements,
};
use crate::python::ModuleId;
use crate::python::link::Local;
use crate::python::syntax::{
    DictItem, Expr, ExprKind, FPart, FunctionDef, Handler, Stmt, StmtKind, keyword, positional,
};
use crate::python::value::{Literal, Place, Val};

/// Literal texts of one response that are kept.
const MAX_TEXTS: usize = 8;

/// Lines of code of the body: not blank, not comments, not the docstring.
pub(super) fn lines(read: &Read<'_>, def: &FunctionDef, module: ModuleId) -> u32 {
    let (Some(first), Some(last)) = (def.body.first(), def.body.last()) else {
        return 0;
    };
    let file = read.tree.file(read.program.module(module).file);
    let text = file.text().unwrap_or("");
    let is_doc = matches!(&first.kind, StmtKind::Expr(e) if e.as_str().is_some());
    let start = if is_doc {
        first.span.end
    } else {
        first.span.start
    };
    let body = text
        .get(start as usize..(last.span.end as usize).max(start as usize))
        .unwrap_or("");
    body.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .count() as u32
}

/// Cyclomatic: 1 + branches, loops, handlers, boolean operators.
pub(super) fn complexity(body: &[Stmt]) -> u32 {
    let mut count = 1u32;
    walk_statements(body, &mut |stmt| {
        count += match &stmt.kind {
            StmtKind::If { .. } | StmtKind::For { .. } | StmtKind::While { .. } => 1,
            StmtKind::Try { handlers, .. } => handlers.len() as u32,
            StmtKind::Match { cases, .. } => cases.len() as u32,
            _ => 0,
        };
        for expr in statement_exprs(stmt) {
            walk_expr(expr, &mut |e| {
                count += match &e.kind {
                    ExprKind::BoolOp { values, .. } => values.len().saturating_sub(1) as u32,
                    ExprKind::IfExp { .. } => 1,
                    ExprKind::Comprehension(c) => c
                        .clauses
                        .iter()
                        .map(|c| 1 + c.conditions.len() as u32)
                        .sum(),
                    _ => 0,
                };
            });
        }
    });
    count
}

/// `with transaction.atomic():` blocks.
pub(super) fn atomic_regions(
    data: &Data<'_, '_, '_>,
    body: &[Stmt],
    out: &mut Vec<AtomicRegion>,
    depth: usize,
) {
    for stmt in body {
        let mut inner_depth = depth;
        if let StmtKind::With { items, .. } = &stmt.kind
            && items.iter().any(|i| is_atomic(data, &i.context))
        {
            let whole = out.iter().any(|r| r.is_decorator);
            out.push(AtomicRegion {
                place: data.world.read.place(data.scope.module, stmt.span),
                is_decorator: false,
                nested: whole || depth > 0,
            });
            inner_depth += 1;
        }
        for inner in inner_bodies(stmt) {
            atomic_regions(data, inner, out, inner_depth);
        }
    }
}

/// Responses that a returned expression stands for.
pub(super) fn responses<'p>(
    data: &Data<'_, '_, 'p>,
    value: &'p Expr,
    in_except: bool,
    in_branch: bool,
    out: &mut Vec<ResponseReturn>,
    depth: usize,
) {
    if depth > 4 {
        return;
    }
    match &value.kind {
        ExprKind::IfExp { body, orelse, .. } => {
            responses(data, body, in_except, true, out, depth + 1);
            responses(data, orelse, in_except, true, out, depth + 1);
        }
        ExprKind::Name(name) => {
            let program: &'p crate::python::Program = data.world.read.program;
            for local in program.local(data.scope, name, value.span.start) {
                if let Local::Value(_, value) = local
                    && value.as_call().is_some()
                {
                    responses(data, value, in_except, in_branch, out, depth + 1);
                }
            }
        }
        ExprKind::Call { func, args } => {
            let class: Arc<str> = match call_name(func) {
                Some(name) => Arc::clone(name),
                None => return,
            };
            if !class.ends_with("Response") && !class.starts_with("HttpResponse") {
                return;
            }
            let body = positional(args, 0).or_else(|| keyword(args, "data"));
            let status_arg = keyword(args, "status").or_else(|| positional(args, 1));
            let status = match status_arg {
                Some(expr) => status(data, expr),
                None => default_status(&class),
            };
            let mut response = ResponseReturn {
                class,
                status,
                status_given: status_arg.is_some(),
                keys: Vec::new(),
                empty: body.is_none(),
                is_text: false,
                texts: Vec::new(),
                serializer_part: None,
                in_except,
                in_branch,
                place: data.place(value),
            };
            if let Some(body) = body {
                body_shape(data, body, &mut response, 0);
            }
            out.push(response);
        }
        _ => {}
    }
}

fn default_status(class: &str) -> Option<u16> {
    Some(match class {
        "HttpResponseForbidden" => 403,
        "HttpResponseNotFound" => 404,
        "HttpResponseBadRequest" => 400,
        "HttpResponseNotAllowed" => 405,
        "HttpResponseGone" => 410,
        "HttpResponseServerError" => 500,
        "HttpResponseRedirect" => 302,
        "HttpResponsePermanentRedirect" => 301,
        _ => 200,
    })
}

/// A literal code, `status.HTTP_404_NOT_FOUND`, `HTTPStatus.NOT_FOUND`.
pub(in crate::django) fn status(data: &Data<'_, '_, '_>, expr: &Expr) -> Option<u16> {
    if let Some(code) = status_name(expr) {
        return Some(code);
    }
    match data.world.read.program.eval(data.scope, expr) {
        Val::Known(Literal::Int(code)) => u16::try_from(code).ok(),
        _ => None,
    }
}

pub(in crate::django) fn status_name(expr: &Expr) -> Option<u16> {
    if let ExprKind::Int(Some(code)) = &expr.kind {
        return u16::try_from(*code).ok();
    }
    let dotted = expr.dotted()?;
    let last = dotted.rsplit('.').next()?;
    if let Some(rest) = last.strip_prefix("HTTP_") {
        return rest.get(..3)?.parse().ok();
    }
    if dotted.contains("HTTPStatus") {
        let name = if last == "value" {
            dotted.rsplit('.').nth(1)?
        } else {
            last
        };
        return Some(match name {
            "OK" => 200,
            "CREATED" => 201,
            "ACCEPTED" => 202,
            "NO_CONTENT" => 204,
            "BAD_REQUEST" => 400,
            "UNAUTHORIZED" => 401,
            "FORBIDDEN" => 403,
            "NOT_FOUND" => 404,
            "METHOD_NOT_ALLOWED" => 405,
            "CONFLICT" => 409,
            "GONE" => 410,
            "UNPROCESSABLE_ENTITY" => 422,
            "TOO_MANY_REQUESTS" => 429,
            "INTERNAL_SERVER_ERROR" => 500,
            "SERVICE_UNAVAILABLE" => 503,
            _ => return None,
        });
    }
    None
}

fn body_shape<'p>(data: &Data<'_, '_, 'p>, body: &'p Expr, out: &mut ResponseReturn, depth: usize) {
    match &body.kind {
        ExprKind::Dict(items) => {
            out.empty = items.is_empty();
            for item in items {
                if let DictItem::Pair { key, value } = item {
                    if let Some(key) = key.as_str() {
                        out.keys.push(key.into());
                    }
                    texts(value, &mut out.texts);
                }
            }
        }
        ExprKind::None => out.empty = true,
        ExprKind::Str(_) | ExprKind::FString(_) => {
            out.is_text = true;
            texts(body, &mut out.texts);
        }
        ExprKind::List(items) | ExprKind::Tuple(items) => {
            out.empty = items.is_empty();
            for item in items {
                texts(item, &mut out.texts);
            }
        }
        ExprKind::Attribute { attr, .. }
            if matches!(&**attr, "data" | "errors" | "validated_data") =>
        {
            out.serializer_part = Some(Arc::clone(attr));
        }
        ExprKind::Name(name) if depth < 3 => {
            let program: &'p crate::python::Program = data.world.read.program;
            let locals = program.local(data.scope, name, body.span.start);
            if let [Local::Value(_, value)] = locals.as_slice() {
                let is_serializer = value.as_call().is_some_and(|(f, _)| {
                    call_name(f)
                        .is_some_and(|n| n.ends_with("Serializer") || &**n == "get_serializer")
                });
                if is_serializer {
                    out.serializer_part = Some("self".into());
                } else {
                    body_shape(data, value, out, depth + 1);
                }
            }
        }
        ExprKind::Call { func, .. }
            if call_name(func).is_some_and(|n| n.ends_with("Serializer")) =>
        {
            out.serializer_part = Some("self".into());
        }
        _ => {}
    }
}

fn texts(expr: &Expr, out: &mut Vec<Arc<str>>) {
    walk_expr(expr, &mut |e| {
        if out.len() >= MAX_TEXTS {
            return;
        }
        match &e.kind {
            ExprKind::Str(text) => out.push(Arc::clone(text)),
            ExprKind::FString(parts) => {
                for part in parts {
                    if let FPart::Text(text) = part {
                        out.push(Arc::clone(text));
                    }
                }
            }
            _ => {}
        }
    });
}

/// `try … except` blocks.
pub(super) fn excepts<'p>(
    data: &Data<'_, '_, 'p>,
    body: &'p [Stmt],
    ir: &FunctionIr,
) -> Vec<Except> {
    let read = data.world.read;
    let mut out = Vec::new();
    let mut tries: Vec<&'p Stmt> = Vec::new();
    walk_statements(body, &mut |stmt| {
        if matches!(stmt.kind, StmtKind::Try { .. }) {
            tries.push(stmt);
        }
    });
    for stmt in tries {
        let StmtKind::Try { body, handlers, .. } = &stmt.kind else {
            continue;
        };
        let span = |b: &[Stmt]| -> Option<Place> {
            let (first, last) = (b.first()?, b.last()?);
            Some(read.place(
                data.scope.module,
                crate::python::syntax::Span {
                    start: first.span.start,
                    end: last.span.end,
                },
            ))
        };
        let tried = span(body);
        let guards_write =
            tried.is_some_and(|t| ir.writes.iter().any(|w| t.span.contains(w.place.span)));
        let in_atomic = ir.atomic.iter().any(|r| r.place.span.contains(stmt.span));
        for handler in handlers {
            out.push(except(
                data,
                handler,
                guards_write,
                in_atomic,
                span(&handler.body),
                tried.unwrap_or_else(|| read.place(data.scope.module, stmt.span)),
            ));
        }
    }
    out
}

fn except<'p>(
    data: &Data<'_, '_, 'p>,
    handler: &'p Handler,
    guards_write: bool,
    in_atomic: bool,
    body_place: Option<Place>,
    tried: Place,
) -> Except {
    let read = data.world.read;
    let mut types: Vec<Arc<str>> = Vec::new();
    let listed: Vec<&Expr> = match &handler.types {
        None => Vec::new(),
        Some(t) => t.elements().map_or_else(|| vec![t], |e| e.iter().collect()),
    };
    for one in &listed {
        types.push(
            read.callee(data.scope, one)
                .or_else(|| one.dotted().map(Into::into))
                .unwrap_or_else(|| read.expr_text(data.scope.module, one)),
        );
    }
    let broad = handler.types.is_none()
        || types
            .iter()
            .any(|t| matches!(t.rsplit('.').next(), Some("Exception" | "BaseException")));
    let mut out = Except {
        types,
        broad,
        reraises: false,
        replaces: false,
        logs_trace: false,
        logs: false,
        swallows: false,
        leaves: handler
            .body
            .last()
            .is_some_and(|s| matches!(s.kind, StmtKind::Return(_) | StmtKind::Raise { .. })),
        error_status: false,
        leaks_text: None,
        guards_write,
        in_atomic,
        place: read.place(
            data.scope.module,
            crate::python::syntax::Span {
                start: handler.span.start,
                end: handler.span.start + 6,
            },
        ),
        body: body_place.unwrap_or_else(|| read.place(data.scope.module, handler.span)),
        tried,
    };
    let name = handler.name.as_deref();
    let is_default = |v: &Expr| {
        matches!(
            v.kind,
            ExprKind::None | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Str(_)
        ) || v.elements().is_some_and(<[Expr]>::is_empty)
            || matches!(&v.kind, ExprKind::Dict(d) if d.is_empty())
    };
    out.swallows = handler.body.iter().all(|s| match &s.kind {
        StmtKind::Pass | StmtKind::Continue | StmtKind::Break => true,
        StmtKind::Expr(e) => e.as_str().is_some() || matches!(e.kind, ExprKind::Ellipsis),
        StmtKind::Return(value) => value.as_ref().is_none_or(is_default),
        StmtKind::Assign { value, .. } => matches!(value.kind, ExprKind::None),
        _ => false,
    });
    walk_statements(&handler.body, &mut |stmt| {
        if let StmtKind::Raise { exc, .. } = &stmt.kind {
            out.replaces = exc.is_some() && (out.replaces || !out.reraises);
            out.reraises = true;
        }
        for expr in statement_exprs(stmt) {
            walk_expr(expr, &mut |e| {
                let Some((func, args)) = e.as_call() else {
                    return;
                };
                if let Some((on, level)) = method_call(func) {
                    let is_logger = on
                        .dotted()
                        .is_some_and(|d| d.to_lowercase().contains("log"));
                    if is_logger {
                        out.logs = true;
                        out.logs_trace |=
                            level == "exception" || keyword(args, "exc_info").is_some();
                    }
                    out.logs |= on
                        .dotted()
                        .is_some_and(|d| d.contains("sentry") || d == "traceback");
                    out.logs_trace |= level == "capture_exception" || level == "print_exc";
                }
                let Some(called) = call_name(func) else {
                    return;
                };
                if !called.ends_with("Response") && !called.starts_with("HttpResponse") {
                    return;
                }
                let mut found = Vec::new();
                responses(data, e_static(e), true, false, &mut found, 0);
                out.error_status |= found.iter().any(|r| r.status.is_some_and(|s| s >= 400));
                if let Some(name) = name {
                    for arg in args {
                        walk_expr(&arg.value, &mut |inner| {
                            let text_of = inner.as_call().is_some_and(|(f, a)| {
                                matches!(f.as_name(), Some("str" | "repr" | "format"))
                                    && a.first().is_some_and(|a| a.value.as_name() == Some(name))
                            });
                            let in_text = matches!(&inner.kind, ExprKind::FString(parts) if parts.iter().any(|p| {
                                matches!(p, FPart::Hole(h) if h.as_name() == Some(name))
                            }));
                            let trace = inner.as_call().is_some_and(|(f, _)| {
                                f.dotted().is_some_and(|d| d.ends_with("format_exc"))
                            });
                            if text_of || in_text || trace {
                                out.leaks_text.get_or_insert(data.place(inner));
                            }
                        });
                    }
                }
            });
        }
    });
    out
}

/// The same expression; names the lifetime of the tree.
fn e_static(expr: &Expr) -> &Expr {
    expr
}

/// Comparisons of an owner with the caller that end in a refusal.
pub(super) fn guards<'p>(data: &Data<'_, '_, 'p>, body: &'p [Stmt]) -> Vec<Guard> {
    let mut out = Vec::new();
    let mut refuses_somewhere: Option<Arc<str>> = None;
    walk_statements(body, &mut |stmt| {
        if let Some(how) = refusal(data, stmt) {
            refuses_somewhere.get_or_insert(how);
        }
    });
    let Some(fallback) = refuses_somewhere else {
        return out;
    };
    walk_statements(body, &mut |stmt| {
        let StmtKind::If { test, body, orelse } = &stmt.kind else {
            return;
        };
        let mut found: Vec<(Arc<str>, Option<crate::django::names::ModelId>, Place)> = Vec::new();
        walk_expr(test, &mut |e| {
            let ExprKind::Compare { left, rest } = &e.kind else {
                return;
            };
            let [(op, right)] = rest.as_slice() else {
                return;
            };
            if !matches!(*op, "==" | "!=" | "is" | "is not" | "in" | "not in") {
                return;
            }
            for (user, other) in [(&**left, right), (right, &**left)] {
                let is_user = matches!(data.taint(user), Taint::User | Taint::Tenant);
                let is_other = !matches!(
                    data.taint(other),
                    Taint::User | Taint::Tenant | Taint::Constant
                );
                let attribute = match &other.kind {
                    ExprKind::Attribute { value, attr } => Some((value, attr)),
                    ExprKind::Call { func, .. } => match &func.kind {
                        ExprKind::Attribute { value, .. } => match &value.kind {
                            ExprKind::Attribute { value, attr } => Some((value, attr)),
                            _ => None,
                        },
                        _ => None,
                    },
                    _ => None,
                };
                if let (true, true, Some((on, attr))) = (is_user, is_other, attribute) {
                    found.push((Arc::clone(attr), data.instance(on), data.place(e)));
                    break;
                }
            }
        });
        if found.is_empty() {
            return;
        }
        let mut how = None;
        walk_statements(body, &mut |s| {
            if how.is_none() {
                how = refusal(data, s);
            }
        });
        walk_statements(orelse, &mut |s| {
            if how.is_none() {
                how = refusal(data, s);
            }
        });
        let how = how.unwrap_or_else(|| Arc::clone(&fallback));
        for (attribute, model, place) in found {
            out.push(Guard {
                attribute,
                model,
                refuses_by: Arc::clone(&how),
                place,
            });
        }
    });
    out
}

/// `raise PermissionDenied`, `return Response(…, status=403)` and the like.
fn refusal<'p>(data: &Data<'_, '_, 'p>, stmt: &'p Stmt) -> Option<Arc<str>> {
    match &stmt.kind {
        StmtKind::Raise { exc: Some(exc), .. } => {
            let named = exc.as_call().map_or(exc, |(f, _)| f);
            let dotted = named.dotted()?;
            let last = dotted.rsplit('.').next()?;
            matches!(
                last,
                "PermissionDenied"
                    | "NotAuthenticated"
                    | "AuthenticationFailed"
                    | "Http404"
                    | "NotFound"
                    | "ValidationError"
                    | "PermissionError"
                    | "APIException"
                    | "DoesNotExist"
            )
            .then(|| format!("raise {last}").into())
        }
        StmtKind::Return(Some(value)) => {
            let mut found = Vec::new();
            responses(data, value, false, true, &mut found, 0);
            found
                .iter()
                .find(|r| matches!(r.status, Some(400 | 401 | 403 | 404)))
                .map(|r| format!("status {}", r.status.unwrap_or(403)).into())
        }
        _ => None,
    }
}
