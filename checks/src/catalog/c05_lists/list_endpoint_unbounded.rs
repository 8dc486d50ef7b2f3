//! DRF231: a list that answers with every row there is.

use crate::catalog::route_words::{is_drf, is_own, view_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::Route;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

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

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
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
        out.found(evidence.root(subject));
    }
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
