//! DRF161: nobody decided who may write here, so everybody may.

use super::object_scope::works_on_one_object;
use crate::catalog::route_words::{is_drf, is_entrance, is_own, permission_anchor};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::policy::Source;
use crate::django::{Anonymous, Route};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF161",
    name: "public-write-by-default",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("public_write_by_default.md"),
    yields_to: &["DRF165", "DRF168"],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for route in cx.head.django.routes() {
        if !route.is_unsafe()
            || !route.mounted
            || !is_drf(cx, route)
            || !is_own(cx, route)
            || is_entrance(cx, route)
        {
            continue;
        }
        out.looked();
        match route.permission().anonymous() {
            Anonymous::Deny => continue,
            Anonymous::Unknown => {
                out.unknown(
                    route.label(),
                    format!(
                        "what an anonymous caller meets is not known ({})",
                        route.permission().words()
                    ),
                );
                continue;
            }
            Anonymous::Allow => {}
        }
        // On one row the object permission is asked as well (DRF164 where it is not).
        let by_object = route
            .permission()
            .classes()
            .iter()
            .any(|fact| fact.object_level == Some(true));
        if by_object && works_on_one_object(route) {
            continue;
        }
        let Some(anchor) = permission_anchor(cx, route) else {
            continue;
        };
        let Some(view) = cx.head.django.view_of(route) else {
            continue;
        };
        if refuses_in_body(cx, route) {
            continue;
        }
        let explicit = route.permission().source().is_some_and(Source::is_explicit);
        let evidence = if explicit {
            Evidence::new(
                view.fq.to_string(),
                anchor,
                format!("`{}` is open to anonymous callers by an explicit `{}`; is that meant for a write?", route.label(), route.permission().words()),
            )
            .severity(Severity::Medium)
        } else {
            Evidence::new(
                view.fq.to_string(),
                anchor,
                format!(
                    "`{}` is open to anonymous callers: neither `{}` nor the settings name a permission, and DRF's default lets everybody in.",
                    route.label(),
                    view.name
                ),
            )
        };
        out.found(evidence.root(format!("{} {explicit}", view.fq)));
    }
}

/// The handler itself looks at the caller and refuses.
fn refuses_in_body(cx: &Cx<'_>, route: &Route) -> bool {
    let Some(func) = route.func else { return false };
    cx.head.django.effects(func).iter().any(|function| {
        let guards = !function.guards.is_empty();
        let raises = function.raises.iter().any(|raise| {
            raise.class.as_deref().is_some_and(|class| {
                [
                    "NotAuthenticated",
                    "AuthenticationFailed",
                    "PermissionDenied",
                ]
                .iter()
                .any(|name| class.ends_with(name))
            })
        });
        let answers = function
            .responses
            .iter()
            .any(|response| matches!(response.status, Some(401 | 403)));
        guards || raises || answers
    })
}
