//! DRF531: a list shows a relation that its queryset does not load, so each row costs queries.

use std::collections::BTreeMap;

use super::list_relations::{is_by_code, list_uses};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::relations::RelationNeed;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF531",
    name: "n-plus-one-serializer-relation",
    competency: Competency::C14,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("n_plus_one_serializer_relation.md"),
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
        // A deeper path names its parents too; a path with a query of its own is another check's.
        let mut paths: BTreeMap<&str, &RelationNeed> = BTreeMap::new();
        for need in list.uncovered.iter().filter(|need| !is_by_code(need)) {
            paths.entry(&need.path).or_insert(need);
        }
        if paths.is_empty() {
            continue;
        }
        let call = suggestion(&paths);
        let names = paths
            .keys()
            .map(|path| path.replace("__", "."))
            .collect::<Vec<_>>()
            .join("`, `");
        let row = if list.single { "nested row" } else { "row" };
        let serializer = cx.head.django.serializer(list.serializer);
        let built = list.queryset.places.first().copied();
        let view = cx
            .head
            .django
            .view_of(list.route)
            .and_then(crate::django::views::View::class_place);
        let Some(place) = built.or(view).or(serializer.place) else {
            continue;
        };
        let mut evidence = Evidence::new(
            list.route.label(),
            cx.anchor(place),
            format!(
                "`{}` reads `{names}` for each {row} through `{}`, and the queryset does not load it: one more query per row. `{call}` loads it with the rows.",
                list.route.label(),
                serializer.name
            ),
        )
        .root(format!("{}:{}:{names}", place.file.0, place.span.start));
        for need in paths.values() {
            let (first, last) = (need.places.first(), need.places.last());
            for at in first
                .into_iter()
                .chain(last.filter(|last| Some(*last) != first))
            {
                evidence = evidence.also(
                    cx.anchor(*at)
                        .note(format!("reads `{}`", need.path.replace("__", "."))),
                );
            }
        }
        if list.single {
            evidence = evidence.severity(Severity::Medium);
        }
        if let Some(view) = view.filter(|view| Some(*view) != built) {
            evidence = evidence.also(cx.anchor(view).note("the view of the list"));
        }
        out.found(evidence);
    }
}

/// The calls that load all paths, parents left out where a deeper path brings them.
fn suggestion(paths: &BTreeMap<&str, &RelationNeed>) -> String {
    let is_parent = |path: &str| {
        paths.keys().any(|other| {
            other
                .strip_prefix(path)
                .is_some_and(|rest| rest.starts_with("__"))
        })
    };
    let call = |selectable: bool, name: &str| {
        let args: Vec<String> = paths
            .iter()
            .filter(|(path, need)| need.selectable == selectable && !is_parent(path))
            .map(|(path, _)| format!("\"{path}\""))
            .collect();
        (!args.is_empty()).then(|| format!(".{name}({})", args.join(", ")))
    };
    [
        call(true, "select_related"),
        call(false, "prefetch_related"),
    ]
    .into_iter()
    .flatten()
    .collect()
}
