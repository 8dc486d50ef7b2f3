//! DRF237: filters are set up, and do nothing.

use std::collections::BTreeSet;

use super::lists::{effects, lists};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::policy::Source;
use crate::django::views::ViewKind;
use crate::django::{Route, View};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF237",
    name: "filter-config-inert",
    competency: Competency::C05,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("filter_config_inert.md"),
    yields_to: &[],
    run,
};

/// Options of a view, and the backend that reads each.
const READ_BY: [(&str, &str); 4] = [
    ("search_fields", "SearchFilter"),
    ("ordering_fields", "OrderingFilter"),
    ("filterset_fields", "DjangoFilterBackend"),
    ("filterset_class", "DjangoFilterBackend"),
];
/// Names that django-filter read until its second version.
const FORMER: [(&str, &str); 2] = [
    ("filter_fields", "filterset_fields"),
    ("filter_class", "filterset_class"),
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut said = BTreeSet::new();
    let mut tell = |out: &mut Answers, evidence: Evidence| {
        if said.insert(evidence.subject.clone()) {
            out.found(evidence);
        }
    };
    for route in lists(cx) {
        let Some(view) = cx.head.django.view_of(route) else {
            continue;
        };
        out.looked();
        let runs = filters_run(cx, route, view);
        for (option, backend) in READ_BY {
            let Some(attr) = view.attr(option).filter(|attr| !attr.val.is_none()) else {
                continue;
            };
            let Some(place) = attr.place else { continue };
            let subject = format!("{}.{option}", view.fq);
            if runs == Some(false) {
                let message = format!(
                    "`{option}` is set, and the handler of `{}` never calls `filter_queryset`: the parameters are ignored.",
                    route.label()
                );
                tell(out, Evidence::new(subject, cx.anchor(place), message));
            } else if route.policy.filters.includes(backend) == Some(false)
                && !reads_itself(cx, view, option)
            {
                let message = format!(
                    "`{option}` is read by `{backend}`, and `{}` does not have it: the parameters are ignored without a word.",
                    route.label()
                );
                tell(out, Evidence::new(subject, cx.anchor(place), message));
            }
        }
        for (former, now) in FORMER {
            let Some(attr) = view.attr(former) else {
                continue;
            };
            let Some(place) = attr.place else { continue };
            if view.attr(now).is_none()
                && route.policy.filters.includes("DjangoFilterBackend") == Some(true)
            {
                let message = format!(
                    "django-filter reads `{now}`; `{former}` has not been read since its second version, so nothing is filtered."
                );
                tell(
                    out,
                    Evidence::new(format!("{}.{former}", view.fq), cx.anchor(place), message),
                );
            }
        }
        if let (Some(class), Some(fields)) =
            (view.attr("filterset_class"), view.attr("filterset_fields"))
            && !class.val.is_none()
            && let Some(place) = fields.place
        {
            let message =
                "`filterset_class` is set as well, and where it is `filterset_fields` is not read.";
            tell(
                out,
                Evidence::new(format!("{}.both", view.fq), cx.anchor(place), message)
                    .severity(Severity::Low),
            );
        }
        idle_backend(cx, route, view, |evidence| tell(out, evidence));
    }
}

/// A backend that the view itself names, with nothing for it to read.
fn idle_backend(cx: &Cx<'_>, route: &Route, view: &View, mut tell: impl FnMut(Evidence)) {
    let Some(part) = route.policy.filters.certain() else {
        return;
    };
    let (Source::ClassAttribute(_), Some(place)) = (&part.source, part.place) else {
        return;
    };
    for class in &part.items {
        let (backend, options): (&str, &[&str]) = match class.class.fq() {
            fq if fq.ends_with(".DjangoFilterBackend") => (
                "DjangoFilterBackend",
                &[
                    "filterset_fields",
                    "filterset_class",
                    "filter_fields",
                    "filter_class",
                ],
            ),
            fq if fq.ends_with("filters.SearchFilter") => ("SearchFilter", &["search_fields"]),
            _ => continue,
        };
        let by_method = [
            "get_filterset_class",
            "get_search_fields",
            "get_filterset_kwargs",
        ]
        .iter()
        .any(|name| view.method(name).is_some());
        let has = options.iter().any(|option| view.attr(option).is_some());
        if class.class.class().is_some() || by_method || has || view.open.is_some() {
            continue;
        }
        let message = format!(
            "`{backend}` stands here without `{}`: it filters nothing.",
            options.first().copied().unwrap_or_default()
        );
        tell(
            Evidence::new(format!("{}.{backend}", view.fq), cx.anchor(place), message)
                .severity(Severity::Medium),
        );
    }
}

/// Whether requests pass the filter backends; `None`: not known.
fn filters_run(cx: &Cx<'_>, route: &Route, view: &View) -> Option<bool> {
    if view.kind == ViewKind::ApiView {
        let by_hand = effects(cx, route).iter().any(|function| function.filters);
        return (!by_hand && view.open.is_none()).then_some(false);
    }
    route.func?;
    let effects = effects(cx, route);
    let handed_on = effects.iter().any(|function| {
        function.filters
            || function.calls_super
            || function
                .calls
                .iter()
                .any(|call| matches!(&*call.text, "self.list" | "self.filter_queryset"))
    });
    (!handed_on && !effects.is_empty() && route.action.as_deref() == Some("list")).then_some(false)
}

/// The view's own code uses the option: `self.search_fields`.
fn reads_itself(cx: &Cx<'_>, view: &View, option: &str) -> bool {
    let own = format!("self.{option}");
    view.methods.iter().any(|(_, func)| {
        crate::python::visit::any_expr(&cx.head.program.func_def(*func).body, |expr| {
            expr.dotted().as_deref() == Some(own.as_str())
        })
    })
}
