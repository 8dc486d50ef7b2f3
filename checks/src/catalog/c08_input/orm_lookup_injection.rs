//! DRF332: the client chooses the names of lookups or columns in a query.

use super::from_request::{Function, Origin, functions, spreads, words};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::link::Local;
use crate::python::syntax::{Arg, ArgKind, DictItem, Expr, ExprKind, FPart, StmtKind};
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF332",
    name: "orm-lookup-injection",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("orm_lookup_injection.md"),
    yields_to: &[],
    run,
};

const BY_KEYWORD: [&str; 5] = ["filter", "exclude", "get", "annotate", "Q"];
const BY_NAME: [&str; 4] = ["order_by", "values", "values_list", "only"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in functions(cx) {
        visit::calls(function.body, |call, func, args| {
            let method = match &func.kind {
                ExprKind::Attribute { attr, .. } => &**attr,
                ExprKind::Name(name) if &**name == "Q" => "Q",
                _ => return,
            };
            let chosen = if BY_KEYWORD.contains(&method) {
                out.looked();
                spreads(args).find(|spread| keys_are_chosen(&function, spread, 4))
            } else if BY_NAME.contains(&method) {
                out.looked();
                names(args).find(|name| function.origin(name) == Some(Origin::Raw))
            } else {
                None
            };
            let Some(chosen) = chosen else { return };
            if function.is_allow_listed(chosen) {
                return;
            }
            let by_name = BY_NAME.contains(&method);
            let then = if by_name {
                "a column or relation that is not shown can be read off the order, and an unknown one is a 500"
            } else {
                "`password__startswith` and the columns of related tables can be asked for too"
            };
            let evidence = Evidence::new(
                function.fq,
                cx.anchor(function.place(call)),
                format!(
                    "`{method}` takes names of columns from the client (`{}`): {then}. A `FilterSet` or a fixed list names what may be asked.",
                    words(cx, function.place(chosen))
                ),
            );
            out.found(if by_name {
                evidence.severity(Severity::Medium)
            } else {
                evidence
            });
        });
    }
}

/// Arguments without a name.
fn names(args: &[Arg]) -> impl Iterator<Item = &Expr> {
    args.iter()
        .filter(|arg| matches!(arg.kind, ArgKind::Positional | ArgKind::Star))
        .map(|arg| &arg.value)
}

/// Whether keys of a mapping come from the client.
fn keys_are_chosen<'a>(function: &Function<'a>, map: &'a Expr, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match &map.kind {
        ExprKind::Dict(items) => items.iter().any(|item| match item {
            DictItem::Spread(inner) => keys_are_chosen(function, inner, depth),
            DictItem::Pair { key, .. } => is_chosen(function, key),
        }),
        ExprKind::Comprehension(c) => {
            let clause = c.clauses.first();
            clause.is_some_and(|clause| {
                function.origin(&clause.iter) == Some(Origin::Raw)
                    && clause.conditions.is_empty()
                    && mentions_target(&c.element, &clause.target)
            })
        }
        ExprKind::Name(name) => {
            let bound = function
                .program
                .local(function.scope, name, map.span.start)
                .into_iter()
                .any(|local| match local {
                    Local::Value(within, value) if within == function.scope => {
                        keys_are_chosen(function, value, depth)
                    }
                    _ => false,
                });
            bound || is_filled(function, name)
        }
        _ => function.origin(map) == Some(Origin::Raw),
    }
}

/// `filters[f"{field}__icontains"] = …` with a field the client sent.
fn is_filled(function: &Function<'_>, name: &str) -> bool {
    let mut found = false;
    visit::stmts(function.body, |stmt| {
        if let StmtKind::Assign { targets, .. } = &stmt.kind {
            for target in targets {
                if let ExprKind::Subscript { value, index } = &target.kind {
                    found |= value.as_name() == Some(name)
                        && is_chosen(function, index)
                        && !function.is_allow_listed(index);
                }
            }
        }
    });
    found
}

/// A key the client sent, whole or as part of its text; or the key of a loop over what it sent.
fn is_chosen<'a>(function: &Function<'a>, key: &'a Expr) -> bool {
    if function.origin(key) == Some(Origin::Raw) {
        return true;
    }
    let mut names: Vec<&str> = key.as_name().into_iter().collect();
    if let ExprKind::FString(parts) = &key.kind {
        names.extend(parts.iter().filter_map(|part| match part {
            FPart::Hole(inner) => inner.as_name(),
            FPart::Text(_) => None,
        }));
    }
    let mut found = false;
    visit::stmts(function.body, |stmt| {
        if let StmtKind::For { target, iter, .. } = &stmt.kind {
            let first = target
                .elements()
                .and_then(<[Expr]>::first)
                .unwrap_or(target);
            found |= first.as_name().is_some_and(|name| names.contains(&name))
                && function.origin(iter) == Some(Origin::Raw);
        }
    });
    found
}

fn mentions_target(element: &Expr, target: &Expr) -> bool {
    let first = target
        .elements()
        .and_then(<[Expr]>::first)
        .unwrap_or(target);
    first
        .as_name()
        .is_some_and(|name| visit::any_within(element, |inner| inner.as_name() == Some(name)))
}
