//! DRF532: a method of a serializer asks the database for each row.

use std::collections::BTreeMap;

use super::list_relations::{ListUse, list_uses, reading, rows_place};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::relations::{NeedKind, RelationNeed};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF532",
    name: "n-plus-one-method-field",
    competency: Competency::C14,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("n_plus_one_method_field.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    by_code(cx, out, NeedKind::MethodField);
}

/// One finding for each place of code that queries for each row, whatever lists show it.
pub(super) fn by_code(cx: &Cx<'_>, out: &mut Answers, kind: NeedKind) {
    for found in list_uses(cx) {
        out.looked();
        let list = match found {
            Ok(list) => list,
            Err((label, reason)) => {
                out.unknown(label, reason);
                continue;
            }
        };
        // What another field reads as a plain relation is said there.
        let plain: Vec<&str> = list
            .uncovered
            .iter()
            .filter(|need| !super::list_relations::is_by_code(need))
            .map(|need| &*need.path)
            .collect();
        let mut fields: BTreeMap<(u32, &str), Vec<&RelationNeed>> = BTreeMap::new();
        for need in &list.uncovered {
            let said = need.always_query.is_none() && plain.contains(&&*need.path);
            if need.kind == kind && !said {
                fields
                    .entry((need.serializer.0, &need.field))
                    .or_default()
                    .push(need);
            }
        }
        for needs in fields.into_values() {
            if let Some(evidence) = evidence(cx, &list, &needs) {
                out.found(evidence);
            }
        }
    }
}

fn evidence(cx: &Cx<'_>, list: &ListUse<'_>, needs: &[&RelationNeed]) -> Option<Evidence> {
    let mut anchors = Vec::new();
    for need in needs {
        for anchor in reading(cx, need) {
            if !anchors.contains(&anchor) {
                anchors.push(anchor);
            }
        }
    }
    anchors.truncate(8);
    let field = needs.first().map_or("", |need| &*need.field);
    let query = needs.iter().find_map(|need| need.always_query.as_deref());
    let paths: Vec<String> = needs
        .iter()
        .filter(|need| need.always_query.is_none())
        .map(|need| need.path.replace("__", "."))
        .collect();
    let what = match query {
        Some(text) => format!("runs `{text}`", text = short(text)),
        None => format!(
            "reads `{}`, which the queryset does not load,",
            paths.join("`, `")
        ),
    };
    let per = if list.single {
        "each nested row"
    } else {
        "each row"
    };
    let message = format!(
        "`{field}` {what} for {per} of `{}`: the number of queries grows with the answer. Load or annotate it with the rows.",
        list.route.label()
    );
    let root = needs
        .iter()
        .find_map(|need| need.places.last())
        .map_or_else(
            || field.to_owned(),
            |at| format!("{}:{}", at.file.0, at.span.start),
        );
    let subject = format!(
        "{}.{field}",
        cx.head.django.serializer(list.serializer).name
    );
    let mut anchors = anchors.into_iter();
    let first = anchors.next().or_else(|| {
        let place = rows_place(cx, list).or(cx.head.django.serializer(list.serializer).place)?;
        Some(cx.anchor(place))
    })?;
    let mut evidence = Evidence::new(subject, first, message).root(root);
    for anchor in anchors {
        evidence = evidence.also(anchor);
    }
    if let Some(rows) = rows_place(cx, list) {
        evidence = evidence.also(cx.anchor(rows).note("the rows"));
    }
    if list.single {
        evidence = evidence.severity(Severity::Medium);
    }
    Some(evidence)
}

fn short(text: &str) -> String {
    let one_line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= 80 {
        return one_line;
    }
    let mut cut: String = one_line.chars().take(77).collect();
    cut.push('…');
    cut
}
