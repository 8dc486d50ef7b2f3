//! DRF132: a router is given a viewset whose name it cannot work out.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};

use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF132",
    name: "router-basename-missing",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("router_basename_missing.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let mut told = Vec::new();
    for pattern in django.patterns() {
        let (Some(entry), crate::django::routes::Target::View(id)) =
            (&pattern.router, &pattern.view)
        else {
            continue;
        };
        out.looked();
        let view = django.view(*id);
        let own_router = entry.class.class().is_some() || entry.class.is_unknown();
        if entry.basename_given
            || entry.basename.is_some()
            || own_router
            || view.open.is_some()
            || view.class.is_none()
            || view.attr("queryset").is_some()
            || told.contains(&entry.place)
        {
            continue;
        }
        told.push(entry.place);
        out.found(
            Evidence::new(
                format!("{} {}", entry.prefix, view.fq),
                cx.anchor(entry.place),
                format!(
                    "`{}` has no `queryset`, and no `basename` is given: DRF raises an `AssertionError` when the URLs are loaded.",
                    view.name
                ),
            ),
        );
    }
}
