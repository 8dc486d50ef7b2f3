//! DRF402: a route that refuses somebody is tested, and no test sees it refuse.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::{Anonymous, Route, Test};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF402",
    name: "denied-access-untested",
    competency: Competency::C10,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("denied_access_untested.md"),
    yields_to: &["DRF413"],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        // Only routes whose policy is known to refuse anonymous callers.
        if route.permission().anonymous() != Anonymous::Deny || route.tests.is_empty() {
            continue;
        }
        out.looked();
        // One refusal of a view shows for all its routes that share the permission.
        let place = route.permission().place();
        let siblings = django
            .routes()
            .iter()
            .filter(|other| other.view == route.view && other.permission().place() == place);
        let refused = siblings.into_iter().any(|other| is_refused(cx, other));
        if refused || permission_is_tested(cx, route) {
            continue;
        }
        let Some(view) = django.view_of(route) else {
            continue;
        };
        let Some(place) = view.class_place() else {
            continue;
        };
        let mut evidence = Evidence::new(
            view.fq.to_string(),
            cx.anchor(place),
            format!(
                "`{}` is tested, and no test asks for it as somebody it must refuse ({}): without its permission every test would still pass.",
                route.label(),
                route.permission().words()
            ),
        )
        .root(view.fq.to_string());
        if let Some(test) = django.tests_of(route).next() {
            evidence = evidence.also(
                cx.anchor(test.place)
                    .note(format!("`{}` requests it", test.label)),
            );
        }
        out.found(evidence);
    }
}

/// A test asks for the route and expects to be refused.
fn is_refused(cx: &Cx<'_>, route: &Route) -> bool {
    cx.head.django.tests_of(route).any(|test| {
        let mut requests = test.requests.iter().enumerate();
        requests.any(|(at, request)| {
            request.routes.contains(&route.id)
                && test
                    .statuses(at)
                    .any(|status| matches!(status, 401 | 403 | 404))
        }) || asserts_refusal_loosely(test)
    })
}

/// A refusal is asserted, and which response it belongs to could not be told.
fn asserts_refusal_loosely(test: &Test) -> bool {
    test.asserts.iter().any(|assert| {
        assert.request.is_none() && assert.statuses.iter().any(|s| matches!(s, 401 | 403 | 404))
    })
}

/// A test calls `has_permission` or `has_object_permission` of one of the route's own classes.
fn permission_is_tested(cx: &Cx<'_>, route: &Route) -> bool {
    let own: Vec<String> = route
        .permission()
        .classes()
        .iter()
        .filter(|fact| fact.class.class().is_some())
        .map(|fact| fact.class.name().to_owned())
        .collect();
    !own.is_empty()
        && cx.head.tree.files().any(|(_, file)| {
            file.role == Role::Test
                && file.text().is_some_and(|text| {
                    text.contains("has_permission(") && own.iter().any(|name| text.contains(name))
                })
        })
}
