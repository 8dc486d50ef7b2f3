//! DRF416: a route is tested for success, for refusals, and with two users.

use std::collections::BTreeSet;

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
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
    for route in django.routes() {
        if route.tests.is_empty() {
            continue;
        }
        out.looked();
        let mut statuses = BTreeSet::new();
        let mut two_users = false;
        for test in django.tests_of(route) {
            for (at, request) in test.requests.iter().enumerate() {
                if request.routes.contains(&route.id) {
                    statuses.extend(test.statuses(at));
                    two_users |=
                        test.users >= 2 && test.statuses(at).any(|s| matches!(s, 403 | 404));
                }
            }
        }
        let success = statuses.iter().any(|status| (200..300).contains(status));
        let refusals: Vec<String> = REFUSALS
            .iter()
            .filter(|s| statuses.contains(s))
            .map(u16::to_string)
            .collect();
        let owned = route
            .model
            .is_some_and(|model| django.model(model).owner().is_some());
        let isolated = !owned || route.detail != Some(true) || two_users;
        if !success || refusals.len() < WANTED || !isolated {
            continue;
        }
        let Some(test) = django.tests_of(route).next() else {
            continue;
        };
        let with_two = if two_users {
            ", and as a second user"
        } else {
            ""
        };
        out.found(
            Evidence::new(
                route.label(),
                cx.anchor(test.place),
                format!(
                    "`{}` is tested for success, for {}{with_two}.",
                    route.label(),
                    refusals.join(" and ")
                ),
            )
            .root("status matrix"),
        );
    }
}
