//! DRF304: any website may call the API from a visitor's browser.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::settings::{Profile, ProfileKind};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF304",
    name: "cors-wide-open",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("cors_wide_open.md"),
    yields_to: &[],
    run,
};
use crate::python::value::{Literal, Val};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(prod) = cx.head.django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    if matches!(prod.kind, ProfileKind::Dev | ProfileKind::Test) {
        return;
    }
    middleware_order(cx, prod, out);
    let open = ["CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"]
        .iter()
        .find_map(|key| {
            prod.get(key)
                .filter(|found| found.truth() == Some(true))
                .map(|found| (*key, found.place))
        })
        .or_else(|| {
            let key = "CORS_ALLOWED_ORIGIN_REGEXES";
            let patterns = prod.get(key)?;
            let all = patterns
                .strings()?
                .iter()
                .any(|p| matches!(&**p, ".*" | "^.*$" | r"^https?://.*$"));
            all.then_some((key, patterns.place))
        });
    out.looked();
    let Some((key, place)) = open else { return };
    let credentials = prod
        .get("CORS_ALLOW_CREDENTIALS")
        .and_then(|found| found.truth())
        == Some(true);
    let (message, severity) = match (credentials, uses_sessions(cx)) {
        (true, _) => (
            format!(
                "`{key}` with `CORS_ALLOW_CREDENTIALS`: any website can call the API as the visitor who is logged in."
            ),
            Severity::High,
        ),
        (false, true) => (
            format!(
                "`{key}` lets any website read what the API answers, and session authentication is in use beside it."
            ),
            Severity::Medium,
        ),
        (false, false) => (
            format!(
                "`{key}` lets any website call the API; callers bring a token, so little follows from it."
            ),
            Severity::Low,
        ),
    };
    out.found(
        Evidence::new(format!("{}.{key}", prod.name), cx.anchor(place), message).severity(severity),
    );
}

/// Some project route authenticates by session, by its own or the settings' choice.
fn uses_sessions(cx: &Cx<'_>) -> bool {
    cx.head.django.routes().iter().any(|route| {
        let explicit = route
            .policy
            .authentication
            .source()
            .is_some_and(|source| *source != crate::django::policy::Source::FrameworkDefault);
        explicit
            && route
                .policy
                .authentication
                .items()
                .any(|class| class.is("SessionAuthentication"))
    })
}

/// The middleware must stand before `CommonMiddleware`, or its headers are missing from redirects.
fn middleware_order(cx: &Cx<'_>, prod: &Profile, out: &mut Answers) {
    if cx.head.django.settings().installs("corsheaders") != Some(true) {
        return;
    }
    let Some(found) = prod.get("MIDDLEWARE") else {
        return;
    };
    let Val::Seq(items) = found.val else { return };
    let position = |ending: &str| {
        items.iter().position(
            |(item, _)| matches!(item, Val::Known(Literal::Str(text)) if text.ends_with(ending)),
        )
    };
    if items
        .iter()
        .any(|(item, _)| !matches!(item, Val::Known(Literal::Str(_))))
    {
        return;
    }
    out.looked();
    let subject = format!("{}.MIDDLEWARE", prod.name);
    match (position("corsheaders.middleware.CorsMiddleware"), position("CommonMiddleware")) {
        (None, _) => out.found(
            Evidence::new(
                subject,
                cx.anchor(found.place),
                "`corsheaders` is installed and its middleware is not in `MIDDLEWARE`: no CORS header is ever sent.",
            )
            .severity(Severity::Medium),
        ),
        (Some(cors), Some(common)) if cors > common => out.found(
            Evidence::new(
                subject,
                cx.anchor(items.get(cors).map_or(found.place, |(_, place)| *place)),
                "`CorsMiddleware` stands after `CommonMiddleware`: answers that the latter makes, such as redirects, carry no CORS header.",
            )
            .severity(Severity::Low),
        ),
        _ => {}
    }
}
