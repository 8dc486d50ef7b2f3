//! What uniqueness over several fields makes of the fields of a `ModelSerializer`: they become
//! required, or get the model's default.
//!
//! Source of the rules: `ModelSerializer.get_uniqueness_extra_kwargs` of DRF 3.15 to 3.18.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model_field_schema::Mapping;
use super::places;
use crate::django::models::Constraint;
use crate::django::names::{Kwarg, Kwargs};
use crate::django::serializers::SerializerField;
use crate::django::{Field, Serializer};
use crate::python::syntax::{ArgKind, ExprKind};
use crate::python::value::{Literal, Val};
use crate::python::visit;

/// The field's extra options with those of uniqueness under them.
pub(super) fn add(
    mapping: Mapping<'_>,
    serializer: &Serializer,
    field: &SerializerField,
    own: &Field,
    extra: Kwargs,
) -> Kwargs {
    let has_own_validators = serializer
        .meta_options
        .get("validators")
        .is_some_and(|k| !k.val.is_none());
    if has_own_validators || field.source != own.name || !is_member(mapping, serializer, own) {
        return extra;
    }
    let mut out = Kwargs::default();
    let mut set = |name: &str, val: Val| {
        out.set(Kwarg {
            name: name.into(),
            val,
            text: "".into(),
            place: None,
        });
    };
    let is_text = matches!(
        &*own.base,
        "CharField" | "TextField" | "EmailField" | "SlugField" | "URLField"
    );
    if own.auto_now {
        set("default", Val::Unknown("the current time".into()));
    } else if let Some(default) = own.kwargs.get("default") {
        set("default", default.val.clone());
    } else if own.null == Some(true) && mapping.drf >= 16 {
        set("default", Val::Known(Literal::None));
    } else if own.blank == Some(true) && is_text && mapping.drf >= 17 {
        set("default", Val::Known(Literal::Str("".into())));
    } else {
        set("required", Val::Known(Literal::Bool(true)));
    }
    out.open = extra.open;
    for kwarg in extra.items {
        out.set(kwarg);
    }
    out
}

/// Whether a constraint over several fields, all of them in the serializer, names the field.
fn is_member(mapping: Mapping<'_>, serializer: &Serializer, own: &Field) -> bool {
    let Some(model) = serializer.model else {
        return false;
    };
    let model = mapping.facts.django.model(model);
    let there: BTreeSet<Arc<str>> = if mapping.drf >= 16 {
        serializer
            .fields
            .iter()
            .map(|f| Arc::clone(&f.source))
            .collect()
    } else {
        serializer
            .fields
            .iter()
            .map(|f| Arc::clone(&f.name))
            .collect()
    };
    let parents = model
        .parents
        .iter()
        .map(|id| mapping.facts.django.model(*id));
    std::iter::once(model).chain(parents).any(|model| {
        let together = model.meta.unique_together.iter().cloned();
        let constraints = model
            .meta
            .constraints
            .iter()
            .filter(|c| c.is_unique && !c.fields.is_empty())
            .map(|c| {
                let mut set = c.fields.clone();
                // Since DRF 3.16 the fields of the condition count too.
                if mapping.drf >= 16 {
                    for name in condition_fields(mapping, c) {
                        if !set.contains(&name) {
                            set.push(name);
                        }
                    }
                }
                set
            })
            .filter(|set| set.len() > 1);
        together
            .chain(constraints)
            .any(|set| set.contains(&own.name) && set.iter().all(|name| there.contains(name)))
    })
}

/// Fields that the condition of a constraint compares: `condition=Q(status="open")`.
fn condition_fields(mapping: Mapping<'_>, constraint: &Constraint) -> Vec<Arc<str>> {
    let mut out = Vec::new();
    let found = constraint
        .kwargs
        .get("condition")
        .and_then(|k| k.place)
        .and_then(|place| places::expr_at(&mapping.facts.program, place));
    if let Some((_, expr)) = found {
        visit::within(expr, |inner| {
            let ExprKind::Call { args, .. } = &inner.kind else {
                return;
            };
            for arg in args {
                if let ArgKind::Keyword(name) = &arg.kind {
                    out.push(name.split("__").next().unwrap_or(name).into());
                }
            }
        });
    }
    out
}
