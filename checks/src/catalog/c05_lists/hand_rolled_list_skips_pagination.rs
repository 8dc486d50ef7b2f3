//! DRF234: a handler answers with a list it made itself, and pagination never sees it.

use super::lists::{
    answers_itself, effects, is_bounded, is_reference, lists, place_of_missing_default, rows,
};
use crate::catalog::route_words::{handler_place, view_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF234",
    name: "hand-rolled-list-skips-pagination",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("hand_rolled_list_skips_pagination.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let no_default = place_of_missing_default(cx);
    for route in lists(cx) {
        if !answers_itself(cx, route) {
            continue;
        }
        out.looked();
        if is_bounded(cx, route) {
            continue;
        }
        let effects = effects(cx, route);
        let call = effects
            .iter()
            .flat_map(|function| &function.serializers)
            .find(|call| call.many || call.in_loop.is_some());
        // Under one object the rows are those of the call, or not known.
        let on_one = route.detail == Some(true) || route.action.as_deref() == Some("retrieve");
        let shown = call.and_then(|call| call.instance.as_ref());
        let of_route = route.queryset.as_ref().filter(|_| !on_one);
        let Some(queryset) = shown.or(of_route) else {
            out.unknown(route.label(), "the rows of its answer are not known");
            continue;
        };
        let Some(place) = handler_place(cx, route) else {
            continue;
        };
        let which = if queryset.conditions.is_empty() {
            "row"
        } else {
            "matching row"
        };
        let subject = format!("{}.list", route.label());
        let mut evidence = Evidence::new(
            subject,
            cx.anchor(place),
            format!(
                "`{}` answers with every {which} of {}: the handler serializes them itself, and no setting paginates that. `paginate_queryset` does.",
                route.label(),
                queryset.model.map_or_else(
                    || rows(cx, route),
                    |model| format!("`{}`", cx.head.django.model(model).name)
                )
            ),
        );
        // One's own addresses are few.
        let few = queryset.from_instance
            || queryset.from_user
            || queryset.user_scoped == Some(true)
            || is_reference(cx, route);
        if few {
            evidence = evidence.severity(Severity::Low);
        }
        for (place, note) in [
            (call.map(|call| call.place), "the list is made here"),
            (queryset.places.first().copied(), "the rows"),
            (view_place(cx, route), "the view"),
            (no_default, "no `DEFAULT_PAGINATION_CLASS` here"),
        ] {
            if let Some(place) = place {
                evidence = evidence.also(cx.anchor(place).note(note));
            }
        }
        out.found(evidence.root(format!("{}:{}", place.file.0, place.span.start)));
    }
}
