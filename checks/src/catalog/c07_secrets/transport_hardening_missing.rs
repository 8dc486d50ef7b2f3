//! DRF310: settings for production that leave cookies and transport as they are in development.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::django::settings::ProfileKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF310",
    name: "transport-hardening-missing",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::High,
    scope: Scope::Project,
    page: include_str!("transport_hardening_missing.md"),
    yields_to: &[],
    run,
};

/// Setting and what it does, after Django's deployment checklist.
const WANTED: [(&str, &str); 4] = [
    ("SECURE_SSL_REDIRECT", "redirects to HTTPS"),
    ("SECURE_HSTS_SECONDS", "HSTS"),
    (
        "SESSION_COOKIE_SECURE",
        "the session cookie only over HTTPS",
    ),
    ("CSRF_COOKIE_SECURE", "the CSRF cookie only over HTTPS"),
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(prod) = cx
        .head
        .django
        .settings()
        .prod()
        .filter(|profile| profile.kind == ProfileKind::Prod)
    else {
        out.not_applicable("there are no settings of their own for production");
        return;
    };
    out.looked();
    if prod.get("SECURE_PROXY_SSL_HEADER").is_some() && prod.get("SESSION_COOKIE_SECURE").is_some()
    {
        return;
    }
    let missing: Vec<&str> = WANTED
        .iter()
        .filter(|(key, _)| prod.get(key).is_none() && !prod.is_open(key))
        .map(|(key, _)| *key)
        .collect();
    // One of four is a choice (a proxy may do it); all four are an omission.
    if missing.len() < 3 {
        return;
    }
    out.found(Evidence::new(
        prod.name.to_string(),
        Anchor::line(prod.file, 1),
        format!(
            "The settings for production do not set `{}`; `manage.py check --deploy` lists them.",
            missing.join("`, `")
        ),
    ));
}
