//! Whether the columns somebody looks a row up by are kept unique by the database. Judges nothing.

use std::collections::BTreeSet;

use crate::catalog::Cx;
use crate::django::{FieldKind, Model, QsIr};

/// What is known of a set of columns.
pub(crate) enum Columns {
    /// The database keeps rows apart by them, or a part of them.
    Unique,
    /// Nothing does; the fields' names in the order of the lookup.
    Free(Vec<String>),
    /// Not known: a relation is followed, a constraint is conditional, the model is open.
    Open,
}

/// Reads keyword arguments of a lookup: `user`, `user_id`, `code__iexact`.
pub(crate) fn columns<'a>(model: &Model, names: impl Iterator<Item = &'a str>) -> Columns {
    let mut fields: Vec<&str> = Vec::new();
    let mut relation = false;
    for name in names {
        let plain = name
            .strip_suffix("__exact")
            .or_else(|| name.strip_suffix("__iexact"))
            .or_else(|| name.strip_suffix("__pk"))
            .or_else(|| name.strip_suffix("__id"))
            .unwrap_or(name);
        match model.field(plain) {
            Some(field) if field.unique.is_none() && !field.is_relation() => return Columns::Open,
            Some(field) if matches!(field.kind, FieldKind::Scalar) || field.is_forward_single() => {
                if !fields.contains(&&*field.name) {
                    fields.push(&field.name);
                }
            }
            _ => relation = true,
        }
    }
    if model.is_unique_for(&fields) {
        return Columns::Unique;
    }
    // An expression (`Lower("email")`) or a condition may cover them.
    let special = model
        .meta
        .constraints
        .iter()
        .any(|c| c.is_unique && (c.is_partial || c.fields.is_empty() || c.kwargs.open));
    let open_meta = model.meta.options.open;
    if relation || special || open_meta || model.open.is_some() || model.class.is_none() {
        return Columns::Open;
    }
    Columns::Free(fields.into_iter().map(str::to_owned).collect())
}

/// The columns that keep a lookup's rows apart: its conditions, and the foreign key of the related
/// manager it starts from (`cart.items.get(product=p)` looks by `cart` too).
pub(crate) fn of_queryset(cx: &Cx<'_>, qs: &QsIr) -> Columns {
    let Some(model) = qs.model.map(|id| cx.head.django.model(id)) else {
        return Columns::Open;
    };
    let mut names: Vec<&str> = Vec::new();
    for condition in &qs.conditions {
        let plain = matches!(&*condition.lookup, "exact" | "iexact");
        if condition.negated || condition.alternative || !plain {
            // It narrows further, in a way that no key expresses.
            return Columns::Open;
        }
        names.push(&condition.path);
    }
    if qs.from_instance || qs.from_user {
        let accessor = qs.manager.as_deref().unwrap_or("");
        let fields: BTreeSet<&str> = cx
            .head
            .django
            .models()
            .iter()
            .flat_map(|owner| &owner.reverse)
            .filter(|reverse| reverse.model == model.id && &*reverse.accessor == accessor)
            .map(|reverse| &*reverse.field)
            .collect();
        let mut fields = fields.into_iter();
        match (fields.next(), fields.next()) {
            (Some(field), None) => names.push(field),
            _ => return Columns::Open,
        }
    }
    if qs.open.is_some() || qs.raw || qs.combined {
        return match columns(model, names.into_iter()) {
            Columns::Unique => Columns::Unique,
            _ => Columns::Open,
        };
    }
    columns(model, names.into_iter())
}
