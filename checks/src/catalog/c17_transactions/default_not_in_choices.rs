//! DRF646: a default that is none of the values the column knows.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use std::collections::BTreeSet;

pub(super) static CHECK: Check = Check {
    id: "DRF646",
    name: "default-not-in-choices",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("default_not_in_choices.md"),
    yields_to: &[],
    run,
};

use crate::django::names::as_str;
use crate::django::{Field, Model};
use crate::python::value::{Literal, Val};

/// Shorter words are too often alike by chance.
const MIN_WORD: usize = 4;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() {
            continue;
        }
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            let Some(Val::Known(default)) = &field.default else {
                continue;
            };
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            let Some(message) = message(cx, model, field, default) else {
                continue;
            };
            out.found(Evidence::new(
                format!("{}.{}", model.fq, field.name),
                cx.anchor(place),
                message,
            ));
        }
    }
    for serializer in cx.head.django.serializers() {
        for field in &serializer.declared {
            let default = field.kwargs.get("default").map(|kwarg| &kwarg.val);
            let choices = field.kwargs.get("choices").map(|kwarg| &kwarg.val);
            let (Some(Val::Known(default)), Some(choices)) = (default, choices) else {
                continue;
            };
            out.looked();
            let known = values(choices);
            if seen.contains(&field.place) || is_empty(default) {
                continue;
            }
            if let Some(known) = known
                && !known.iter().any(|value| same(value, default))
            {
                seen.push(field.place);
                out.found(Evidence::new(
                    format!("{}.{}", serializer.fq, field.name),
                    cx.anchor(field.place),
                    format!(
                        "The default of `{}.{}`, {}, is not one of its choices: every request that leaves it out gets a value that no request may send.",
                        serializer.name,
                        field.name,
                        word(default)
                    ),
                ));
            }
        }
    }
}

fn message(cx: &Cx<'_>, model: &Model, field: &Field, default: &Literal) -> Option<String> {
    if is_empty(default) {
        return None;
    }
    let name = format!("`{}.{}`", model.name, field.name);
    if let Some(choices) = &field.choices {
        let known: Option<Vec<&Literal>> = choices
            .iter()
            .map(|choice| match choice {
                Val::Known(literal) => Some(literal),
                _ => None,
            })
            .collect();
        let known = known.filter(|known| !known.is_empty())?;
        return (!known.iter().any(|value| same(value, default))).then(|| {
            format!(
                "The default of {name}, {}, is not one of its choices: new rows carry it, and no filter or form knows it.",
                word(default)
            )
        });
    }
    let Literal::Str(default) = default else {
        return None;
    };
    if field.kwargs.has("choices") || field.kwargs.open || default.len() < MIN_WORD {
        return None;
    }
    let asked = asked_for(cx, model, field);
    if asked.contains(&**default) {
        return None;
    }
    let near = asked.iter().find(|value| {
        value.chars().count() >= MIN_WORD && matches!(distance(value, default), 1 | 2)
    })?;
    Some(format!(
        "The default of {name} is `\"{default}\"`, and the project asks for `\"{near}\"`: rows made with the default are in none of those answers."
    ))
}

/// The texts that queries compare the column with.
fn asked_for(cx: &Cx<'_>, model: &Model, field: &Field) -> BTreeSet<String> {
    cx.head
        .django
        .functions()
        .flat_map(|function| &function.queries)
        .filter(|query| query.qs.model == Some(model.id))
        .flat_map(|query| &query.qs.conditions)
        .filter(|condition| condition.path == field.name && &*condition.lookup == "exact")
        .filter_map(|condition| {
            let text = cx.text(condition.place).trim();
            let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
            quoted('\'').or_else(|| quoted('"')).map(str::to_owned)
        })
        .collect()
}

fn known(value: &Val) -> Option<&Literal> {
    match value {
        Val::Known(literal) => Some(literal),
        _ => None,
    }
}

/// The values of a list of choices as a serializer states it: pairs, plain values or a dict.
fn values(choices: &Val) -> Option<Vec<&Literal>> {
    match choices {
        Val::Seq(items) => items
            .iter()
            .map(|(item, _)| match item {
                Val::Seq(pair) => match pair.as_slice() {
                    // A group holds a list in the place of the label.
                    [(value, _), (label, _)] if as_str(label).is_some() => known(value),
                    _ => None,
                },
                other => known(other),
            })
            .collect(),
        Val::Map(items) => items.iter().map(|(key, _, _)| known(key)).collect(),
        _ => None,
    }
}

fn is_empty(default: &Literal) -> bool {
    matches!(
        default,
        Literal::None | Literal::Bytes | Literal::Duration(_)
    ) || matches!(default, Literal::Str(text) if text.is_empty())
}

/// Django compares as the column stores: `1` and `True` are one value.
fn same(a: &Literal, b: &Literal) -> bool {
    match (a, b) {
        (Literal::Bool(a), Literal::Int(b)) | (Literal::Int(b), Literal::Bool(a)) => {
            i64::from(*a) == *b
        }
        (Literal::Float(_), Literal::Int(_)) | (Literal::Int(_), Literal::Float(_)) => true,
        _ => a == b,
    }
}

fn word(literal: &Literal) -> String {
    match literal {
        Literal::Str(text) => format!("`\"{text}\"`"),
        Literal::Int(value) => format!("`{value}`"),
        Literal::Bool(value) => format!("`{}`", if *value { "True" } else { "False" }),
        Literal::Float(text) => format!("`{text}`"),
        _ => "which is a constant".to_owned(),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let replaced = row.get(j).copied().unwrap_or(0) + usize::from(letter != *other);
            let removed = row.get(j + 1).copied().unwrap_or(0) + 1;
            let added = next.last().copied().unwrap_or(0) + 1;
            next.push(replaced.min(removed).min(added));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
