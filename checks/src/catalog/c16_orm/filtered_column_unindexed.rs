//! DRF601: a table that grows is searched by a column without an index.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF601",
    name: "filtered-column-unindexed",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("filtered_column_unindexed.md"),
    yields_to: &[],
    run,
};

use super::column_uses::{How, Use, find, has_index};
use crate::django::{Field, FieldKind, ModelId};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let uses = find(cx);
    let sqlite_only = cx.head.django.settings().profiles().iter().all(|profile| {
        profile
            .get("DATABASES.default.ENGINE")
            .is_some_and(|engine| engine.str().is_some_and(|text| text.contains("sqlite3")))
    });
    let mut by_model: BTreeMap<ModelId, Vec<&Use>> = BTreeMap::new();
    for one in &uses {
        let model = cx.head.django.model(one.model);
        let Some(field) = model.field(&one.field) else {
            continue;
        };
        // Rows that carry a time are added all the time; a lookup table has none.
        let dated = model.fields.iter().any(Field::is_temporal);
        if model.class.is_none() || !model.is_growth_like || !dated || !model.is_managed {
            continue;
        }
        out.looked();
        // Few values tell few rows apart: an index on them alone serves little.
        let few_values = matches!(&*field.base, "BooleanField" | "ImageField" | "FileField")
            || field.kwargs.has("choices");
        let searched = matches!(one.how, How::Equal | How::Range) && !one.beside_index;
        let served = field.kind != FieldKind::Scalar
            || has_index(model, &one.field)
            || model.open.is_some()
            || model.meta.options.open;
        if searched && !few_values && !served {
            by_model.entry(one.model).or_default().push(one);
        }
    }
    for (id, found) in by_model {
        let model = cx.head.django.model(id);
        let mut equal: Vec<&str> = Vec::new();
        let mut range: Vec<&str> = Vec::new();
        for one in &found {
            let list = if one.how == How::Equal {
                &mut equal
            } else {
                &mut range
            };
            if !list.contains(&&*one.field) {
                list.push(&one.field);
            }
        }
        range.retain(|name| !equal.contains(name));
        let names: Vec<&str> = equal.iter().chain(&range).copied().collect();
        let Some(first) = names
            .first()
            .and_then(|name| model.field(name))
            .and_then(|field| field.place)
        else {
            continue;
        };
        let mut evidence = Evidence::new(
            model.fq.to_string(),
            cx.anchor(first),
            format!(
                "`{}` grows with use and is searched by `{}`, which no index serves: each search reads the whole table. `Index(fields=[\"{}\"])` would serve it.",
                model.name,
                names.join("`, `"),
                names.join("\", \"")
            ),
        );
        for one in found.iter().take(3) {
            evidence = evidence.also(cx.anchor(one.place).note(format!("by `{}`", one.field)));
        }
        if sqlite_only {
            evidence = evidence.severity(Severity::Low);
        }
        out.found(evidence);
    }
}
