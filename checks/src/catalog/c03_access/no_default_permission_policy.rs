//! DRF162: a view that says nothing is open to everybody.

use std::collections::BTreeSet;

use crate::catalog::route_words::{is_drf, is_entrance, is_own, view_place};
use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::django::Anonymous;
use crate::django::policy::Source;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF162",
    name: "no-default-permission-policy",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("no_default_permission_policy.md"),
    yields_to: &[],
    run,
};

/// Views shown that rely on the default.
const MAX_VIEWS: usize = 20;
const KEY: &str = "REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES";

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let Some(prod) = django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    let own: Vec<_> = django
        .routes()
        .iter()
        .filter(|route| is_own(cx, route) && is_drf(cx, route))
        .collect();
    if own.is_empty() && django.settings().installs("rest_framework") != Some(true) {
        out.not_applicable("the project serves no route of DRF");
        return;
    }
    out.looked();
    let named = prod.get(KEY);
    let anchor = match named {
        Some(found) => {
            let Some(classes) = found.strings() else {
                out.unknown(KEY, "the list is not fully known");
                return;
            };
            let open = classes.iter().all(|class| class.ends_with(".AllowAny"));
            if !open {
                return;
            }
            cx.anchor(found.place)
        }
        None if prod.is_open(KEY) => {
            out.unknown(KEY, "the settings are not fully known");
            return;
        }
        None => prod
            .get("REST_FRAMEWORK")
            .or_else(|| prod.get("INSTALLED_APPS"))
            .map_or_else(
                || Anchor::line(prod.file, 1),
                |found| cx.anchor(found.place),
            ),
    };
    let all_explicit = !own.is_empty()
        && own
            .iter()
            .all(|route| route.permission().source().is_some_and(Source::is_explicit));
    let (message, severity) = if all_explicit {
        (
            "Every view names its permission, and the settings have none for the next one: DRF's default lets everybody in.",
            Severity::Info,
        )
    } else if named.is_some() {
        (
            "`DEFAULT_PERMISSION_CLASSES` is `AllowAny`: a view that says nothing is open to everybody.",
            Severity::Medium,
        )
    } else {
        (
            "`REST_FRAMEWORK` names no `DEFAULT_PERMISSION_CLASSES`, and DRF's default lets everybody in: a view that says nothing is open.",
            Severity::Medium,
        )
    };
    let mut evidence = Evidence::new(KEY, anchor, message).severity(severity);
    let mut views = BTreeSet::new();
    // Ways in are open on purpose; open writes are findings of their own.
    for route in own.iter().filter(|route| {
        route.permission().anonymous() == Anonymous::Allow
            && route.mounted
            && !route.is_unsafe()
            && !route.permission().source().is_some_and(Source::is_explicit)
            && !is_entrance(cx, route)
    }) {
        if let Some(place) = view_place(cx, route).filter(|_| views.insert(route.view)) {
            evidence = evidence.also(
                cx.anchor(place)
                    .note(format!("`{}` is open by this default", route.label())),
            );
        }
        if views.len() >= MAX_VIEWS {
            break;
        }
    }
    out.found(evidence);
}
