//! DRF333: whatever keys the client sends become columns.

use super::from_request::{Function, Origin, binds, functions, spreads, words};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::Symbol;
use crate::python::syntax::{Expr, ExprKind, Stmt, StmtKind, positional};
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF333",
    name: "mass-assignment-raw",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("mass_assignment_raw.md"),
    yields_to: &[],
    run,
};

const WRITERS: [&str; 7] = [
    "create",
    "acreate",
    "update",
    "create_user",
    "get_or_create",
    "update_or_create",
    "save",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in functions(cx) {
        visit::calls(function.body, |call, func, args| {
            if !writes(cx, &function, func) {
                return;
            }
            out.looked();
            for spread in spreads(args) {
                if function.origin(spread) == Some(Origin::Raw) {
                    out.found(Evidence::new(
                        function.fq,
                        cx.anchor(function.place(call)),
                        format!(
                            "`**{}` sets every column the client names, those that no form shows included. A serializer says which may be sent.",
                            words(cx, function.place(spread))
                        ),
                    ));
                }
            }
        });
        visit::stmts(function.body, |stmt| {
            let StmtKind::For {
                target, iter, body, ..
            } = &stmt.kind
            else {
                return;
            };
            let Some([key, _]) = target.elements() else {
                return;
            };
            if function.origin(iter) != Some(Origin::Raw) {
                return;
            }
            out.looked();
            let Some(call) = key.as_name().and_then(|key| set_by_name(body, key)) else {
                return;
            };
            if function.is_allow_listed(key) {
                return;
            }
            out.found(Evidence::new(
                function.fq,
                cx.anchor(function.place(call)),
                format!(
                    "`setattr` takes the names of the attributes from `{}`: a client can write any column. A serializer says which may be sent.",
                    words(cx, function.place(iter))
                ),
            ));
        });
    }
}

/// A model's constructor, or a method that stores what it is given.
fn writes(cx: &Cx<'_>, function: &Function<'_>, func: &Expr) -> bool {
    if let Symbol::Class(class) = function.program.resolve(function.scope, func) {
        return cx.head.django.model_of(class).is_some();
    }
    let ExprKind::Attribute { attr, value } = &func.kind else {
        return false;
    };
    // `some_dict.update(**data)` takes keywords too; a queryset comes from a call or a manager.
    WRITERS.contains(&&**attr)
        && (&**attr != "update"
            || value.as_call().is_some()
            || value.dotted().is_some_and(|on| on.contains("objects")))
}

/// `setattr(instance, key, …)` in a loop over keys.
fn set_by_name<'t>(body: &'t [Stmt], key: &str) -> Option<&'t Expr> {
    let mut found = None;
    visit::calls(body, |call, func, args| {
        if func.as_name() == Some("setattr")
            && positional(args, 1).is_some_and(|name| binds(name, key))
        {
            found.get_or_insert(call);
        }
    });
    found
}
