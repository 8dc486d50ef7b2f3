//! DRF165: a permission that only looks at rows guards a list and a create, where there is no row.

use crate::catalog::route_words::{is_drf, is_entrance, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Method;
use crate::django::policy::PermissionExpr;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF165",
    name: "object-only-permission-class",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("object_only_permission_class.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        let creates = route.method == Method::Post && route.action.as_deref() == Some("create");
        let lists = route.is_list();
        if !route.mounted
            || !(creates || lists)
            || !is_own(cx, route)
            || !is_drf(cx, route)
            || is_entrance(cx, route)
        {
            continue;
        }
        let Some(alternative) = route.permission().certain() else {
            continue;
        };
        out.looked();
        let names: Vec<&str> = alternative
            .items
            .iter()
            .filter_map(|item| match item {
                PermissionExpr::Class(fact)
                    if fact.object_level == Some(true) && fact.request_level == Some(false) =>
                {
                    Some(fact.class.name())
                }
                _ => None,
            })
            .collect();
        if names.is_empty() || names.len() != alternative.items.len() {
            continue;
        }
        // A public list of what is nobody's secret is a choice; a public create is not.
        let private = route.model.is_some_and(|model| {
            let model = django.model(model);
            model.is_private_like && model.owner().is_some()
        });
        let scoped = route
            .queryset
            .as_ref()
            .is_some_and(|queryset| queryset.is_user_scoped() != Some(false));
        if !creates && (!private || scoped) {
            continue;
        }
        let (Some(place), Some(view)) = (alternative.place, django.view_of(route)) else {
            continue;
        };
        out.found(
            Evidence::new(
                view.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{}` is open to anonymous callers: `{}` only overrides `has_object_permission`, and there is no object to ask about on a list or a create.",
                    route.label(),
                    names.join("`, `")
                ),
            )
            .root(view.fq.to_string()),
        );
    }
}
