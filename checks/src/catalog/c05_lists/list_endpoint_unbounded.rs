//! DRF231: a list that answers with every row there is.

use crate::catalog::route_words::{is_drf, is_own, view_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Route;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::Span;
use crate::python::value::Place;

pub(super) static CHECK: Check = Check {
    id: "DRF231",
    name: "list-endpoint-unbounded",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("list_endpoint_unbounded.md"),
    yields_to: &["DRF232"],
    run,
};

const DEFAULT: &str = "REST_FRAMEWORK.DEFAULT_PAGINATION_CLASS";

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let no_default = place_of_missing_default(cx);
    for route in django.routes() {
        if !route.is_list() || !route.mounted || !is_own(cx, route) || !is_drf(cx, route) {
            continue;
        }
        out.looked();
        let pagination = &route.policy.pagination;
        let effects = route
            .func
            .map(|func| django.effects(func))
            .unwrap_or_default();
        let by_hand = effects.iter().any(|function| function.paginates);
        if by_hand {
            continue;
        }
        // A plain handler that does not call the paginator is not paginated, whatever the settings say.
        let calls_list = effects.first().is_some_and(|function| function.calls_super);
        let skipped = pagination.applied == Some(false) && !calls_list;
        if !skipped {
            if pagination.part.open.is_some() || pagination.size_open {
                out.unknown(route.label(), "its pagination could not be told");
                continue;
            }
            if !pagination.part.is_empty() {
                continue;
            }
        }
        if bounded(cx, route) {
            continue;
        }
        let subject = django
            .view_of(route)
            .map_or_else(|| route.label(), |view| view.fq.to_string());
        let Some(place) = view_place(cx, route) else {
            continue;
        };
        let why = if skipped && !pagination.part.is_empty() {
            "the handler answers itself and does not call the paginator"
        } else {
            "neither the view nor the settings paginate it"
        };
        let mut evidence = Evidence::new(
            subject.clone(),
            cx.anchor(place),
            format!(
                "`{}` answers with every row of {}: {why}.",
                route.label(),
                rows(cx, route)
            ),
        );
        if is_reference(cx, route) {
            evidence = evidence.severity(Severity::Low);
        }
        if let Some(handler) = effects.first().filter(|_| skipped) {
            evidence = evidence.also(cx.anchor(handler.place));
        }
        if let Some(place) = route.queryset.as_ref().and_then(|qs| qs.places.first()) {
            evidence = evidence.also(cx.anchor(*place).note("the rows"));
        }
        if let Some(place) = no_default {
            evidence = evidence.also(
                cx.anchor(place)
                    .note("no `DEFAULT_PAGINATION_CLASS` here: every list must see to itself"),
            );
        }
        out.found(evidence.root(subject));
    }
}

/// Where a default paginator would be set, if the settings are known to have none.
fn place_of_missing_default(cx: &Cx<'_>) -> Option<Place> {
    let prod = cx.head.django.settings().prod()?;
    if prod
        .get(DEFAULT)
        .is_some_and(|found| found.truth() != Some(false))
        || prod.is_open(DEFAULT)
    {
        return None;
    }
    let whole = prod.get("REST_FRAMEWORK").map(|found| found.place);
    Some(whole.unwrap_or(Place {
        file: prod.file,
        span: Span { start: 0, end: 0 },
    }))
}

/// A slice, or a queryset that cannot grow.
fn bounded(cx: &Cx<'_>, route: &Route) -> bool {
    let sliced = |slice: Option<i64>| slice.is_some();
    let effects = route
        .func
        .map(|func| cx.head.django.effects(func))
        .unwrap_or_default();
    route
        .queryset
        .as_ref()
        .is_some_and(|queryset| sliced(queryset.slice) || queryset.empty)
        || effects
            .iter()
            .any(|function| function.queries.iter().any(|query| sliced(query.qs.slice)))
}

/// Rows that no route writes: a list of countries, of categories.
fn is_reference(cx: &Cx<'_>, route: &Route) -> bool {
    let Some(model) = route.model else {
        return false;
    };
    let writes = cx
        .head
        .django
        .routes_on(model)
        .any(crate::django::routes::Route::is_unsafe);
    let created = cx.head.django.functions().any(|function| {
        function
            .writes
            .iter()
            .any(|write| write.model == Some(model))
    });
    !writes && !created && !cx.head.django.model(model).is_growth_like
}

fn rows(cx: &Cx<'_>, route: &Route) -> String {
    route.model.map_or_else(
        || "its queryset".to_owned(),
        |id| format!("`{}`", cx.head.django.model(id).name),
    )
}
