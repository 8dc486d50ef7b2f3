//! DRF134: an earlier URL pattern takes every request of a later one.

use super::handlers::url_place;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::UrlPattern;
use crate::django::routes::{PathParam, Target};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF134",
    name: "route-shadowed",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("route_shadowed.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let patterns: Vec<&UrlPattern> = cx
        .head
        .django
        .patterns()
        .iter()
        .filter(|pattern| pattern.mounted && !pattern.template.contains(['^', '\\', '[']))
        .collect();
    for (at, later) in patterns.iter().enumerate() {
        let Target::View(id) = later.view else {
            continue;
        };
        let view = cx.head.django.view(id);
        if !view.is_project() {
            continue;
        }
        out.looked();
        let earlier = patterns.iter().take(at).find(|earlier| {
            matches!(earlier.view, Target::View(other) if other != id)
                && !earlier.conditional
                && covers(earlier, later)
        });
        let Some(earlier) = earlier else { continue };
        let (Target::View(first), Some(place)) =
            (&earlier.view, url_place(&later.chain, Some(view)))
        else {
            continue;
        };
        let first = cx.head.django.view(*first);
        let mut evidence = Evidence::new(
            format!("{} {}", later.template, view.fq),
            cx.anchor(place),
            format!(
                "`{}` never reaches `{}`: `{}` stands before it and leads to `{}`.",
                later.template, view.name, earlier.template, first.name
            ),
        )
        .root(format!("{} {}", view.fq, first.fq));
        if let Some(place) = url_place(&earlier.chain, Some(first)) {
            evidence = evidence.also(cx.anchor(place).note("the pattern before"));
        }
        out.found(evidence);
    }
}

/// Every path that the later pattern matches, the earlier one matches as well.
fn covers(earlier: &UrlPattern, later: &UrlPattern) -> bool {
    let first: Vec<&str> = earlier.template.split('/').collect();
    let second: Vec<&str> = later.template.split('/').collect();
    first.len() == second.len()
        && first
            .iter()
            .zip(&second)
            .all(|(a, b)| match (param(earlier, a), param(later, b)) {
                (None, None) => a == b && !a.contains('{'),
                (Some(wide), None) => !b.contains('{') && takes(wide, b),
                (Some(wide), Some(narrow)) => contains(wide, narrow),
                (None, Some(_)) => false,
            })
}

fn param<'a>(pattern: &'a UrlPattern, segment: &str) -> Option<&'a PathParam> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    pattern.params.iter().find(|param| &*param.name == name)
}

fn takes(param: &PathParam, literal: &str) -> bool {
    match &*param.regex {
        "[^/]+" => !literal.is_empty(),
        "[^/.]+" => !literal.is_empty() && !literal.contains('.'),
        "[-a-zA-Z0-9_]+" => {
            !literal.is_empty()
                && literal
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
        }
        "[0-9]+" => !literal.is_empty() && literal.chars().all(|c| c.is_ascii_digit()),
        _ => false,
    }
}

fn contains(wide: &PathParam, narrow: &PathParam) -> bool {
    let known = ["[0-9]+", "[-a-zA-Z0-9_]+", "[^/.]+", "[^/]+"];
    let rank = |param: &PathParam| known.iter().position(|regex| **regex == *param.regex);
    match (rank(wide), rank(narrow)) {
        (Some(wide), Some(narrow)) => wide >= narrow,
        _ => wide.regex == narrow.regex,
    }
}
