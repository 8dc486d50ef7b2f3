//! DRF166: a list shows the rows of all users to each of them.

use super::object_scope::{Scoped, explicit_permission, list_scope, owned_model};
use crate::catalog::route_words::{handler_place, is_drf, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Anonymous;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF166",
    name: "list-returns-others-rows",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("list_returns_others_rows.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        if !route.mounted || !route.is_list() || !is_own(cx, route) || !is_drf(cx, route) {
            continue;
        }
        let Some(model) = owned_model(cx, route).filter(|model| model.is_private_like) else {
            continue;
        };
        let Some(owner) = model.owner() else { continue };
        out.looked();
        // Where nobody has to log in there is no caller to scope to: that is DRF161 and DRF162.
        if route.permission().anonymous() == Anonymous::Allow {
            continue;
        }
        match list_scope(cx, route) {
            Scoped::No => {}
            Scoped::Unknown => {
                out.unknown(
                    route.label(),
                    "whether the list is held to the caller's rows could not be told",
                );
                continue;
            }
            _ => continue,
        }
        let place = route
            .queryset
            .as_ref()
            .and_then(|queryset| queryset.places.first().copied());
        let Some(handler) = handler_place(cx, route) else {
            continue;
        };
        let view = django.view_of(route).map_or("", |view| &*view.fq);
        let mut evidence = Evidence::new(
            format!("{} {view}", model.fq),
            cx.anchor(place.unwrap_or(handler)),
            format!(
                "`{}` answers with every `{}`, whoever asks: the queryset is not filtered by `{}`, and object permissions are never asked on a list.",
                route.label(),
                model.name,
                owner.path.replace("__", ".")
            ),
        )
        .root(format!("{} {view}", model.fq));
        if place.is_some_and(|place| place != handler) {
            evidence = evidence.also(cx.anchor(handler).note(format!("`{}`", route.label())));
        }
        if let Some(place) = explicit_permission(route) {
            evidence = evidence.also(cx.anchor(place).note("this lets in whoever has logged in"));
        }
        out.found(evidence);
    }
}
