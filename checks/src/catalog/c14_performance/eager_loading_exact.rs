//! DRF542: a list loads every relation that its serializer shows.

use super::list_relations::list_uses;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF542",
    name: "eager-loading-exact",
    competency: Competency::C14,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("eager_loading_exact.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for found in list_uses(cx) {
        out.looked();
        let list = match found {
            Ok(list) => list,
            Err((label, reason)) => {
                out.unknown(label, reason);
                continue;
            }
        };
        let open = cx
            .head
            .django
            .needs(list.serializer)
            .is_some_and(|needs| needs.open.is_some());
        if list.covered.is_empty() || !list.uncovered.is_empty() || open {
            continue;
        }
        let Some(place) = list.queryset.places.first() else {
            continue;
        };
        let mut paths: Vec<String> = list
            .covered
            .iter()
            .map(|need| need.path.replace("__", "."))
            .collect();
        paths.dedup();
        out.found(
            Evidence::new(
                list.route.label(),
                cx.anchor(*place),
                format!(
                    "The queryset of `{}` loads every relation that is shown: `{}`.",
                    list.route.label(),
                    paths.join("`, `")
                ),
            )
            .root(format!("{}:{}", place.file.0, place.span.start)),
        );
    }
}
