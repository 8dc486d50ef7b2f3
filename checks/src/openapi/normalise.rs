//! One way of writing for what says the same.
//!
//! `allOf` is merged into its owner, wrappers with one member are undone, and the shapes that
//! drf-spectacular writes are recognised: `allOf: [$ref]` beside `description` or `nullable`, a
//! `oneOf` of an enum with `BlankEnum` or `NullEnum`, `oneOf: [X, {type: string, maxLength: 0}]`, and
//! null as 3.0 and as 3.1 write it. Places stay those of the file. What cannot be merged without
//! saying something else stays as it is.

use std::sync::Arc;

use super::model::*;
use super::same::{List, accepts_everything};

/// The same API, written one way.
pub(crate) fn normalised(api: &Api) -> Api {
    let order = members_first(api);
    let mut work = Normaliser {
        api,
        done: vec![None; api.schemas.len()],
    };
    for &(id, cyclic) in &order {
        work.settle(id, cyclic);
    }
    let schemas = work
        .done
        .into_iter()
        .zip(&api.schemas)
        .map(|(new, old)| new.unwrap_or_else(|| Arc::clone(old)))
        .collect();
    Api {
        schemas,
        ..api.clone()
    }
}

/// The schemas that have something to normalise, each after the members of its `allOf`, `oneOf` and
/// `anyOf`, and whether it is a member of itself by way of those.
///
/// Tarjan's strongly connected components, with a list in place of the call stack. What belongs to a
/// cycle must not depend on where the walk enters it, or two documents that differ in the order of
/// their keys would be normalised differently.
fn members_first(api: &Api) -> Vec<(SchemaId, bool)> {
    const UNSEEN: u32 = u32::MAX;
    const SETTLED: u32 = u32::MAX - 1;
    let count = api.schemas.len();
    let members = |id: SchemaId| -> Vec<SchemaId> {
        let Some(schema) = api.schemas.get(id.0 as usize) else {
            return Vec::new();
        };
        let composition = schema.composition();
        composition
            .all_of
            .iter()
            .chain(&composition.one_of)
            .chain(&composition.any_of)
            .map(|member| member.id)
            .filter(|member| (member.0 as usize) < count)
            .collect()
    };
    let mut lowest = vec![UNSEEN; count];
    let mut order = Vec::new();
    let mut pending: Vec<SchemaId> = Vec::new();
    let mut next = 0u32;
    // A schema, its number, its members and how many of them were followed.
    let mut walk: Vec<(SchemaId, u32, Vec<SchemaId>, usize)> = Vec::new();
    for (root, schema) in api.schemas.iter().enumerate() {
        if lowest.get(root) != Some(&UNSEEN) || !needs_work(schema) {
            continue;
        }
        let mut entered = Some(SchemaId(root as u32));
        loop {
            if let Some(id) = entered.take() {
                if let Some(slot) = lowest.get_mut(id.0 as usize) {
                    *slot = next;
                }
                pending.push(id);
                walk.push((id, next, members(id), 0));
                next += 1;
            }
            let Some((id, number, list, followed)) = walk.last_mut() else {
                break;
            };
            let low_of = |lowest: &[u32], id: SchemaId| lowest.get(id.0 as usize).copied();
            if let Some(&member) = list.get(*followed) {
                match low_of(&lowest, member) {
                    Some(UNSEEN) => entered = Some(member),
                    low => {
                        *followed += 1;
                        if let (Some(low), Some(slot)) = (low, lowest.get_mut(id.0 as usize))
                            && low < SETTLED
                        {
                            *slot = low.min(*slot);
                        }
                    }
                }
                continue;
            }
            if low_of(&lowest, *id) == Some(*number) {
                let from = pending
                    .iter()
                    .rposition(|p| p == id)
                    .unwrap_or(pending.len());
                let group = pending.split_off(from);
                let cyclic = group.len() > 1 || list.contains(id);
                for member in group {
                    if let Some(slot) = lowest.get_mut(member.0 as usize) {
                        *slot = SETTLED;
                    }
                    order.push((member, cyclic));
                }
            }
            walk.pop();
        }
    }
    order
}

struct Normaliser<'a> {
    api: &'a Api,
    /// What was settled; the others stay as they are written.
    done: Vec<Option<Arc<Schema>>>,
}

impl Normaliser<'_> {
    fn settle(&mut self, id: SchemaId, cyclic: bool) {
        let index = id.0 as usize;
        let Some(old) = self.api.schemas.get(index).filter(|old| needs_work(old)) else {
            return;
        };
        let mut schema = Schema::clone(old);
        nulls(&mut schema);
        // Merging what is part of itself would never end: its members stay as they are written.
        if !cyclic {
            self.alternatives(&mut schema, List::OneOf);
            self.alternatives(&mut schema, List::AnyOf);
            self.all_of(&mut schema);
            nulls(&mut schema);
        }
        if let Some(slot) = self.done.get_mut(index) {
            *slot = Some(Arc::new(schema));
        }
    }

    fn schema(&self, id: SchemaId) -> Arc<Schema> {
        let index = id.0 as usize;
        match (self.done.get(index), self.api.schemas.get(index)) {
            (Some(Some(done)), _) => Arc::clone(done),
            (_, Some(old)) => Arc::clone(old),
            _ => Arc::new(Schema::default()),
        }
    }

    /// `oneOf` and `anyOf`: null and the empty string become flags, enums are joined, a single
    /// member that is left is merged.
    fn alternatives(&self, schema: &mut Schema, list: List) {
        let members = list.of(schema).to_vec();
        if members.is_empty() {
            return;
        }
        let mut rest: Vec<(SchemaRef, Arc<Schema>)> = Vec::new();
        let (mut nullable, mut blank) = (false, false);
        for member in &members {
            let of = self.schema(member.id);
            if is_only_null(&of) {
                nullable = true;
            } else if is_only_blank(&of) {
                blank = true;
            } else {
                rest.push((member.clone(), of));
            }
        }
        let Some((_, first)) = rest.first() else {
            return;
        };
        let mut joined = Schema::clone(first);
        let enums = rest.len() > 1 && rest.iter().all(|(_, of)| is_only_enum(of));
        if rest.len() > 1 && !enums {
            if !nullable {
                return;
            }
            schema.nullable = true;
            let kept: Vec<SchemaRef> = members
                .into_iter()
                .filter(|m| rest.iter().any(|(r, _)| r == m))
                .collect();
            set_list(schema, list, kept);
            return;
        }
        set_list(schema, list, Vec::new());
        for (_, other) in rest.iter().skip(1) {
            let values = joined.enumeration.get_or_insert_default();
            for value in other.enumeration.iter().flatten() {
                if !values.contains(value) {
                    values.push(value.clone());
                }
            }
            for one in &other.types {
                if !joined.types.contains(one) {
                    joined.types.push(*one);
                }
            }
            joined.nullable |= other.nullable;
        }
        joined.nullable |= nullable;
        if blank {
            match &mut joined.enumeration {
                Some(values) => {
                    let empty = serde_json::Value::from("");
                    if !values.contains(&empty) {
                        values.push(empty);
                    }
                }
                None => joined.blank = true,
            }
        }
        if !merge(schema, &joined) {
            // The owner says something of its own about the same keywords: leave the list.
            set_list(schema, list, members);
        }
    }

    fn all_of(&self, schema: &mut Schema) {
        let members = List::AllOf.of(schema).to_vec();
        if members.is_empty() {
            return;
        }
        set_list(schema, List::AllOf, Vec::new());
        let mut kept = Vec::new();
        for member in members {
            let of = self.schema(member.id);
            if of.is_unknown() {
                schema.certainty = of.certainty.clone();
            }
            let unfinished = !of.composition().all_of.is_empty();
            if unfinished || !merge(schema, &of) {
                kept.push(member);
            }
        }
        set_list(schema, List::AllOf, kept);
    }
}

fn needs_work(schema: &Schema) -> bool {
    schema.composition.is_some()
        || schema.types.contains(&Type::Null)
        || schema
            .enumeration
            .as_ref()
            .is_some_and(|values| values.iter().any(serde_json::Value::is_null))
}

fn set_list(schema: &mut Schema, list: List, members: Vec<SchemaRef>) {
    let composition = schema.composition.get_or_insert_default();
    match list {
        List::AllOf => composition.all_of = members,
        List::AnyOf => composition.any_of = members,
        List::OneOf => composition.one_of = members,
        List::PrefixItems => {}
    }
    if **composition == Composition::default() {
        schema.composition = None;
    }
}

/// Null among the types or values becomes `nullable`.
fn nulls(schema: &mut Schema) {
    if schema.types.len() > 1 && schema.types.contains(&Type::Null) {
        schema.types.retain(|t| *t != Type::Null);
        schema.nullable = true;
    }
    if let Some(values) = &mut schema.enumeration
        && values.len() > 1
        && values.iter().any(serde_json::Value::is_null)
    {
        values.retain(|v| !v.is_null());
        schema.nullable = true;
    }
}

/// `{type: null}` or `NullEnum`.
fn is_only_null(schema: &Schema) -> bool {
    if let Some([value]) = schema.enumeration.as_deref() {
        return value.is_null();
    }
    if schema.types != [Type::Null] {
        return false;
    }
    let mut bare = schema.clone();
    bare.types.clear();
    accepts_everything(&bare, &[])
}

/// `BlankEnum` or `{type: string, maxLength: 0}`.
fn is_only_blank(schema: &Schema) -> bool {
    if let Some([value]) = schema.enumeration.as_deref() {
        return value.as_str() == Some("");
    }
    schema.types == [Type::String]
        && schema.enumeration.is_none()
        && schema.limits().max_length == Some(0)
}

/// A list of values and nothing that limits them further.
fn is_only_enum(schema: &Schema) -> bool {
    schema.enumeration.is_some()
        && schema.object.is_none()
        && schema.items.is_none()
        && schema.limits.is_none()
        && schema.composition.is_none()
        && schema.rare.is_none()
}

/// Adds to a schema what another one says; false, and nothing done, where the two cannot be said in
/// one.
fn merge(into: &mut Schema, from: &Schema) -> bool {
    let (mine, other) = (into.composition(), from.composition());
    let clash = |l: &[SchemaRef], r: &[SchemaRef]| !l.is_empty() && !r.is_empty();
    if clash(&mine.one_of, &other.one_of)
        || clash(&mine.any_of, &other.any_of)
        || mine.not.is_some() && other.not.is_some()
        || into.rare.is_some() && from.rare.is_some()
        || into.items.is_some() && from.items.is_some() && into.items != from.items
        || into.limits().pattern.is_some()
            && from.limits().pattern.is_some()
            && into.limits().pattern != from.limits().pattern
        || into.format.is_some() && from.format.is_some() && into.format != from.format
    {
        return false;
    }
    let types: Vec<Type> = if into.types.is_empty() {
        from.types.clone()
    } else if from.types.is_empty() {
        into.types.clone()
    } else {
        let both: Vec<Type> = into
            .types
            .iter()
            .copied()
            .filter(|t| from.types.contains(t))
            .collect();
        if both.is_empty() {
            return false;
        }
        both
    };
    if let Some(object) = &from.object {
        let target = into.object.get_or_insert_default();
        let differs = |name: &Arc<str>, schema: &SchemaRef| {
            target
                .properties
                .get(name)
                .is_some_and(|own| own.id != schema.id)
        };
        if object
            .properties
            .iter()
            .any(|(name, schema)| differs(name, schema))
        {
            if **target == Object::default() {
                into.object = None;
            }
            return false;
        }
        for (name, schema) in &object.properties {
            target
                .properties
                .entry(Arc::clone(name))
                .or_insert_with(|| schema.clone());
        }
        for name in &object.required {
            if !target.required.contains(name) {
                target.required.push(Arc::clone(name));
            }
        }
        if target.additional == Additional::Unset {
            target.additional = object.additional.clone();
        }
    }
    into.types = types;
    into.format = into.format.take().or_else(|| from.format.clone());
    into.title = into.title.take().or_else(|| from.title.clone());
    into.default = into.default.take().or_else(|| from.default.clone());
    into.items = into.items.take().or_else(|| from.items.clone());
    into.nullable |= from.nullable;
    into.read_only |= from.read_only;
    into.write_only |= from.write_only;
    into.deprecated |= from.deprecated;
    into.blank |= from.blank;
    into.enumeration = match (into.enumeration.take(), &from.enumeration) {
        (None, other) => other.clone(),
        (Some(own), None) => Some(own),
        (Some(own), Some(other)) => Some(own.into_iter().filter(|v| other.contains(v)).collect()),
    };
    if let Some(limits) = &from.limits {
        tighten(into.limits.get_or_insert_default(), limits);
    }
    if let Some(composition) = &from.composition {
        let target = into.composition.get_or_insert_default();
        target.one_of.extend(composition.one_of.iter().cloned());
        target.any_of.extend(composition.any_of.iter().cloned());
        target.not = target.not.take().or_else(|| composition.not.clone());
        target.discriminator = target
            .discriminator
            .take()
            .or_else(|| composition.discriminator.clone());
    }
    into.rare = into.rare.take().or_else(|| from.rare.clone());
    for (name, value) in &from.extensions {
        if into.extension(name).is_none() {
            into.extensions.push((Arc::clone(name), value.clone()));
        }
    }
    into.others = into.others.wrapping_add(from.others);
    true
}

fn tighten(into: &mut Limits, from: &Limits) {
    fn pick<T: PartialOrd + Copy>(own: Option<T>, other: Option<T>, larger: bool) -> Option<T> {
        match (own, other) {
            (Some(l), Some(r)) => Some(if (l < r) == larger { r } else { l }),
            (l, r) => l.or(r),
        }
    }
    into.minimum = pick(into.minimum, from.minimum, true);
    into.maximum = pick(into.maximum, from.maximum, false);
    into.max_length = pick(into.max_length, from.max_length, false);
    into.max_items = pick(into.max_items, from.max_items, false);
    into.max_properties = pick(into.max_properties, from.max_properties, false);
    into.min_contains = pick(into.min_contains, from.min_contains, true);
    into.max_contains = pick(into.max_contains, from.max_contains, false);
    into.min_length = into.min_length.max(from.min_length);
    into.min_items = into.min_items.max(from.min_items);
    into.min_properties = into.min_properties.max(from.min_properties);
    into.unique_items |= from.unique_items;
    into.multiple_of = into.multiple_of.or(from.multiple_of);
    if into.exclusive_minimum == Bound::Unset {
        into.exclusive_minimum = from.exclusive_minimum;
    }
    if into.exclusive_maximum == Bound::Unset {
        into.exclusive_maximum = from.exclusive_maximum;
    }
    into.pattern = into.pattern.take().or_else(|| from.pattern.clone());
}
