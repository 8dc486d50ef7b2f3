//! DRF180: every route on owned rows holds callers to their own.

use std::collections::BTreeMap;

use super::object_scope::{Scoped, owned_model, scope};
use crate::catalog::route_words::{is_drf, is_own, view_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::{ModelId, Route};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF180",
    name: "ownership-enforced",
    competency: Competency::C03,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("ownership_enforced.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut by_model: BTreeMap<ModelId, Vec<(&Route, Scoped)>> = BTreeMap::new();
    for route in cx.head.django.routes() {
        let detail = route.detail == Some(true);
        if route.mounted
            && detail
            && is_own(cx, route)
            && is_drf(cx, route)
            && let Some(model) = owned_model(cx, route)
        {
            by_model
                .entry(model.id)
                .or_default()
                .push((route, scope(cx, route)));
        }
    }
    for (id, routes) in by_model {
        out.looked();
        let model = cx.head.django.model(id);
        let unsafe_ok = routes
            .iter()
            .filter(|(route, _)| route.is_unsafe())
            .all(|(_, scoped)| !matches!(scoped, Scoped::No | Scoped::Unknown));
        let by_queryset = routes
            .iter()
            .find(|(_, scoped)| *scoped == Scoped::Queryset);
        let by_permission = routes
            .iter()
            .find(|(_, scoped)| matches!(scoped, Scoped::ObjectPermission | Scoped::Guard));
        let Some((route, _)) = by_queryset.or(by_permission).filter(|_| unsafe_ok) else {
            continue;
        };
        let place = match by_queryset {
            Some((route, _)) => {
                let view = cx.head.django.view_of(route);
                let method = view.and_then(|view| view.method("get_queryset"));
                method
                    .and_then(|func| cx.head.django.function(func))
                    .map(|function| function.place)
                    .or_else(|| {
                        route
                            .queryset
                            .as_ref()
                            .and_then(|queryset| queryset.places.first().copied())
                    })
            }
            None => route.permission().place(),
        };
        let Some(place) = place.or_else(|| view_place(cx, route)) else {
            continue;
        };
        let how = if by_queryset.is_some() {
            "the queryset gives callers their own rows"
        } else {
            "a permission compares the row with the caller"
        };
        out.found(Evidence::new(
            model.fq.to_string(),
            cx.anchor(place),
            format!("Callers are held to their own `{}`: {how}.", model.name),
        ));
    }
}
