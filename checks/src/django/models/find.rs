//! Finds the models of a tree and works out their effective fields, options and managers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Constraint, Index, Manager, Model, ModelMeta, Reverse};
use crate::django::apps::App;
use crate::django::apps::find::app_of_path;
use crate::django::fields::find::{FieldReader, Registry, implicit_pk, parent_link, stub_field};
use crate::django::fields::{Field, FieldKind};
use crate::django::names::{ClassRef, Kwarg, Kwargs, ModelId, as_strings, truth};
use crate::django::read::{Ancestor, Attr, Read};
use crate::django::settings::Settings;
use crate::python::syntax::{ArgKind, Expr, ExprKind, Stmt, StmtKind, keyword, positional};
use crate::python::value::{Literal, Val};
use crate::python::{ClassId, Scope};
use crate::source::Role;

/// Models are read in inheritance order; a chain longer than this is a cycle or hostile.
const MAX_PARENTS: usize = 60;

const MODEL: &str = "django.db.models.base.Model";

/// Names of models whose rows belong to somebody in particular.
const PRIVATE_LIKE: &[&str] = &[
    "order",
    "invoice",
    "payment",
    "message",
    "cart",
    "basket",
    "address",
    "profile",
    "wallet",
    "transaction",
    "account",
    "subscription",
    "notification",
    "booking",
    "reservation",
    "ticket",
    "document",
    "note",
    "task",
    "todo",
    "budget",
    "expense",
    "income",
    "transfer",
    "card",
    "chat",
    "conversation",
    "diary",
    "journal",
    "medical",
    "appointment",
    "prescription",
    "application",
    "wishlist",
    "favorite",
    "favourite",
    "bookmark",
    "session",
    "token",
    "device",
    "loan",
    "purchase",
    "shipment",
    "refund",
];

pub(in crate::django) fn find(read: &Read<'_>, settings: &Settings, apps: &[App]) -> Vec<Model> {
    let mut classes: Vec<ClassId> = Vec::new();
    for (class, info) in read.program.classes() {
        if matches!(
            read.role(info.module),
            Role::Vendored | Role::Template | Role::Migration | Role::Generated
        ) {
            continue;
        }
        if read
            .lineage(class)
            .iter()
            .any(|a| matches!(a, Ancestor::External(fq) if &**fq == MODEL))
        {
            classes.push(class);
        }
    }
    let mut registry = Registry::new(read, settings, apps, &classes);
    let mut models: Vec<Option<Model>> = vec![None; classes.len()];
    let mut done: BTreeMap<ClassId, usize> = BTreeMap::new();
    for (at, class) in classes.iter().enumerate() {
        done.insert(*class, at);
    }
    for at in 0..classes.len() {
        build(
            read,
            apps,
            &mut registry,
            &classes,
            &done,
            &mut models,
            at,
            0,
        );
    }
    let mut models: Vec<Model> = models.into_iter().flatten().collect();
    name_meta_models(read, &mut registry);
    // Catalogue models: reading one may name others.
    let mut at = 0;
    while let Some(fq) = registry.stub_at(at) {
        let model = stub_model(
            read,
            &mut registry,
            ModelId((classes.len() + at) as u32),
            &fq,
        );
        models.push(model);
        at += 1;
    }
    if let Some(user) = registry.user_model()
        && let Some(model) = models.get_mut(user.0 as usize)
    {
        model.is_user = true;
    }
    link_reverse(&mut models);
    crate::django::ownership::find_owners(&mut models);
    models
}

/// Catalogue models that a `Meta` names (`model = Group`), of serializers, forms and filter sets:
/// no relation need lead to them.
fn name_meta_models(read: &Read<'_>, registry: &mut Registry<'_>) {
    for (class, info) in read.program.classes() {
        if &*read.program.class_def(class).name != "Meta"
            || !read.role(info.module).is_product_code()
        {
            continue;
        }
        if let Some(Attr::Value { expr, owner, .. }) = read.attr(class, "model") {
            registry.by_expr(read.class_scope(owner), expr, None, "");
        }
    }
}

fn build(
    read: &Read<'_>,
    apps: &[App],
    registry: &mut Registry<'_>,
    classes: &[ClassId],
    index: &BTreeMap<ClassId, usize>,
    models: &mut Vec<Option<Model>>,
    at: usize,
    depth: usize,
) {
    if depth > MAX_PARENTS || models.get(at).is_none_or(Option::is_some) {
        return;
    }
    let Some(class) = classes.get(at).copied() else {
        return;
    };
    let lineage = read.lineage(class);
    for ancestor in lineage.iter().skip(1) {
        if let Ancestor::Project(id) = ancestor
            && let Some(parent) = index.get(id).copied()
            && parent != at
        {
            build(
                read,
                apps,
                registry,
                classes,
                index,
                models,
                parent,
                depth + 1,
            );
        }
    }
    let info = read.program.class(class);
    let def = read.program.class_def(class);
    let path = &read.tree.file(read.program.module(info.module).file).path;
    let app = app_of_path(apps, path);
    let id = ModelId(at as u32);
    let own_meta = match read.program.own_attribute(class, "Meta").map(|a| a.kind) {
        Some(crate::python::link::AttributeKind::Class(meta)) => Some(meta),
        _ => None,
    };
    let options_own = own_meta.map(|m| meta_options(read, m)).unwrap_or_default();
    let flag = |name: &str| options_own.get(name).and_then(|k| truth(&k.val)) == Some(true);
    let is_abstract = flag("abstract");
    let is_proxy = flag("proxy");
    let parents_of = |models: &[Option<Model>]| -> Vec<Model> {
        lineage
            .iter()
            .skip(1)
            .filter_map(|a| match a {
                Ancestor::Project(id) => models.get(*index.get(id)?)?.clone(),
                Ancestor::External(_) => None,
            })
            .collect()
    };
    let parents = parents_of(models);
    // The Meta of the first ancestor that has one, where the class has none of its own: abstract
    // ancestors leave theirs to their children.
    let (meta_class, mut options) = match own_meta {
        Some(meta) => (Some(meta), options_own),
        None => parents
            .iter()
            .filter(|p| p.is_abstract)
            .find_map(|p| p.meta.options.items.first().map(|_| p))
            .map(|p| {
                let mut options = p.meta.options.clone();
                options.items.retain(|k| &*k.name != "abstract");
                (None, options)
            })
            .unwrap_or_default(),
    };
    for inherited in ["ordering", "get_latest_by"] {
        if options.get(inherited).is_none() {
            let from = parents
                .iter()
                .find(|p| !p.is_abstract)
                .and_then(|p| p.meta.options.get(inherited).cloned());
            if let Some(kwarg) = from {
                options.items.push(kwarg);
            }
        }
    }
    let stub_ordering = lineage.iter().find_map(|a| match a {
        Ancestor::External(fq) => {
            let stub = read.stubs.class(fq)?;
            (stub.kind == "model" && !stub.ordering.is_empty())
                .then(|| stub.ordering.iter().map(|s| s.as_str().into()).collect())
        }
        Ancestor::Project(_) => None,
    });

    let mut fields: Vec<Field> = Vec::new();
    let mut concrete_parents = Vec::new();
    let direct = direct_parents(&lineage, index);
    for ancestor in lineage.iter().rev() {
        match ancestor {
            Ancestor::External(fq) => {
                let Some(stub) = read.stubs.class(fq) else {
                    continue;
                };
                if stub.kind != "model" || &**fq == MODEL {
                    continue;
                }
                if !stub.is_abstract && !stub.app_label.is_empty() {
                    concrete_parents.push(registry.stub_model(fq));
                }
                for field in &stub.fields {
                    if !field.auto_created || !stub.is_abstract {
                        put(&mut fields, stub_field(read, registry, fq, field));
                    }
                }
            }
            Ancestor::Project(base) if *base != class => {
                let Some(parent) = index.get(base).and_then(|i| models.get(*i)?.as_ref()) else {
                    continue;
                };
                if !parent.is_abstract {
                    if direct.contains(base) {
                        concrete_parents.push(parent.id);
                    }
                    for field in &parent.fields {
                        put(&mut fields, field.clone());
                    }
                } else {
                    let reader = FieldReader::new(read, *base, Some(class), &app_label(app, path));
                    own_fields(&reader, registry, *base, &mut fields);
                }
            }
            Ancestor::Project(_) => {
                let reader = FieldReader::new(read, class, Some(class), &app_label(app, path));
                own_fields(&reader, registry, class, &mut fields);
            }
        }
    }
    // Nearest first.
    concrete_parents.reverse();
    if !is_abstract && !is_proxy {
        if let Some(parent) = concrete_parents.first() {
            let name = registry.name(*parent);
            let has = fields.iter().any(|f| {
                f.kind == FieldKind::OneToOne && f.kwargs.flag("parent_link", false) == Some(true)
            });
            if !has {
                for field in &mut fields {
                    field.is_pk = false;
                }
                fields.push(parent_link(read.project_ref(class), &name, *parent));
            }
        } else if !fields.iter().any(|f| f.is_pk) {
            let auto = app.and_then(|a| a.default_auto_field.clone());
            fields.insert(0, implicit_pk(read.project_ref(class), auto.as_deref()));
        }
    }

    let meta = meta(read, meta_class, options, stub_ordering, &parents);
    let mut properties = Vec::new();
    let mut methods = Vec::new();
    let mut seen = BTreeSet::new();
    let mut has_str = false;
    for ancestor in &lineage {
        match ancestor {
            Ancestor::Project(base) => {
                for stmt in &read.program.class_def(*base).body {
                    let StmtKind::Function(def) = &stmt.kind else {
                        continue;
                    };
                    if !seen.insert(Arc::clone(&def.name)) {
                        continue;
                    }
                    let Some(func) = read.method(*base, &def.name) else {
                        continue;
                    };
                    has_str |= &*def.name == "__str__";
                    let is_property = def.decorators.iter().any(|d| {
                        d.dotted().is_some_and(|d| {
                            d.rsplit('.')
                                .next()
                                .is_some_and(|n| n.ends_with("property"))
                        })
                    });
                    if is_property {
                        properties.push((Arc::clone(&def.name), func));
                    } else {
                        methods.push((Arc::clone(&def.name), func));
                    }
                }
            }
            Ancestor::External(fq) => {
                has_str |= read
                    .stubs
                    .class(fq)
                    .is_some_and(|c| c.kind == "model" && c.has_str);
            }
        }
    }
    let name: Arc<str> = Arc::clone(&def.name);
    let model = Model {
        id,
        class: Some(class),
        fq: Arc::clone(&info.fq),
        is_private_like: is_private_like(&name),
        name,
        app_label: meta
            .options
            .str("app_label")
            .map_or_else(|| app_label(app, path), Into::into),
        app: app.map(|a| a.id),
        is_abstract,
        is_proxy,
        is_managed: meta.options.flag("managed", true) != Some(false),
        is_user: false,
        parents: concrete_parents,
        is_growth_like: fields
            .iter()
            .any(|f| f.kwargs.flag("auto_now_add", false) == Some(true)),
        meta,
        fields,
        reverse: Vec::new(),
        managers: managers(read, &lineage),
        properties,
        methods,
        has_str,
        owner: Vec::new(),
        open: read.open(class),
        place: Some(read.class_place(class)),
    };
    if let Some(slot) = models.get_mut(at) {
        *slot = Some(model);
    }
}

/// Whether the words of a model's name say that rows are somebody's own.
fn is_private_like(name: &str) -> bool {
    let mut words: Vec<String> = Vec::new();
    for c in name.chars() {
        if c.is_uppercase() || words.is_empty() {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    words.iter().any(|w| {
        PRIVATE_LIKE.contains(&w.as_str()) || PRIVATE_LIKE.contains(&w.trim_end_matches('s'))
    })
}

fn app_label(app: Option<&App>, path: &str) -> Arc<str> {
    match app {
        Some(app) => Arc::clone(&app.label),
        None => path.rsplit('/').nth(1).unwrap_or("").into(),
    }
}

/// Project ancestors that no other project model ancestor stands before by inheritance: enough to
/// tell a parent from a grandparent.
fn direct_parents(lineage: &[Ancestor], index: &BTreeMap<ClassId, usize>) -> Vec<ClassId> {
    lineage
        .iter()
        .skip(1)
        .filter_map(|a| match a {
            Ancestor::Project(id) if index.contains_key(id) => Some(*id),
            _ => None,
        })
        .collect()
}

/// Adds a field; a later one of the same name takes the place of the earlier.
fn put(fields: &mut Vec<Field>, field: Field) {
    match fields.iter_mut().find(|f| f.name == field.name) {
        Some(old) => *old = field,
        None => fields.push(field),
    }
}

/// Fields of one class body; `x = None` takes an inherited field away.
fn own_fields(
    reader: &FieldReader<'_>,
    registry: &mut Registry<'_>,
    class: ClassId,
    fields: &mut Vec<Field>,
) {
    let mut take = |name: &Arc<str>, value: &Expr| {
        if matches!(value.kind, ExprKind::None) {
            fields.retain(|f| f.name != *name);
        } else if let Some(field) = reader.field(registry, name, value) {
            put(fields, field);
        }
    };
    for stmt in &reader.read.program.class_def(class).body {
        each_assignment(stmt, &mut take);
    }
}

/// Name and value of each simple assignment of a class body, conditional ones included.
pub(in crate::django) fn each_assignment(stmt: &Stmt, visit: &mut dyn FnMut(&Arc<str>, &Expr)) {
    match &stmt.kind {
        StmtKind::Assign { targets, value } => {
            for target in targets {
                if let ExprKind::Name(name) = &target.kind {
                    visit(name, value);
                }
            }
        }
        StmtKind::AnnAssign {
            target,
            value: Some(value),
            ..
        } => {
            if let ExprKind::Name(name) = &target.kind {
                visit(name, value);
            }
        }
        StmtKind::If { body, orelse, .. } => {
            for stmt in body.iter().chain(orelse) {
                each_assignment(stmt, visit);
            }
        }
        _ => {}
    }
}

/// Options of a `Meta` class with those of its bases.
fn meta_options(read: &Read<'_>, meta: ClassId) -> Kwargs {
    let mut out = Kwargs::default();
    let mro = read.program.mro(meta);
    for entry in mro.entries.iter().rev() {
        let crate::python::Base::Project(id) = entry else {
            continue;
        };
        let scope = read.class_scope(*id);
        for stmt in &read.program.class_def(*id).body {
            each_assignment(stmt, &mut |name, value| {
                // `abstract` is never inherited: Django resets it on the parent's Meta.
                if &**name == "abstract" && *id != meta {
                    return;
                }
                out.set(read.kwarg(scope, Arc::clone(name), value));
            });
        }
    }
    out.open = mro.open.is_some();
    out
}

fn meta(
    read: &Read<'_>,
    meta_class: Option<ClassId>,
    options: Kwargs,
    stub_ordering: Option<Vec<Arc<str>>>,
    parents: &[Model],
) -> ModelMeta {
    let ordering = match options.get("ordering") {
        Some(kwarg) => ordering(&kwarg.val),
        None if options.open => None,
        None => Some(stub_ordering.unwrap_or_default()),
    };
    let unique_together = options
        .get("unique_together")
        .map(|k| together(&k.val))
        .unwrap_or_default();
    let mut out = ModelMeta {
        ordering,
        unique_together,
        db_table: options.str("db_table").map(Into::into),
        place: meta_class.map(|m| read.class_place(m)),
        ..ModelMeta::default()
    };
    match meta_class {
        Some(class) => {
            if let Some((scope, exprs)) = meta_list(read, class, "indexes") {
                out.indexes = exprs.iter().filter_map(|e| index(read, scope, e)).collect();
            }
            if let Some((scope, exprs)) = meta_list(read, class, "constraints") {
                out.constraints = exprs
                    .iter()
                    .filter_map(|e| constraint(read, scope, e))
                    .collect();
            }
        }
        None => {
            if let Some(parent) = parents
                .iter()
                .find(|p| p.is_abstract && !p.meta.options.items.is_empty())
            {
                out.indexes.clone_from(&parent.meta.indexes);
                out.constraints.clone_from(&parent.meta.constraints);
            }
        }
    }
    out.options = options;
    out
}

/// Elements of a list option of `Meta`, concatenations with `Parent.Meta.x` included.
fn meta_list<'p>(read: &Read<'p>, meta: ClassId, name: &str) -> Option<(Scope, Vec<&'p Expr>)> {
    let Some(Attr::Value { expr, owner, .. }) = read.attr(meta, name) else {
        return None;
    };
    let scope = read.class_scope(owner);
    let mut out = Vec::new();
    flatten(read, scope, expr, &mut out, 0);
    Some((scope, out))
}

fn flatten<'p>(
    read: &Read<'p>,
    scope: Scope,
    expr: &'p Expr,
    out: &mut Vec<&'p Expr>,
    depth: usize,
) {
    if depth > 8 {
        return;
    }
    match &expr.kind {
        ExprKind::List(items) | ExprKind::Tuple(items) => {
            for item in items {
                match &item.kind {
                    ExprKind::Starred(inner) => flatten(read, scope, inner, out, depth + 1),
                    _ => out.push(item),
                }
            }
        }
        ExprKind::BinOp {
            left,
            op: "+",
            right,
        } => {
            flatten(read, scope, left, out, depth + 1);
            flatten(read, scope, right, out, depth + 1);
        }
        ExprKind::Attribute { value, attr } => {
            if let crate::python::Symbol::Class(class) = read.program.resolve(scope, value)
                && let Some(Attr::Value { expr, owner, .. }) = read.attr(class, attr)
            {
                flatten(read, read.class_scope(owner), expr, out, depth + 1);
            }
        }
        _ => {}
    }
}

pub(in crate::django) fn index(read: &Read<'_>, scope: Scope, expr: &Expr) -> Option<Index> {
    let (func, args) = expr.as_call()?;
    let kwargs = read.kwargs(scope, args, &[]);
    let fields = kwargs
        .get("fields")
        .and_then(|k| as_strings(&k.val))
        .unwrap_or_default();
    Some(Index {
        class: read.class_ref(scope, func),
        fields,
        kwargs,
        place: read.place(scope.module, expr.span),
    })
}

pub(in crate::django) fn constraint(
    read: &Read<'_>,
    scope: Scope,
    expr: &Expr,
) -> Option<Constraint> {
    let (func, args) = expr.as_call()?;
    let class = read.class_ref(scope, func);
    let kwargs = read.kwargs(scope, args, &[]);
    let is_unique = class.name() == "UniqueConstraint";
    let mut fields = kwargs
        .get("fields")
        .and_then(|k| as_strings(&k.val))
        .unwrap_or_default();
    if fields.is_empty() {
        // Names in Q(…) conditions: `Q(start__lt=F("end"))`.
        let mut names = BTreeSet::new();
        for arg in args {
            crate::django::read::walk_expr(&arg.value, &mut |e| {
                if let Some((func, args)) = e.as_call() {
                    for a in args {
                        if let ArgKind::Keyword(name) = &a.kind
                            && func.dotted().is_some_and(|d| d.ends_with('Q'))
                        {
                            names.insert(name.split("__").next().unwrap_or(name).into());
                        }
                        if func.dotted().is_some_and(|d| d == "F" || d.ends_with(".F")) {
                            names.extend(a.value.as_str().map(Into::into));
                        }
                    }
                }
            });
        }
        fields = names.into_iter().collect();
    }
    Some(Constraint {
        class,
        fields,
        is_unique,
        is_partial: kwargs.has("condition") || (is_unique && positional(args, 0).is_some()),
        kwargs,
        place: read.place(scope.module, expr.span),
    })
}

/// Names of an ordering; `F("x").desc()` and the like count by what is not text: unknown.
fn ordering(val: &Val) -> Option<Vec<Arc<str>>> {
    match val {
        Val::Seq(items) => Some(
            items
                .iter()
                .map(|(item, _)| match item {
                    Val::Known(Literal::Str(text)) => Arc::clone(text),
                    _ => "?".into(),
                })
                .collect(),
        ),
        Val::Known(Literal::Str(text)) => Some(vec![Arc::clone(text)]),
        Val::Known(Literal::None) => Some(Vec::new()),
        _ => None,
    }
}

/// `unique_together` in both its forms.
fn together(val: &Val) -> Vec<Vec<Arc<str>>> {
    match val {
        Val::Seq(items) => {
            if let Some(flat) = as_strings(val) {
                return if flat.is_empty() {
                    Vec::new()
                } else {
                    vec![flat]
                };
            }
            items
                .iter()
                .filter_map(|(item, _)| as_strings(item))
                .collect()
        }
        _ => Vec::new(),
    }
}

fn managers(read: &Read<'_>, lineage: &[Ancestor]) -> Vec<Manager> {
    let mut out: Vec<Manager> = Vec::new();
    for ancestor in lineage {
        match ancestor {
            Ancestor::Project(class) => {
                let scope = read.class_scope(*class);
                for stmt in &read.program.class_def(*class).body {
                    each_assignment(stmt, &mut |name, value| {
                        if out.iter().any(|m| m.name == *name) {
                            return;
                        }
                        if let Some((class, querysets)) = manager_class(read, scope, value) {
                            out.push(Manager {
                                name: Arc::clone(name),
                                class,
                                querysets,
                                place: Some(read.place(scope.module, value.span)),
                            });
                        }
                    });
                }
            }
            Ancestor::External(fq) => {
                let Some(stub) = read.stubs.class(fq) else {
                    continue;
                };
                for manager in &stub.managers {
                    if !out.iter().any(|m| *m.name == *manager.name) {
                        out.push(Manager {
                            name: manager.name.as_str().into(),
                            class: ClassRef::External(manager.class.as_str().into()),
                            querysets: Vec::new(),
                            place: None,
                        });
                    }
                }
            }
        }
    }
    out
}

/// `OrderManager()`, `OrderQuerySet.as_manager()`, `Manager.from_queryset(OrderQuerySet)()`.
fn manager_class(read: &Read<'_>, scope: Scope, value: &Expr) -> Option<(ClassRef, Vec<ClassRef>)> {
    let (func, args) = value.as_call()?;
    if let ExprKind::Attribute { value: base, attr } = &func.kind
        && &**attr == "as_manager"
    {
        let class = read.class_ref(scope, base);
        return Some((class.clone(), vec![class]));
    }
    if let Some((inner, inner_args)) = func.as_call()
        && let ExprKind::Attribute { value: base, attr } = &inner.kind
        && &**attr == "from_queryset"
    {
        let queryset = read.class_ref(scope, &inner_args.first()?.value);
        return Some((read.class_ref(scope, base), vec![queryset]));
    }
    let _ = (args, keyword(args, "using"));
    let class = read.class_ref(scope, func);
    let is_manager = match &class {
        ClassRef::Unknown { .. } => false,
        ClassRef::External(fq) => read.stubs.class(fq).map_or_else(
            || class.name().ends_with("Manager"),
            |c| c.kind == "manager",
        ),
        ClassRef::Project { id, .. } => {
            read.is_a(*id, "django.db.models.manager.BaseManager") == Some(true)
                || read.program.class_def(*id).args.iter().any(|a| {
                    a.value.as_call().is_some_and(|(f, _)| {
                        f.dotted().is_some_and(|d| d.ends_with("from_queryset"))
                    })
                })
        }
    };
    is_manager.then(|| {
        let mut querysets = Vec::new();
        if let ClassRef::Project { id, .. } = &class {
            for arg in &read.program.class_def(*id).args {
                if let Some((f, a)) = arg.value.as_call()
                    && f.dotted().is_some_and(|d| d.ends_with("from_queryset"))
                    && let Some(first) = a.first()
                {
                    querysets.push(read.class_ref(read.class_scope(*id), &first.value));
                }
            }
        }
        (class, querysets)
    })
}

fn stub_model(read: &Read<'_>, registry: &mut Registry<'_>, id: ModelId, fq: &str) -> Model {
    let name: Arc<str> = fq.rsplit('.').next().unwrap_or(fq).into();
    let stub = read.stubs.class(fq);
    let class = ClassRef::External(fq.into());
    let mut fields = Vec::new();
    let names: Vec<&str> = read.stubs.lineage(fq).collect();
    for ancestor in names.iter().rev() {
        let Some(stub) = read.stubs.class(ancestor) else {
            continue;
        };
        if stub.kind == "model" && (*ancestor == fq || !stub.is_abstract) {
            for field in &stub.fields {
                put(&mut fields, stub_field(read, registry, ancestor, field));
            }
        }
    }
    if !fields.iter().any(|f| f.is_pk) {
        fields.insert(0, implicit_pk(class, None));
    }
    let mut meta = ModelMeta {
        ordering: Some(
            stub.map(|s| s.ordering.iter().map(|o| o.as_str().into()).collect())
                .unwrap_or_default(),
        ),
        ..ModelMeta::default()
    };
    meta.options.items.push(Kwarg {
        name: "ordering".into(),
        val: Val::Unknown("of a package".into()),
        text: "".into(),
        place: None,
    });
    Model {
        id,
        class: None,
        fq: fq.into(),
        is_private_like: false,
        name,
        app_label: stub.map_or("", |s| s.app_label.as_str()).into(),
        app: None,
        is_abstract: false,
        is_proxy: stub.is_some_and(|s| s.proxy),
        is_managed: true,
        is_user: false,
        parents: Vec::new(),
        meta,
        fields,
        reverse: Vec::new(),
        managers: stub
            .map(|s| {
                s.managers
                    .iter()
                    .map(|m| Manager {
                        name: m.name.as_str().into(),
                        class: ClassRef::External(m.class.as_str().into()),
                        querysets: Vec::new(),
                        place: None,
                    })
                    .collect()
            })
            .unwrap_or_default(),
        properties: Vec::new(),
        methods: Vec::new(),
        has_str: stub.is_some_and(|s| s.has_str),
        owner: Vec::new(),
        is_growth_like: false,
        // Its methods and properties are not listed one by one.
        open: Some("it is a package's model".into()),
        place: None,
    }
}

/// Gives every target its reverse accessors.
fn link_reverse(models: &mut [Model]) {
    let mut found: BTreeMap<ModelId, Vec<Reverse>> = BTreeMap::new();
    for model in models.iter().filter(|m| !m.is_abstract && !m.is_proxy) {
        for field in &model.fields {
            let Some(target) = field
                .to
                .as_ref()
                .and_then(crate::django::fields::Target::model)
            else {
                continue;
            };
            if matches!(
                field.kind,
                FieldKind::Scalar | FieldKind::GenericForeignKey | FieldKind::GenericRelation
            ) {
                continue;
            }
            // An inherited concrete field belongs to the parent's table.
            let inherited = model.parents.iter().any(|p| {
                models.get(p.0 as usize).is_some_and(|p| {
                    p.fields
                        .iter()
                        .any(|f| f.name == field.name && f.place == field.place)
                })
            });
            if inherited {
                continue;
            }
            let lower = model.name.to_lowercase();
            let is_single = field.kind == FieldKind::OneToOne;
            if field
                .related_name
                .as_deref()
                .is_some_and(|n| n.ends_with('+'))
            {
                continue;
            }
            if field.kind == FieldKind::ManyToMany
                && target == model.id
                && field.kwargs.flag("symmetrical", true) != Some(false)
            {
                continue;
            }
            let accessor: Arc<str> = field.related_name.clone().unwrap_or_else(|| {
                if is_single {
                    lower.as_str().into()
                } else {
                    format!("{lower}_set").into()
                }
            });
            let query_name = field
                .kwargs
                .str("related_query_name")
                .map(Into::into)
                .or_else(|| field.related_name.clone())
                .unwrap_or_else(|| lower.as_str().into());
            found.entry(target).or_default().push(Reverse {
                accessor,
                query_name,
                model: model.id,
                field: Arc::clone(&field.name),
                is_single,
                kind: field.kind,
            });
        }
    }
    for (target, reverse) in &found {
        if let Some(model) = models.get_mut(target.0 as usize) {
            model.reverse.clone_from(reverse);
        }
    }
    // Children of multi-table inheritance and proxies answer for their parents too.
    for at in 0..models.len() {
        let parents: Vec<ModelId> = models
            .get(at)
            .map(|m| m.parents.clone())
            .unwrap_or_default();
        for parent in parents {
            let more = found.get(&parent).cloned().unwrap_or_default();
            if let Some(model) = models.get_mut(at) {
                for reverse in more {
                    if reverse.model != model.id && !model.reverse.contains(&reverse) {
                        model.reverse.push(reverse);
                    }
                }
            }
        }
    }
}
