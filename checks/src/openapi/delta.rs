//! The comparison of schemas as a graph: one node per pair of schemas, made once.
//!
//! A node knows what it is made of (children by pairs, members added and removed, recognised
//! transitions); it judges nothing. Pairs are worked off from a list, so neither depth nor cycles
//! cost stack, and the work is linear in the number of pairs.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::model::*;
use super::same::{List, Members, Mode, SLOTS, Same, Slot, accepts_everything, slot};

/// Index of a pair in its [`Deltas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PairId(pub(crate) u32);

/// How a child is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Property(Arc<str>),
    Member(List, String),
    Slot(Slot),
    PatternProperty(Arc<str>),
    DependentSchema(Arc<str>),
}

/// A change that shows in several keywords but is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Transitions {
    /// A single type became a list of types or back: added, removed.
    pub(crate) list_of_types: Option<(Vec<Type>, Vec<Type>)>,
    /// An object became a `oneOf` of objects: the properties that moved into them.
    pub(crate) wrapped_in_one_of: Option<Vec<Arc<str>>>,
    /// `oneOf: [{type: null}, X]` around X: true where it was added.
    pub(crate) nullable_wrapping: Option<bool>,
    /// Only `null` came to or left the list of types, and the format is the same.
    pub(crate) null_only: bool,
}

#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) base: SchemaId,
    pub(crate) revision: SchemaId,
    pub(crate) edges: Vec<(Step, PairId)>,
    pub(crate) members: Vec<(List, Members)>,
    pub(crate) transitions: Option<Box<Transitions>>,
    /// Its own keywords differ, or children came and went.
    pub(crate) differs: bool,
    /// It or something below it differs.
    pub(crate) reaches: bool,
}

/// All pairs of two APIs that were asked for.
pub(crate) struct Deltas<'a> {
    pub(crate) same: Same<'a>,
    pub(crate) pairs: Vec<Pair>,
    index: HashMap<(SchemaId, SchemaId), PairId>,
    queue: VecDeque<PairId>,
}

impl<'a> Deltas<'a> {
    pub(crate) fn new(same: Same<'a>) -> Self {
        Self {
            same,
            pairs: Vec::new(),
            index: HashMap::new(),
            queue: VecDeque::new(),
        }
    }

    /// The pair of two schemas; its children are compared by [`Self::work`].
    pub(crate) fn pair(&mut self, base: &SchemaRef, revision: &SchemaRef) -> PairId {
        if let Some(&id) = self.index.get(&(base.id, revision.id)) {
            return id;
        }
        let id = PairId(self.pairs.len() as u32);
        self.pairs.push(Pair {
            base: base.id,
            revision: revision.id,
            edges: Vec::new(),
            members: Vec::new(),
            transitions: None,
            differs: false,
            reaches: false,
        });
        self.index.insert((base.id, revision.id), id);
        self.queue.push_back(id);
        id
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by this arena")]
    pub(crate) fn get(&self, id: PairId) -> &Pair {
        &self.pairs[id.0 as usize]
    }

    pub(crate) fn base(&self, id: PairId) -> &'a Schema {
        self.same.base.schema(self.get(id).base)
    }

    pub(crate) fn revision(&self, id: PairId) -> &'a Schema {
        self.same.revision.schema(self.get(id).revision)
    }

    /// Compares every pair that waits, and finds out which of them reach a difference.
    pub(crate) fn work(&mut self) {
        while let Some(id) = self.queue.pop_front() {
            let fresh = self.compare(id);
            if let Some(pair) = self.pairs.get_mut(id.0 as usize) {
                *pair = fresh;
            }
        }
        let mut above: Vec<Vec<PairId>> = vec![Vec::new(); self.pairs.len()];
        for (at, pair) in self.pairs.iter().enumerate() {
            for (_, child) in &pair.edges {
                if let Some(list) = above.get_mut(child.0 as usize) {
                    list.push(PairId(at as u32));
                }
            }
        }
        let mut front: Vec<PairId> = Vec::new();
        for (at, pair) in self.pairs.iter_mut().enumerate() {
            pair.reaches = pair.differs;
            if pair.differs {
                front.push(PairId(at as u32));
            }
        }
        while let Some(id) = front.pop() {
            for &parent in above.get(id.0 as usize).map_or(&[][..], |list| list) {
                if let Some(pair) = self.pairs.get_mut(parent.0 as usize)
                    && !pair.reaches
                {
                    pair.reaches = true;
                    front.push(parent);
                }
            }
        }
    }

    fn compare(&mut self, id: PairId) -> Pair {
        let (base_id, revision_id) = {
            let pair = self.get(id);
            (pair.base, pair.revision)
        };
        let (base, revision) = (
            self.same.base.schema(base_id),
            self.same.revision.schema(revision_id),
        );
        let mut pair = Pair {
            base: base_id,
            revision: revision_id,
            edges: Vec::new(),
            members: Vec::new(),
            transitions: None,
            differs: false,
            reaches: false,
        };
        // What is unknown on one side is not compared: it would only be guessed.
        if base.is_unknown() || revision.is_unknown() {
            return pair;
        }
        pair.differs = self.same.digests_differ(base_id, revision_id);
        for list in [List::AllOf, List::AnyOf, List::OneOf] {
            self.list(&mut pair, list, base, revision);
        }
        self.slots(&mut pair, &[Slot::Items], base, revision);
        self.map(
            &mut pair,
            &base.object().properties,
            &revision.object().properties,
            Step::Property,
        );
        self.slots(&mut pair, &[Slot::Additional], base, revision);
        self.list(&mut pair, List::PrefixItems, base, revision);
        self.slots(&mut pair, SLOTS.get(2..).unwrap_or(&[]), base, revision);
        let (base_rare, revision_rare) = (base.rare(), revision.rare());
        self.map(
            &mut pair,
            &base_rare.pattern_properties,
            &revision_rare.pattern_properties,
            Step::PatternProperty,
        );
        self.map(
            &mut pair,
            &base_rare.dependent_schemas,
            &revision_rare.dependent_schemas,
            Step::DependentSchema,
        );
        if pair.differs {
            let transitions = self.transitions(base_id, revision_id);
            if transitions != Transitions::default() {
                pair.transitions = Some(Box::new(transitions));
            }
        }
        pair
    }

    fn slots(&mut self, pair: &mut Pair, slots: &[Slot], base: &Schema, revision: &Schema) {
        for &at in slots {
            match (slot(base, at), slot(revision, at)) {
                (Some(l), Some(r)) => {
                    let child = self.pair(l, r);
                    pair.edges.push((Step::Slot(at), child));
                }
                (None, None) => {}
                _ => pair.differs = true,
            }
        }
    }

    fn map(
        &mut self,
        pair: &mut Pair,
        base: &indexmap::IndexMap<Arc<str>, SchemaRef>,
        revision: &indexmap::IndexMap<Arc<str>, SchemaRef>,
        step: fn(Arc<str>) -> Step,
    ) {
        for (name, l) in base {
            match revision.get(name) {
                Some(r) => {
                    let child = self.pair(l, r);
                    pair.edges.push((step(Arc::clone(name)), child));
                }
                None => pair.differs = true,
            }
        }
        if revision.keys().any(|name| !base.contains_key(name)) {
            pair.differs = true;
        }
    }

    fn list(&mut self, pair: &mut Pair, list: List, base: &Schema, revision: &Schema) {
        let (l, r) = (list.of(base), list.of(revision));
        if l.is_empty() && r.is_empty() {
            return;
        }
        let members = self.same.members(l, r);
        for &(i, j) in &members.paired {
            if let (Some(l), Some(r)) = (l.get(i), r.get(j)) {
                let left = member_name(self.same.base, l, i, true);
                let right = member_name(self.same.revision, r, j, true);
                let label = if left == right {
                    left
                } else {
                    format!("{left} -> {right}")
                };
                let child = self.pair(l, r);
                pair.edges.push((Step::Member(list, label), child));
            }
        }
        if !members.added.is_empty() || !members.deleted.is_empty() {
            pair.differs = true;
            pair.members.push((list, members));
        }
    }

    fn transitions(&mut self, base_id: SchemaId, revision_id: SchemaId) -> Transitions {
        let (base, revision) = (
            self.same.base.schema(base_id),
            self.same.revision.schema(revision_id),
        );
        let nullable_wrapping = if self.is_nullable_wrap(base_id, revision_id, true) {
            Some(true)
        } else if self.is_nullable_wrap(base_id, revision_id, false) {
            Some(false)
        } else {
            None
        };
        let (added, removed) = type_changes(base, revision);
        Transitions {
            list_of_types: list_of_types(self.same.base, base, self.same.revision, revision),
            wrapped_in_one_of: wrapped_in_one_of(base, self.same.revision, revision),
            nullable_wrapping,
            null_only: !(added.is_empty() && removed.is_empty())
                && added.iter().chain(&removed).all(|t| *t == Type::Null)
                && base.format == revision.format,
        }
    }

    /// `oneOf: [{type: null}, X]` on the revision's side (`forwards`) or the base's, X on the other.
    fn is_nullable_wrap(&mut self, base: SchemaId, revision: SchemaId, forwards: bool) -> bool {
        let (plain_api, plain, wrapped_api, wrapped) = if forwards {
            (self.same.base, base, self.same.revision, revision)
        } else {
            (self.same.revision, revision, self.same.base, base)
        };
        let (plain_schema, wrapped_schema) = (plain_api.schema(plain), wrapped_api.schema(wrapped));
        let composed = plain_schema.composition();
        if !composed.one_of.is_empty()
            || !composed.any_of.is_empty()
            || !composed.all_of.is_empty()
            || composed.not.is_some()
            || plain_schema.nullable
            || plain_schema.types.contains(&Type::Null)
        {
            return false;
        }
        let [first, second] = &wrapped_schema.composition().one_of[..] else {
            return false;
        };
        if !accepts_everything(wrapped_schema, &[List::OneOf]) {
            return false;
        }
        let payload = match (
            is_bare_null(wrapped_api.schema(first.id)),
            is_bare_null(wrapped_api.schema(second.id)),
        ) {
            (true, false) => second.id,
            (false, true) => first.id,
            _ => return false,
        };
        if forwards {
            self.same.same(plain, payload, Mode::Contract)
        } else {
            self.same.same(payload, plain, Mode::Contract)
        }
    }

    /// The names of members for people.
    pub(crate) fn member_names(
        &self,
        list: List,
        pair: PairId,
        at: &[usize],
        added: bool,
    ) -> String {
        let (api, schema) = if added {
            (self.same.revision, self.revision(pair))
        } else {
            (self.same.base, self.base(pair))
        };
        at.iter()
            .filter_map(|&i| Some(member_name(api, list.of(schema).get(i)?, i, false)))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn member_name(api: &Api, member: &SchemaRef, index: usize, title_first: bool) -> String {
    let title = api.schema(member.id).title.as_ref();
    match (&member.reference, title) {
        (Some(reference), None) => reference.to_string(),
        (Some(reference), Some(_)) if !title_first => reference.to_string(),
        (_, Some(title)) => format!("subschema #{}: {title}", index + 1),
        (None, None) => format!("subschema #{}", index + 1),
    }
}

fn is_bare_null(schema: &Schema) -> bool {
    if schema.types != [Type::Null] {
        return false;
    }
    let mut bare = schema.clone();
    bare.types.clear();
    accepts_everything(&bare, &[])
}

/// Types that came and went.
pub(crate) fn type_changes(base: &Schema, revision: &Schema) -> (Vec<Type>, Vec<Type>) {
    let minus = |from: &[Type], what: &[Type]| {
        let mut rest: Vec<Type> = from.iter().copied().filter(|t| !what.contains(t)).collect();
        rest.sort_unstable();
        rest.dedup();
        rest
    };
    (
        minus(&revision.types, &base.types),
        minus(&base.types, &revision.types),
    )
}

/// The types of a schema that is nothing but its types, and whether they came from a list.
fn type_pattern(api: &Api, schema: &Schema) -> Option<(Vec<Type>, bool)> {
    let composition = schema.composition();
    if composition.not.is_some()
        || !composition.all_of.is_empty()
        || !schema.object().properties.is_empty()
    {
        return None;
    }
    if let Some(first) = schema.types.first() {
        return Some((vec![*first], false));
    }
    for list in [&composition.one_of, &composition.any_of] {
        let types: Option<Vec<Type>> = list
            .iter()
            .map(|member| {
                let member = api.schema(member.id);
                let composed = member.composition();
                let simple = member.object().properties.is_empty()
                    && composed.one_of.is_empty()
                    && composed.any_of.is_empty()
                    && composed.all_of.is_empty();
                match member.types[..] {
                    [one] if simple => Some(one),
                    _ => None,
                }
            })
            .collect();
        if let Some(types) = types
            && !types.is_empty()
        {
            return Some((types, true));
        }
    }
    None
}

fn list_of_types(
    base_api: &Api,
    base: &Schema,
    revision_api: &Api,
    revision: &Schema,
) -> Option<(Vec<Type>, Vec<Type>)> {
    let (left, left_list) = type_pattern(base_api, base)?;
    let (right, right_list) = type_pattern(revision_api, revision)?;
    if !left_list && !right_list {
        return None;
    }
    let minus = |from: &[Type], what: &[Type]| {
        let mut rest: Vec<Type> = from.iter().copied().filter(|t| !what.contains(t)).collect();
        rest.sort_unstable();
        rest.dedup();
        rest
    };
    if left.len() == right.len() && minus(&right, &left).is_empty() {
        return None;
    }
    let (added, removed) = (minus(&right, &left), minus(&left, &right));
    (!added.is_empty() || !removed.is_empty()).then_some((added, removed))
}

fn wrapped_in_one_of(base: &Schema, api: &Api, revision: &Schema) -> Option<Vec<Arc<str>>> {
    let alternatives = &revision.composition().one_of;
    if !base.composition().one_of.is_empty()
        || base.object().properties.is_empty()
        || alternatives.is_empty()
        || !revision.object().properties.is_empty()
        || !revision.types.is_empty()
    {
        return None;
    }
    let moved: Vec<Arc<str>> = base
        .object()
        .properties
        .keys()
        .filter(|name| {
            alternatives
                .iter()
                .any(|member| api.schema(member.id).property(name).is_some())
        })
        .cloned()
        .collect();
    (!moved.is_empty()).then_some(moved)
}
