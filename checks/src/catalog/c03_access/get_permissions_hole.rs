//! DRF168: `get_permissions` forgets a case, or gives back what DRF cannot use.

use std::collections::BTreeSet;

use super::object_scope::works_on_one_object;
use crate::catalog::route_words::{is_drf, is_entrance, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::policy::Source;
use crate::django::{Anonymous, View};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ExprKind, StmtKind};
use crate::python::value::Place;
use crate::python::{FuncId, Symbol, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF168",
    name: "get-permissions-hole",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("get_permissions_hole.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let mut seen = BTreeSet::new();
    for view in django.views() {
        let Some(func) = view
            .method("get_permissions")
            .filter(|_| view.kind.is_drf())
        else {
            continue;
        };
        out.looked();
        if seen.insert(func) {
            unusable(cx, view, func, out);
        }
        holes(cx, view, func, out);
    }
}

/// A write that everybody may do beside writes that not everybody may do.
fn holes(cx: &Cx<'_>, view: &View, func: FuncId, out: &mut Answers) {
    let routes: Vec<_> = cx
        .head
        .django
        .routes_of(view.id)
        .filter(|route| {
            route.mounted
                && route.is_unsafe()
                && is_own(cx, route)
                && is_drf(cx, route)
                && matches!(route.permission().source(), Some(Source::Method(_)))
        })
        .collect();
    let any_denied = routes
        .iter()
        .any(|route| route.permission().anonymous() == Anonymous::Deny);
    if !any_denied {
        return;
    }
    let Some(ir) = cx.head.program.functions().find(|(id, _)| *id == func) else {
        return;
    };
    let place = Place {
        file: cx.head.program.module(ir.1.module).file,
        span: cx.head.program.func_def(func).name_span,
    };
    for route in routes {
        let anonymous = route.permission().anonymous();
        if anonymous == Anonymous::Unknown {
            out.unknown(
                route.label(),
                format!(
                    "which branch applies is not known ({})",
                    route.permission().words()
                ),
            );
        }
        let by_object = works_on_one_object(route)
            && route
                .permission()
                .classes()
                .iter()
                .any(|fact| fact.object_level == Some(true));
        // Creating a user is how one signs up.
        let signs_up = route.action.as_deref() == Some("create")
            && route
                .model
                .is_some_and(|model| cx.head.django.model(model).is_user);
        if anonymous != Anonymous::Allow || signs_up || by_object || is_entrance(cx, route) {
            continue;
        }
        let anchor = route.permission().place().unwrap_or(place);
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(anchor),
                format!(
                    "`get_permissions` leaves `{}` open to anonymous callers (`{}`), while other writes of `{}` ask who is calling.",
                    route.label(),
                    route.permission().words(),
                    view.name
                ),
            )
            .root(format!("{} hole", view.fq))
            .also(cx.anchor(place).note("`get_permissions`")),
        );
    }
}

/// Classes in place of instances, or no value at all.
fn unusable(cx: &Cx<'_>, view: &View, func: FuncId, out: &mut Answers) {
    let program = &cx.head.program;
    let def = program.func_def(func);
    let info = program.func(func);
    let file = program.module(info.module).file;
    let scope = program.scope_of_func(func);
    let mut found = Vec::new();
    visit::stmts(&def.body, |stmt| {
        let StmtKind::Return(Some(value)) = &stmt.kind else {
            return;
        };
        let whole = value
            .dotted()
            .is_some_and(|name| name == "self.permission_classes");
        let elements = value.elements().unwrap_or_default();
        let classes = !elements.is_empty()
            && elements.iter().all(|item| {
                matches!(item.kind, ExprKind::Name(_) | ExprKind::Attribute { .. })
                    && matches!(
                        program.resolve(scope, item),
                        Symbol::Class(_) | Symbol::External(_)
                    )
            });
        if whole || classes {
            found.push(value.span);
        }
    });
    for span in found {
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(Place { file, span }),
                format!(
                    "`get_permissions` of `{}` gives back classes where DRF wants instances: `has_permission` is called without `self`, and the request fails with `TypeError`.",
                    view.name
                ),
            )
            .confidence(Confidence::High),
        );
    }
    let ends_empty = cx
        .head
        .django
        .function(func)
        .filter(|ir| ir.returns_value)
        .and_then(|ir| ir.exits_without_value);
    if let Some(place) = ends_empty {
        out.found(Evidence::new(
            view.fq.to_string(),
            cx.anchor(place),
            format!(
                "Some way through `get_permissions` of `{}` ends without `return`: DRF then iterates over `None`, and the request fails with `TypeError`.",
                view.name
            ),
        ));
    }
}
