//! DRF164: a permission compares the row with the caller, and nobody asks it.

use crate::catalog::on_request::is_caller;
use crate::catalog::route_words::{is_drf, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::policy::PermissionFact;
use crate::django::{FunctionIr, Route};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::{FuncId, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF164",
    name: "object-permission-not-invoked",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("object_permission_not_invoked.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        if !route.mounted || !is_own(cx, route) || !is_drf(cx, route) || route.params.is_empty() {
            continue;
        }
        let permission = route.permission();
        if permission.open.is_some() {
            continue;
        }
        let facts = permission.classes();
        let Some(fact) = facts
            .iter()
            .find(|fact| fact.object_level == Some(true) && fact.class.class().is_some())
        else {
            continue;
        };
        // A rule that lets everybody read needs no asking on GET.
        if !route.is_unsafe() && mentions_method(cx, fact) {
            continue;
        }
        out.looked();
        let Some(fetch) = unasked(cx, route) else {
            continue;
        };
        let view = django.view_of(route);
        let view_fq = view.map_or("", |view| &*view.fq);
        let subject = match route.model {
            Some(model) => format!("{} {view_fq}", django.model(model).fq),
            None => view_fq.to_owned(),
        };
        let mut evidence = Evidence::new(
            subject,
            cx.anchor(fetch.place),
            format!(
                "`{}` never asks `{}` about the row: {} fetches it without `get_object()` or `check_object_permissions()`, so `has_object_permission` does not run.",
                route.label(),
                fact.class,
                fetch.name
            ),
        )
        .root(fetch.root);
        if let Some(place) = permission.place() {
            evidence = evidence.also(cx.anchor(place).note("the permission that is not asked"));
        }
        out.found(evidence);
    }
}

/// Where the row is fetched past the permission.
struct Fetch {
    place: crate::python::value::Place,
    name: String,
    root: String,
}

fn unasked(cx: &Cx<'_>, route: &Route) -> Option<Fetch> {
    let django = &cx.head.django;
    let get_object = django
        .view_of(route)
        .and_then(|view| view.method("get_object"));
    let fetch_in = |func: FuncId| {
        let ir = django.function(func)?;
        let bodies = django.effects(func);
        let asks = bodies.iter().any(|ir| {
            let only_by_name = ir
                .calls
                .iter()
                .any(|call| call.text.ends_with("check_object_permissions"));
            let through_super = ir.calls_super && Some(ir.func) == get_object;
            only_by_name || through_super || ir.checks_object_permissions && get_object.is_none()
        });
        let guarded = bodies.iter().any(|ir| !ir.guards.is_empty() || refuses(ir));
        let own_rows = bodies.iter().any(|ir| {
            ir.queries.iter().any(|query| {
                query.qs.from_user
                    || query.qs.is_user_scoped() == Some(true)
                    || query.qs.user_conditions().next().is_some()
            })
        });
        let names_caller = bodies
            .iter()
            .any(|ir| visit::any_expr(&cx.head.program.func_def(ir.func).body, is_caller));
        let query = ir.queries.iter().find(|query| {
            let one = query
                .qs
                .ended_by
                .as_ref()
                .is_some_and(|(name, _)| matches!(&**name, "get" | "first"));
            (one || query.or_404) && (query.qs.model == route.model || route.model.is_none())
        });
        let place = query.map(|query| query.place)?;
        (!asks && !guarded && !own_rows && !names_caller).then(|| Fetch {
            place,
            name: format!("`{}`", ir.fq.rsplit('.').next().unwrap_or("")),
            root: ir.fq.to_string(),
        })
    };
    match (route.func, get_object) {
        (Some(func), Some(get_object)) => {
            let ir = django.function(func)?;
            if ir.calls.iter().any(|call| &*call.text == "self.get_object") {
                fetch_in(get_object)
            } else {
                fetch_in(func)
            }
        }
        (Some(func), None) => {
            let ir = django.function(func)?;
            // `super().update(…)` fetches through `get_object()`.
            if ir.calls_super { None } else { fetch_in(func) }
        }
        (None, Some(get_object)) if works_on_one(route) => fetch_in(get_object),
        (None, _) => None,
    }
}

fn works_on_one(route: &Route) -> bool {
    !matches!(route.action.as_deref(), Some("list" | "create"))
}

fn refuses(ir: &FunctionIr) -> bool {
    ir.raises.iter().any(|raise| {
        raise
            .class
            .as_deref()
            .is_some_and(|class| class.ends_with("PermissionDenied"))
    }) || ir
        .responses
        .iter()
        .any(|response| response.status == Some(403))
}

/// `has_object_permission` looks at the method: it usually lets everybody read.
fn mentions_method(cx: &Cx<'_>, fact: &PermissionFact) -> bool {
    let Some(class) = fact.class.class() else {
        return false;
    };
    let Some(attribute) = cx.head.program.attribute(class, "has_object_permission") else {
        return false;
    };
    let crate::python::AttributeKind::Method(func) = attribute.kind else {
        return false;
    };
    visit::any_expr(&cx.head.program.func_def(func).body, |expr| {
        expr.dotted()
            .is_some_and(|name| name.ends_with("SAFE_METHODS") || name.ends_with("request.method"))
    })
}
