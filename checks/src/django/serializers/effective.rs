//! The fields a serializer really has: `Meta` over the model, declared fields, DRF's own rules.
//!
//! Source of the rules: `ModelSerializer.get_fields`, `get_default_field_names`,
//! `include_extra_kwargs` and `rest_framework.utils.field_mapping` of DRF 3.18, checked by running
//! them.

use std::sync::Arc;

use super::{DeclaredField, FieldOrigin, MetaFields, Serializer, SerializerField, SerializerKind};
use crate::django::PathEnd;
use crate::django::fields::{Field, FieldKind, Target};
use crate::django::models::{Model, Reverse, resolve_path};
use crate::django::names::{ClassRef, Kwarg, Kwargs, ModelId, truth};
use crate::django::read::{Read, inner_bodies, method_call, self_attr};
use crate::django::stubs::StubField;
use crate::python::syntax::{Expr, ExprKind, Stmt, StmtKind, positional};
use crate::python::value::{Literal, Val};
use crate::python::{Base, Scope, Symbol};

/// Effective fields of one serializer and, if so, why they may change at run time.
pub(super) fn fields(
    read: &Read<'_>,
    models: &[Model],
    all: &[Serializer],
    serializer: &Serializer,
) -> (Vec<SerializerField>, Option<Arc<str>>) {
    let cx = Cx {
        read,
        models,
        all,
        serializer,
        model: serializer.model.and_then(|id| models.get(id.0 as usize)),
    };
    let mut fields = match serializer.kind {
        SerializerKind::Model | SerializerKind::Hyperlinked => cx.model_fields(),
        SerializerKind::Plain => cx.plain_fields(),
        SerializerKind::List => Vec::new(),
    };
    let dynamic = cx.dynamic(&mut fields);
    (fields, dynamic)
}

struct Cx<'a> {
    read: &'a Read<'a>,
    models: &'a [Model],
    all: &'a [Serializer],
    serializer: &'a Serializer,
    model: Option<&'a Model>,
}

impl Cx<'_> {
    /// Declared fields, and those of a package's serializer that it derives from.
    fn plain_fields(&self) -> Vec<SerializerField> {
        let mut out = self.inherited_stub_fields();
        for declared in &self.serializer.declared {
            out.retain(|f| f.name != declared.name);
            out.push(self.declared(declared));
        }
        out
    }

    fn inherited_stub_fields(&self) -> Vec<SerializerField> {
        let Some(class) = self.serializer.class else {
            return Vec::new();
        };
        for entry in &self.read.program.mro(class).entries {
            if let Base::External(fq) = entry
                && let Some(stub) = self.read.stubs.class(fq)
                && !stub.fields.is_empty()
            {
                return stub
                    .fields
                    .iter()
                    // `refresh = None` in a class of the project takes an inherited field away.
                    .filter(|f| self.read.attr(class, &f.name).is_none())
                    .map(stub_field)
                    .collect();
            }
        }
        Vec::new()
    }

    fn model_fields(&self) -> Vec<SerializerField> {
        let declared = &self.serializer.declared;
        let names: Vec<Arc<str>> = match &self.serializer.meta {
            MetaFields::List(names) => names.clone(),
            MetaFields::All => self.default_names(),
            MetaFields::Exclude(excluded) => self
                .default_names()
                .into_iter()
                .filter(|n| !excluded.contains(n))
                .collect(),
            MetaFields::None => {
                let inherited = self.inherited_stub_fields();
                if !inherited.is_empty() {
                    return self.plain_fields();
                }
                declared.iter().map(|d| Arc::clone(&d.name)).collect()
            }
            MetaFields::Unknown(_) => declared.iter().map(|d| Arc::clone(&d.name)).collect(),
        };
        let stubbed = self.inherited_stub_fields();
        let mut out: Vec<SerializerField> = Vec::new();
        for name in names {
            if out.iter().any(|f| f.name == name) {
                continue;
            }
            if let Some(field) = declared.iter().find(|d| d.name == name) {
                out.push(self.declared(field));
            } else if let Some(field) = stubbed.iter().find(|f| f.name == name) {
                out.push(field.clone());
            } else {
                out.push(self.built(&name));
            }
        }
        self.unique_together(&mut out);
        out
    }

    /// `get_default_field_names`: key (or url), declared, own columns, forward relations.
    fn default_names(&self) -> Vec<Arc<str>> {
        let mut out: Vec<Arc<str>> = Vec::new();
        if self.serializer.kind == SerializerKind::Hyperlinked {
            out.push("url".into());
        } else if let Some(pk) = self.model.and_then(|m| self.root_pk(m)) {
            out.push(Arc::clone(&pk.name));
        }
        out.extend(self.serializer.declared.iter().map(|d| Arc::clone(&d.name)));
        if let Some(model) = self.model {
            let is_shown = |f: &&Field| {
                !f.is_pk && f.kwargs.flag("serialize", true) != Some(false) && !is_parent_link(f)
            };
            let scalar = model
                .fields
                .iter()
                .filter(is_shown)
                .filter(|f| f.kind == FieldKind::Scalar);
            let forward = model
                .fields
                .iter()
                .filter(is_shown)
                .filter(|f| matches!(f.kind, FieldKind::ForeignKey | FieldKind::OneToOne));
            let many = model
                .fields
                .iter()
                .filter(is_shown)
                .filter(|f| f.kind == FieldKind::ManyToMany);
            out.extend(
                scalar
                    .chain(forward)
                    .chain(many)
                    .map(|f| Arc::clone(&f.name)),
            );
        }
        let mut seen = std::collections::BTreeSet::new();
        out.retain(|n| seen.insert(Arc::clone(n)));
        out
    }

    /// The key a client sees: the root parent's for multi-table inheritance.
    fn root_pk<'m>(&'m self, model: &'m Model) -> Option<&'m Field> {
        let mut model = model;
        for _ in 0..10 {
            let pk = model.pk()?;
            if !is_parent_link(pk) {
                return Some(pk);
            }
            let parent = pk.to.as_ref().and_then(Target::model)?;
            model = self.models.get(parent.0 as usize)?;
        }
        None
    }

    fn declared(&self, declared: &DeclaredField) -> SerializerField {
        let kwargs = declared.kwargs.clone();
        let read_only_class = matches!(
            &*declared.base,
            "SerializerMethodField"
                | "ReadOnlyField"
                | "HyperlinkedIdentityField"
                | "StringRelatedField"
        );
        let hidden = &*declared.base == "HiddenField";
        let read_only = if read_only_class {
            Some(true)
        } else {
            kwargs.flag("read_only", false)
        };
        let write_only = if hidden {
            Some(true)
        } else {
            kwargs.flag("write_only", false)
        };
        let required = match (kwargs.get("required"), read_only) {
            (_, Some(true)) => Some(false),
            (Some(kwarg), _) => truth(&kwarg.val),
            (None, None) => None,
            (None, Some(false)) if kwargs.open => None,
            (None, Some(false)) => Some(!kwargs.has("default") && !hidden),
        };
        let source: Arc<str> = if &*declared.base == "SerializerMethodField" {
            "*".into()
        } else {
            kwargs
                .str("source")
                .map_or_else(|| Arc::clone(&declared.name), Into::into)
        };
        let (model_field, related) = self.follow_source(&source);
        let related_model = declared
            .nested
            .and_then(|id| self.all.get(id.0 as usize)?.model)
            .or(related)
            .or_else(|| self.queryset_model(&kwargs));
        let method_name: Option<Arc<str>> =
            (&*declared.base == "SerializerMethodField").then(|| {
                kwargs
                    .str("method_name")
                    .map_or_else(|| format!("get_{}", declared.name).into(), Into::into)
            });
        SerializerField {
            name: Arc::clone(&declared.name),
            origin: FieldOrigin::Declared,
            class: declared.class.clone(),
            base: Arc::clone(&declared.base),
            source,
            read_only,
            write_only,
            required,
            allow_null: kwargs.flag("allow_null", false),
            many: declared.many,
            hidden,
            nested: declared.nested,
            related_model,
            model_field,
            method: method_name
                .as_deref()
                .and_then(|name| self.serializer.method(name)),
            method_name,
            kwargs,
            place: Some(declared.place),
        }
    }

    /// Model and field at the end of a dotted source, and the model a relation there leads to.
    fn follow_source(&self, source: &str) -> (Option<(ModelId, Arc<str>)>, Option<ModelId>) {
        let Some(model) = self.model else {
            return (None, None);
        };
        if source == "*" {
            return (None, None);
        }
        match resolve_path(self.models, model.id, &source.replace('.', "__")) {
            PathEnd::Field(model, field) => (
                Some((model.id, Arc::clone(&field.name))),
                field.to.as_ref().and_then(Target::model),
            ),
            PathEnd::Reverse(model, _) => (None, Some(model.id)),
            PathEnd::Missing(_) | PathEnd::Unknown => (None, None),
        }
    }

    /// The model of `queryset=Order.objects.all()`.
    fn queryset_model(&self, kwargs: &Kwargs) -> Option<ModelId> {
        let class = self.serializer.class?;
        let text = &kwargs.get("queryset")?.text;
        let root = text.split(['.', '(']).next()?;
        let scope = self.read.class_scope(class);
        let name = Expr {
            span: crate::python::syntax::Span::default(),
            kind: ExprKind::Name(root.into()),
        };
        match self.read.program.resolve(scope, &name) {
            Symbol::Class(class) => self.models.iter().find(|m| m.class == Some(class)),
            Symbol::External(fq) => {
                let fq = self.read.canonical(&fq);
                self.models.iter().find(|m| m.fq == fq)
            }
            _ => None,
        }
        .map(|m| m.id)
    }

    /// `build_field` for a name of `Meta.fields`.
    fn built(&self, name: &Arc<str>) -> SerializerField {
        let extra = self
            .serializer
            .extra_kwargs
            .iter()
            .find(|(n, _, _)| n == name)
            .map(|(_, kwargs, _)| kwargs);
        let source: Arc<str> = extra
            .and_then(|k| k.str("source"))
            .filter(|s| *s != "*")
            .map_or_else(|| Arc::clone(name), Into::into);
        let mut field = self.built_from(name, &source);
        let mut options = extra.cloned().unwrap_or_default();
        if self
            .serializer
            .read_only_fields
            .iter()
            .any(|(n, _)| n == name)
        {
            options.set(Kwarg {
                name: "read_only".into(),
                val: Val::Known(Literal::Bool(true)),
                text: "True".into(),
                place: None,
            });
        }
        self.apply_extra(&mut field, &options);
        if self.serializer.extra_kwargs_open && field.read_only == Some(false) {
            field.read_only = None;
            field.write_only = None;
        }
        field
    }

    fn built_from(&self, name: &Arc<str>, source: &Arc<str>) -> SerializerField {
        let mut out = SerializerField {
            name: Arc::clone(name),
            origin: FieldOrigin::Unresolved,
            class: ClassRef::Unknown {
                text: Arc::clone(name),
                reason: "nothing of this name is on the model".into(),
            },
            base: "".into(),
            source: Arc::clone(source),
            read_only: None,
            write_only: Some(false),
            required: None,
            allow_null: Some(false),
            many: false,
            hidden: false,
            nested: None,
            related_model: None,
            model_field: None,
            kwargs: Kwargs::default(),
            method: None,
            method_name: None,
            place: self.name_place(name),
        };
        let set = |out: &mut SerializerField, class: &str| {
            out.class = ClassRef::External(format!("rest_framework.serializers.{class}").into());
            out.class = ClassRef::External(self.read.canonical(out.class.fq()));
            out.base = class.into();
        };
        let Some(model) = self.model else {
            return out;
        };
        let resolved = resolve_path(self.models, model.id, &source.replace('.', "__"));
        let reverse = model.reverse(source);
        match (resolved, reverse) {
            (PathEnd::Field(owner, field), _) => {
                out.model_field = Some((owner.id, Arc::clone(&field.name)));
                let is_attname = field.is_forward_single()
                    && ((*field.name != **source && &**source != "pk")
                        || (field.is_implicit && is_parent_link(field)));
                if is_attname {
                    out.origin = FieldOrigin::Property;
                    set(&mut out, "ReadOnlyField");
                    out.read_only = Some(true);
                    out.required = Some(false);
                } else {
                    out.origin = FieldOrigin::ModelField;
                    self.take_model_field(&mut out, field, set);
                }
            }
            (_, Some(reverse)) => {
                out.origin = FieldOrigin::ReverseRelation;
                self.take_reverse(&mut out, reverse, set);
            }
            _ if &**name == "url" && model.method(source).is_none() => {
                out.origin = FieldOrigin::Url;
                set(&mut out, "HyperlinkedIdentityField");
                out.read_only = Some(true);
                out.required = Some(false);
            }
            _ => {
                let on_model = model.method(source).is_some()
                    || self.stub_method(model, source)
                    || Self::enum_method(model, source)
                    || self.class_attribute(model, source);
                if on_model {
                    out.origin = FieldOrigin::Property;
                    set(&mut out, "ReadOnlyField");
                    out.method = model.method(source);
                    out.read_only = Some(true);
                    out.required = Some(false);
                }
            }
        }
        out
    }

    /// `get_<field>_display` and the like.
    fn enum_method(model: &Model, name: &str) -> bool {
        name.strip_prefix("get_")
            .and_then(|n| n.strip_suffix("_display"))
            .is_some_and(|field| model.field(field).is_some())
    }

    /// A plain attribute of the model's class body.
    fn class_attribute(&self, model: &Model, name: &str) -> bool {
        model
            .class
            .is_some_and(|c| self.read.attr(c, name).is_some())
    }

    /// A method or property that a package's model class gives.
    fn stub_method(&self, model: &Model, name: &str) -> bool {
        let has = |fq: &str| {
            self.read
                .stubs
                .class(fq)
                .is_some_and(|c| c.methods.iter().any(|m| m == name))
                // A plain attribute there, which many user models do not replace by a field.
                || (name == "is_active" && fq.ends_with(".AbstractBaseUser"))
        };
        match model.class {
            None => has(&model.fq),
            Some(class) => self
                .read
                .program
                .mro(class)
                .entries
                .iter()
                .any(|b| matches!(b, Base::External(fq) if has(fq))),
        }
    }

    fn take_model_field(
        &self,
        out: &mut SerializerField,
        field: &Field,
        set: impl Fn(&mut SerializerField, &str),
    ) {
        let is_relation = matches!(
            field.kind,
            FieldKind::ForeignKey | FieldKind::OneToOne | FieldKind::ManyToMany
        );
        out.related_model = field.to.as_ref().and_then(Target::model);
        if is_relation {
            out.many = field.kind == FieldKind::ManyToMany;
            if self.serializer.depth > 0 {
                out.origin = FieldOrigin::Depth;
                set(out, "Serializer");
                out.read_only = Some(true);
                out.required = Some(false);
                return;
            }
            match self.serializer.kind {
                SerializerKind::Hyperlinked => set(out, "HyperlinkedRelatedField"),
                _ => set(out, "PrimaryKeyRelatedField"),
            }
        } else if field.choices.is_some() || field.kwargs.has("choices") {
            set(out, "ChoiceField");
        } else {
            set(out, serializer_class(&field.base));
        }
        // What DRF takes over from the model field.
        for name in [
            "max_length",
            "max_digits",
            "decimal_places",
            "choices",
            "validators",
            "help_text",
            "verbose_name",
            "unique",
            "upload_to",
        ] {
            if let Some(kwarg) = field.kwargs.get(name) {
                out.kwargs.items.push(kwarg.clone());
            }
        }
        let has_through = field.kind == FieldKind::ManyToMany && field.through.is_some();
        out.read_only = if field.is_auto() || has_through {
            Some(true)
        } else {
            field.editable.map(|e| !e)
        };
        out.allow_null = field.null;
        let optional = [Some(field.has_default()), field.blank, field.null];
        out.required = if out.read_only == Some(true) || optional.contains(&Some(true)) {
            Some(false)
        } else if out.read_only.is_none() || optional.contains(&None) || field.kwargs.open {
            None
        } else {
            Some(true)
        };
    }

    /// A reverse accessor becomes a related field over the target's default manager: writable and
    /// required (checked by running DRF), unless a through model stands between.
    fn take_reverse(
        &self,
        out: &mut SerializerField,
        reverse: &Reverse,
        set: impl Fn(&mut SerializerField, &str),
    ) {
        out.related_model = Some(reverse.model);
        out.many = !reverse.is_single;
        if self.serializer.depth > 0 {
            out.origin = FieldOrigin::Depth;
            set(out, "Serializer");
            out.read_only = Some(true);
            out.required = Some(false);
            return;
        }
        match self.serializer.kind {
            SerializerKind::Hyperlinked => set(out, "HyperlinkedRelatedField"),
            _ => set(out, "PrimaryKeyRelatedField"),
        }
        let has_through = self
            .models
            .get(reverse.model.0 as usize)
            .and_then(|m| m.field(&reverse.field))
            .is_some_and(|f| f.through.is_some());
        out.read_only = Some(has_through);
        out.required = Some(!has_through);
    }

    /// `include_extra_kwargs`: what `extra_kwargs` and `read_only_fields` change.
    fn apply_extra(&self, field: &mut SerializerField, options: &Kwargs) {
        if field.origin == FieldOrigin::Unresolved
            && self.model.is_none()
            && options.items.is_empty()
        {
            return;
        }
        let fixed = matches!(
            field.origin,
            FieldOrigin::Property | FieldOrigin::Depth | FieldOrigin::Url
        );
        for kwarg in &options.items {
            field.kwargs.set(kwarg.clone());
        }
        field.kwargs.open |= options.open;
        if !fixed {
            if let Some(kwarg) = options.get("read_only") {
                field.read_only = truth(&kwarg.val);
            } else if options.open && field.read_only == Some(false) {
                field.read_only = None;
            }
        }
        if let Some(kwarg) = options.get("write_only") {
            field.write_only = truth(&kwarg.val);
        } else if options.open {
            field.write_only = None;
        }
        if let Some(kwarg) = options.get("allow_null") {
            field.allow_null = truth(&kwarg.val);
        }
        if field.read_only == Some(true) {
            field.required = Some(false);
        } else if let Some(kwarg) = options.get("required") {
            field.required = truth(&kwarg.val);
        } else if options.has("default") {
            field.required = Some(false);
        }
    }

    /// Members of `unique_together` and of unconditional unique constraints become required
    /// (`get_uniqueness_extra_kwargs`).
    fn unique_together(&self, fields: &mut [SerializerField]) {
        let Some(model) = self.model else { return };
        let sets = model.meta.unique_together.iter().chain(
            model
                .meta
                .constraints
                .iter()
                .filter(|c| c.is_unique && !c.is_partial && c.fields.len() > 1)
                .map(|c| &c.fields),
        );
        for set in sets {
            let all_there = set.iter().all(|n| fields.iter().any(|f| f.source == *n));
            if !all_there {
                continue;
            }
            for name in set {
                let has_default = model
                    .field(name)
                    .is_none_or(|f| f.has_default() || f.null == Some(true));
                if let Some(field) = fields
                    .iter_mut()
                    .find(|f| f.source == *name && f.origin == FieldOrigin::ModelField)
                    && !has_default
                    && field.read_only == Some(false)
                    && !field.kwargs.has("required")
                    && !field.kwargs.has("default")
                {
                    field.required = Some(true);
                }
            }
        }
    }

    /// Place of a name in `Meta.fields`, else of the option's value.
    fn name_place(&self, name: &str) -> Option<crate::python::value::Place> {
        let place = self.serializer.meta_place?;
        if let Some(((), kwarg)) = self.serializer.meta_options.get("fields").map(|k| ((), k))
            && let Val::Seq(items) = &kwarg.val
            && let Some((_, place)) = items
                .iter()
                .find(|(item, _)| matches!(item, Val::Known(Literal::Str(text)) if &**text == name))
        {
            return Some(*place);
        }
        Some(place)
    }

    /// Applies what `__init__` does to `self.fields` and says what stays open.
    fn dynamic(&self, fields: &mut Vec<SerializerField>) -> Option<Arc<str>> {
        let mut reason = None;
        for name in [
            "get_fields",
            "get_field_names",
            "get_extra_kwargs",
            "build_field",
        ] {
            if self.serializer.method(name).is_some() {
                reason = Some(format!("`{name}` computes its fields").into());
            }
        }
        if let Some(init) = self.serializer.method("__init__") {
            let scope = self.read.func_scope(init);
            let body = &self.read.program.func_def(init).body;
            let mut edits = Edits {
                cx: self,
                scope,
                fields,
                open: None,
            };
            edits.block(body, false);
            reason = edits.open.or(reason);
        }
        reason
    }
}

/// Recognised edits of `self.fields` in `__init__`.
struct Edits<'a, 'b> {
    cx: &'a Cx<'a>,
    scope: Scope,
    fields: &'b mut Vec<SerializerField>,
    open: Option<Arc<str>>,
}

impl Edits<'_, '_> {
    fn block(&mut self, body: &[Stmt], conditional: bool) {
        for stmt in body {
            self.statement(stmt, conditional);
            for inner in inner_bodies(stmt) {
                self.block(inner, true);
            }
        }
    }

    fn statement(&mut self, stmt: &Stmt, conditional: bool) {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                for target in targets {
                    self.assign(target, value, conditional);
                }
            }
            StmtKind::Delete(items) => {
                for item in items {
                    if let ExprKind::Subscript { value, index } = &item.kind
                        && is_fields(value)
                    {
                        self.remove(index, conditional);
                    }
                }
            }
            StmtKind::Expr(expr) => {
                let Some((func, args)) = expr.as_call() else {
                    return;
                };
                if let Some((on, "pop")) = method_call(func)
                    && is_fields(on)
                {
                    match positional(args, 0) {
                        Some(name) => self.remove(name, conditional),
                        None => self.unknown(),
                    }
                    return;
                }
                if let Some((on, "update" | "clear" | "setdefault")) = method_call(func)
                    && is_fields(on)
                {
                    self.unknown();
                }
            }
            _ => {}
        }
    }

    /// `self.fields["x"].read_only = True`, `self.fields["x"] = Field(…)`.
    fn assign(&mut self, target: &Expr, value: &Expr, conditional: bool) {
        match &target.kind {
            ExprKind::Attribute { value: on, attr } => {
                let ExprKind::Subscript {
                    value: fields,
                    index,
                } = &on.kind
                else {
                    return;
                };
                if !is_fields(fields) {
                    return;
                }
                let val = truth(&self.cx.read.program.eval(self.scope, value));
                let val = if conditional { None } else { val };
                match index.as_str() {
                    Some(name) => {
                        if let Some(field) = self.fields.iter_mut().find(|f| &*f.name == name) {
                            set_flag(field, attr, val);
                        }
                    }
                    None => {
                        for field in self.fields.iter_mut() {
                            if set_flag(field, attr, None) {
                                self.open.get_or_insert_with(|| {
                                    "`__init__` changes fields in a loop".into()
                                });
                            }
                        }
                    }
                }
            }
            ExprKind::Subscript { value: fields, .. } if is_fields(fields) => self.unknown(),
            _ => {}
        }
    }

    fn remove(&mut self, name: &Expr, conditional: bool) {
        match name.as_str() {
            Some(name) if !conditional => self.fields.retain(|f| &*f.name != name),
            Some(_) | None => {
                self.open
                    .get_or_insert_with(|| "`__init__` removes fields under a condition".into());
            }
        }
    }

    fn unknown(&mut self) {
        self.open
            .get_or_insert_with(|| "`__init__` adds or replaces fields".into());
    }
}

fn set_flag(field: &mut SerializerField, attr: &str, val: Option<bool>) -> bool {
    match attr {
        "read_only" => field.read_only = val,
        "write_only" => field.write_only = val,
        "required" => field.required = val,
        "allow_null" => field.allow_null = val,
        _ => return false,
    }
    true
}

/// `self.fields`
fn is_fields(expr: &Expr) -> bool {
    self_attr(expr) == Some("fields")
}

/// `serializer_field_mapping` of `ModelSerializer`, by the model field's base.
fn serializer_class(base: &str) -> &'static str {
    match base {
        "AutoField"
        | "SmallAutoField"
        | "IntegerField"
        | "SmallIntegerField"
        | "PositiveIntegerField"
        | "PositiveSmallIntegerField" => "IntegerField",
        // BigIntegerField since DRF 3.17, IntegerField before: the same on the wire.
        "BigAutoField" | "BigIntegerField" | "PositiveBigIntegerField" => "IntegerField",
        "BooleanField" | "NullBooleanField" => "BooleanField",
        "CharField" | "TextField" => "CharField",
        "DateField" => "DateField",
        "DateTimeField" => "DateTimeField",
        "DecimalField" => "DecimalField",
        "DurationField" => "DurationField",
        "EmailField" => "EmailField",
        "FileField" => "FileField",
        "ImageField" => "ImageField",
        "FloatField" => "FloatField",
        "SlugField" => "SlugField",
        "TimeField" => "TimeField",
        "URLField" => "URLField",
        "UUIDField" => "UUIDField",
        "GenericIPAddressField" | "IPAddressField" => "IPAddressField",
        "FilePathField" => "FilePathField",
        "JSONField" => "JSONField",
        "ArrayField" => "ListField",
        "HStoreField" => "HStoreField",
        _ => "ModelField",
    }
}

fn is_parent_link(field: &Field) -> bool {
    field.kind == FieldKind::OneToOne
        && (field.is_implicit || field.kwargs.flag("parent_link", false) == Some(true))
}

/// A field of a package's serializer.
pub(super) fn stub_field(stub: &StubField) -> SerializerField {
    let mut kwargs = Kwargs::default();
    for (name, value) in [
        ("max_length", stub.max_length),
        ("min_length", stub.min_length),
        ("max_digits", stub.max_digits),
        ("decimal_places", stub.decimal_places),
    ] {
        if let Some(value) = value {
            kwargs.items.push(Kwarg {
                name: name.into(),
                val: Val::Known(Literal::Int(value)),
                text: "".into(),
                place: None,
            });
        }
    }
    let base = crate::django::stubs::stubs()
        .field_base(&stub.class)
        .unwrap_or("");
    SerializerField {
        name: stub.name.as_str().into(),
        origin: FieldOrigin::Catalogue,
        class: ClassRef::External(stub.class.as_str().into()),
        base: base.into(),
        source: stub.source.as_deref().unwrap_or(&stub.name).into(),
        read_only: Some(stub.read_only),
        write_only: Some(stub.write_only),
        required: Some(stub.required),
        allow_null: Some(stub.allow_null),
        many: stub.many,
        hidden: base == "HiddenField",
        nested: None,
        related_model: None,
        model_field: None,
        kwargs,
        method: None,
        method_name: None,
        place: None,
    }
}
