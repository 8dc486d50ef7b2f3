//! Whether the columns somebody looks a row up by are kept unique by the database. Judges nothing.

use crate::django::{FieldKind, Model};

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
