//! DRF318: tokens live shortly, change at every use, and can be taken back.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::{Literal, Val};

pub(super) static CHECK: Check = Check {
    id: "DRF318",
    name: "token-lifecycle-hardened",
    competency: Competency::C07,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("token_lifecycle_hardened.md"),
    yields_to: &["DRF307"],
    run,
};

/// Seconds.
const SHORT: i64 = 15 * 60;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let Some(prod) = django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    let jwt = django.routes().iter().any(|route| {
        route
            .policy
            .authentication
            .items()
            .any(|class| class.is("JWTAuthentication"))
    });
    if !jwt {
        return;
    }
    out.looked();
    let is_on = |key: &str| {
        prod.get(&format!("SIMPLE_JWT.{key}"))
            .is_some_and(|found| found.truth() == Some(true))
    };
    // SimpleJWT's own default is five minutes.
    let short = match prod
        .get("SIMPLE_JWT.ACCESS_TOKEN_LIFETIME")
        .map(|found| found.val)
    {
        None => !prod.is_open("SIMPLE_JWT.ACCESS_TOKEN_LIFETIME"),
        Some(Val::Known(Literal::Duration(seconds))) => *seconds <= SHORT,
        Some(_) => false,
    };
    let app = "rest_framework_simplejwt.token_blacklist";
    let installed = django.settings().installs(app) == Some(true);
    let revokes = django.routes().iter().find(|route| {
        let by_package = django
            .view_of(route)
            .is_some_and(|view| view.fq.ends_with("TokenBlacklistView"));
        let by_hand = route.func.is_some_and(|func| {
            django.effects(func).iter().any(|ir| {
                ir.calls
                    .iter()
                    .any(|call| call.text.ends_with(".blacklist"))
            })
        });
        route.mounted && (by_package || by_hand)
    });
    let Some(rotation) = prod.get("SIMPLE_JWT.ROTATE_REFRESH_TOKENS") else {
        return;
    };
    if !short || !installed || !is_on("ROTATE_REFRESH_TOKENS") || !is_on("BLACKLIST_AFTER_ROTATION")
    {
        return;
    }
    let logout = revokes.map_or_else(String::new, |route| {
        format!(", and `{}` takes a token back", route.label())
    });
    out.found(Evidence::new(
        "SIMPLE_JWT",
        cx.anchor(rotation.place),
        format!("Access tokens are good for minutes, refresh tokens change at every use and the old ones are refused{logout}."),
    ));
}
