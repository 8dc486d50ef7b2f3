//! DRF605: two relations give their target the same name back.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF605",
    name: "reverse-accessor-clash",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("reverse_accessor_clash.md"),
    yields_to: &[],
    run,
};

use crate::django::models::Reverse;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for target in django.models() {
        let mut by_accessor: BTreeMap<&str, Vec<&Reverse>> = BTreeMap::new();
        for reverse in &target.reverse {
            let owner = django.model(reverse.model);
            if owner.class.is_some() && !owner.is_abstract && !owner.is_proxy {
                by_accessor
                    .entry(&reverse.accessor)
                    .or_default()
                    .push(reverse);
            }
        }
        for (accessor, relations) in by_accessor {
            out.looked();
            let [first, second, ..] = relations.as_slice() else {
                continue;
            };
            // Rows of a child have the parent's relation, which is one and the same field.
            let places: Vec<_> = [first, second]
                .iter()
                .filter_map(|relation| {
                    django
                        .model(relation.model)
                        .field(&relation.field)
                        .and_then(|field| field.place)
                })
                .collect();
            let [one, other] = places.as_slice() else {
                continue;
            };
            // From one abstract base the same line serves two models of different names or apps;
            // only a name written there clashes, and only within one model is the default sure to.
            let same_model = first.model == second.model;
            let written = |relation: &Reverse| {
                django
                    .model(relation.model)
                    .field(&relation.field)
                    .is_some_and(|field| field.related_name.is_some())
            };
            let (a, b) = (django.model(first.model), django.model(second.model));
            let inherits = a.parents.contains(&b.id) || b.parents.contains(&a.id);
            if inherits || !(same_model || (written(first) && written(second))) {
                continue;
            }
            if same_model && first.field == second.field {
                continue;
            }
            // A model that no other module imports is not there when the checks run.
            let confidence = if same_model {
                Confidence::Certain
            } else {
                Confidence::Medium
            };
            out.found(
                Evidence::new(
                    format!("{}.{accessor}", target.fq),
                    cx.anchor(*other),
                    format!(
                        "`{}.{}` and `{}.{}` both want to be `{}.{accessor}`: `manage.py check` refuses to start the project (fields.E304). A `related_name` for one of them tells them apart.",
                        a.name, first.field, b.name, second.field, target.name
                    ),
                )
                .also(cx.anchor(*one).note("the other relation"))
                .confidence(confidence),
            );
        }
    }
}
