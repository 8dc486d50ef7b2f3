//! DRF309: a token, once given, is good for ever.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF309",
    name: "token-without-expiry",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("token_without_expiry.md"),
    yields_to: &[],
    run,
};
use crate::python::value::{Literal, Val};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let settings = cx.head.django.settings();
    let Some(prod) = settings.prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    out.looked();
    if let Some(found) = prod.get("REST_KNOX.TOKEN_TTL") {
        if *found.val == Val::Known(Literal::None) {
            out.found(Evidence::new(
                "REST_KNOX.TOKEN_TTL",
                cx.anchor(found.place),
                "`TOKEN_TTL` is `None`: a token of knox is good until somebody deletes it.",
            ));
        }
        return;
    }
    let mut token_place = None;
    for route in cx.head.django.routes() {
        for class in route.policy.authentication.items() {
            if class.class.fq() == "rest_framework.authentication.TokenAuthentication" {
                token_place = token_place.or(route.policy.authentication.place());
            } else if class.class.class().is_some()
                || class.is("JWTAuthentication")
                || class.class.fq().contains("oauth2")
            {
                // Another scheme, or a class of the project that may look at the token's age.
                return;
            }
        }
    }
    if let Some(place) = token_place {
        out.found(Evidence::new(
            "TokenAuthentication",
            cx.anchor(place),
            "Tokens of `rest_framework.authtoken` do not expire and there is one per user: a leaked one works until it is deleted by hand.",
        ));
    }
}
