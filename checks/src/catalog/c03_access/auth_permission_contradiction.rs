//! DRF176: nobody can be known, and somebody must be.

use crate::catalog::route_words::{is_drf, is_own, view_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Anonymous;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF176",
    name: "auth-permission-contradiction",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("auth_permission_contradiction.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let settings = cx.head.django.settings();
    // Another class for unknown callers may pass `IsAuthenticated`.
    let own_anonymous = settings
        .get("REST_FRAMEWORK.UNAUTHENTICATED_USER")
        .is_some();
    for route in cx.head.django.routes() {
        if !route.mounted || !is_own(cx, route) || !is_drf(cx, route) {
            continue;
        }
        out.looked();
        let authentication = &route.policy.authentication;
        let permission = route.permission();
        if own_anonymous || !authentication.is_empty() || permission.anonymous() != Anonymous::Deny
        {
            continue;
        }
        // A permission of the project may check a signature or a header instead of a user.
        let only_framework = permission
            .classes()
            .iter()
            .all(|fact| fact.class.fq().starts_with("rest_framework.permissions."));
        let Some(view) = cx.head.django.view_of(route).filter(|_| only_framework) else {
            continue;
        };
        let Some(place) = authentication.place().or_else(|| view_place(cx, route)) else {
            continue;
        };
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` refuses everybody: `authentication_classes` is empty, so every caller is anonymous, and `{}` wants a known one.",
                    route.label(),
                    permission.words()
                ),
            )
            .root(format!("{}:{}", place.file.0, place.span.start)),
        );
    }
}
