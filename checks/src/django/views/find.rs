//! Finds view classes and `@api_view` functions; makes views of packages and plain functions when a
//! URL leads to one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Decorator, ExtraAction, Handler, View, ViewAttr, ViewKind};
use crate::django::fields::find::json_val;
use crate::django::names::{ClassRef, Kwarg, Kwargs, Method, ViewId, as_strings};
use crate::django::read::{Ancestor, Attr, Read, method_call};
use crate::django::serializers::find::strings;
use crate::django::stubs::StubClass;
use crate::python::syntax::{Expr, ExprKind, FunctionDef, StmtKind, positional};
use crate::python::value::Val;
use crate::python::{Base, ClassId, FuncId, Scope};
use crate::source::Role;

const VIEW: &str = "django.views.generic.base.View";
const API_VIEW: &str = "rest_framework.views.APIView";
const GENERIC: &str = "rest_framework.generics.GenericAPIView";
const VIEWSET: &str = "rest_framework.viewsets.ViewSetMixin";

/// Actions that routers map, in the order in which DRF lists them.
pub(in crate::django) const STANDARD: [(&str, Method); 6] = [
    ("list", Method::Get),
    ("create", Method::Post),
    ("retrieve", Method::Get),
    ("update", Method::Put),
    ("partial_update", Method::Patch),
    ("destroy", Method::Delete),
];

/// Attributes that DRF's and Django's views read.
const ATTRS: &[&str] = &[
    "queryset",
    "model",
    "serializer_class",
    "permission_classes",
    "authentication_classes",
    "throttle_classes",
    "throttle_scope",
    "parser_classes",
    "renderer_classes",
    "versioning_class",
    "pagination_class",
    "filter_backends",
    "filterset_class",
    "filterset_fields",
    "filter_class",
    "filter_fields",
    "search_fields",
    "ordering_fields",
    "ordering",
    "lookup_field",
    "lookup_url_kwarg",
    "lookup_value_regex",
    "http_method_names",
    "schema",
    "basename",
    "serializer_classes",
    "serializer_action_classes",
    "permission_classes_by_action",
    "_serializer_class",
    "slug_field",
    "slug_url_kwarg",
    "template_name",
    "form_class",
    "success_url",
    "fields",
];

#[derive(Debug)]
pub(in crate::django) struct Views {
    pub(in crate::django) all: Vec<View>,
    by_class: BTreeMap<ClassId, ViewId>,
    by_func: BTreeMap<FuncId, ViewId>,
    stubs: BTreeMap<Arc<str>, ViewId>,
}

pub(in crate::django) fn find(read: &Read<'_>) -> Views {
    let mut out = Views {
        all: Vec::new(),
        by_class: BTreeMap::new(),
        by_func: BTreeMap::new(),
        stubs: BTreeMap::new(),
    };
    let mut bases: BTreeSet<ClassId> = BTreeSet::new();
    let mut found: Vec<(crate::source::FileId, u32, Found)> = Vec::new();
    for (class, info) in read.program.classes() {
        if skipped(read.role(info.module)) || !is_view(read, class) {
            continue;
        }
        let def = read.program.class_def(class);
        found.push((
            read.program.module(info.module).file,
            def.span.start,
            Found::Class(class),
        ));
        for base in read.program.mro(class).entries.iter().skip(1) {
            if let Base::Project(id) = base {
                bases.insert(*id);
            }
        }
    }
    for (func, info) in read.program.functions() {
        if info.class.is_some() || skipped(read.role(info.module)) {
            continue;
        }
        let def = read.program.func_def(func);
        let scope = Read::module_scope(info.module);
        if def.decorators.iter().any(|d| is_api_view(read, scope, d)) {
            found.push((
                read.program.module(info.module).file,
                def.span.start,
                Found::Func(func),
            ));
        }
    }
    found.sort_by_key(|(file, at, _)| (*file, *at));
    for (_, _, what) in found {
        let id = ViewId(out.all.len() as u32);
        match what {
            Found::Class(class) => {
                out.all
                    .push(class_view(read, id, class, bases.contains(&class)));
                out.by_class.insert(class, id);
            }
            Found::Func(func) => {
                out.all.push(function_view(read, id, func));
                out.by_func.insert(func, id);
            }
        }
    }
    out
}

enum Found {
    Class(ClassId),
    Func(FuncId),
}

fn skipped(role: Role) -> bool {
    matches!(
        role,
        Role::Vendored | Role::Template | Role::Generated | Role::Migration | Role::Test
    )
}

fn is_view(read: &Read<'_>, class: ClassId) -> bool {
    read.lineage(class)
        .iter()
        .any(|a| matches!(a, Ancestor::External(fq) if &**fq == VIEW || &**fq == VIEWSET))
}

fn is_api_view(read: &Read<'_>, scope: Scope, decorator: &Expr) -> bool {
    let named = decorator.as_call().map_or(decorator, |(func, _)| func);
    read.callee(scope, named)
        .is_some_and(|fq| fq.ends_with("decorators.api_view"))
}

impl Views {
    pub(in crate::django) fn of_class(
        &mut self,
        read: &Read<'_>,
        class: ClassId,
    ) -> Option<ViewId> {
        if let Some(id) = self.by_class.get(&class) {
            return Some(*id);
        }
        // A class that a URL names and whose bases are not known.
        read.open(class)?;
        let id = ViewId(self.all.len() as u32);
        self.all.push(class_view(read, id, class, false));
        self.by_class.insert(class, id);
        Some(id)
    }

    /// The view a function is, made on first use for plain ones.
    pub(in crate::django) fn of_func(&mut self, read: &Read<'_>, func: FuncId) -> ViewId {
        if let Some(id) = self.by_func.get(&func) {
            return *id;
        }
        let id = ViewId(self.all.len() as u32);
        self.all.push(function_view(read, id, func));
        self.by_func.insert(func, id);
        id
    }

    /// A package's view, made on first use.
    pub(in crate::django) fn of_external(&mut self, read: &Read<'_>, fq: &str) -> ViewId {
        let fq = read.canonical(fq);
        if let Some(id) = self.stubs.get(&fq) {
            return *id;
        }
        let id = ViewId(self.all.len() as u32);
        self.all.push(stub_view(read, id, &fq));
        self.stubs.insert(fq, id);
        id
    }
}

fn class_view(read: &Read<'_>, id: ViewId, class: ClassId, is_base: bool) -> View {
    let info = read.program.class(class);
    let def = read.program.class_def(class);
    let is = |fq: &str| {
        read.lineage(class)
            .iter()
            .any(|a| matches!(a, Ancestor::External(name) if &**name == fq))
    };
    let kind = if is(VIEWSET) {
        ViewKind::ViewSet
    } else if is(GENERIC) {
        ViewKind::Generic
    } else if is(API_VIEW) {
        ViewKind::ApiView
    } else {
        ViewKind::DjangoClass
    };
    let mut attrs = BTreeMap::new();
    for name in ATTRS {
        if let Some(attr) = view_attr(read, class, name) {
            attrs.insert(Arc::from(*name), attr);
        }
    }
    let scope = read.class_scope(class);
    for stmt in &def.body {
        crate::django::models::find::each_assignment(stmt, &mut |name, value| {
            attrs.entry(Arc::clone(name)).or_insert_with(|| {
                let place = read.place(scope.module, value.span);
                ViewAttr {
                    val: read.program.eval(scope, value),
                    text: read.text(place),
                    owner: read.project_ref(class),
                    place: Some(place),
                }
            });
        });
    }
    let http_method_names = match read.attr(class, "http_method_names") {
        Some(Attr::Value { expr, owner, .. }) => strings(read, read.class_scope(owner), expr)
            .map(|names| names.iter().filter_map(|(n, _)| Method::parse(n)).collect()),
        _ => None,
    };
    View {
        id,
        kind,
        class: Some(class),
        func: None,
        fq: Arc::clone(&info.fq),
        name: Arc::clone(&def.name),
        attrs,
        handlers: handlers(read, class, kind),
        methods: methods(read, class),
        decorators: def
            .decorators
            .iter()
            .filter_map(|d| decorator(read, Read::module_scope(info.module), d))
            .collect(),
        http_method_names,
        model: None,
        is_base,
        open: read.open(class),
        place: Some(read.class_place(class)),
    }
}

fn view_attr(read: &Read<'_>, class: ClassId, name: &str) -> Option<ViewAttr> {
    match read.attr(class, name)? {
        Attr::Value { expr, owner, .. } => {
            let scope = read.class_scope(owner);
            let place = read.place(scope.module, expr.span);
            Some(ViewAttr {
                val: read.program.eval(scope, expr),
                text: read.text(place),
                owner: read.project_ref(owner),
                place: Some(place),
            })
        }
        Attr::Stub { value, owner } => Some(ViewAttr {
            val: json_val(value),
            text: "".into(),
            owner: ClassRef::External(owner.into()),
            place: None,
        }),
        Attr::Method { .. } | Attr::Class { .. } => None,
    }
}

/// Who gives a handler: a project function, or a catalogue class.
pub(in crate::django) fn handler_of(
    read: &Read<'_>,
    class: ClassId,
    name: &str,
) -> Option<(Option<FuncId>, ClassRef)> {
    for entry in &read.program.mro(class).entries {
        match entry {
            Base::Project(id) => {
                if let Some(attr) = read.program.own_attribute(*id, name) {
                    return match attr.kind {
                        crate::python::link::AttributeKind::Method(func) => {
                            Some((Some(func), read.project_ref(*id)))
                        }
                        crate::python::link::AttributeKind::Value(expr)
                            if matches!(expr.kind, ExprKind::None) =>
                        {
                            None
                        }
                        _ => Some((None, read.project_ref(*id))),
                    };
                }
            }
            Base::External(fq) => {
                let stub = read.stubs.class(fq);
                if stub.is_some_and(|s| s.methods.iter().any(|m| m == name)) {
                    return Some((None, ClassRef::External(read.canonical(fq))));
                }
            }
        }
    }
    None
}

fn handlers(read: &Read<'_>, class: ClassId, kind: ViewKind) -> Vec<Handler> {
    let mut out = Vec::new();
    let place = |func: Option<FuncId>| func.map(|f| read.func_place(f));
    if kind == ViewKind::ViewSet {
        for (name, method) in STANDARD {
            if let Some((func, owner)) = handler_of(read, class, name) {
                out.push(Handler {
                    name: name.into(),
                    func,
                    owner,
                    methods: vec![method],
                    extra: None,
                    place: place(func),
                });
            }
        }
        out.extend(extra_actions(read, class));
    } else {
        for method in Method::HANDLED {
            if let Some((func, owner)) = handler_of(read, class, method.handler()) {
                out.push(Handler {
                    name: method.handler().into(),
                    func,
                    owner,
                    methods: vec![method],
                    extra: None,
                    place: place(func),
                });
            }
        }
    }
    out
}

/// `@action` methods by MRO; those of bases first, as Python's `inspect` would not order them but
/// readers do.
fn extra_actions(read: &Read<'_>, class: ClassId) -> Vec<Handler> {
    let mut out: Vec<Handler> = Vec::new();
    for entry in read.program.mro(class).entries.iter().rev() {
        match entry {
            Base::External(fq) => {
                let Some(stub) = read.stubs.class(fq) else {
                    continue;
                };
                for handler in stub_actions(fq, stub) {
                    out.retain(|h| h.name != handler.name);
                    out.push(handler);
                }
            }
            Base::Project(owner) => {
                let scope = read.class_scope(*owner);
                for stmt in &read.program.class_def(*owner).body {
                    let StmtKind::Function(def) = &stmt.kind else {
                        continue;
                    };
                    if mapping(read, scope, *owner, def, &mut out) {
                        continue;
                    }
                    out.retain(|h| h.name != def.name);
                    out.extend(extra_action(read, scope, *owner, def));
                }
            }
        }
    }
    out
}

fn extra_action(
    read: &Read<'_>,
    scope: Scope,
    owner: ClassId,
    def: &FunctionDef,
) -> Option<Handler> {
    let (decorator, name) = def.decorators.iter().find_map(|d| {
        let (func, _) = d.as_call().unwrap_or((d, &[]));
        let fq = read.callee(scope, func)?;
        let last = fq.rsplit('.').next().unwrap_or("").to_owned();
        (matches!(last.as_str(), "action" | "list_route" | "detail_route")
            && fq.contains("decorators"))
        .then_some((d, last))
    })?;
    let args = decorator.as_call().map_or(&[][..], |(_, args)| args);
    let kwargs = read.kwargs(scope, args, &["methods", "detail", "url_path", "url_name"]);
    let func = read.method(owner, &def.name)?;
    let methods: Vec<Method> = kwargs
        .get("methods")
        .and_then(|k| as_strings(&k.val))
        .map_or_else(
            || vec![Method::Get],
            |names| names.iter().filter_map(|n| Method::parse(n)).collect(),
        );
    let detail = match name.as_str() {
        "detail_route" => Some(true),
        "list_route" => Some(false),
        _ if kwargs.has("detail") => kwargs.flag("detail", false),
        _ => None,
    };
    let url_path: Arc<str> = kwargs
        .str("url_path")
        .map_or_else(|| Arc::clone(&def.name), Into::into);
    let url_name: Arc<str> = kwargs
        .str("url_name")
        .map_or_else(|| def.name.replace('_', "-").into(), Into::into);
    Some(Handler {
        name: Arc::clone(&def.name),
        func: Some(func),
        owner: read.project_ref(owner),
        methods,
        extra: Some(ExtraAction {
            detail,
            url_path,
            url_name,
            kwargs,
            place: Some(read.place(scope.module, decorator.span)),
            mapping: Vec::new(),
        }),
        place: Some(read.func_place(func)),
    })
}

/// `@publish.mapping.delete` adds a method to an earlier action.
fn mapping(
    read: &Read<'_>,
    scope: Scope,
    owner: ClassId,
    def: &FunctionDef,
    out: &mut [Handler],
) -> bool {
    for decorator in &def.decorators {
        let Some(dotted) = decorator.dotted() else {
            continue;
        };
        let parts: Vec<&str> = dotted.split('.').collect();
        let [action, "mapping", verb] = parts.as_slice() else {
            continue;
        };
        let (Some(method), Some(func)) = (Method::parse(verb), read.method(owner, &def.name))
        else {
            continue;
        };
        let _ = scope;
        if let Some(extra) = out
            .iter_mut()
            .find(|h| *h.name == **action)
            .and_then(|h| h.extra.as_mut())
        {
            extra.mapping.push((method, func));
            return true;
        }
    }
    false
}

fn methods(read: &Read<'_>, class: ClassId) -> Vec<(Arc<str>, FuncId)> {
    let mut out: Vec<(Arc<str>, FuncId)> = Vec::new();
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

pub(in crate::django) fn decorator(
    read: &Read<'_>,
    scope: Scope,
    expr: &Expr,
) -> Option<Decorator> {
    let (func, args) = expr.as_call().unwrap_or((expr, &[]));
    let name = read
        .callee(scope, func)
        .or_else(|| func.dotted().map(Into::into))?;
    let place = read.place(scope.module, expr.span);
    if name.rsplit('.').next() == Some("method_decorator") {
        let inner = positional(args, 0)?;
        let (inner_func, inner_args) = inner.as_call().unwrap_or((inner, &[]));
        let kwargs = read.kwargs(scope, args, &["decorator", "name"]);
        return Some(Decorator {
            name: read
                .callee(scope, inner_func)
                .or_else(|| inner_func.dotted().map(Into::into))
                .unwrap_or_else(|| read.expr_text(scope.module, inner_func)),
            on_method: kwargs.str("name").map(Into::into),
            args: values(read, scope, inner_args),
            kwargs: read.kwargs(scope, inner_args, &[]),
            place,
        });
    }
    Some(Decorator {
        name,
        on_method: None,
        args: values(read, scope, args),
        kwargs: read.kwargs(scope, args, &[]),
        place,
    })
}

fn values(read: &Read<'_>, scope: Scope, args: &[crate::python::syntax::Arg]) -> Vec<Val> {
    args.iter()
        .filter(|a| a.kind == crate::python::syntax::ArgKind::Positional)
        .map(|a| read.program.eval(scope, &a.value))
        .collect()
}

fn function_view(read: &Read<'_>, id: ViewId, func: FuncId) -> View {
    let info = read.program.func(func);
    let def = read.program.func_def(func);
    let scope = Read::module_scope(info.module);
    let decorators: Vec<Decorator> = def
        .decorators
        .iter()
        .filter_map(|d| decorator(read, scope, d))
        .collect();
    let api = def.decorators.iter().find(|d| is_api_view(read, scope, d));
    let methods = match api {
        Some(expr) => expr
            .as_call()
            .and_then(|(_, args)| {
                let list = positional(args, 0)
                    .or_else(|| crate::python::syntax::keyword(args, "http_method_names"))?;
                strings(read, scope, list)
            })
            .map_or_else(
                || vec![Method::Get],
                |names| names.iter().filter_map(|(n, _)| Method::parse(n)).collect(),
            ),
        None => django_methods(read, scope, def),
    };
    View {
        id,
        kind: if api.is_some() {
            ViewKind::ApiFunction
        } else {
            ViewKind::DjangoFunction
        },
        class: None,
        func: Some(func),
        fq: Arc::clone(&info.fq),
        name: Arc::clone(&def.name),
        attrs: BTreeMap::new(),
        handlers: vec![Handler {
            name: Arc::clone(&def.name),
            func: Some(func),
            owner: ClassRef::External("".into()),
            methods,
            extra: None,
            place: Some(read.func_place(func)),
        }],
        methods: Vec::new(),
        decorators,
        http_method_names: None,
        model: None,
        is_base: false,
        open: None,
        place: Some(read.func_place(func)),
    }
}

/// `@require_POST`, `@require_http_methods([…])`; else the methods the body compares with; else
/// any.
fn django_methods(read: &Read<'_>, scope: Scope, def: &FunctionDef) -> Vec<Method> {
    for expr in &def.decorators {
        let (func, args) = expr.as_call().unwrap_or((expr, &[]));
        let Some(fq) = read.callee(scope, func) else {
            continue;
        };
        match fq.rsplit('.').next() {
            Some("require_POST") => return vec![Method::Post],
            Some("require_GET" | "require_safe") => return vec![Method::Get],
            Some("require_http_methods") => {
                if let Some(names) = positional(args, 0).and_then(|l| strings(read, scope, l)) {
                    return names.iter().filter_map(|(n, _)| Method::parse(n)).collect();
                }
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    crate::django::read::walk_statements(&def.body, &mut |stmt| {
        for expr in crate::django::read::statement_exprs(stmt) {
            crate::django::read::walk_expr(expr, &mut |e| {
                let ExprKind::Compare { left, rest } = &e.kind else {
                    return;
                };
                if !left
                    .dotted()
                    .is_some_and(|d| d.ends_with("request.method") || d == "request.method")
                {
                    return;
                }
                for (op, right) in rest {
                    if *op == "==" {
                        found.extend(right.as_str().and_then(Method::parse));
                    } else if *op == "in" {
                        for item in right.elements().unwrap_or(&[]) {
                            found.extend(item.as_str().and_then(Method::parse));
                        }
                    }
                }
            });
        }
    });
    if found.is_empty() {
        return vec![Method::Any];
    }
    // What is not compared with falls through to some answer for GET, nearly always.
    if !found.contains(&Method::Get) {
        found.insert(Method::Get);
    }
    Method::HANDLED
        .into_iter()
        .filter(|m| found.contains(m))
        .collect()
}

fn stub_actions(fq: &str, stub: &StubClass) -> Vec<Handler> {
    stub.actions
        .iter()
        .map(|action| {
            let mut names: Vec<&String> = action.kwargs.keys().collect();
            names.sort();
            let mut kwargs = Kwargs::default();
            for name in names {
                if let Some(value) = action.kwargs.get(name) {
                    kwargs.items.push(Kwarg {
                        name: name.as_str().into(),
                        val: json_val(value),
                        text: "".into(),
                        place: None,
                    });
                }
            }
            Handler {
                name: action.name.as_str().into(),
                func: None,
                owner: ClassRef::External(fq.into()),
                methods: action
                    .methods
                    .iter()
                    .filter_map(|m| Method::parse(m))
                    .collect(),
                extra: Some(ExtraAction {
                    detail: Some(action.detail),
                    url_path: action.url_path.as_str().into(),
                    url_name: action.url_name.as_str().into(),
                    kwargs,
                    place: None,
                    mapping: Vec::new(),
                }),
                place: None,
            }
        })
        .collect()
}

fn stub_view(read: &Read<'_>, id: ViewId, fq: &str) -> View {
    let stub = read.stubs.class(fq);
    let bases: Vec<&str> = read.stubs.lineage(fq).collect();
    let kind = if bases.contains(&VIEWSET) {
        ViewKind::ViewSet
    } else if bases.contains(&GENERIC) {
        ViewKind::Generic
    } else if bases.contains(&API_VIEW) {
        ViewKind::ApiView
    } else if bases.contains(&VIEW) {
        ViewKind::DjangoClass
    } else {
        ViewKind::DjangoFunction
    };
    let mut attrs = BTreeMap::new();
    let mut handlers = Vec::new();
    if let Some(stub) = stub {
        for (name, value) in &stub.attrs {
            attrs.insert(
                Arc::from(name.as_str()),
                ViewAttr {
                    val: json_val(value),
                    text: "".into(),
                    owner: ClassRef::External(fq.into()),
                    place: None,
                },
            );
        }
        let has = |name: &str| stub.methods.iter().any(|m| m == name);
        if kind == ViewKind::ViewSet {
            for (name, method) in STANDARD {
                if has(name) {
                    handlers.push((name, method));
                }
            }
        } else {
            for method in Method::HANDLED {
                // Django's form views take PUT as POST; nobody means it as an endpoint.
                let is_form_put = method == Method::Put && kind == ViewKind::DjangoClass;
                if has(method.handler()) && !is_form_put {
                    handlers.push((method.handler(), method));
                }
            }
        }
    }
    let mut all: Vec<Handler> = handlers
        .into_iter()
        .map(|(name, method)| Handler {
            name: name.into(),
            func: None,
            owner: ClassRef::External(fq.into()),
            methods: vec![method],
            extra: None,
            place: None,
        })
        .collect();
    all.extend(stub.map(|s| stub_actions(fq, s)).unwrap_or_default());
    View {
        id,
        kind,
        class: None,
        func: None,
        fq: fq.into(),
        name: fq.rsplit('.').next().unwrap_or(fq).into(),
        attrs,
        handlers: all,
        methods: Vec::new(),
        decorators: Vec::new(),
        http_method_names: None,
        model: None,
        is_base: false,
        open: stub
            .is_none()
            .then(|| "it is a package's view that the catalogue does not have".into()),
        place: None,
    }
}

/// Whether an expression is `X.as_view(…)`: the class and the arguments.
pub(in crate::django) fn as_view(expr: &Expr) -> Option<(&Expr, &[crate::python::syntax::Arg])> {
    let (func, args) = expr.as_call()?;
    let (on, name) = method_call(func)?;
    (name == "as_view").then_some((on, args))
}
