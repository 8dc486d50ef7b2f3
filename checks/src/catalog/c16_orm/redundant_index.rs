//! DRF603: an index whose work another one does already.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::models::{Index, Model};
use crate::django::names::truth;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF603",
    name: "redundant-index",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("redundant_index.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() {
            continue;
        }
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            let asked = field
                .kwargs
                .get("db_index")
                .is_some_and(|kwarg| kwarg.place.is_some() && truth(&kwarg.val) == Some(true));
            if !asked || seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            if field.unique == Some(true) {
                out.found(Evidence::new(
                    format!("{}.{}", model.fq, field.name),
                    cx.anchor(place),
                    format!(
                        "`{}.{}` is unique, which is an index already: `db_index=True` adds nothing.",
                        model.name, field.name
                    ),
                ));
            }
        }
        for (at, index) in model.meta.indexes.iter().enumerate() {
            if seen.contains(&index.place) {
                continue;
            }
            seen.push(index.place);
            out.looked();
            let Some(by) = plain(index).then(|| covered(model, index, at)).flatten() else {
                continue;
            };
            out.found(Evidence::new(
                format!("{}.{}", model.fq, index.fields.join("+")),
                cx.anchor(index.place),
                format!(
                    "The index on `{}` of `{}` repeats {by}: it costs every write and answers no query faster.",
                    index.fields.join(", "),
                    model.name
                ),
            ));
        }
    }
}

/// An ordinary ascending index over all rows.
fn plain(index: &Index) -> bool {
    index.class.fq().ends_with("models.Index") || index.class.fq().ends_with("indexes.Index")
}

/// What does the work of this index, in words.
fn covered(model: &Model, index: &Index, at: usize) -> Option<String> {
    let special = [
        "condition",
        "opclasses",
        "include",
        "expressions",
        "db_tablespace",
    ];
    let only_fields = |index: &Index| {
        !index.kwargs.open
            && special.iter().all(|name| !index.kwargs.has(name))
            && !index.fields.is_empty()
            && index.fields.iter().all(|field| !field.starts_with('-'))
    };
    if !only_fields(index) {
        return None;
    }
    if let [name] = index.fields.as_slice() {
        let field = model.field(name)?;
        if field.is_pk || field.unique == Some(true) {
            return Some(format!("the unique index that `{name}` has"));
        }
        if field.db_index == Some(true) {
            return Some(if field.is_forward_single() {
                format!("the index that the foreign key `{name}` has")
            } else {
                format!("the index that the field `{name}` has")
            });
        }
    }
    let longer = model
        .meta
        .indexes
        .iter()
        .enumerate()
        .find(|(other_at, other)| {
            *other_at != at
                && plain(other)
                && only_fields(other)
                && other.fields.starts_with(&index.fields)
                // Of two equal ones the later is the repetition.
                && (other.fields.len() > index.fields.len() || *other_at < at)
        });
    if let Some((_, other)) = longer {
        return Some(format!("the index on `{}`", other.fields.join(", ")));
    }
    model
        .meta
        .unique_together
        .iter()
        .chain(
            model
                .meta
                .constraints
                .iter()
                .filter(|c| c.is_unique && !c.is_partial && !c.kwargs.open)
                .filter(|c| !c.kwargs.has("opclasses"))
                .map(|c| &c.fields),
        )
        .find(|fields| fields.starts_with(&index.fields))
        .map(|fields| {
            format!(
                "the index of the unique constraint on `{}`",
                fields.join(", ")
            )
        })
}
