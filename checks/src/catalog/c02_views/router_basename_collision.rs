//! DRF133: two registrations of one router share their name.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::routes::RouterEntry;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF133",
    name: "router-basename-collision",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("router_basename_collision.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut by_name: BTreeMap<(&str, &str), Vec<&RouterEntry>> = BTreeMap::new();
    for pattern in cx.head.django.patterns() {
        let Some(entry) = &pattern.router else {
            continue;
        };
        let Some(basename) = &entry.basename else {
            continue;
        };
        let entries = by_name.entry((&*entry.router, &**basename)).or_default();
        // A registration gives several patterns, and a router may be included twice.
        if !entries.iter().any(|known| known.place == entry.place) {
            entries.push(entry);
        }
    }
    for ((_, basename), entries) in by_name {
        out.looked();
        let [first, rest @ ..] = entries.as_slice() else {
            continue;
        };
        for again in rest {
            // A loop registers many viewsets at one place of the text.
            if again.class != first.class {
                continue;
            }
            out.found(
                Evidence::new(
                    format!("{basename} {}", again.prefix),
                    cx.anchor(again.place),
                    format!(
                        "`{}` and `{}` are registered under the same basename `{basename}`: DRF 3.15 and later refuse it, earlier ones reverse to the wrong one.",
                        first.prefix, again.prefix
                    ),
                )
                .also(cx.anchor(first.place).note("the first registration")),
            );
        }
    }
}
