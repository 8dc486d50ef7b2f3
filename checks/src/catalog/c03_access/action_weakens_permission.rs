//! DRF167: an extra action is open where the rest of its view is not.

use crate::catalog::route_words::{is_drf, is_entrance, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::policy::Source;
use crate::django::{Anonymous, Route};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF167",
    name: "action-weakens-permission",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("action_weakens_permission.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        let permission = route.permission();
        if !route.mounted
            || permission.source() != Some(&Source::ActionDecorator)
            || !is_own(cx, route)
            || !is_drf(cx, route)
        {
            continue;
        }
        let Some(view) = django.view_of(route) else {
            continue;
        };
        if !route.is_unsafe() && route.detail != Some(true) {
            continue;
        }
        out.looked();
        if permission.anonymous() != Anonymous::Allow || is_entrance(cx, route) {
            continue;
        }
        let siblings: Vec<&Route> = django
            .routes_of(view.id)
            .filter(|other| other.permission().source() != Some(&Source::ActionDecorator))
            .collect();
        // Same kind of request: reading is judged by reading, writing by writing.
        let alike = siblings
            .iter()
            .find(|other| other.is_unsafe() == route.is_unsafe())
            .or(siblings.first());
        let Some(sibling) = alike else { continue };
        if sibling.permission().anonymous() != Anonymous::Deny {
            continue;
        }
        let Some(place) = permission.place() else {
            continue;
        };
        let severity = if route.is_unsafe() {
            Severity::High
        } else {
            Severity::Medium
        };
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` is open to anonymous callers: `permission_classes` of `@action` replaces that of `{}` (`{}`), it does not add to it.",
                    route.label(),
                    view.name,
                    sibling.permission().words()
                ),
            )
            .severity(severity)
            .root(format!("{} {}", view.fq, route.action.as_deref().unwrap_or(""))),
        );
    }
}
