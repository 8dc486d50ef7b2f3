//! Works out what each serializer reads from its rows, field by field.
//!
//! Source of what costs a query: running DRF 3.18 over five rows and counting (specification 4.5).

use std::sync::Arc;

use super::rows::{Reader, Row};
use super::{NeedKind, RelationNeed, RelationNeeds};
use crate::django::PathEnd;
use crate::django::data::World;
use crate::django::fields::{Field, FieldKind, Target};
use crate::django::models::{Model, resolve_path};
use crate::django::names::{ModelId, SerializerId};
use crate::django::serializers::{FieldOrigin, Serializer, SerializerField};
use crate::python::value::Place;

/// Nested serializers are followed this deep.
const MAX_DEPTH: usize = 6;
/// Needs kept for one serializer.
const MAX_NEEDS: usize = 400;

/// What reading goes through: the relation path so far.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) path: String,
    /// Every step so far is a single row.
    pub(super) single: bool,
    /// Field of the outermost serializer.
    pub(super) field: Arc<str>,
    pub(super) serializer: SerializerId,
    pub(super) places: Vec<Place>,
}

impl Way {
    pub(super) fn step(&self, name: &str, single: bool) -> Self {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}__{name}", self.path)
        };
        Self {
            path,
            single: self.single && single,
            ..self.clone()
        }
    }
}

#[derive(Debug)]
pub(super) struct Find<'w, 'a, 'p> {
    pub(super) world: &'w World<'a, 'p>,
    pub(super) serializers: &'w [Serializer],
    pub(super) out: RelationNeeds,
    /// Serializers being followed, against cycles.
    stack: Vec<SerializerId>,
}

/// What one serializer reads.
pub(in crate::django) fn needs(
    world: &World<'_, '_>,
    serializers: &[Serializer],
    serializer: &Serializer,
) -> RelationNeeds {
    let mut find = Find {
        world,
        serializers,
        out: RelationNeeds::default(),
        stack: Vec::new(),
    };
    find.serializer(serializer, serializer.model, None);
    let mut out = find.out;
    if let Some(model) = serializer.model {
        out.needs
            .retain(|need| need.always_query.is_some() || !leads_back(world, model, &need.path));
    }
    out.needs.sort_by(|a, b| {
        (&a.path, &a.field, &a.always_query).cmp(&(&b.path, &b.field, &b.always_query))
    });
    out.needs.dedup_by(|later, first| {
        later.path == first.path
            && later.field == first.field
            && later.always_query == first.always_query
    });
    out
}

/// `items__order` from an order: rows that come through a reverse relation know where they came
/// from, prefetched or not.
fn leads_back(world: &World<'_, '_>, model: ModelId, path: &str) -> bool {
    let Some((before, last)) = path.rsplit_once("__") else {
        return false;
    };
    match resolve_path(world.models, model, before) {
        PathEnd::Reverse(_, reverse) => &*reverse.field == last,
        _ => false,
    }
}

impl<'w> Find<'w, '_, '_> {
    pub(super) fn need(&mut self, way: &Way, kind: NeedKind, always: Option<Arc<str>>) {
        if self.out.needs.len() >= MAX_NEEDS {
            self.out
                .open
                .get_or_insert_with(|| "it reads more relations than are listed".into());
            return;
        }
        self.out.needs.push(RelationNeed {
            path: way.path.as_str().into(),
            kind,
            field: Arc::clone(&way.field),
            serializer: way.serializer,
            selectable: way.single,
            always_query: always,
            places: way.places.clone(),
        });
    }

    fn open(&mut self, reason: impl Into<Arc<str>>) {
        let reason = reason.into();
        self.out.open.get_or_insert(reason);
    }

    pub(super) fn serializer(
        &mut self,
        serializer: &Serializer,
        model: Option<ModelId>,
        way: Option<&Way>,
    ) {
        if self.stack.contains(&serializer.id) || self.stack.len() > MAX_DEPTH {
            return;
        }
        self.stack.push(serializer.id);
        if let Some(reason) = serializer.dynamic.as_ref().or(serializer.open.as_ref()) {
            self.open(Arc::clone(reason));
        }
        let model = model.or(serializer.model);
        for field in &serializer.fields {
            if field.is_output() == Some(false) {
                continue;
            }
            let own = match way {
                Some(way) => {
                    let mut own = way.clone();
                    own.serializer = serializer.id;
                    own.places.extend(field.place);
                    own
                }
                None => Way {
                    path: String::new(),
                    single: true,
                    field: Arc::clone(&field.name),
                    serializer: serializer.id,
                    places: field.place.into_iter().collect(),
                },
            };
            self.field(serializer, field, model, &own);
        }
        if let Some(func) = serializer.method("to_representation") {
            let own = way.cloned().unwrap_or(Way {
                path: String::new(),
                single: true,
                field: "to_representation".into(),
                serializer: serializer.id,
                places: Vec::new(),
            });
            self.method(
                func,
                serializer.class,
                model,
                &own,
                NeedKind::MethodField,
                0,
            );
        }
        self.stack.pop();
    }

    fn model(&self, id: Option<ModelId>) -> Option<&Model> {
        self.world.model(id?)
    }

    fn field(
        &mut self,
        serializer: &Serializer,
        field: &SerializerField,
        model: Option<ModelId>,
        way: &Way,
    ) {
        if field.origin == FieldOrigin::Depth {
            self.depth(field, model, way, serializer.depth);
            return;
        }
        if &*field.base == "SerializerMethodField" {
            if let Some(func) = field.method {
                self.method(func, serializer.class, model, way, NeedKind::MethodField, 0);
            }
            return;
        }
        let source = &*field.source;
        if source == "*" {
            if let Some(nested) = self.nested(field) {
                self.serializer(nested, model, Some(way));
            }
            return;
        }
        // Walk the source: `author.profile.city`.
        let mut at = way.clone();
        let mut here = model;
        let parts: Vec<&str> = source.split('.').collect();
        let last = parts.len().saturating_sub(1);
        for (index, part) in parts.iter().enumerate() {
            let is_last = index == last;
            let Some(info) = self.model(here) else {
                // A plain serializer over rows that are not known.
                if field.nested.is_some() && is_last {
                    self.open("a nested serializer stands on rows that are not known");
                }
                return;
            };
            if let Some(found) = info.field(part) {
                let attname = found.is_forward_single() && *found.name != **part;
                if attname || found.kind == FieldKind::Scalar {
                    return;
                }
                let target = found.to.as_ref().and_then(Target::model);
                let (name, kind) = (Arc::clone(&found.name), found.kind);
                let single = found.is_forward_single();
                if is_last {
                    self.relation(field, &at, &name, kind, single, target);
                    return;
                }
                at = at.step(&name, single);
                self.need(&at, NeedKind::DottedSource, None);
                here = target;
                continue;
            }
            if let Some(found) = info.reverse(part) {
                let (name, single, target) =
                    (Arc::clone(&found.accessor), found.is_single, found.model);
                if is_last {
                    self.reverse(field, &at, &name, single, target);
                    return;
                }
                at = at.step(&name, single);
                self.need(&at, NeedKind::DottedSource, None);
                here = Some(target);
                continue;
            }
            // `source="items.all"`
            if *part == "all" {
                if let Some(nested) = self.nested(field) {
                    self.serializer(nested, here, Some(&at));
                }
                return;
            }
            if let Some(func) = info.method(part) {
                let class = info.class;
                self.method(func, class, here, &at, NeedKind::ModelMethod, 0);
                if field.nested.is_some() {
                    // The method's rows are not prefetched by any name.
                    let text: Arc<str> = format!("{part}()").into();
                    self.need(&at, NeedKind::ModelMethod, Some(text));
                }
            }
            return;
        }
    }

    fn nested(&self, field: &SerializerField) -> Option<&'w Serializer> {
        let serializers: &'w [Serializer] = self.serializers;
        serializers.get(field.nested?.0 as usize)
    }

    /// The last step of a source is a forward relation.
    fn relation(
        &mut self,
        field: &SerializerField,
        way: &Way,
        name: &str,
        kind: FieldKind,
        single: bool,
        target: Option<ModelId>,
    ) {
        let next = way.step(name, single);
        if kind == FieldKind::GenericForeignKey {
            self.need(
                &Way {
                    single: false,
                    ..next
                },
                NeedKind::Generic,
                None,
            );
            return;
        }
        if field.nested.is_some() {
            let kind = if single {
                NeedKind::Nested
            } else {
                NeedKind::NestedMany
            };
            self.need(&next, kind, None);
            let serializers = self.serializers;
            if let Some(nested) = field.nested.and_then(|id| serializers.get(id.0 as usize)) {
                self.serializer(nested, target, Some(&next));
            }
            return;
        }
        match &*field.base {
            "StringRelatedField" => {
                self.need(&next, NeedKind::RelatedText, None);
                self.text(target, &next);
            }
            "SlugRelatedField" => self.need(&next, NeedKind::RelatedText, None),
            "HyperlinkedRelatedField"
                if single && field.kwargs.str("lookup_field").is_some_and(|l| l != "pk") =>
            {
                self.need(&next, NeedKind::RelatedText, None);
            }
            // A key is on the row itself.
            "PrimaryKeyRelatedField" | "HyperlinkedIdentityField" if single => {}
            _ if !single => self.need(&next, NeedKind::ManyKeys, None),
            // CharField(source="author") and the like show the object's text.
            "CharField" | "ReadOnlyField" => {
                self.need(&next, NeedKind::DottedSource, None);
                self.text(target, &next);
            }
            _ => {}
        }
    }

    fn reverse(
        &mut self,
        field: &SerializerField,
        way: &Way,
        name: &str,
        single: bool,
        target: ModelId,
    ) {
        let next = way.step(name, single);
        if field.nested.is_some() {
            let kind = if single {
                NeedKind::Nested
            } else {
                NeedKind::NestedMany
            };
            self.need(&next, kind, None);
            let serializers = self.serializers;
            if let Some(nested) = field.nested.and_then(|id| serializers.get(id.0 as usize)) {
                self.serializer(nested, Some(target), Some(&next));
            }
            return;
        }
        match &*field.base {
            "StringRelatedField" => {
                self.need(&next, NeedKind::RelatedText, None);
                self.text(Some(target), &next);
            }
            "SlugRelatedField" => self.need(&next, NeedKind::RelatedText, None),
            _ => self.need(&next, NeedKind::ManyKeys, None),
        }
    }

    /// `__str__` of the related model.
    fn text(&mut self, model: Option<ModelId>, way: &Way) {
        let Some(info) = self.model(model) else {
            return;
        };
        let (Some(func), class) = (info.method("__str__"), info.class) else {
            return;
        };
        self.method(func, class, model, way, NeedKind::ModelMethod, 0);
    }

    /// `Meta.depth`: nested serializers of every relation, to that depth.
    fn depth(&mut self, field: &SerializerField, model: Option<ModelId>, way: &Way, depth: u32) {
        let Some(info) = self.model(model) else {
            return;
        };
        let source = &*field.source;
        let (name, single, target) = match (info.field(source), info.reverse(source)) {
            (Some(found), _) => (
                Arc::clone(&found.name),
                found.is_forward_single(),
                found.to.as_ref().and_then(Target::model),
            ),
            (_, Some(found)) => (
                Arc::clone(&found.accessor),
                found.is_single,
                Some(found.model),
            ),
            _ => return,
        };
        let next = way.step(&name, single);
        self.need(&next, NeedKind::Depth, None);
        self.deeper(target, &next, depth.saturating_sub(1));
    }

    fn deeper(&mut self, model: Option<ModelId>, way: &Way, depth: u32) {
        if way.path.matches("__").count() > MAX_DEPTH {
            return;
        }
        let Some(info) = self.model(model) else {
            return;
        };
        let fields: Vec<(Arc<str>, FieldKind, bool, Option<ModelId>)> = info
            .fields
            .iter()
            .filter(|f: &&Field| f.is_relation() && !f.is_implicit)
            .map(|f| {
                (
                    Arc::clone(&f.name),
                    f.kind,
                    f.is_forward_single(),
                    f.to.as_ref().and_then(Target::model),
                )
            })
            .collect();
        for (name, kind, single, target) in fields {
            if matches!(
                kind,
                FieldKind::GenericForeignKey | FieldKind::GenericRelation
            ) {
                continue;
            }
            let next = way.step(&name, single);
            if depth > 0 {
                self.need(&next, NeedKind::Depth, None);
                self.deeper(target, &next, depth - 1);
            } else if !single {
                self.need(&next, NeedKind::ManyKeys, None);
            }
        }
    }

    /// What a method reads from the row it is given.
    pub(super) fn method(
        &mut self,
        func: crate::python::FuncId,
        class: Option<crate::python::ClassId>,
        model: Option<ModelId>,
        way: &Way,
        kind: NeedKind,
        depth: usize,
    ) {
        let Some(model) = model else { return };
        let Some(row) = Row::of(self.world, func, class) else {
            return;
        };
        Reader::new(self, func, class, kind, depth).read(row, model, way);
    }
}
