//! Do two schemas say the same? Deep, safe on cycles, remembered.
//!
//! Two questions: *exactly* (descriptions count) decides which inline members of a `oneOf` belong
//! together; *as a contract* (what accepts and refuses values) decides whether a form changed only.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::model::*;

/// Does the wording count?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    Exact,
    Contract,
}

/// Steps of one question; a question that needs more is answered with no.
const FUEL: u32 = 20_000;
/// Nesting followed by one question.
const DEPTH: u32 = 120;

/// Digests of the keywords of each schema of one API, its children left out.
#[derive(Debug)]
pub(crate) struct Digests(Vec<(u64, u64)>);

impl Digests {
    pub(crate) fn of(api: &Api) -> Self {
        Self(api.schemas.iter().map(|s| digests(s)).collect())
    }

    pub(crate) fn get(&self, id: SchemaId, mode: Mode) -> u64 {
        let (exact, contract) = self.0.get(id.0 as usize).copied().unwrap_or_default();
        match mode {
            Mode::Exact => exact,
            Mode::Contract => contract,
        }
    }
}

/// The digests of a schema without its children: with wording, and as a contract.
fn digests(schema: &Schema) -> (u64, u64) {
    let mut hasher = DefaultHasher::new();
    let limits = schema.limits();
    set(schema.types.iter()).hash(&mut hasher);
    (&schema.format, schema.nullable, schema.read_only).hash(&mut hasher);
    (schema.write_only, schema.deprecated, schema.blank).hash(&mut hasher);
    match &schema.enumeration {
        None => 0u8.hash(&mut hasher),
        Some(values) => {
            1u8.hash(&mut hasher);
            set(values.iter().map(value_digest)).hash(&mut hasher);
        }
    }
    for number in [limits.minimum, limits.maximum, limits.multiple_of] {
        number.map(f64::to_bits).hash(&mut hasher);
    }
    for bound in [limits.exclusive_minimum, limits.exclusive_maximum] {
        match bound {
            Bound::Unset => 0u8.hash(&mut hasher),
            Bound::Flag(flag) => (1u8, flag).hash(&mut hasher),
            Bound::Number(number) => (2u8, number.to_bits()).hash(&mut hasher),
        }
    }
    (limits.min_length, limits.max_length, &limits.pattern).hash(&mut hasher);
    (limits.min_items, limits.max_items, limits.unique_items).hash(&mut hasher);
    (limits.min_properties, limits.max_properties).hash(&mut hasher);
    (limits.min_contains, limits.max_contains).hash(&mut hasher);
    let object = schema.object();
    set(object.required.iter()).hash(&mut hasher);
    flag(&object.additional).hash(&mut hasher);
    if let Some(discriminator) = &schema.composition().discriminator {
        discriminator.property.hash(&mut hasher);
        set(discriminator.mapping.iter()).hash(&mut hasher);
    }
    if let Some(rare) = &schema.rare {
        rare.constant.as_ref().map(value_digest).hash(&mut hasher);
        (&rare.content_media_type, &rare.content_encoding).hash(&mut hasher);
        flag(&rare.unevaluated_items).hash(&mut hasher);
        flag(&rare.unevaluated_properties).hash(&mut hasher);
        set(rare
            .dependent_required
            .iter()
            .map(|(name, list)| (name, set(list.iter()))))
        .hash(&mut hasher);
    } else {
        // As an empty one.
        (None::<u64>, None::<&str>, None::<&str>, 0u8, 0u8, 0u64).hash(&mut hasher);
    }
    set(schema
        .extensions
        .iter()
        .map(|(name, value)| (name, value_digest(value))))
    .hash(&mut hasher);
    schema.others.hash(&mut hasher);
    let contract = hasher.finish();
    (&schema.title, schema.default.as_ref().map(value_digest)).hash(&mut hasher);
    schema.annotations.hash(&mut hasher);
    (hasher.finish(), contract)
}

fn flag(additional: &Additional) -> u8 {
    match additional {
        Additional::Unset | Additional::Schema(_) => 0,
        Additional::Flag(false) => 1,
        Additional::Flag(true) => 2,
    }
}

/// A digest that does not depend on order.
fn set<T: Hash>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0u64, |sum, item| {
        let mut hasher = DefaultHasher::new();
        item.hash(&mut hasher);
        sum.wrapping_add(hasher.finish())
    })
}

fn value_digest(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    match value {
        Value::Array(items) => {
            for item in items {
                value_digest(item).hash(&mut hasher);
            }
        }
        Value::Object(entries) => {
            set(entries.iter().map(|(k, v)| (k, value_digest(v)))).hash(&mut hasher);
        }
        other => other.to_string().hash(&mut hasher),
    }
    hasher.finish()
}

/// Where a child schema hangs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Slot {
    Items,
    Additional,
    Contains,
    PropertyNames,
    UnevaluatedItems,
    UnevaluatedProperties,
    If,
    Then,
    Else,
    Not,
    ContentSchema,
}

/// The children a schema has at most one of, in the order in which they are compared.
pub(crate) const SLOTS: [Slot; 11] = [
    Slot::Items,
    Slot::Additional,
    Slot::Contains,
    Slot::PropertyNames,
    Slot::UnevaluatedItems,
    Slot::UnevaluatedProperties,
    Slot::If,
    Slot::Then,
    Slot::Else,
    Slot::Not,
    Slot::ContentSchema,
];

pub(crate) fn slot(schema: &Schema, slot: Slot) -> Option<&SchemaRef> {
    let rare = schema.rare();
    match slot {
        Slot::Items => schema.items.as_ref(),
        Slot::Additional => schema.object().additional.schema(),
        Slot::Contains => rare.contains.as_ref(),
        Slot::PropertyNames => rare.property_names.as_ref(),
        Slot::UnevaluatedItems => rare.unevaluated_items.schema(),
        Slot::UnevaluatedProperties => rare.unevaluated_properties.schema(),
        Slot::If => rare.condition.as_ref(),
        Slot::Then => rare.then.as_ref(),
        Slot::Else => rare.otherwise.as_ref(),
        Slot::Not => schema.composition().not.as_ref(),
        Slot::ContentSchema => rare.content_schema.as_ref(),
    }
}

/// The lists of members of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum List {
    AllOf,
    AnyOf,
    OneOf,
    PrefixItems,
}

pub(crate) const LISTS: [List; 4] = [List::AllOf, List::AnyOf, List::OneOf, List::PrefixItems];

impl List {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::AllOf => "allOf",
            Self::AnyOf => "anyOf",
            Self::OneOf => "oneOf",
            Self::PrefixItems => "prefixItems",
        }
    }

    pub(crate) fn of(self, schema: &Schema) -> &[SchemaRef] {
        match self {
            Self::AllOf => &schema.composition().all_of,
            Self::AnyOf => &schema.composition().any_of,
            Self::OneOf => &schema.composition().one_of,
            Self::PrefixItems => &schema.rare().prefix_items,
        }
    }
}

/// Which members of two lists belong together; indices into the lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    pub(crate) added: Vec<usize>,
    pub(crate) deleted: Vec<usize>,
    pub(crate) paired: Vec<(usize, usize)>,
}

/// Answers for one pair of APIs.
pub(crate) struct Same<'a> {
    pub(crate) base: &'a Api,
    pub(crate) revision: &'a Api,
    base_digests: Digests,
    revision_digests: Digests,
    /// Pair an inline member of a list with an equal `$ref`.
    match_inline_refs: bool,
    /// Pair members by content where only the name changed.
    match_renamed: bool,
    known: HashMap<(SchemaId, SchemaId, Mode), bool>,
    assumed: Vec<(SchemaId, SchemaId, Mode)>,
    assumed_set: HashSet<(SchemaId, SchemaId, Mode)>,
    fuel: u32,
    depth: u32,
}

impl<'a> Same<'a> {
    pub(crate) fn new(
        base: &'a Api,
        revision: &'a Api,
        match_inline_refs: bool,
        match_renamed: bool,
    ) -> Self {
        Self {
            base,
            revision,
            base_digests: Digests::of(base),
            revision_digests: Digests::of(revision),
            match_inline_refs,
            match_renamed,
            known: HashMap::new(),
            assumed: Vec::new(),
            assumed_set: HashSet::new(),
            fuel: 0,
            depth: 0,
        }
    }

    pub(crate) fn digests_differ(&self, base: SchemaId, revision: SchemaId) -> bool {
        self.base_digests.get(base, Mode::Exact) != self.revision_digests.get(revision, Mode::Exact)
    }

    /// Do the schemas say the same?
    pub(crate) fn same(&mut self, base: SchemaId, revision: SchemaId, mode: Mode) -> bool {
        if self.depth > 0 {
            return self.ask(base, revision, mode);
        }
        self.fuel = FUEL;
        let answer = self.ask(base, revision, mode);
        // Everything that was assumed on the way to a yes holds.
        for pair in self.assumed.drain(..) {
            if answer {
                self.known.insert(pair, true);
            }
        }
        self.assumed_set.clear();
        answer
    }

    fn ask(&mut self, base: SchemaId, revision: SchemaId, mode: Mode) -> bool {
        let question = (base, revision, mode);
        if let Some(&answer) = self.known.get(&question) {
            return answer;
        }
        if self.assumed_set.contains(&question) {
            return true;
        }
        if self.base_digests.get(base, mode) != self.revision_digests.get(revision, mode) {
            return false;
        }
        if self.fuel == 0 || self.depth >= DEPTH {
            return false;
        }
        self.fuel -= 1;
        self.depth += 1;
        let mark = self.assumed.len();
        self.assumed.push(question);
        self.assumed_set.insert(question);
        let answer = self.children_same(base, revision, mode);
        self.depth -= 1;
        if !answer {
            for pair in self.assumed.drain(mark..) {
                self.assumed_set.remove(&pair);
            }
            if self.fuel > 0 {
                self.known.insert(question, false);
            }
        }
        answer
    }

    fn children_same(&mut self, base: SchemaId, revision: SchemaId, mode: Mode) -> bool {
        let (left, right) = (self.base.schema(base), self.revision.schema(revision));
        for at in SLOTS {
            match (slot(left, at), slot(right, at)) {
                (None, None) => {}
                (Some(l), Some(r)) if self.ask(l.id, r.id, mode) => {}
                _ => return false,
            }
        }
        let (left_rare, right_rare) = (left.rare(), right.rare());
        for (l, r) in [
            (&left.object().properties, &right.object().properties),
            (
                &left_rare.pattern_properties,
                &right_rare.pattern_properties,
            ),
            (&left_rare.dependent_schemas, &right_rare.dependent_schemas),
            (&left_rare.definitions, &right_rare.definitions),
        ] {
            if l.len() != r.len() {
                return false;
            }
            for (name, schema) in l {
                match r.get(name) {
                    Some(other) if self.ask(schema.id, other.id, mode) => {}
                    _ => return false,
                }
            }
        }
        for list in LISTS {
            let (l, r) = (list.of(left), list.of(right));
            if l.is_empty() && r.is_empty() {
                continue;
            }
            if l.len() != r.len() {
                return false;
            }
            let members = self.members(l, r);
            if !members.added.is_empty() || !members.deleted.is_empty() {
                return false;
            }
            for (i, j) in members.paired {
                if let (Some(l), Some(r)) = (l.get(i), r.get(j))
                    && !self.ask(l.id, r.id, mode)
                {
                    return false;
                }
            }
        }
        true
    }

    /// Pairs the members of two lists: by `$ref`, then equal inline ones, then by title, then the
    /// only two that are left, then inline ones with an equal `$ref`.
    pub(crate) fn members(&mut self, base: &[SchemaRef], revision: &[SchemaRef]) -> Members {
        let mut members = Members::default();
        let mut taken = vec![false; revision.len()];
        let mut deleted_refs = Vec::new();
        let mut by_reference: HashMap<&str, Vec<usize>> = HashMap::new();
        for (j, schema) in revision.iter().enumerate().rev() {
            if let Some(reference) = &schema.reference {
                by_reference.entry(reference).or_default().push(j);
            }
        }
        for (i, schema) in base.iter().enumerate() {
            let Some(reference) = &schema.reference else {
                continue;
            };
            match by_reference.get_mut(&**reference).and_then(Vec::pop) {
                Some(j) => {
                    members.paired.push((i, j));
                    if let Some(taken) = taken.get_mut(j) {
                        *taken = true;
                    }
                }
                None => deleted_refs.push(i),
            }
        }
        let added_refs: Vec<usize> = (0..revision.len())
            .filter(|&j| {
                revision.get(j).is_some_and(|s| s.reference.is_some())
                    && taken.get(j) == Some(&false)
            })
            .collect();
        let inline = |list: &[SchemaRef]| -> Vec<usize> {
            (0..list.len())
                .filter(|&i| list.get(i).is_some_and(|s| s.reference.is_none()))
                .collect()
        };
        let (mut deleted, mut added) = (inline(base), inline(revision));
        // Equal inline members.
        deleted.retain(|&i| {
            let found = added
                .iter()
                .position(|&j| match (base.get(i), revision.get(j)) {
                    (Some(l), Some(r)) => self.nested(l.id, r.id, Mode::Exact),
                    _ => false,
                });
            match found {
                Some(at) => {
                    let j = added.remove(at);
                    members.paired.push((i, j));
                    false
                }
                None => true,
            }
        });
        // By title.
        let title = |api: &Api, schema: Option<&SchemaRef>| {
            schema.and_then(|s| api.schema(s.id).title.clone())
        };
        added.retain(|&j| {
            let Some(wanted) = title(self.revision, revision.get(j)) else {
                return true;
            };
            let found = deleted
                .iter()
                .position(|&i| title(self.base, base.get(i)).as_ref() == Some(&wanted));
            match found {
                Some(at) => {
                    let i = deleted.remove(at);
                    members.paired.push((i, j));
                    false
                }
                None => true,
            }
        });
        if let ([i], [j]) = (&deleted[..], &added[..])
            && title(self.base, base.get(*i)).is_none()
            && title(self.revision, revision.get(*j)).is_none()
        {
            members.paired.push((*i, *j));
            deleted.clear();
            added.clear();
        }
        members.deleted = deleted_refs;
        members.deleted.append(&mut deleted);
        members.added = added_refs;
        members.added.append(&mut added);
        if self.match_inline_refs || self.match_renamed {
            self.pair_by_content(&mut members, base, revision);
        }
        members
    }

    /// Removes what was only moved between inline and `$ref` (or renamed) from both sides.
    fn pair_by_content(
        &mut self,
        members: &mut Members,
        base: &[SchemaRef],
        revision: &[SchemaRef],
    ) {
        let mut deleted = std::mem::take(&mut members.deleted);
        deleted.retain(|&i| {
            let Some(left) = base.get(i) else { return true };
            let found = members.added.iter().position(|&j| {
                let Some(right) = revision.get(j) else {
                    return false;
                };
                let crosses = left.reference.is_none() != right.reference.is_none();
                (self.match_renamed || crosses) && self.nested(left.id, right.id, Mode::Contract)
            });
            match found {
                Some(at) => {
                    members.added.remove(at);
                    false
                }
                None => true,
            }
        });
        members.deleted = deleted;
    }

    /// A question inside another keeps its assumptions.
    fn nested(&mut self, base: SchemaId, revision: SchemaId, mode: Mode) -> bool {
        self.same(base, revision, mode)
    }
}

/// Does the schema accept everything, once the named lists and the type are left aside?
pub(crate) fn accepts_everything(schema: &Schema, without: &[List]) -> bool {
    let mut bare = schema.clone();
    for list in without {
        match list {
            List::OneOf => {
                if let Some(composition) = bare.composition.as_mut() {
                    composition.one_of.clear();
                }
            }
            List::AllOf => {
                if let Some(composition) = bare.composition.as_mut() {
                    composition.all_of.clear();
                }
            }
            List::AnyOf => {
                if let Some(composition) = bare.composition.as_mut() {
                    composition.any_of.clear();
                }
            }
            List::PrefixItems => {}
        }
    }
    let rare = bare.rare();
    SLOTS.iter().all(|&at| slot(&bare, at).is_none())
        && LISTS.iter().all(|list| list.of(&bare).is_empty())
        && bare.object().properties.is_empty()
        && rare.pattern_properties.is_empty()
        && rare.dependent_schemas.is_empty()
        && rare.definitions.is_empty()
        && bare.composition().discriminator.is_none()
        && digests(&bare).1 == digests(&Schema::default()).1
}
