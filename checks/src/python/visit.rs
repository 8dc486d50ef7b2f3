//! Walks over syntax: every statement, expression or call of a body.
//!
//! Definitions within a body are separate functions and classes: they are visited as statements
//! (with their decorators and defaults, which run at once) but not entered. Lambdas and
//! comprehensions are entered. The tree is at most [`MAX_DEPTH`](super::syntax::MAX_DEPTH) deep, so
//! recursion is safe.

use super::syntax::{Arg, DictItem, Expr, ExprKind, FPart, Param, Stmt, StmtKind};

/// Every statement, those of nested blocks after the one that holds them.
pub fn stmts<'t>(body: &'t [Stmt], mut visit: impl FnMut(&'t Stmt)) {
    stmts_dyn(body, &mut visit);
}

fn stmts_dyn<'t>(body: &'t [Stmt], visit: &mut dyn FnMut(&'t Stmt)) {
    for stmt in body {
        visit(stmt);
        blocks(stmt, &mut |block| stmts_dyn(block, visit));
    }
}

/// Every expression of a body, in the order of evaluation: operands before what uses them.
pub fn exprs<'t>(body: &'t [Stmt], mut visit: impl FnMut(&'t Expr)) {
    exprs_dyn(body, &mut visit);
}

fn exprs_dyn<'t>(body: &'t [Stmt], visit: &mut dyn FnMut(&'t Expr)) {
    for stmt in body {
        own_exprs(stmt, &mut |expr| within_dyn(expr, visit));
        blocks(stmt, &mut |block| exprs_dyn(block, visit));
    }
}

/// An expression and all within it, operands before what uses them.
pub fn within<'t>(expr: &'t Expr, mut visit: impl FnMut(&'t Expr)) {
    within_dyn(expr, &mut visit);
}

fn within_dyn<'t>(expr: &'t Expr, visit: &mut dyn FnMut(&'t Expr)) {
    children(expr, &mut |child| within_dyn(child, visit));
    visit(expr);
}

/// Every call of a body, in the order of evaluation: the call, what it calls, its arguments.
pub fn calls<'t>(body: &'t [Stmt], mut visit: impl FnMut(&'t Expr, &'t Expr, &'t [Arg])) {
    exprs(body, |expr| {
        if let ExprKind::Call { func, args } = &expr.kind {
            visit(expr, func, args);
        }
    });
}

/// Whether any expression of the body satisfies the test.
pub fn any_expr(body: &[Stmt], mut test: impl FnMut(&Expr) -> bool) -> bool {
    let mut found = false;
    exprs(body, |expr| found = found || test(expr));
    found
}

/// Whether the expression or any within it satisfies the test.
pub fn any_within(expr: &Expr, mut test: impl FnMut(&Expr) -> bool) -> bool {
    let mut found = false;
    within(expr, |expr| found = found || test(expr));
    found
}

/// The blocks of a statement in the order of the text; none for a definition.
pub fn blocks<'t>(stmt: &'t Stmt, visit: &mut dyn FnMut(&'t [Stmt])) {
    match &stmt.kind {
        StmtKind::If { body, orelse, .. }
        | StmtKind::For { body, orelse, .. }
        | StmtKind::While { body, orelse, .. } => {
            visit(body);
            visit(orelse);
        }
        StmtKind::With { body, .. } => visit(body),
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
        } => {
            visit(body);
            for handler in handlers {
                visit(&handler.body);
            }
            visit(orelse);
            visit(finally);
        }
        StmtKind::Match { cases, .. } => {
            for case in cases {
                visit(&case.body);
            }
        }
        _ => {}
    }
}

/// The expressions of a statement itself, without those of its blocks, in the order of evaluation.
/// Targets of assignments come last; a name among them is written, not read.
pub fn own_exprs<'t>(stmt: &'t Stmt, visit: &mut dyn FnMut(&'t Expr)) {
    match &stmt.kind {
        StmtKind::Expr(expr) => visit(expr),
        StmtKind::Assign { targets, value } => {
            visit(value);
            targets.iter().for_each(visit);
        }
        StmtKind::AugAssign { target, value, .. } => {
            visit(target);
            visit(value);
        }
        StmtKind::AnnAssign {
            target,
            annotation,
            value,
        } => {
            if let Some(value) = value {
                visit(value);
            }
            visit(annotation);
            visit(target);
        }
        StmtKind::Return(value) => value.iter().for_each(visit),
        StmtKind::Raise { exc, cause } => exc.iter().chain(cause).for_each(visit),
        StmtKind::If { test, .. } | StmtKind::While { test, .. } => visit(test),
        StmtKind::For { target, iter, .. } => {
            visit(iter);
            visit(target);
        }
        StmtKind::With { items, .. } => {
            for item in items {
                visit(&item.context);
                item.target.iter().for_each(&mut *visit);
            }
        }
        StmtKind::Try { handlers, .. } => {
            handlers
                .iter()
                .filter_map(|h| h.types.as_ref())
                .for_each(visit);
        }
        StmtKind::Match { subject, cases } => {
            visit(subject);
            for case in cases {
                case.values.iter().chain(&case.guard).for_each(&mut *visit);
            }
        }
        StmtKind::Function(def) => {
            def.decorators.iter().for_each(&mut *visit);
            params(&def.params, visit);
            def.returns.iter().for_each(visit);
        }
        StmtKind::Class(def) => {
            def.decorators.iter().for_each(&mut *visit);
            def.args.iter().map(|arg| &arg.value).for_each(visit);
        }
        StmtKind::Delete(targets) => targets.iter().for_each(visit),
        StmtKind::Assert { test, message } => {
            visit(test);
            message.iter().for_each(visit);
        }
        StmtKind::TypeAlias { name, value } => {
            visit(value);
            visit(name);
        }
        StmtKind::Import(_)
        | StmtKind::ImportFrom(_)
        | StmtKind::Global(_)
        | StmtKind::Nonlocal(_)
        | StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Opaque => {}
    }
}

fn params<'t>(params: &'t [Param], visit: &mut dyn FnMut(&'t Expr)) {
    for param in params {
        param.default.iter().for_each(&mut *visit);
        param.annotation.iter().for_each(&mut *visit);
    }
}

/// The operands of an expression, in the order of evaluation.
pub fn children<'t>(expr: &'t Expr, visit: &mut dyn FnMut(&'t Expr)) {
    match &expr.kind {
        ExprKind::Attribute { value, .. }
        | ExprKind::Starred(value)
        | ExprKind::Await(value)
        | ExprKind::UnaryOp { operand: value, .. }
        | ExprKind::Named { value, .. } => visit(value),
        ExprKind::Call { func, args } => {
            visit(func);
            args.iter().map(|arg| &arg.value).for_each(visit);
        }
        ExprKind::Subscript { value, index } => {
            visit(value);
            visit(index);
        }
        ExprKind::FString(parts) => {
            for part in parts {
                if let FPart::Hole(hole) = part {
                    visit(hole);
                }
            }
        }
        ExprKind::List(items)
        | ExprKind::Tuple(items)
        | ExprKind::Set(items)
        | ExprKind::BoolOp { values: items, .. } => items.iter().for_each(visit),
        ExprKind::Dict(items) => {
            for item in items {
                match item {
                    DictItem::Pair { key, value } => {
                        visit(key);
                        visit(value);
                    }
                    DictItem::Spread(value) => visit(value),
                }
            }
        }
        ExprKind::BinOp { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::Compare { left, rest } => {
            visit(left);
            rest.iter().map(|(_, right)| right).for_each(visit);
        }
        ExprKind::IfExp { test, body, orelse } => {
            visit(test);
            visit(body);
            visit(orelse);
        }
        ExprKind::Lambda { params: of, body } => {
            params(of, visit);
            visit(body);
        }
        ExprKind::Comprehension(comprehension) => {
            for clause in &comprehension.clauses {
                visit(&clause.iter);
                visit(&clause.target);
                clause.conditions.iter().for_each(&mut *visit);
            }
            visit(&comprehension.element);
            comprehension.value.iter().for_each(visit);
        }
        ExprKind::Yield(value) => value.iter().for_each(|value| visit(value)),
        ExprKind::Slice { lower, upper, step } => {
            for bound in [lower, upper, step].into_iter().flatten() {
                visit(bound);
            }
        }
        ExprKind::Name(_)
        | ExprKind::Str(_)
        | ExprKind::Bytes
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Ellipsis
        | ExprKind::Opaque => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn in_the_order_of_evaluation() {
        let file = parse(
            "@d\ndef f(x=a): skipped\nwith b() as c:\n    for e in g(h(i).j, k=[l for l in m if n]):\n        return o if p else f'{q}'\n",
        );
        let mut names = Vec::new();
        exprs(&file.body, |expr| names.extend(expr.as_name()));
        assert_eq!(
            names,
            [
                "d", "a", "b", "c", "g", "h", "i", "m", "l", "n", "l", "e", "p", "o", "q"
            ]
        );
        let mut called = Vec::new();
        calls(&file.body, |_, func, args| {
            called.push((func.as_name(), args.len()));
        });
        assert_eq!(called, [(Some("b"), 0), (Some("h"), 1), (Some("g"), 2)]);
        let mut count = 0;
        stmts(&file.body, |_| count += 1);
        assert_eq!(count, 4);
        assert!(any_expr(&file.body, |e| e.as_name() == Some("q")));
        assert!(!any_expr(&file.body, |e| e.as_name() == Some("skipped")));
    }
}
