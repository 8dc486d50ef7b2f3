//! DRF233: the client chooses the size of the page, and nothing limits it.

use super::lists::lists;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF233",
    name: "page-size-uncapped",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("page_size_uncapped.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for route in lists(cx) {
        let pagination = &route.policy.pagination;
        let Some(part) = pagination
            .part
            .certain()
            .filter(|_| pagination.applied != Some(false))
        else {
            continue;
        };
        let Some(class) = part.items.first() else {
            continue;
        };
        out.looked();
        let Some(param) = &pagination.size_param else {
            continue;
        };
        let cap = ["max_page_size", "max_limit"];
        let capped_in_code = class.class.class().is_some_and(|id| {
            ["get_page_size", "get_limit", "paginate_queryset"]
                .iter()
                .any(|name| cx.head.program.attribute(id, name).is_some())
        });
        // A cap that is written and could not be read is a cap.
        let written = cap
            .iter()
            .filter_map(|name| class.attrs.get(name))
            .any(|kwarg| !kwarg.val.is_none());
        if pagination.max_size.is_some()
            || written
            || class.attrs.open
            || class.base.is_empty()
            || capped_in_code
        {
            continue;
        }
        let own = class.class.class().and_then(|id| {
            cx.head
                .program
                .attribute(id, "page_size_query_param")
                .map(|_| id)
        });
        let Some(place) = part.place else { continue };
        let cap = if class.is("LimitOffsetPagination") {
            "max_limit"
        } else {
            "max_page_size"
        };
        let mut evidence = Evidence::new(
            class.class.fq(),
            cx.anchor(place),
            format!(
                "`{}` sets no `{cap}`: `?{param}=1000000` on `{}` is honoured, and the page is the whole table.",
                class.class,
                route.label()
            ),
        )
        .root(class.class.fq());
        if let Some(id) = own {
            let info = cx.head.program.class(id);
            let file = cx.head.program.module(info.module).file;
            let span = cx.head.program.class_def(id).name_span;
            let place = crate::python::value::Place { file, span };
            evidence = evidence.also(cx.anchor(place).note("the paginator"));
        }
        out.found(evidence);
    }
}
