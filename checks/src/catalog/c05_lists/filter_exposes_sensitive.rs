//! DRF241: a filter or a search tells of columns that are not meant to be known.

use std::collections::BTreeSet;

use super::filter_sets::{filterset, meta_fields, named};
use super::lists::lists;
use super::sensitive::{is_personal, is_secret};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::PathEnd;
use crate::django::names::as_str;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF241",
    name: "filter-exposes-sensitive",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("filter_exposes_sensitive.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let mut said = BTreeSet::new();
    for route in lists(cx) {
        let (Some(view), Some(model)) = (django.view_of(route), route.model) else {
            continue;
        };
        let own_rows = route.queryset.as_ref().and_then(|qs| qs.user_scoped) == Some(true);
        if route.permission().needs_staff() == Some(true) || own_rows {
            continue;
        }
        out.looked();
        let filters = &route.policy.filters;
        for named in named(cx, view) {
            let last = named.path.rsplit("__").next().unwrap_or("");
            let backend = match named.option {
                "search_fields" => "SearchFilter",
                "ordering" | "ordering_fields" => continue,
                _ => "DjangoFilterBackend",
            };
            let of_person = match django.resolve_path(model, &named.path) {
                PathEnd::Field(owner, _) => owner.is_user || owner.owner().is_some(),
                _ => false,
            };
            let personal = is_personal(last) && of_person;
            if !(is_secret(last) || personal)
                || filters.includes(backend) != Some(true)
                || !said.insert((named.place.file, named.place.span.start))
            {
                continue;
            }
            let mut evidence = Evidence::new(
                format!("{}.{}", view.fq, named.path),
                cx.anchor(named.place),
                format!(
                    "`{}` takes `{}`: with `{}` a caller finds out who has which, one guess after the other.",
                    named.option,
                    named.path,
                    route.label()
                ),
            );
            if !is_secret(last) {
                evidence = evidence.confidence(Confidence::Medium);
            }
            out.found(evidence);
        }
        let all_of = |val: &crate::python::value::Val| as_str(val) == Some("__all__");
        let whole = view
            .attr("filterset_fields")
            .filter(|attr| all_of(&attr.val))
            .and_then(|attr| attr.place)
            .or_else(|| {
                let class = filterset(view)?;
                let (val, _) = meta_fields(cx, class)?;
                all_of(&val).then(|| view.attr("filterset_class")?.place)?
            });
        let secret = django
            .model(model)
            .fields
            .iter()
            .find(|field| is_secret(&field.name));
        if let (Some(place), Some(secret)) = (whole, secret)
            && said.insert((place.file, place.span.start))
        {
            out.found(Evidence::new(
                format!("{}.__all__", view.fq),
                cx.anchor(place),
                format!(
                    "`\"__all__\"` lets `{}` be filtered by `{}` too.",
                    route.label(),
                    secret.name
                ),
            ));
        }
    }
}
