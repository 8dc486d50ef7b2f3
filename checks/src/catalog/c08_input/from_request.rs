//! Whether a value comes from the client: read off the request, or off validated data. Follows
//! locals within one function. Shared by the checks on input; judges nothing.

use crate::catalog::Cx;
use crate::python::link::Local;
use crate::python::syntax::{Arg, ArgKind, Expr, ExprKind, FPart, Stmt, keyword, positional};
use crate::python::value::Place;
use crate::python::{FuncId, Program, Scope, visit};
use crate::source::FileId;

/// Locals and wrappers are followed this far.
const MAX_DEPTH: u32 = 8;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// `request.data`, `request.GET`, `request.body` …
    Raw,
    /// `validated_data`, `cleaned_data`.
    Validated,
}

/// A function of the product code under examination.
#[derive(Clone, Copy)]
pub(super) struct Function<'a> {
    pub(super) id: FuncId,
    pub(super) file: FileId,
    pub(super) program: &'a Program,
    pub(super) scope: Scope,
    pub(super) body: &'a [Stmt],
    pub(super) fq: &'a str,
}

impl<'a> Function<'a> {
    pub(super) fn place(&self, expr: &Expr) -> Place {
        Place {
            file: self.file,
            span: expr.span,
        }
    }

    /// Fully qualified name of what is called.
    pub(super) fn callee(&self, func: &Expr) -> Option<std::sync::Arc<str>> {
        self.program.fq(&self.program.resolve(self.scope, func))
    }

    pub(super) fn origin(&self, expr: &'a Expr) -> Option<Origin> {
        origin(self.program, self.scope, expr, MAX_DEPTH)
    }

    /// Where the beginning of a text comes from: who writes it chooses the host of an address.
    pub(super) fn leading(&self, expr: &'a Expr) -> Option<Origin> {
        leading(self.program, self.scope, expr, MAX_DEPTH)
    }

    /// Something in the function is called by one of these names.
    pub(super) fn calls_any(&self, names: &[&str]) -> bool {
        let mut found = false;
        visit::calls(self.body, |_, func, _| {
            let last = match &func.kind {
                ExprKind::Name(name) => name,
                ExprKind::Attribute { attr, .. } => attr,
                _ => return,
            };
            found |= names.contains(&&**last);
        });
        found
    }

    /// A client's value, or a name used in `expr`, is held against a collection: `if key in ALLOWED`.
    pub(super) fn is_allow_listed(&self, expr: &'a Expr) -> bool {
        let mut names: Vec<&str> = Vec::new();
        visit::within(expr, |inner| names.extend(inner.as_name()));
        let mut found = false;
        visit::exprs(self.body, |inner| {
            if let ExprKind::Compare { left, rest } = &inner.kind {
                let member = rest.iter().any(|(op, _)| matches!(*op, "in" | "not in"));
                found |= member
                    && (left.as_name().is_some_and(|name| names.contains(&name))
                        || self.origin(left).is_some()
                        || is_loop_variable(self.body, left));
            }
        });
        found
    }
}

fn is_loop_variable(body: &[Stmt], expr: &Expr) -> bool {
    let Some(name) = expr.as_name() else {
        return false;
    };
    let mut found = false;
    visit::stmts(body, |stmt| {
        if let crate::python::syntax::StmtKind::For { target, .. } = &stmt.kind {
            found |= binds(target, name);
        }
    });
    visit::exprs(body, |inner| {
        if let ExprKind::Comprehension(c) = &inner.kind {
            found |= c.clauses.iter().any(|clause| binds(&clause.target, name));
        }
    });
    found
}

/// `name`, or a tuple that holds it.
pub(super) fn binds(target: &Expr, name: &str) -> bool {
    target.as_name() == Some(name)
        || target
            .elements()
            .is_some_and(|items| items.iter().any(|item| item.as_name() == Some(name)))
}

/// Functions of the product code, in the order of their ids.
pub(super) fn functions<'a>(cx: &Cx<'a>) -> Vec<Function<'a>> {
    let program: &'a Program = &cx.head.program;
    program
        .functions()
        .filter_map(|(id, info)| {
            let file = program.module(info.module).file;
            cx.head
                .tree
                .file(file)
                .role
                .is_product_code()
                .then(|| Function {
                    id,
                    file,
                    program,
                    scope: program.scope_of_func(id),
                    body: &program.func_def(id).body,
                    fq: &info.fq,
                })
        })
        .collect()
}

/// `request`, `self.request`, `self.context["request"]`.
pub(super) fn is_request(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => &**name == "request",
        ExprKind::Attribute { attr, .. } => matches!(&**attr, "request" | "_request"),
        ExprKind::Subscript { index, .. } => index.as_str() == Some("request"),
        _ => false,
    }
}

/// `**value` arguments of a call.
pub(super) fn spreads(args: &[Arg]) -> impl Iterator<Item = &Expr> {
    args.iter()
        .filter(|arg| matches!(arg.kind, ArgKind::DoubleStar))
        .map(|arg| &arg.value)
}

/// Text of an expression for a message, cut.
pub(super) fn words(cx: &Cx<'_>, place: Place) -> String {
    let text = cx.head.tree.file(place.file).text().unwrap_or("");
    let text = text
        .get(place.span.start as usize..place.span.end as usize)
        .unwrap_or("");
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 60 {
        return line;
    }
    let mut cut: String = line.chars().take(59).collect();
    cut.push('…');
    cut
}

fn origin(program: &Program, scope: Scope, expr: &Expr, depth: u32) -> Option<Origin> {
    let depth = depth.checked_sub(1)?;
    let any = |items: &mut dyn Iterator<Item = &Expr>| {
        let mut found = None;
        for item in items {
            match origin(program, scope, item, depth) {
                Some(Origin::Raw) => return Some(Origin::Raw),
                other => found = found.or(other),
            }
        }
        found
    };
    match &expr.kind {
        ExprKind::Name(name) => {
            let locals = program.local(scope, name, expr.span.start);
            if &**name == "validated_data" {
                return Some(Origin::Validated);
            }
            locals.into_iter().find_map(|local| match local {
                Local::Value(within, value) => origin(program, within, value, depth),
                _ => None,
            })
        }
        ExprKind::Attribute { value, attr } => {
            if is_request(value) {
                return matches!(
                    &**attr,
                    "data" | "POST" | "GET" | "query_params" | "FILES" | "body" | "COOKIES"
                )
                .then_some(Origin::Raw);
            }
            match &**attr {
                "validated_data" | "cleaned_data" => Some(Origin::Validated),
                "initial_data" => Some(Origin::Raw),
                _ => None,
            }
        }
        ExprKind::Subscript { value, .. } => origin(program, scope, value, depth),
        ExprKind::Call { func, args } => match &func.kind {
            ExprKind::Attribute { value, attr } => match &**attr {
                "format" | "join" | "loads" | "unquote" | "unquote_plus" | "urljoin"
                | "smart_str" | "force_str" => any(&mut args.iter().map(|arg| &arg.value))
                    .or_else(|| origin(program, scope, value, depth)),
                "get" | "getlist" | "pop" | "copy" | "dict" | "items" | "keys" | "values"
                | "lists" | "strip" | "lower" | "upper" | "split" | "replace" | "decode"
                | "encode" | "read" | "title" | "rstrip" | "lstrip" => {
                    origin(program, scope, value, depth)
                }
                _ => None,
            },
            ExprKind::Name(name)
                if matches!(
                    &**name,
                    "str"
                        | "dict"
                        | "list"
                        | "unquote"
                        | "urljoin"
                        | "smart_str"
                        | "force_str"
                        | "iri_to_uri"
                        | "loads"
                ) =>
            {
                any(&mut args.iter().map(|arg| &arg.value))
            }
            _ => None,
        },
        ExprKind::BinOp {
            left,
            op: "+" | "%" | "|",
            right,
        } => any(&mut [&**left, &**right].into_iter()),
        ExprKind::FString(parts) => any(&mut parts.iter().filter_map(|part| match part {
            FPart::Hole(inner) => Some(inner),
            FPart::Text(_) => None,
        })),
        ExprKind::BoolOp { values, .. } | ExprKind::List(values) | ExprKind::Tuple(values) => {
            any(&mut values.iter())
        }
        ExprKind::IfExp { body, orelse, .. } => any(&mut [&**body, &**orelse].into_iter()),
        ExprKind::Await(inner) | ExprKind::Starred(inner) => origin(program, scope, inner, depth),
        ExprKind::Named { value, .. } => origin(program, scope, value, depth),
        _ => None,
    }
}

fn leading(program: &Program, scope: Scope, expr: &Expr, depth: u32) -> Option<Origin> {
    let depth = depth.checked_sub(1)?;
    match &expr.kind {
        ExprKind::BinOp { left, op: "+", .. } => leading(program, scope, left, depth),
        ExprKind::BinOp {
            left,
            op: "%",
            right,
        } => left
            .as_str()
            .is_some_and(|text| text.starts_with("%s"))
            .then(|| match right.elements() {
                Some(items) => origin(program, scope, items.first()?, depth),
                None => origin(program, scope, right, depth),
            })
            .flatten(),
        ExprKind::FString(parts) => parts
            .iter()
            .find(|part| !matches!(part, FPart::Text(text) if text.is_empty()))
            .and_then(|part| match part {
                FPart::Hole(inner) => leading(program, scope, inner, depth),
                FPart::Text(_) => None,
            }),
        ExprKind::Call { func, args } => {
            let last = match &func.kind {
                ExprKind::Name(name) => &**name,
                ExprKind::Attribute { attr, .. } => &**attr,
                _ => "",
            };
            match (last, &func.kind) {
                // An absolute second address replaces the first.
                ("urljoin", _) => origin(program, scope, positional(args, 1)?, depth),
                ("format", ExprKind::Attribute { value, .. }) => value
                    .as_str()
                    .is_some_and(|text| text.starts_with('{'))
                    .then(|| origin(program, scope, positional(args, 0)?, depth))
                    .flatten(),
                _ => origin(program, scope, expr, depth),
            }
        }
        ExprKind::Name(name) => program
            .local(scope, name, expr.span.start)
            .into_iter()
            .find_map(|local| match local {
                Local::Value(within, value) => leading(program, within, value, depth),
                _ => None,
            }),
        ExprKind::BoolOp { values, .. } => values
            .iter()
            .find_map(|value| leading(program, scope, value, depth)),
        ExprKind::IfExp { body, orelse, .. } => {
            leading(program, scope, body, depth).or_else(|| leading(program, scope, orelse, depth))
        }
        _ => origin(program, scope, expr, depth),
    }
}

/// The first argument, or the one of this name.
pub(super) fn argument<'t>(args: &'t [Arg], name: &str) -> Option<&'t Expr> {
    positional(args, 0).or_else(|| keyword(args, name))
}
