//! DRF232: pagination is set up, and does nothing.

use crate::catalog::route_words::{is_drf, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::policy::Source;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF232",
    name: "pagination-inert",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("pagination_inert.md"),
    yields_to: &[],
    run,
};

const CLASS: &str = "REST_FRAMEWORK.DEFAULT_PAGINATION_CLASS";
const SIZE: &str = "REST_FRAMEWORK.PAGE_SIZE";

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let prod = django.settings().prod();
    // A page size without a class (DRF's own system check rest_framework.W001).
    if let Some((profile, size)) = prod.and_then(|profile| Some((profile, profile.get(SIZE)?))) {
        out.looked();
        let some_view = django
            .routes()
            .iter()
            .any(|route| route.is_list() && !route.policy.pagination.part.is_empty());
        let absent = profile.get(CLASS).is_none() && !profile.is_open(CLASS);
        if absent && !some_view {
            out.found(Evidence::new(
                SIZE,
                cx.anchor(size.place),
                "`PAGE_SIZE` is set and no `DEFAULT_PAGINATION_CLASS`: nothing is paginated.",
            ));
        }
    }
    for route in django.routes() {
        if !route.is_list() || !is_own(cx, route) || !is_drf(cx, route) {
            continue;
        }
        let pagination = &route.policy.pagination;
        let Some(part) = pagination
            .part
            .certain()
            .filter(|part| !part.items.is_empty())
        else {
            continue;
        };
        out.looked();
        if pagination.size_open
            || pagination.page_size.is_some()
            || pagination.applied == Some(false)
        {
            continue;
        }
        let Some(class) = part.items.first() else {
            continue;
        };
        // A cursor or limit paginator reads the same setting; an unknown base may bring a size.
        let overrides = class.class.class().is_some_and(|id| {
            ["get_page_size", "get_limit", "paginate_queryset"]
                .iter()
                .any(|name| cx.head.program.attribute(id, name).is_some())
        });
        if class.base.is_empty() || overrides {
            continue;
        }
        let Some(place) = part.place else { continue };
        let by_client = pagination
            .size_param
            .as_ref()
            .map_or(String::new(), |param| {
                format!(" unless the client sends `{param}`")
            });
        let subject = match &part.source {
            Source::Settings(key) => key.to_string(),
            _ => django
                .view_of(route)
                .map_or_else(|| route.label(), |view| view.fq.to_string()),
        };
        out.found(
            Evidence::new(
                subject.clone(),
                cx.anchor(place),
                format!("`{}` has no page size here, and without one DRF does not paginate: `{}` answers with every row{by_client}.", class.class, route.label()),
            )
            .root(subject),
        );
    }
}
