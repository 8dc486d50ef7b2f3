//! The object schema of a serializer: its fields in order, what is required, its description.
//!
//! The effective fields are facts; each is built as DRF would build it and mapped by
//! `field_schema`.

use std::sync::Arc;

use super::basic::{array, of as typed};
use super::components::{Components, Direction};
use super::drf_field::{self, DrfField};
use super::field_schema::{Holder, insert_validators, safe_ref};
use super::node::Node;
use super::{docstrings, package_serializers, uniqueness};
use crate::django::fields::Target;
use crate::django::names::{ClassRef, Kwarg, Kwargs};
use crate::django::serializers::{FieldOrigin, SerializerField, SerializerKind};
use crate::django::{FieldKind, ModelId, Serializer, SerializerId};
use crate::python::syntax::keyword;
use crate::python::value::{Literal, Val};

impl Components<'_> {
    /// The schema of a serializer's component.
    pub(super) fn serializer_schema(
        &mut self,
        id: SerializerId,
        direction: Direction,
        partial: bool,
    ) -> Node {
        let facts = self.facts;
        let serializer = facts.django.serializer(id);
        if serializer.class.is_none()
            && let Some(schema) = self.package_schema(&serializer.fq, direction)
        {
            let mut schema = schema;
            if self.is_patched(direction, partial) {
                schema.remove("required");
            }
            return schema;
        }
        let holder = Holder {
            model: serializer.model,
            is_model_open: serializer.model_open.is_some() || serializer.open.is_some(),
        };
        let mut fields: Vec<DrfField> = serializer
            .fields
            .iter()
            .filter(|f| !f.hidden)
            .map(|f| {
                let field = self.drf_field(serializer, f);
                DrfField {
                    place: f.place.or(field.place),
                    ..field
                }
            })
            .collect();
        package_serializers::rename_user_field(facts, serializer, &mut fields);
        let options = self.schema_options(serializer);
        fields.retain(|f| !options.exclude.contains(&f.name));
        let mut schema = self.object(&fields, holder, direction, partial, &options.deprecate);
        if let Some(text) = self.description(serializer) {
            schema = described(schema, text);
        }
        if let Some(place) = serializer.place {
            schema = schema.at(place);
        }
        let reason = serializer
            .dynamic
            .as_ref()
            .or(serializer.open.as_ref())
            .or(serializer.model_open.as_ref());
        match reason {
            Some(reason) => schema.assumed(reason),
            None => schema,
        }
    }

    /// An object of fields.
    pub(super) fn object(
        &mut self,
        fields: &[DrfField],
        holder: Holder,
        direction: Direction,
        partial: bool,
        deprecate: &[Arc<str>],
    ) -> Node {
        let mut properties = Node::map();
        let mut required: Vec<Arc<str>> = Vec::new();
        for field in fields {
            let Some(mut schema) = self.field_schema(field, holder, direction) else {
                continue;
            };
            let is_read_only = schema.get("readOnly").is_some();
            let is_write_only = schema.get("writeOnly").is_some();
            if self.shape.split_request
                && ((direction == Direction::Request && is_read_only)
                    || (direction == Direction::Response && is_write_only))
            {
                continue;
            }
            if field.is_required() || (is_read_only && !self.shape.no_read_only_required) {
                required.push(Arc::clone(&field.name));
            }
            insert_validators(field, &mut schema);
            if deprecate.contains(&field.name) {
                schema.insert("deprecated", true);
            }
            let mut schema = safe_ref(schema);
            // The serializer's own line says that the API has it, the model's only what it is.
            schema.at = field.place.or(schema.at);
            if let Some(doubt) = &field.doubt {
                schema = schema.assumed(doubt);
            }
            properties.insert(&field.name, schema);
        }
        let mut out = typed("object");
        if !properties.is_empty() {
            out.insert("properties", properties);
        }
        if !self.is_patched(direction, partial) && !required.is_empty() {
            required.sort();
            required.dedup();
            let required: Vec<Node> = required.into_iter().map(Node::from).collect();
            out.insert("required", required);
        }
        out
    }

    /// A serializer within a serializer.
    pub(super) fn nested(
        &mut self,
        field: &DrfField,
        holder: Holder,
        direction: Direction,
    ) -> Option<Node> {
        if let Some(child) = &field.child {
            return self.field_schema(child, holder, direction).map(array);
        }
        let reference = if let Some((model, depth)) = field.depth {
            self.nested_of_depth(model, depth, direction)?
        } else if let Some(id) = field.nested {
            self.serializer(id, direction, false)?
        } else {
            match &field.class {
                ClassRef::External(fq) => {
                    let fq = fq.to_string();
                    match self.package_schema(&fq, direction) {
                        Some(schema) => {
                            let name = fq.rsplit('.').next().unwrap_or(&fq);
                            let name = name.strip_suffix("Serializer").unwrap_or(name);
                            let name = self.dressed(name, direction, false);
                            self.component(&name, |_| schema)?
                        }
                        None => typed("object").unknown("the serializer is of a package"),
                    }
                }
                _ => typed("object").unknown("the serializer could not be resolved"),
            }
        };
        Some(if field.many {
            array(reference)
        } else {
            reference
        })
    }

    /// The `NestedSerializer` that DRF makes for `Meta.depth`: all of the model's fields.
    fn nested_of_depth(
        &mut self,
        model: ModelId,
        depth: u32,
        direction: Direction,
    ) -> Option<Node> {
        let name = self.dressed("Nested", direction, false);
        self.component(&name, |components| {
            let fields = components.all_fields(model, depth.saturating_sub(1));
            let holder = Holder {
                model: Some(model),
                is_model_open: false,
            };
            let out = components.object(&fields, holder, direction, false, &[]);
            match components.facts.django.model(model).place {
                Some(place) => out.at(place),
                None => out,
            }
        })
    }

    /// `fields = "__all__"` of a model.
    fn all_fields(&self, id: ModelId, depth: u32) -> Vec<DrfField> {
        let model = self.facts.django.model(id);
        let is_link = |f: &crate::django::Field| {
            f.kind == FieldKind::OneToOne && (f.is_implicit || f.kwargs.has("parent_link"))
        };
        let plain = |f: &&crate::django::Field| !f.is_pk && !is_link(f);
        let of = |kinds: &'static [FieldKind]| {
            model
                .fields
                .iter()
                .filter(plain)
                .filter(move |f| kinds.contains(&f.kind))
        };
        model
            .pk()
            .into_iter()
            .chain(of(&[FieldKind::Scalar]))
            .chain(of(&[FieldKind::ForeignKey, FieldKind::OneToOne]))
            .chain(of(&[FieldKind::ManyToMany]))
            .map(|f| {
                let related = f.to.as_ref().and_then(Target::model);
                match related {
                    Some(related) if depth > 0 && f.is_relation() => {
                        nested_field(&f.name, related, depth, f.kind == FieldKind::ManyToMany)
                    }
                    _ => self.mapping.field(model, f, &f.name, false),
                }
            })
            .collect()
    }

    /// The field as DRF would instantiate it.
    fn drf_field(&self, serializer: &Serializer, field: &SerializerField) -> DrfField {
        let facts = self.facts;
        let is_hyperlinked = serializer.kind == SerializerKind::Hyperlinked;
        let extra = extra_kwargs(serializer, &field.name);
        let mut out = match field.origin {
            FieldOrigin::Declared => return self.declared(serializer, field),
            FieldOrigin::Catalogue => return catalogue(field),
            FieldOrigin::ModelField => match self.model_of(field) {
                Some((model, own)) => {
                    let mut out = self.mapping.field(model, own, &field.name, is_hyperlinked);
                    let extra =
                        uniqueness::add(self.mapping, serializer, field, own, extra.clone());
                    self.mapping.apply_extra(&mut out, &extra);
                    out
                }
                None => open(field, "its model field was not found"),
            },
            FieldOrigin::ReverseRelation => {
                let reverse = serializer
                    .model
                    .and_then(|id| facts.django.model(id).reverse(&field.source));
                match reverse {
                    Some(reverse) => {
                        let mut out = self.mapping.reverse(reverse, &field.name, is_hyperlinked);
                        self.mapping.apply_extra(&mut out, &extra);
                        out
                    }
                    None => open(field, "its relation was not found"),
                }
            }
            FieldOrigin::Property => {
                let mut out = DrfField::new(&field.name, "ReadOnlyField");
                out.apply(facts, &extra);
                out.read_only = true;
                out
            }
            FieldOrigin::Url => {
                let mut out = DrfField::new(&field.name, "HyperlinkedIdentityField");
                out.apply(facts, &extra);
                out.read_only = true;
                out
            }
            FieldOrigin::Depth => match field.related_model {
                Some(related) => nested_field(&field.name, related, serializer.depth, field.many),
                None => open(field, "the model it leads to is not known"),
            },
            FieldOrigin::Unresolved => open(field, "nothing of this name is on the model"),
        };
        out.source = Arc::clone(&field.source);
        out.place = field.place.or(out.place);
        if let Some((_, own)) = self.model_of(field)
            && field.origin == FieldOrigin::ModelField
            && !extra_says_much(&extra)
        {
            // The model's line is what a person would edit.
            out.place = own.place.or(out.place);
        }
        settle(serializer, field, &mut out);
        out
    }

    fn model_of(
        &self,
        field: &SerializerField,
    ) -> Option<(&crate::django::Model, &crate::django::Field)> {
        let (model, name) = field.model_field.as_ref()?;
        let model = self.facts.django.model(*model);
        Some((model, model.field(name)?))
    }

    fn declared(&self, serializer: &Serializer, field: &SerializerField) -> DrfField {
        let mut out = DrfField::new(&field.name, &field.base);
        out.class = field.class.clone();
        if out.base.is_empty()
            && let Some(base) = drf_field::base_of(self.facts, &field.class)
        {
            out.base = base;
        }
        out.apply(self.facts, &field.kwargs);
        out.source = Arc::clone(&field.source);
        out.nested = field.nested.filter(|_| &*out.base == "Serializer");
        out.many = field.many && &*out.base != "ListField";
        out.method = field.method;
        out.place = field.place;
        out.related = field.related_model.filter(|_| &*out.base != "Serializer");
        out.take_class_rules();
        if let Some(call) = drf_field::declaration(self.facts, field.place) {
            if out.has_queryset {
                let own = keyword(call.args, "queryset")
                    .and_then(|q| drf_field::model_of_queryset(self.facts, call.scope, q));
                out.related = own.or(out.related);
            }
            out.take_children(self.facts, call);
        }
        settle(serializer, field, &mut out);
        out
    }

    /// `exclude_fields` and `deprecate_fields` of `@extend_schema_serializer`.
    fn schema_options(&self, serializer: &Serializer) -> SchemaOptions {
        let mut out = SchemaOptions::default();
        let Some(call) = serializer
            .class
            .and_then(|class| self.decoration(class, "extend_schema_serializer"))
        else {
            return out;
        };
        let names = |key: &str| {
            keyword(call.args, key)
                .and_then(|expr| {
                    crate::django::names::as_strings(&self.facts.program.eval(call.scope, expr))
                })
                .unwrap_or_default()
        };
        out.exclude = names("exclude_fields");
        out.deprecate = names("deprecate_fields");
        out
    }

    /// The docstring of the class or of a base of the project.
    fn description(&self, serializer: &Serializer) -> Option<String> {
        if !self.shape.docstring_descriptions {
            return None;
        }
        docstrings::of_class(self.facts, serializer.class?)
    }
}

/// What `__init__` changes, and what stays open.
fn settle(serializer: &Serializer, field: &SerializerField, out: &mut DrfField) {
    let is_edited = serializer.method("__init__").is_some();
    for (known, own) in [
        (field.read_only, &mut out.read_only),
        (field.write_only, &mut out.write_only),
    ] {
        match known {
            Some(known) if is_edited => *own = known,
            Some(_) => {}
            None => {
                out.doubt
                    .get_or_insert_with(|| "whether it can be read and written is open".into());
            }
        }
    }
    if is_edited && !out.read_only && field.required.is_some() {
        out.required = field.required;
    }
}

#[derive(Default)]
struct SchemaOptions {
    exclude: Vec<Arc<str>>,
    deprecate: Vec<Arc<str>>,
}

/// The description stands behind the type.
fn described(schema: Node, text: String) -> Node {
    let mut out = Node::map();
    out.certainty = schema.certainty.clone();
    out.at = schema.at;
    for (key, value) in schema.into_entries() {
        let is_type = &*key == "type";
        out.insert(&key, value);
        if is_type {
            out.insert("description", text.as_str());
        }
    }
    out
}

fn nested_field(name: &Arc<str>, model: ModelId, depth: u32, many: bool) -> DrfField {
    let mut out = DrfField::new(name, "Serializer");
    out.depth = Some((model, depth));
    out.read_only = true;
    out.many = many;
    out
}

fn open(field: &SerializerField, reason: &str) -> DrfField {
    let mut out = DrfField::new(&field.name, &field.base);
    if out.base.is_empty() {
        out.base = "Field".into();
    }
    out.read_only = field.read_only == Some(true);
    out.required = field.required;
    out.place = field.place;
    out.open = Some(reason.into());
    out
}

/// A field of a package's serializer that a class of the project inherits.
fn catalogue(field: &SerializerField) -> DrfField {
    let mut out = DrfField::new(&field.name, &field.base);
    out.class = field.class.clone();
    out.read_only = field.read_only == Some(true);
    out.write_only = field.write_only == Some(true);
    out.required = field.required;
    out.allow_null = field.allow_null == Some(true);
    out.many = field.many;
    out.max_length = field.kwargs.int("max_length");
    out.min_length = field.kwargs.int("min_length");
    out.max_digits = field.kwargs.int("max_digits");
    out.decimal_places = field.kwargs.int("decimal_places");
    out
}

/// `Meta.extra_kwargs` of a field, with `read_only_fields`.
fn extra_kwargs(serializer: &Serializer, name: &str) -> Kwargs {
    let mut out = serializer
        .extra_kwargs
        .iter()
        .find(|(n, _, _)| &**n == name)
        .map(|(_, kwargs, _)| kwargs.clone())
        .unwrap_or_default();
    let read_only = serializer
        .read_only_fields
        .iter()
        .find(|(n, _)| &**n == name);
    if let Some((_, place)) = read_only {
        out.set(Kwarg {
            name: "read_only".into(),
            val: Val::Known(Literal::Bool(true)),
            text: "True".into(),
            place: Some(*place),
        });
    }
    out
}

/// Options beyond what a name in `Meta.fields` says.
fn extra_says_much(extra: &Kwargs) -> bool {
    !extra.items.is_empty()
}
