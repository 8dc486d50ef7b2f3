//! DRF149: one name for two URL patterns.

use super::handlers::url_place;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::UrlPattern;
use crate::django::routes::Target;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::Place;
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF149",
    name: "duplicate-url-name",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("duplicate_url_name.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    let mut by_name: BTreeMap<(&str, &str), Vec<&UrlPattern>> = BTreeMap::new();
    for pattern in django.patterns() {
        if pattern.router.is_some() || pattern.conditional {
            continue;
        }
        let (Some(name), Target::View(_)) = (&pattern.name, &pattern.view) else {
            continue;
        };
        by_name
            .entry((&*pattern.namespace, &**name))
            .or_default()
            .push(pattern);
    }
    for ((namespace, name), patterns) in by_name {
        out.looked();
        let Some((last, before)) = patterns.split_last() else {
            continue;
        };
        let Some(other) = before.iter().rev().find(|other| collide(other, last)) else {
            continue;
        };
        let (Some(place), Some(shadowed)) = (place_of(cx, last), place_of(cx, other)) else {
            continue;
        };
        // The same file included twice gives the same pattern twice.
        if place == shadowed {
            continue;
        }
        let full = if namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{namespace}:{name}")
        };
        let mut evidence = Evidence::new(
            full.clone(),
            cx.anchor(shadowed),
            format!(
                "`{full}` names both `{}` and `{}`: `reverse()` always gives the last one.",
                other.template, last.template
            ),
        )
        .also(cx.anchor(place).note("the name again"));
        for more in before {
            if let Some(place) = place_of(cx, more).filter(|place| *place != shadowed) {
                evidence = evidence.also(cx.anchor(place).note("the name again"));
            }
        }
        // One configuration with such names is one thing to mend.
        out.found(evidence.root(cx.head.tree.file(shadowed.file).path.to_string()));
    }
}

fn place_of(cx: &Cx<'_>, pattern: &UrlPattern) -> Option<Place> {
    let Target::View(id) = pattern.view else {
        return None;
    };
    url_place(&pattern.chain, Some(cx.head.django.view(id)))
}

/// `reverse()` chooses by arguments: patterns with different ones live together.
fn collide(one: &UrlPattern, other: &UrlPattern) -> bool {
    let names = |pattern: &UrlPattern| {
        let mut names: Vec<_> = pattern
            .params
            .iter()
            .map(|param| param.name.clone())
            .collect();
        names.sort();
        names
    };
    one.template != other.template && names(one) == names(other)
}
