//! DRF416: a route is tested for success, for refusals, and with two users.

use std::collections::BTreeSet;

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Route;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF416",
    name: "isolation-and-status-matrix",
    competency: Competency::C10,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("isolation_and_status_matrix.md"),
    yields_to: &[],
    run,
};

/// Refusals that count, and how many different ones a route needs.
const REFUSALS: [u16; 5] = [400, 401, 403, 404, 409];
const WANTED: usize = 2;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    // One test of a refusal rarely repeats for each method: a view is asked as a whole.
    for view in django.views().iter().filter(|view| view.is_project()) {
        let routes: Vec<&Route> = django
            .routes_of(view.id)
            .filter(|route| !route.tests.is_empty())
            .collect();
        let Some(first) = routes.first() else {
            continue;
        };
        out.looked();
        let mut statuses = BTreeSet::new();
        let mut two_users = false;
        for route in &routes {
            for test in django.tests_of(route) {
                for (at, request) in test.requests.iter().enumerate() {
                    if request.routes.contains(&route.id) {
                        statuses.extend(test.statuses(at));
                        two_users |=
                            test.users >= 2 && test.statuses(at).any(|s| matches!(s, 403 | 404));
                    }
                }
            }
        }
        let success = statuses.iter().any(|status| (200..300).contains(status));
        let refusals: Vec<String> = REFUSALS
            .iter()
            .filter(|s| statuses.contains(s))
            .map(u16::to_string)
            .collect();
        let isolated = two_users
            || !routes.iter().any(|route| {
                let owned = route
                    .model
                    .is_some_and(|model| django.model(model).owner().is_some());
                owned && route.detail == Some(true)
            });
        if !success || refusals.len() < WANTED || !isolated {
            continue;
        }
        let Some(test) = django.tests_of(first).next() else {
            continue;
        };
        let with_two = if two_users {
            ", and as a second user"
        } else {
            ""
        };
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(test.place),
                format!(
                    "`{}` is tested for success, for {}{with_two}.",
                    view.name,
                    refusals.join(" and ")
                ),
            )
            .root("status matrix"),
        );
    }
}
