//! DRF179: whoever says nothing is refused, and what is public says so.

use crate::catalog::route_words::{is_drf, is_entrance, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Anonymous;
use crate::django::policy::Source;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF179",
    name: "default-deny-policy",
    competency: Competency::C03,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("default_deny_policy.md"),
    yields_to: &[],
    run,
};

const KEY: &str = "REST_FRAMEWORK.DEFAULT_PERMISSION_CLASSES";
/// Classes of DRF that refuse an anonymous caller whatever the method.
const DENYING: [&str; 4] = [
    "rest_framework.permissions.IsAuthenticated",
    "rest_framework.permissions.IsAdminUser",
    "rest_framework.permissions.DjangoModelPermissions",
    "rest_framework.permissions.DjangoObjectPermissions",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let Some(prod) = django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    let Some(found) = prod.get(KEY) else {
        return;
    };
    out.looked();
    let own: Vec<_> = django
        .routes()
        .iter()
        .filter(|route| route.mounted && is_own(cx, route) && is_drf(cx, route))
        .collect();
    let by_default: Vec<_> = own
        .iter()
        .filter(|route| matches!(route.permission().source(), Some(Source::Settings(_))))
        .collect();
    let named = found
        .strings()
        .is_some_and(|classes| classes.iter().any(|class| DENYING.contains(&&**class)));
    let proven = !by_default.is_empty()
        && by_default
            .iter()
            .all(|route| route.permission().anonymous() == Anonymous::Deny);
    if !named && !proven {
        return;
    }
    let opened = own
        .iter()
        .filter(|route| {
            route.permission().anonymous() == Anonymous::Allow && !is_entrance(cx, route)
        })
        .count();
    // A default that most views set aside protects little.
    if own.is_empty() || opened * 2 > own.len() {
        return;
    }
    out.found(Evidence::new(
        KEY,
        cx.anchor(found.place),
        if opened == 0 {
            "A view that says nothing asks who is calling: `DEFAULT_PERMISSION_CLASSES` refuses anonymous callers.".to_owned()
        } else {
            format!("A view that says nothing asks who is calling: `DEFAULT_PERMISSION_CLASSES` refuses anonymous callers, and the {opened} routes that are public say so themselves.")
        },
    ));
}
