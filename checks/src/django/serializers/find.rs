//! Finds the serializers of a tree: declared fields, `Meta`, methods.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{DeclaredField, MetaFields, Serializer, SerializerKind};
use crate::django::models::Model;
use crate::django::models::find::each_assignment;
use crate::django::names::{ClassRef, Kwargs, ModelId, SerializerId};
use crate::django::read::{Ancestor, Attr, Read};
use crate::django::stubs::StubClass;
use crate::python::syntax::{Arg, DictItem, Expr, ExprKind, StmtKind, keyword, positional};
use crate::python::value::{Literal, Place, Val};
use crate::python::{Base, ClassId, Scope, Symbol};
use crate::source::Role;

const BASE: &str = "rest_framework.serializers.BaseSerializer";
const FIELD: &str = "rest_framework.fields.Field";

/// Serializer classes by id, and the catalogue's that were named so far.
#[derive(Debug)]
pub(in crate::django) struct Serializers {
    pub(in crate::django) all: Vec<Serializer>,
    by_class: BTreeMap<ClassId, SerializerId>,
    stubs: BTreeMap<Arc<str>, SerializerId>,
}

impl Serializers {
    pub(in crate::django) fn of_class(&self, class: ClassId) -> Option<SerializerId> {
        self.by_class.get(&class).copied()
    }

    /// The serializer a class reference names, made on first use for the catalogue's.
    pub(in crate::django) fn of_ref(
        &mut self,
        read: &Read<'_>,
        models: &[Model],
        class: &ClassRef,
    ) -> Option<SerializerId> {
        match class {
            ClassRef::Project { id, .. } => self.of_class(*id),
            ClassRef::External(fq) => {
                let fq = read.canonical(fq);
                if let Some(id) = self.stubs.get(&fq) {
                    return Some(*id);
                }
                let stub = read.stubs.class(&fq)?;
                if stub.kind != "serializer" {
                    return None;
                }
                let id = SerializerId(self.all.len() as u32);
                self.all.push(of_stub(models, id, &fq, stub));
                self.stubs.insert(fq, id);
                Some(id)
            }
            ClassRef::Unknown { .. } => None,
        }
    }
}

pub(in crate::django) fn find(read: &Read<'_>, models: &[Model]) -> Serializers {
    let mut classes = Vec::new();
    for (class, info) in read.program.classes() {
        if matches!(
            read.role(info.module),
            Role::Vendored | Role::Template | Role::Migration | Role::Generated
        ) {
            continue;
        }
        if is_serializer(read, class) {
            classes.push(class);
        }
    }
    let by_class: BTreeMap<ClassId, SerializerId> = classes
        .iter()
        .enumerate()
        .map(|(at, c)| (*c, SerializerId(at as u32)))
        .collect();
    let by_model: BTreeMap<ClassId, ModelId> = models
        .iter()
        .filter_map(|m| Some((m.class?, m.id)))
        .collect();
    let all = classes
        .iter()
        .enumerate()
        .map(|(at, class)| {
            build(
                read,
                models,
                &by_class,
                &by_model,
                SerializerId(at as u32),
                *class,
            )
        })
        .collect();
    let mut out = Serializers {
        all,
        by_class,
        stubs: BTreeMap::new(),
    };
    for at in 0..out.all.len() {
        let found = out
            .all
            .get(at)
            .map(|s| super::effective::fields(read, models, &out.all, s));
        if let (Some((fields, dynamic)), Some(serializer)) = (found, out.all.get_mut(at)) {
            serializer.fields = fields;
            serializer.dynamic = dynamic;
        }
    }
    out
}

fn is_serializer(read: &Read<'_>, class: ClassId) -> bool {
    read.lineage(class)
        .iter()
        .any(|a| matches!(a, Ancestor::External(fq) if &**fq == BASE))
}

fn build(
    read: &Read<'_>,
    models: &[Model],
    by_class: &BTreeMap<ClassId, SerializerId>,
    by_model: &BTreeMap<ClassId, ModelId>,
    id: SerializerId,
    class: ClassId,
) -> Serializer {
    let info = read.program.class(class);
    let def = read.program.class_def(class);
    let derives = |fq: &str| read.is_a(class, fq) == Some(true);
    let kind = if derives("rest_framework.serializers.HyperlinkedModelSerializer") {
        SerializerKind::Hyperlinked
    } else if derives("rest_framework.serializers.ModelSerializer") {
        SerializerKind::Model
    } else if derives("rest_framework.serializers.ListSerializer") {
        SerializerKind::List
    } else {
        SerializerKind::Plain
    };
    let mut out = Serializer {
        id,
        class: Some(class),
        fq: Arc::clone(&info.fq),
        name: Arc::clone(&def.name),
        kind,
        model: None,
        model_open: None,
        meta: MetaFields::None,
        meta_place: None,
        meta_owner: None,
        read_only_fields: Vec::new(),
        extra_kwargs: Vec::new(),
        extra_kwargs_open: false,
        meta_options: Kwargs::default(),
        depth: 0,
        declared: declared(read, by_class, class),
        fields: Vec::new(),
        methods: methods(read, class),
        dynamic: None,
        open: read.open(class),
        place: Some(read.class_place(class)),
    };
    if let Some(Attr::Class {
        class: meta, owner, ..
    }) = read.attr(class, "Meta")
    {
        out.meta_owner = Some(read.project_ref(owner));
        read_meta(read, models, by_model, &mut out, meta);
    } else if let Some(Attr::Stub { .. }) = read.attr(class, "Meta") {
        out.meta = MetaFields::Unknown("its Meta is a package's".into());
    }
    // A package's serializer brings its own fields.
    for entry in &read.program.mro(class).entries {
        if let Base::External(fq) = entry
            && let Some(stub) = read.stubs.class(fq)
            && !stub.fields.is_empty()
            && out.model.is_none()
        {
            out.model = stub
                .model
                .as_deref()
                .and_then(|label| by_label(models, label));
        }
    }
    out
}

fn by_label(models: &[Model], label: &str) -> Option<ModelId> {
    let (app, name) = label.split_once('.')?;
    if label.eq_ignore_ascii_case("auth.User")
        && let Some(user) = models.iter().find(|m| m.is_user)
    {
        return Some(user.id);
    }
    models
        .iter()
        .find(|m| &*m.app_label == app && m.name.eq_ignore_ascii_case(name))
        .map(|m| m.id)
}

fn read_meta(
    read: &Read<'_>,
    models: &[Model],
    by_model: &BTreeMap<ClassId, ModelId>,
    out: &mut Serializer,
    meta: ClassId,
) {
    let mro = read.program.mro(meta);
    if let Some(reason) = &mro.open {
        out.meta = MetaFields::Unknown(Arc::clone(reason));
        out.meta_options.open = true;
    }
    for entry in mro.entries.iter().rev() {
        let Base::Project(id) = entry else { continue };
        let scope = read.class_scope(*id);
        for stmt in &read.program.class_def(*id).body {
            each_assignment(stmt, &mut |name, value| {
                out.meta_options
                    .set(read.kwarg(scope, Arc::clone(name), value));
            });
        }
    }
    if let Some((scope, expr, _)) = meta_value(read, meta, "model") {
        match model_of(read, models, by_model, scope, expr) {
            Some(id) => out.model = Some(id),
            None => {
                out.model_open = Some(
                    format!(
                        "`{}` is no model that was found",
                        read.expr_text(scope.module, expr)
                    )
                    .into(),
                );
            }
        }
    }
    if let Some((scope, expr, place)) = meta_value(read, meta, "exclude") {
        out.meta_place = Some(place);
        out.meta = match strings(read, scope, expr) {
            Some(names) => MetaFields::Exclude(names.into_iter().map(|(n, _)| n).collect()),
            None => MetaFields::Unknown("`Meta.exclude` is computed".into()),
        };
    }
    if let Some((scope, expr, place)) = meta_value(read, meta, "fields") {
        out.meta_place = Some(place);
        let is_all = expr.as_str() == Some("__all__")
            || expr.dotted().is_some_and(|d| d.ends_with("ALL_FIELDS"))
            || matches!(read.program.eval(scope, expr), Val::Known(Literal::Str(s)) if &*s == "__all__");
        out.meta = if is_all {
            MetaFields::All
        } else {
            match strings(read, scope, expr) {
                Some(names) => MetaFields::List(names.into_iter().map(|(n, _)| n).collect()),
                None => MetaFields::Unknown("`Meta.fields` is computed".into()),
            }
        };
    }
    if let Some((scope, expr, _)) = meta_value(read, meta, "read_only_fields") {
        match strings(read, scope, expr) {
            Some(names) => out.read_only_fields = names,
            None => out.extra_kwargs_open = true,
        }
    }
    if let Some((scope, expr, _)) = meta_value(read, meta, "extra_kwargs") {
        extra_kwargs(read, scope, expr, out, 0);
    }
    if let Some(depth) = out.meta_options.int("depth") {
        out.depth = u32::try_from(depth).unwrap_or(0).min(10);
    }
}

/// `{"password": {"write_only": True}}`, with `**Base.Meta.extra_kwargs`.
fn extra_kwargs(read: &Read<'_>, scope: Scope, expr: &Expr, out: &mut Serializer, depth: usize) {
    let Some((scope, items)) = read.dict_items(scope, expr) else {
        if depth < 4
            && let Some((scope, expr)) = class_attribute(read, scope, expr)
        {
            extra_kwargs(read, scope, expr, out, depth + 1);
            return;
        }
        out.extra_kwargs_open = true;
        return;
    };
    for item in items {
        match item {
            DictItem::Pair { key, value } => {
                let name =
                    key.as_str()
                        .map(Into::into)
                        .or_else(|| match read.program.eval(scope, key) {
                            Val::Known(Literal::Str(text)) => Some(text),
                            _ => None,
                        });
                let Some(name) = name else {
                    out.extra_kwargs_open = true;
                    continue;
                };
                let mut kwargs = Kwargs::default();
                match read.dict_items(scope, value) {
                    Some((scope, options)) => {
                        for option in options {
                            match option {
                                DictItem::Pair { key, value } => match key.as_str() {
                                    Some(key) => {
                                        kwargs.set(read.kwarg(scope, key.into(), value));
                                    }
                                    None => kwargs.open = true,
                                },
                                DictItem::Spread(_) => kwargs.open = true,
                            }
                        }
                    }
                    None => match value.as_call() {
                        Some((func, args)) if func.as_name() == Some("dict") => {
                            kwargs = read.kwargs(scope, args, &[]);
                        }
                        _ => kwargs.open = true,
                    },
                }
                let place = read.place(scope.module, key.span);
                out.extra_kwargs.retain(|(n, _, _)| *n != name);
                out.extra_kwargs.push((name, kwargs, place));
            }
            DictItem::Spread(value) if depth < 4 => {
                extra_kwargs(read, scope, value, out, depth + 1);
            }
            DictItem::Spread(_) => out.extra_kwargs_open = true,
        }
    }
}

/// An attribute of `Meta` by its own inheritance: scope, expression, place.
fn meta_value<'p>(read: &Read<'p>, meta: ClassId, name: &str) -> Option<(Scope, &'p Expr, Place)> {
    match read.attr(meta, name)? {
        Attr::Value { expr, owner, .. } => {
            let scope = read.class_scope(owner);
            Some((scope, expr, read.place(scope.module, expr.span)))
        }
        _ => None,
    }
}

/// `Parent.Meta.fields` → the expression there.
fn class_attribute<'p>(read: &Read<'p>, scope: Scope, expr: &Expr) -> Option<(Scope, &'p Expr)> {
    let ExprKind::Attribute { value, attr } = &expr.kind else {
        return None;
    };
    let class = class_of(read, scope, value, 0)?;
    match read.attr(class, attr)? {
        Attr::Value { expr, owner, .. } => Some((read.class_scope(owner), expr)),
        _ => None,
    }
}

fn class_of(read: &Read<'_>, scope: Scope, expr: &Expr, depth: usize) -> Option<ClassId> {
    if let Symbol::Class(id) = read.program.resolve(scope, expr) {
        return Some(id);
    }
    let ExprKind::Attribute { value, attr } = &expr.kind else {
        return None;
    };
    if depth > 4 {
        return None;
    }
    match read.attr(class_of(read, scope, value, depth + 1)?, attr)? {
        Attr::Class { class, .. } => Some(class),
        _ => None,
    }
}

/// The strings of a list, tuple or concatenation, with their places; `None` if any part is open.
pub(in crate::django) fn strings(
    read: &Read<'_>,
    scope: Scope,
    expr: &Expr,
) -> Option<Vec<(Arc<str>, Place)>> {
    let mut out = Vec::new();
    collect_strings(read, scope, expr, &mut out, 0).then_some(out)
}

fn collect_strings(
    read: &Read<'_>,
    scope: Scope,
    expr: &Expr,
    out: &mut Vec<(Arc<str>, Place)>,
    depth: usize,
) -> bool {
    if depth > 12 || out.len() > 2_000 {
        return false;
    }
    let (scope, expr) = read.follow(scope, expr);
    match &expr.kind {
        ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
            items.iter().all(|item| match &item.kind {
                ExprKind::Str(text) => {
                    out.push((Arc::clone(text), read.place(scope.module, item.span)));
                    true
                }
                ExprKind::Starred(inner) => collect_strings(read, scope, inner, out, depth + 1),
                _ => match read.program.eval(scope, item) {
                    Val::Known(Literal::Str(text)) => {
                        out.push((text, read.place(scope.module, item.span)));
                        true
                    }
                    _ => false,
                },
            })
        }
        ExprKind::BinOp {
            left,
            op: "+",
            right,
        } => {
            collect_strings(read, scope, left, out, depth + 1)
                && collect_strings(read, scope, right, out, depth + 1)
        }
        ExprKind::Call { func, args }
            if matches!(func.as_name(), Some("list" | "tuple")) && args.len() == 1 =>
        {
            args.first()
                .is_some_and(|a| collect_strings(read, scope, &a.value, out, depth + 1))
        }
        ExprKind::Attribute { .. } if depth < 8 => {
            if let Some((scope, expr)) = class_attribute(read, scope, expr) {
                return collect_strings(read, scope, expr, out, depth + 1);
            }
            evaluated_strings(read, scope, expr, out)
        }
        _ => evaluated_strings(read, scope, expr, out),
    }
}

fn evaluated_strings(
    read: &Read<'_>,
    scope: Scope,
    expr: &Expr,
    out: &mut Vec<(Arc<str>, Place)>,
) -> bool {
    match read.program.eval(scope, expr) {
        Val::Seq(items) => items.iter().all(|(item, place)| match item {
            Val::Known(Literal::Str(text)) => {
                out.push((Arc::clone(text), *place));
                true
            }
            _ => false,
        }),
        _ => false,
    }
}

fn model_of(
    read: &Read<'_>,
    models: &[Model],
    by_model: &BTreeMap<ClassId, ModelId>,
    scope: Scope,
    expr: &Expr,
) -> Option<ModelId> {
    let (scope, expr) = read.follow(scope, expr);
    let callee = |f: &Expr| f.dotted().unwrap_or_default();
    if let Some((func, args)) = expr.as_call() {
        if callee(func).ends_with("get_user_model") {
            return models.iter().find(|m| m.is_user).map(|m| m.id);
        }
        if callee(func).ends_with("get_model") {
            let first = positional(args, 0).and_then(Expr::as_str)?;
            let label = match positional(args, 1).and_then(Expr::as_str) {
                Some(name) => format!("{first}.{name}"),
                None => first.to_owned(),
            };
            return by_label(models, &label);
        }
    }
    match read.program.resolve(scope, expr) {
        Symbol::Class(class) => by_model.get(&class).copied(),
        Symbol::External(fq) => {
            if fq.ends_with("get_user_model") {
                return models.iter().find(|m| m.is_user).map(|m| m.id);
            }
            let fq = read.canonical(&fq);
            models.iter().find(|m| m.fq == fq).map(|m| m.id)
        }
        _ => match read.program.eval(scope, expr) {
            Val::Symbol(Symbol::Class(class)) => by_model.get(&class).copied(),
            _ => None,
        },
    }
}

/// Declared fields as DRF's metaclass orders them: those of the bases first.
fn declared(
    read: &Read<'_>,
    by_class: &BTreeMap<ClassId, SerializerId>,
    class: ClassId,
) -> Vec<DeclaredField> {
    let mut out: Vec<DeclaredField> = Vec::new();
    for entry in read.program.mro(class).entries.iter().rev() {
        let Base::Project(owner) = entry else {
            continue;
        };
        let scope = read.class_scope(*owner);
        let mut own: Vec<DeclaredField> = Vec::new();
        for stmt in &read.program.class_def(*owner).body {
            each_assignment(stmt, &mut |name, value| {
                out.retain(|f| f.name != *name);
                own.retain(|f| f.name != *name);
                own.extend(field(read, by_class, *owner, scope, name, value));
            });
            if let StmtKind::Function(def) = &stmt.kind {
                out.retain(|f| f.name != def.name);
            }
        }
        out.extend(own);
    }
    out
}

fn field(
    read: &Read<'_>,
    by_class: &BTreeMap<ClassId, SerializerId>,
    owner: ClassId,
    scope: Scope,
    name: &Arc<str>,
    value: &Expr,
) -> Option<DeclaredField> {
    let (func, args) = value.as_call()?;
    let class = read.class_ref(scope, func);
    let is_nested = match &class {
        ClassRef::Project { id, .. } => by_class.contains_key(id),
        ClassRef::External(fq) => read.stubs.is_a(fq, BASE) == Some(true),
        ClassRef::Unknown { .. } => false,
    };
    if !is_nested && !is_field(read, &class) {
        return None;
    }
    let base: Arc<str> = if is_nested {
        "Serializer".into()
    } else {
        read.field_base(&class)
    };
    let kwargs = read.kwargs(scope, args, positional_names(&base));
    let child = child_of(read, scope, args);
    let nested = class
        .class()
        .and_then(|c| by_class.get(&c))
        .or_else(|| child.as_ref()?.class().and_then(|c| by_class.get(&c)))
        .copied();
    let many = kwargs.flag("many", false) == Some(true)
        || matches!(&*base, "ListField" | "ListSerializer" | "ManyRelatedField")
        || class.name() == "ListSerializer";
    Some(DeclaredField {
        name: Arc::clone(name),
        owner: read.project_ref(owner),
        class,
        base,
        nested,
        many,
        kwargs,
        child,
        place: read.place(scope.module, value.span),
    })
}

fn child_of(read: &Read<'_>, scope: Scope, args: &[Arg]) -> Option<ClassRef> {
    let child = keyword(args, "child")?;
    let named = child.as_call().map_or(child, |(func, _)| func);
    Some(read.class_ref(scope, named))
}

fn is_field(read: &Read<'_>, class: &ClassRef) -> bool {
    match class {
        ClassRef::External(fq) => match read.stubs.class(fq) {
            Some(stub) => stub.kind == "serializer_field" || stub.kind == "serializer",
            None => {
                let name = class.name();
                name.ends_with("Field")
                    && !fq.starts_with("django.")
                    && !fq.contains("models")
                    && !fq.contains("forms")
                    || name.ends_with("Serializer")
            }
        },
        ClassRef::Project { id, .. } => {
            read.is_a(*id, FIELD) == Some(true)
                || read.program.mro(*id).entries.iter().any(|b| match b {
                    Base::External(fq) => {
                        read.stubs.class(fq).is_none()
                            && is_field(read, &ClassRef::External(Arc::clone(fq)))
                    }
                    Base::Project(_) => false,
                })
        }
        ClassRef::Unknown { text, .. } => text.ends_with("Field") || text.ends_with("Serializer"),
    }
}

/// Names of positional arguments (source: signatures in rest_framework.fields).
fn positional_names(base: &str) -> &'static [&'static str] {
    match base {
        "SerializerMethodField" => &["method_name"],
        "ChoiceField" | "MultipleChoiceField" => &["choices"],
        "DecimalField" => &["max_digits", "decimal_places"],
        "RegexField" => &["regex"],
        "SlugRelatedField" => &["slug_field"],
        "HyperlinkedIdentityField" | "HyperlinkedRelatedField" => &["view_name"],
        "ModelField" => &["model_field"],
        _ => &[],
    }
}

/// Methods by MRO in project classes, dunder methods other than `__init__` left out.
fn methods(read: &Read<'_>, class: ClassId) -> Vec<(Arc<str>, crate::python::FuncId)> {
    let mut out: Vec<(Arc<str>, crate::python::FuncId)> = Vec::new();
    for entry in &read.program.mro(class).entries {
        let Base::Project(owner) = entry else {
            continue;
        };
        for stmt in &read.program.class_def(*owner).body {
            let StmtKind::Function(def) = &stmt.kind else {
                continue;
            };
            if out.iter().any(|(n, _)| *n == def.name) {
                continue;
            }
            if let Some(func) = read.method(*owner, &def.name) {
                out.push((Arc::clone(&def.name), func));
            }
        }
    }
    out
}

fn of_stub(models: &[Model], id: SerializerId, fq: &str, stub: &StubClass) -> Serializer {
    let name: Arc<str> = fq.rsplit('.').next().unwrap_or(fq).into();
    let is_model = stub
        .bases
        .iter()
        .any(|b| b == "rest_framework.serializers.ModelSerializer");
    Serializer {
        id,
        class: None,
        fq: fq.into(),
        name,
        kind: if is_model {
            SerializerKind::Model
        } else {
            SerializerKind::Plain
        },
        model: stub
            .model
            .as_deref()
            .and_then(|label| by_label(models, label)),
        model_open: None,
        meta: MetaFields::None,
        meta_place: None,
        meta_owner: None,
        read_only_fields: Vec::new(),
        extra_kwargs: Vec::new(),
        extra_kwargs_open: false,
        meta_options: Kwargs::default(),
        depth: 0,
        declared: Vec::new(),
        fields: stub
            .fields
            .iter()
            .map(super::effective::stub_field)
            .collect(),
        methods: Vec::new(),
        dynamic: None,
        open: None,
        place: None,
    }
}
