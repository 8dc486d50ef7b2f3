//! DRF236: a cursor orders by a column that the rows do not have.

use super::lists::lists;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::PathEnd;
use crate::django::names::{as_str, as_strings};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF236",
    name: "cursor-ordering-invalid",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("cursor_ordering_invalid.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for route in lists(cx) {
        let Some(part) = route.policy.pagination.part.certain() else {
            continue;
        };
        let Some(class) = part
            .items
            .first()
            .filter(|class| class.is("CursorPagination"))
        else {
            continue;
        };
        let (Some(model), Some(queryset)) = (route.model, &route.queryset) else {
            continue;
        };
        if route.policy.pagination.page_size.is_none()
            || route.policy.pagination.applied == Some(false)
        {
            continue;
        }
        out.looked();
        let own = class
            .class
            .class()
            .is_some_and(|id| cx.head.program.attribute(id, "get_ordering").is_some());
        let by_view = django
            .view_of(route)
            .is_some_and(|view| view.attr("ordering").is_some());
        if own || by_view || route.policy.filters.open.is_some() {
            continue;
        }
        let Some(ordering) = class.attrs.get("ordering") else {
            continue;
        };
        let names: Vec<&str> = match as_str(&ordering.val) {
            Some(one) => vec![one],
            None => ordering
                .val
                .items()
                .into_iter()
                .flatten()
                .filter_map(|(item, _)| as_str(item))
                .collect(),
        };
        if as_strings(&ordering.val).is_none() && as_str(&ordering.val).is_none() {
            out.unknown(route.label(), "the cursor's ordering could not be read");
            continue;
        }
        let open = queryset.open.is_some() || !queryset.custom.is_empty();
        let missing = names
            .iter()
            .map(|name| name.trim_start_matches('-'))
            .find(|name| {
                !queryset.annotations.iter().any(|known| &**known == *name)
                    && matches!(django.resolve_path(model, name), PathEnd::Missing(_))
            });
        let Some(missing) = missing.filter(|_| !open) else {
            continue;
        };
        let Some(place) = ordering.place.or(part.place) else {
            continue;
        };
        let preset = if ordering.place.is_none() {
            ", which is what `CursorPagination` orders by where nothing is set,"
        } else {
            ""
        };
        out.found(
            Evidence::new(
                class.class.fq(),
                cx.anchor(place),
                format!(
                    "`{}` has no column `{missing}`{preset} so `{}` fails with a `FieldError` on its first request.",
                    django.model(model).name,
                    route.label()
                ),
            )
            .root(format!("{}:{missing}", class.class.fq())),
        );
    }
}
