//! DRF239: a filter, a search or an ordering names a column that is not there.

use std::collections::BTreeSet;

use super::filter_sets::{is_missing, named};
use super::lists::lists;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF239",
    name: "filter-field-unresolvable",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("filter_field_unresolvable.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut said = BTreeSet::new();
    for route in lists(cx) {
        let (Some(view), Some(model)) = (cx.head.django.view_of(route), route.model) else {
            continue;
        };
        for named in named(cx, view) {
            out.looked();
            if !is_missing(cx, route, &named.path)
                || !said.insert((named.place.file, named.place.span.start))
            {
                continue;
            }
            let then = match named.option {
                "Meta.fields" | "filterset_fields" | "field_name" => {
                    "django-filter refuses it when the view is first asked"
                }
                _ => "a request that uses it is a `FieldError`, a 500",
            };
            out.found(Evidence::new(
                format!("{}.{}", view.fq, named.path),
                cx.anchor(named.place),
                format!(
                    "`{}` names `{}`, and `{}` has no such field or relation: {then}.",
                    named.option,
                    named.path,
                    cx.head.django.model(model).name
                ),
            ));
        }
    }
}
