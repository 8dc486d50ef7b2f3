//! DRF174: passwords can be tried without end.

use super::guessable_routes::is_guessable;
use crate::catalog::route_words::view_place;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF174",
    name: "sensitive-endpoint-unthrottled",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("sensitive_endpoint_unthrottled.md"),
    yields_to: &[],
    run,
};

/// Packages that limit attempts by other means: distribution, and app or module.
const LIMITERS: [(&str, &str); 5] = [
    ("django-axes", "axes"),
    ("django-ratelimit", "django_ratelimit"),
    ("django-defender", "defender"),
    ("django-brutebuster", "BruteBuster"),
    ("drf-extended-throttling", "drf_extended_throttling"),
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let limited = LIMITERS.iter().any(|(package, app)| {
        cx.head.infra.dependencies.has(package) || django.settings().installs(app) == Some(true)
    });
    let prod = django.settings().prod();
    let configured = prod.and_then(|prod| prod.get("REST_FRAMEWORK"));
    for route in django.routes() {
        if !is_guessable(cx, route) {
            continue;
        }
        out.looked();
        if limited {
            continue;
        }
        if route.policy.throttle.open.is_some() {
            out.unknown(route.label(), "its throttles are not fully known");
            continue;
        }
        if !route.policy.throttle.is_empty() {
            continue;
        }
        let routed = route
            .chain
            .last()
            .copied()
            .or_else(|| view_place(cx, route));
        let Some(place) = configured.map(|found| found.place).or(routed) else {
            continue;
        };
        let mut evidence = Evidence::new(
            "throttling",
            cx.anchor(place),
            format!(
                "`{}` has no throttle, neither of its own nor by `DEFAULT_THROTTLE_CLASSES`: passwords and codes can be tried without end.",
                route.label()
            ),
        )
        .root("throttling");
        if let Some(routed) = routed.filter(|routed| *routed != place) {
            evidence = evidence.also(cx.anchor(routed).note(format!("`{}`", route.label())));
        }
        out.found(evidence);
    }
}
