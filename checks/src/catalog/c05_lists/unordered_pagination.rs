//! DRF235: pages of rows that come in no order.

use crate::catalog::route_words::{is_drf, is_own, view_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF235",
    name: "unordered-pagination",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("unordered_pagination.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in django.routes() {
        // A handler of the project's may order and slice as it likes.
        let own = route.func.is_some() && !only_hands_on(cx, route);
        if !route.is_list() || own || !is_own(cx, route) || !is_drf(cx, route) {
            continue;
        }
        let pagination = &route.policy.pagination;
        let Some(class) = pagination
            .part
            .certain()
            .and_then(|part| part.items.first())
        else {
            continue;
        };
        let (Some(queryset), Some(model)) = (&route.queryset, route.model) else {
            continue;
        };
        if pagination.page_size.is_none() || pagination.applied == Some(false) {
            continue;
        }
        out.looked();
        // A cursor brings its own order.
        if class.base.contains("Cursor") || class.base.is_empty() {
            continue;
        }
        let model = django.model(model);
        let own_manager = model
            .managers
            .iter()
            .any(|manager| !matches!(manager.class.name(), "Manager" | "UserManager"));
        let filters = &route.policy.filters;
        let view = django.view_of(route);
        // OrderingFilter takes the view's `ordering` where the client asks for none; other filters
        // of the project may order too.
        let may_order = view.is_some_and(|view| view.attr("ordering").is_some())
            || view.is_some_and(|view| view.method("filter_queryset").is_some())
            || filters.open.is_some();
        let subject = view.map_or_else(|| route.label(), |view| view.fq.to_string());
        let open = queryset.open.is_some()
            || queryset.raw
            || queryset.combined
            || !queryset.custom.is_empty()
            || own_manager
            || model.open.is_some();
        match (&queryset.ordering, &model.meta.ordering) {
            (Some(order), _) if !order.is_empty() => continue,
            (None, Some(order)) if !order.is_empty() => continue,
            (None, None) => continue,
            _ if may_order || queryset.empty => continue,
            _ if open => {
                out.unknown(subject, "whether its rows are ordered could not be told");
                continue;
            }
            _ => {}
        }
        let place = queryset
            .places
            .first()
            .copied()
            .or_else(|| view_place(cx, route));
        let Some(place) = place else { continue };
        let mut evidence = Evidence::new(
            subject.clone(),
            cx.anchor(place),
            format!(
                "`{}` is cut into pages, and neither the queryset nor `{}.Meta.ordering` orders its rows: one may stand on two pages or on none.",
                route.label(),
                model.name
            ),
        );
        if let Some(place) = model.place {
            evidence = evidence.also(cx.anchor(place).note("it has no `Meta.ordering`"));
        }
        out.found(evidence.root(subject));
    }
}

/// `return super().get(request, *args, **kwargs)` and nothing with rows.
fn only_hands_on(cx: &Cx<'_>, route: &crate::django::Route) -> bool {
    route
        .func
        .and_then(|func| cx.head.django.function(func))
        .is_some_and(|function| {
            function.calls_super && function.queries.is_empty() && function.serializers.is_empty()
        })
}
