//! DRF177: a test for a logged-in caller that everybody passes.

use crate::catalog::on_request::is_caller;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{Expr, ExprKind, FunctionDef, StmtKind};
use crate::python::value::Place;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF177",
    name: "truthy-anonymous-user",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("truthy_anonymous_user.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    // With `UNAUTHENTICATED_USER: None` an unknown caller is `None`, and truth works.
    let none_is_anonymous = cx
        .head
        .django
        .settings()
        .get("REST_FRAMEWORK.UNAUTHENTICATED_USER")
        .is_some();
    let callable_once = cx
        .head
        .infra
        .dependencies
        .major_minor("django")
        .is_some_and(|version| version < (2, 0));
    for (id, info) in program.functions() {
        let file = program.module(info.module).file;
        if !cx.head.tree.file(file).role.is_product_code() {
            continue;
        }
        let def = program.func_def(id);
        let mut found: Vec<(Place, String, Severity)> = Vec::new();
        let place = |expr: &Expr| Place {
            file,
            span: expr.span,
        };
        visit::exprs(&def.body, |expr| {
            if is_called_flag(expr) {
                let (message, severity) = if callable_once {
                    (
                        "`is_authenticated()` is called: Django 2.0 made it an attribute, and the call fails there with `TypeError`.",
                        Severity::Medium,
                    )
                } else {
                    (
                        "`is_authenticated` is an attribute, not a method: the call fails with `TypeError` on every request.",
                        Severity::High,
                    )
                };
                found.push((place(expr), message.to_owned(), severity));
            }
        });
        if !none_is_anonymous {
            let mut tests = Vec::new();
            visit::stmts(&def.body, |stmt| match &stmt.kind {
                StmtKind::If { test, .. } | StmtKind::While { test, .. } => tests.push(test),
                StmtKind::Return(Some(value)) if &*def.name == "has_permission" => {
                    tests.push(value);
                }
                _ => {}
            });
            visit::exprs(&def.body, |expr| {
                if let ExprKind::IfExp { test, .. } = &expr.kind {
                    tests.push(test);
                }
            });
            for test in tests {
                if let Some(expr) = relies_on_truth(test) {
                    found.push((
                        place(expr),
                        "The caller is tested by truth, and `AnonymousUser` is true as well: everybody passes. `request.user.is_authenticated` tells them apart.".to_owned(),
                        Severity::High,
                    ));
                }
            }
        }
        if !found.is_empty() || looks_at_caller(def) {
            out.looked();
        }
        for (place, message, severity) in found {
            out.found(
                Evidence::new(info.fq.to_string(), cx.anchor(place), message).severity(severity),
            );
        }
    }
    always_true(cx, out);
}

/// A permission, or a user's `has_perm`, whose whole body is `return True`.
fn always_true(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    for (id, info) in program.functions() {
        let file = program.module(info.module).file;
        let Some(class) = info.class else { continue };
        if !cx.head.tree.file(file).role.is_product_code() {
            continue;
        }
        let def = program.func_def(id);
        let on_user = matches!(&*def.name, "has_perm" | "has_module_perms")
            && cx
                .head
                .django
                .model_of(class)
                .is_some_and(|model| model.is_user);
        let on_permission = &*def.name == "has_permission"
            && program.inherits(class, "rest_framework.permissions.BasePermission") == Some(true)
            && program
                .own_attribute(class, "has_object_permission")
                .is_none();
        if !on_user && !on_permission {
            continue;
        }
        out.looked();
        let mut returns = Vec::new();
        visit::stmts(&def.body, |stmt| match &stmt.kind {
            StmtKind::Return(value) => returns.push(value.as_ref().map(|value| &value.kind)),
            StmtKind::Raise { .. } => returns.push(None),
            _ => {}
        });
        let all_true = !returns.is_empty()
            && returns
                .iter()
                .all(|value| matches!(value, Some(ExprKind::Bool(true))));
        if !all_true {
            continue;
        }
        let (message, severity) = if on_user {
            (
                format!(
                    "`{}` is always true: every user holds every permission, in the admin and wherever Django's permissions are asked.",
                    def.name
                ),
                Severity::Medium,
            )
        } else {
            (
                format!(
                    "`{}` lets everybody in: its `has_permission` returns `True` on every way.",
                    program.class_def(class).name
                ),
                Severity::High,
            )
        };
        out.found(
            Evidence::new(
                info.fq.to_string(),
                cx.anchor(Place {
                    file,
                    span: def.name_span,
                }),
                message,
            )
            .severity(severity)
            .root(format!("{} always", program.class(class).fq)),
        );
    }
}

fn looks_at_caller(def: &FunctionDef) -> bool {
    visit::any_expr(&def.body, is_caller)
}

/// `request.user.is_authenticated()`
fn is_called_flag(expr: &Expr) -> bool {
    expr.as_call().is_some_and(|(func, args)| {
        args.is_empty()
            && matches!(&func.kind, ExprKind::Attribute { attr, value }
                if matches!(&**attr, "is_authenticated" | "is_anonymous")
                    && (is_caller(value) || value.as_name() == Some("user")))
    })
}

/// The caller where only its truth, or its not being `None`, is asked. `request.user and
/// request.user.is_authenticated` asks more.
fn relies_on_truth(test: &Expr) -> Option<&Expr> {
    match &test.kind {
        _ if is_caller(test) => Some(test),
        ExprKind::UnaryOp { op: "not", operand } => relies_on_truth(operand),
        ExprKind::Call { func, args } if func.as_name() == Some("bool") => {
            args.first().and_then(|arg| relies_on_truth(&arg.value))
        }
        ExprKind::Compare { left, rest } if is_caller(left) => rest
            .iter()
            .all(|(op, right)| {
                matches!(*op, "is" | "is not" | "==" | "!=") && matches!(right.kind, ExprKind::None)
            })
            .then_some(test),
        ExprKind::BoolOp { values, .. } => {
            let asks_more = values.iter().any(|value| {
                visit::any_within(value, |expr| {
                    matches!(&expr.kind, ExprKind::Attribute { value, .. } if is_caller(value))
                })
            });
            if asks_more {
                None
            } else {
                values.iter().find_map(relies_on_truth)
            }
        }
        _ => None,
    }
}
