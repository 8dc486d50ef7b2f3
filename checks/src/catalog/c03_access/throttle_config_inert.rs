//! DRF175: limits that are written down and do not hold.

use std::collections::BTreeMap;

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::as_str;
use crate::django::policy::PolicyClass;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF175",
    name: "throttle-config-inert",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("throttle_config_inert.md"),
    yields_to: &[],
    run,
};
use crate::python::value::{Literal, Place, Val};

const RATES: &str = "REST_FRAMEWORK.DEFAULT_THROTTLE_RATES";

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let Some(prod) = django.settings().prod() else {
        out.not_applicable("there is no settings module");
        return;
    };
    let rates: BTreeMap<&str, (&Val, Place)> = match prod.get(RATES).map(|found| found.val) {
        Some(Val::Map(items)) => items
            .iter()
            .filter_map(|(key, val, place)| Some((as_str(key)?, (val, *place))))
            .collect(),
        Some(_) => {
            out.unknown(RATES, "the rates are not fully known");
            return;
        }
        None if prod.is_open(RATES) => return,
        None => BTreeMap::new(),
    };
    periods(cx, &rates, out);
    let mut used: BTreeMap<String, Option<Place>> = BTreeMap::new();
    let mut open = false;
    let mut any_class = false;
    for route in django.routes() {
        let throttle = &route.policy.throttle;
        open |= throttle.open.is_some();
        for class in throttle.items() {
            any_class = true;
            match scope_of(class, route.policy.throttle_scope.as_deref()) {
                Some(scope) => {
                    let place = if class.is("ScopedRateThrottle") {
                        None
                    } else {
                        throttle.place()
                    };
                    used.entry(scope).or_insert(place);
                }
                None => {
                    open |= class.base.is_empty()
                        || class.is("ScopedRateThrottle") && route.policy.throttle_scope.is_some();
                }
            }
        }
        scoped(cx, route, &rates, out);
    }
    for (scope, (_, place)) in &rates {
        out.looked();
        if used.contains_key(*scope) || open {
            continue;
        }
        let (message, severity) = if any_class {
            (
                format!("The rate `{scope}` is used by no throttle class of any view."),
                Severity::Info,
            )
        } else {
            (
                format!(
                    "The rate `{scope}` limits nothing: no throttle class is set, neither in the settings nor on a view."
                ),
                Severity::High,
            )
        };
        out.found(
            Evidence::new(format!("{RATES}.{scope}"), cx.anchor(*place), message)
                .severity(severity)
                .root(format!("unused {any_class}")),
        );
    }
    for (scope, place) in &used {
        if let Some(place) = place.filter(|_| !rates.contains_key(scope.as_str())) {
            out.looked();
            // SimpleRateThrottle.allow_request returns True where the rate is None (DRF 3.18).
            out.found(Evidence::new(
                format!("throttle {scope}"),
                cx.anchor(place),
                format!("A throttle class with the scope `{scope}` is set, and `DEFAULT_THROTTLE_RATES` has no rate for it: it lets everything through."),
            ));
        }
    }
}

/// The scope whose rate the class asks for; `None` where it brings its own rate or is unknown.
pub(super) fn scope_of(class: &PolicyClass, view_scope: Option<&str>) -> Option<String> {
    if class
        .attrs
        .get("rate")
        .is_some_and(|kwarg| kwarg.val != Val::Known(Literal::None))
    {
        return None;
    }
    if class.is("ScopedRateThrottle") {
        return view_scope.map(str::to_owned);
    }
    if class.base.is_empty() {
        return None;
    }
    class.attrs.str("scope").map(str::to_owned)
}

/// `throttle_scope` on a view whose throttles do not look at it, or without a rate.
fn scoped(
    cx: &Cx<'_>,
    route: &crate::django::Route,
    rates: &BTreeMap<&str, (&Val, Place)>,
    out: &mut Answers,
) {
    let Some(scope) = route.policy.throttle_scope.as_deref() else {
        return;
    };
    let Some(view) = cx.head.django.view_of(route) else {
        return;
    };
    let Some(place) = view.attr("throttle_scope").and_then(|attr| attr.place) else {
        return;
    };
    out.looked();
    let subject = format!("{}.throttle_scope", view.fq);
    let root = subject.clone();
    match route.policy.throttle.includes("ScopedRateThrottle") {
        Some(false) => out.found(
            Evidence::new(subject, cx.anchor(place), format!("`throttle_scope = \"{scope}\"` has no effect: `ScopedRateThrottle` is not among the view's throttle classes.")).root(root),
        ),
        Some(true) if !rates.contains_key(scope) => out.found(
            Evidence::new(subject, cx.anchor(place), format!("`DEFAULT_THROTTLE_RATES` has no rate for the scope `{scope}`: every request to this view fails with `ImproperlyConfigured`.")).root(root),
        ),
        _ => {}
    }
}

/// DRF looks at the first letter of the period: s, m, h or d. `month` is a minute, `week` an error.
fn periods(cx: &Cx<'_>, rates: &BTreeMap<&str, (&Val, Place)>, out: &mut Answers) {
    for (scope, (val, place)) in rates {
        let Some((_, period)) = as_str(val).and_then(|rate| rate.split_once('/')) else {
            continue;
        };
        out.looked();
        let message = match period.chars().next() {
            Some('m') if period.starts_with("mo") => {
                format!(
                    "`{scope}` is limited per `{period}`, and DRF reads only the first letter: this is a limit per minute."
                )
            }
            Some('s' | 'm' | 'h' | 'd') => continue,
            _ => format!(
                "`{scope}` is limited per `{period}`, which DRF does not know: every throttled request fails with `KeyError`."
            ),
        };
        out.found(Evidence::new(
            format!("{RATES}.{scope} period"),
            cx.anchor(*place),
            message,
        ));
    }
}
