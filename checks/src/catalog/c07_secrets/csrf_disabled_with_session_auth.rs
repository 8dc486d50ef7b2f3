//! DRF305: the browser's session is accepted, and the protection that belongs to it is off.

use crate::catalog::on_request::is_caller;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Method;
use crate::django::views::ViewKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ExprKind, StmtKind};
use crate::python::value::{Place, Val};
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF305",
    name: "csrf-disabled-with-session-auth",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("csrf_disabled_with_session_auth.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    exempt_session_classes(cx, out);
    exempt_views(cx, out);
    middleware_removed(cx, out);
}

/// `class CsrfExemptSessionAuthentication(SessionAuthentication)` with an empty `enforce_csrf`.
fn exempt_session_classes(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    for (id, info) in program.functions() {
        let Some(class) = info.class else { continue };
        let def = program.func_def(id);
        if &*def.name != "enforce_csrf" {
            continue;
        }
        let file = program.module(info.module).file;
        let session = "rest_framework.authentication.SessionAuthentication";
        if !cx.head.tree.file(file).role.is_product_code()
            || program.inherits(class, session) != Some(true)
        {
            continue;
        }
        out.looked();
        let mut acts = false;
        visit::stmts(&def.body, |stmt| {
            acts |= match &stmt.kind {
                StmtKind::Pass | StmtKind::Return(None) => false,
                StmtKind::Return(Some(value)) => !matches!(value.kind, ExprKind::None),
                StmtKind::Expr(value) => {
                    !matches!(value.kind, ExprKind::Str(_) | ExprKind::Ellipsis)
                }
                _ => true,
            };
        });
        let in_use = cx.head.django.routes().iter().any(|route| {
            route
                .policy
                .authentication
                .items()
                .any(|used| used.class.class() == Some(class))
        });
        if acts || !in_use {
            continue;
        }
        out.found(Evidence::new(
            program.class(class).fq.to_string(),
            cx.anchor(Place {
                file,
                span: program.class_def(class).name_span,
            }),
            format!(
                "`{}` accepts the browser's session and skips the CSRF check, so any website can send requests in the name of a visitor who is logged in.",
                program.class_def(class).name
            ),
        ));
    }
}

/// A plain Django view that is exempt and works for the logged-in user.
fn exempt_views(cx: &Cx<'_>, out: &mut Answers) {
    for route in cx.head.django.routes() {
        let Some(view) = cx.head.django.view_of(route) else {
            continue;
        };
        let plain = matches!(view.kind, ViewKind::DjangoClass | ViewKind::DjangoFunction);
        if !plain || !route.policy.csrf_exempt || !route.mounted {
            continue;
        }
        if route.method.is_safe() || !(route.is_unsafe() || route.method == Method::Any) {
            continue;
        }
        out.looked();
        let functions: Vec<_> = route.func.or(view.func).into_iter().collect();
        let by_session = view.is_decorated("login_required")
            || functions
                .iter()
                .any(|func| visit::any_expr(&cx.head.program.func_def(*func).body, is_caller));
        let writes = functions.iter().any(|func| {
            cx.head
                .django
                .effects(*func)
                .iter()
                .any(|ir| !ir.writes.is_empty())
        });
        let decorator = view
            .decorators
            .iter()
            .find(|decorator| decorator.name.ends_with("csrf_exempt"))
            .map(|decorator| decorator.place);
        let Some(place) = decorator.or(view.place).filter(|_| by_session && writes) else {
            continue;
        };
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` writes for the user of the session and is `csrf_exempt`: any website can make a visitor's browser send it.",
                    view.name
                ),
            )
            .root(view.fq.to_string()),
        );
    }
}

/// `SessionMiddleware` without `CsrfViewMiddleware`, where plain Django views take part.
fn middleware_removed(cx: &Cx<'_>, out: &mut Answers) {
    let settings = cx.head.django.settings();
    let Some(found) = settings.get("MIDDLEWARE") else {
        return;
    };
    let Val::Seq(items) = found.val else { return };
    let names: Option<Vec<&str>> = items.iter().map(|(item, _)| item.as_str()).collect();
    let Some(names) = names else { return };
    let has = |ending: &str| names.iter().any(|name| name.ends_with(ending));
    out.looked();
    let plain_writes = cx.head.django.routes().iter().any(|route| {
        let plain = cx
            .head
            .django
            .view_of(route)
            .is_some_and(|view| view.is_project() && !view.kind.is_drf());
        plain && route.mounted && !route.method.is_safe()
    });
    let admin = settings.installs("django.contrib.admin") == Some(true);
    if has("SessionMiddleware") && !has("CsrfViewMiddleware") && (plain_writes || admin) {
        out.found(
            Evidence::new(
                "MIDDLEWARE",
                cx.anchor(found.place),
                "`CsrfViewMiddleware` is missing from `MIDDLEWARE` while sessions are on: forms of the admin and of plain views are unprotected.",
            )
            .severity(Severity::Medium),
        );
    }
}
