//! DRF243: filters are declared with their types, and a route uses them.

use std::collections::BTreeSet;

use super::filter_sets::{declared, filterset, meta_fields};
use super::lists::lists;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::value::{Place, Val};

pub(super) static CHECK: Check = Check {
    id: "DRF243",
    name: "typed-filterset",
    competency: Competency::C05,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("typed_filterset.md"),
    yields_to: &[],
    run,
};

/// Filters that convert what they are given.
const TYPED: [&str; 16] = [
    "NumberFilter",
    "DateFilter",
    "DateTimeFilter",
    "TimeFilter",
    "ChoiceFilter",
    "MultipleChoiceFilter",
    "TypedChoiceFilter",
    "BooleanFilter",
    "RangeFilter",
    "NumericRangeFilter",
    "DateFromToRangeFilter",
    "DateTimeFromToRangeFilter",
    "ModelChoiceFilter",
    "ModelMultipleChoiceFilter",
    "UUIDFilter",
    "IsoDateTimeFilter",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    let mut said = BTreeSet::new();
    for route in lists(cx) {
        let Some(view) = cx.head.django.view_of(route) else {
            continue;
        };
        let Some(class) = filterset(view) else {
            continue;
        };
        out.looked();
        if route.policy.filters.includes("DjangoFilterBackend") != Some(true) || !said.insert(class)
        {
            continue;
        }
        let filters = declared(cx, class);
        let typed: Vec<&str> = filters
            .iter()
            .filter(|filter| {
                TYPED.contains(&filter.class.as_str())
                    || (filter.class.ends_with("Filter") && !filter.class.starts_with("CharF"))
            })
            .map(|filter| filter.name.as_str())
            .collect();
        // A dict in `Meta.fields` names the lookups of each column.
        let with_lookups = meta_fields(cx, class)
            .is_some_and(|(val, names)| matches!(val, Val::Map(_)) && !names.is_empty());
        if typed.is_empty() && !with_lookups {
            continue;
        }
        let def = program.class_def(class);
        let place = Place {
            file: program.module(program.class(class).module).file,
            span: def.name_span,
        };
        let what = if typed.is_empty() {
            "each column has its lookups".to_owned()
        } else {
            format!(
                "`{}` convert and check what they are given",
                typed.join("`, `")
            )
        };
        let mut evidence = Evidence::new(
            program.class(class).fq.to_string(),
            cx.anchor(place),
            format!(
                "`{}` says what `{}` may be asked for: {what}.",
                def.name,
                route.label()
            ),
        )
        .root(program.class(class).fq.to_string());
        if let Some(place) = route.policy.filters.place() {
            evidence = evidence.also(cx.anchor(place).note("the backend"));
        }
        out.found(evidence);
    }
}
