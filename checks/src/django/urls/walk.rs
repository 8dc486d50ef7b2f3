//! Walks `urlpatterns` lists in order and expands what stands in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::routers::{Registration, Router, RouterKey, find as find_routers, router_key};
use super::template::{absolute, of_path, of_regex};
use super::{MAX_INCLUDES, MAX_PATTERNS, Mounted, near, pattern};
use crate::django::names::{ClassRef, Kwargs, Method, truth};
use crate::django::read::{Read, inner_bodies, method_call, walk_expr};
use crate::django::routes::{PathParam, RouterEntry, Target};
use crate::django::views::ViewKind;
use crate::django::views::find::{STANDARD, Views, as_view};
use crate::python::syntax::{
    ArgKind, DictItem, Expr, ExprKind, Stmt, StmtKind, keyword, positional,
};
use crate::python::value::{Literal, Place, Val};
use crate::python::{ModuleId, Scope, Symbol};

/// Lists nest this deep in expressions.
const MAX_NESTING: usize = 24;

#[derive(Clone, Debug, Default)]
struct Cx {
    prefix: Vec<String>,
    params: Vec<PathParam>,
    namespace: Vec<Arc<str>>,
    chain: Vec<Place>,
    conditional: bool,
    mounted: bool,
    decorators: Vec<Arc<str>>,
    depth: usize,
}

pub(super) struct Walk<'r, 'p> {
    read: &'r Read<'p>,
    views: &'r mut Views,
    routers: BTreeMap<RouterKey, Router>,
    out: Vec<Mounted>,
    notes: Vec<String>,
    stack: Vec<ModuleId>,
    pub(super) visited: BTreeSet<ModuleId>,
}

/// What stands in the place of a view.
struct Found {
    target: Target,
    actions: Option<Vec<(Method, Arc<str>)>>,
    initkwargs: Kwargs,
    decorators: Vec<Arc<str>>,
    place: Place,
}

impl<'r, 'p> Walk<'r, 'p> {
    pub(super) fn new(read: &'r Read<'p>, views: &'r mut Views) -> Self {
        let routers = find_routers(read);
        Self {
            read,
            views,
            routers,
            out: Vec::new(),
            notes: Vec::new(),
            stack: Vec::new(),
            visited: BTreeSet::new(),
        }
    }

    pub(super) fn root(&mut self, module: ModuleId, mounted: bool) {
        let cx = Cx {
            mounted,
            ..Cx::default()
        };
        self.module(&cx, module);
    }

    pub(super) fn finish(mut self) -> (Vec<Mounted>, Vec<String>) {
        for (at, mounted) in self.out.iter_mut().enumerate() {
            mounted.pattern.id = crate::django::names::PatternId(at as u32);
        }
        (self.out, self.notes)
    }

    fn note(&mut self, place: Place, text: &str) {
        let file = self.read.tree.file(place.file);
        let line = file.lines.line(place.span.start);
        self.notes.push(format!("{}:{line}: {text}", file.path));
    }

    fn module(&mut self, cx: &Cx, module: ModuleId) {
        if self.stack.contains(&module) || self.stack.len() >= MAX_INCLUDES {
            if let Some(place) = cx.chain.last() {
                self.note(
                    *place,
                    "URL configurations include each other; not followed again",
                );
            }
            return;
        }
        self.visited.insert(module);
        self.stack.push(module);
        self.variable(cx, module, "urlpatterns");
        self.stack.pop();
    }

    /// Everything a module-level list ends up with, in order.
    fn variable(&mut self, cx: &Cx, module: ModuleId, name: &str) {
        if cx.depth > MAX_NESTING {
            return;
        }
        let program: &'p crate::python::Program = self.read.program;
        let mut parts: Vec<(&'p Expr, bool)> = Vec::new();
        self.gather(module, program.body(module), name, false, &mut parts);
        for (expr, conditional) in parts {
            let mut inner = cx.clone();
            inner.conditional |= conditional;
            inner.depth += 1;
            self.expand(&inner, Read::module_scope(module), expr, Some(name));
        }
    }

    fn gather(
        &self,
        module: ModuleId,
        body: &'p [Stmt],
        name: &str,
        conditional: bool,
        parts: &mut Vec<(&'p Expr, bool)>,
    ) {
        let scope = Read::module_scope(module);
        for stmt in body {
            match &stmt.kind {
                StmtKind::Assign { targets, value }
                    if targets.iter().any(|t| t.as_name() == Some(name)) =>
                {
                    assigned(value, name, conditional, parts);
                }
                StmtKind::AnnAssign {
                    target,
                    value: Some(value),
                    ..
                } if target.as_name() == Some(name) => {
                    assigned(value, name, conditional, parts);
                }
                StmtKind::AugAssign { target, value, .. } if target.as_name() == Some(name) => {
                    parts.push((value, conditional));
                }
                StmtKind::Expr(expr) => {
                    let Some((func, args)) = expr.as_call() else {
                        continue;
                    };
                    let Some((on, method)) = method_call(func) else {
                        continue;
                    };
                    if on.as_name() != Some(name) {
                        continue;
                    }
                    let at = usize::from(method == "insert");
                    if matches!(method, "append" | "extend" | "insert")
                        && let Some(value) = positional(args, at)
                    {
                        parts.push((value, conditional));
                    }
                }
                StmtKind::If { test, body, orelse } => {
                    let known = truth(&self.read.program.eval(scope, test));
                    if known != Some(false) {
                        self.gather(module, body, name, conditional || known.is_none(), parts);
                    }
                    if known != Some(true) {
                        self.gather(module, orelse, name, conditional || known.is_none(), parts);
                    }
                }
                StmtKind::Function(_) | StmtKind::Class(_) => {}
                _ => {
                    for inner in inner_bodies(stmt) {
                        self.gather(module, inner, name, true, parts);
                    }
                }
            }
        }
    }

    /// Expands an expression that stands for patterns. `own` is the list being built: its own name
    /// in an expression stands for what came before.
    fn expand(&mut self, cx: &Cx, scope: Scope, expr: &'p Expr, own: Option<&str>) {
        if cx.depth > MAX_NESTING || self.out.len() > MAX_PATTERNS {
            return;
        }
        let mut deeper = cx.clone();
        deeper.depth += 1;
        match &expr.kind {
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                for item in items {
                    self.expand(&deeper, scope, item, own);
                }
            }
            ExprKind::Starred(inner) => self.expand(&deeper, scope, inner, own),
            ExprKind::BinOp {
                left,
                op: "+",
                right,
            } => {
                self.expand(&deeper, scope, left, own);
                self.expand(&deeper, scope, right, own);
            }
            ExprKind::IfExp { test, body, orelse } => {
                let known = truth(&self.read.program.eval(scope, test));
                deeper.conditional |= known.is_none();
                if known != Some(false) {
                    self.expand(&deeper, scope, body, own);
                }
                if known != Some(true) {
                    self.expand(&deeper, scope, orelse, own);
                }
            }
            ExprKind::Name(name) => {
                if own == Some(&**name) {
                    return;
                }
                match self.read.program.resolve(scope, expr) {
                    Symbol::Variable(module, name) => {
                        let value = self.read.assigned(module, &name);
                        if let Some(value) = value
                            && value.as_call().is_some()
                            && !is_list_call(value)
                        {
                            self.expand(&deeper, Read::module_scope(module), value, None);
                            return;
                        }
                        self.variable(&deeper, module, &name);
                    }
                    _ => self.unknown(cx, scope, expr),
                }
            }
            ExprKind::Attribute { value, attr } if &**attr == "urls" => {
                if let Some(key) = router_key(self.read, scope, value, &self.routers) {
                    let place = self.read.place(scope.module, expr.span);
                    self.router(&deeper, &key, place);
                } else {
                    let place = self.read.place(scope.module, expr.span);
                    let text = self.read.text(place);
                    self.opaque(cx, &text, place);
                }
            }
            ExprKind::Attribute { value, attr } => match self.read.program.resolve(scope, expr) {
                Symbol::Variable(module, name) => self.variable(&deeper, module, &name),
                _ => match self.read.program.resolve(scope, value) {
                    Symbol::Module(module) => self.variable(&deeper, module, attr),
                    _ => self.unknown(cx, scope, expr),
                },
            },
            ExprKind::Call { func, args } => {
                let name = self.function_name(scope, func);
                match name.as_str() {
                    "path" | "re_path" | "url" => {
                        self.path(cx, scope, expr, name == "path", args);
                    }
                    "include" => self.include(&deeper, scope, expr),
                    "static" | "staticfiles_urlpatterns" => {}
                    "i18n_patterns" => {
                        // The language prefix depends on settings; the paths are listed without it.
                        for arg in args {
                            if arg.kind == ArgKind::Positional {
                                self.expand(&deeper, scope, &arg.value, own);
                            }
                        }
                    }
                    "format_suffix_patterns" | "list" | "tuple" | "patterns" => {
                        for arg in args {
                            if arg.kind == ArgKind::Positional {
                                self.expand(&deeper, scope, &arg.value, own);
                            }
                        }
                    }
                    // `debug_toolbar_urls()`: patterns that a package's function makes.
                    _ => match self.read.program.resolve(scope, func) {
                        Symbol::External(fq) => {
                            let place = self.read.place(scope.module, expr.span);
                            self.opaque(cx, &fq, place);
                        }
                        _ => self.unknown(cx, scope, expr),
                    },
                }
            }
            ExprKind::Str(_) | ExprKind::None => {}
            _ => self.unknown(cx, scope, expr),
        }
    }

    /// Last part of the called function's name, resolved where possible.
    fn function_name(&self, scope: Scope, func: &Expr) -> String {
        let fq = self
            .read
            .callee(scope, func)
            .map(|f| f.to_string())
            .or_else(|| func.dotted())
            .unwrap_or_default();
        fq.rsplit('.').next().unwrap_or("").to_owned()
    }

    fn unknown(&mut self, cx: &Cx, scope: Scope, expr: &Expr) {
        let place = self.read.place(scope.module, expr.span);
        let text = self.read.text(place);
        self.note(
            place,
            &format!("URL patterns `{text}` could not be resolved"),
        );
        let mut found = pattern(
            absolute(&cx.prefix),
            cx.params.clone(),
            Target::Unknown(format!("`{text}` could not be resolved").into()),
            None,
        );
        Self::finish_pattern(cx, &mut found, place);
        self.out.push(Mounted {
            pattern: found,
            actions: None,
            detail: None,
        });
    }

    /// A package's URLs as a whole: the admin.
    fn opaque(&mut self, cx: &Cx, text: &str, place: Place) {
        let mut found = pattern(
            absolute(&cx.prefix),
            cx.params.clone(),
            Target::Opaque(text.into()),
            None,
        );
        Self::finish_pattern(cx, &mut found, place);
        self.out.push(Mounted {
            pattern: found,
            actions: None,
            detail: None,
        });
    }

    fn finish_pattern(cx: &Cx, pattern: &mut crate::django::routes::UrlPattern, place: Place) {
        pattern.namespace = cx.namespace.join(":").into();
        pattern.chain.clone_from(&cx.chain);
        pattern.chain.push(place);
        pattern.conditional = cx.conditional;
        pattern.mounted = cx.mounted;
        pattern.decorators.extend(cx.decorators.iter().cloned());
    }

    /// The route text; holes where parts are not known.
    fn route_text(&self, scope: Scope, expr: &'p Expr) -> Option<String> {
        if let Some((func, args)) = expr.as_call() {
            // gettext_lazy("orders/")
            let name = self.function_name(scope, func);
            if matches!(
                name.as_str(),
                "_" | "gettext_lazy" | "gettext" | "ugettext_lazy"
            ) {
                return self.route_text(scope, positional(args, 0)?);
            }
        }
        match self.read.program.eval(scope, expr) {
            Val::Known(Literal::Str(text)) => Some(text.to_string()),
            Val::OneOf(values) => values.iter().find_map(|v| match v {
                Val::Known(Literal::Str(text)) => Some(text.to_string()),
                _ => None,
            }),
            Val::Env {
                default: Some(default),
                ..
            } => match *default {
                Val::Known(Literal::Str(text)) => Some(text.to_string()),
                _ => None,
            },
            _ => match &expr.kind {
                ExprKind::FString(parts) => {
                    let mut out = String::new();
                    for part in parts {
                        match part {
                            crate::python::syntax::FPart::Text(text) => out.push_str(text),
                            crate::python::syntax::FPart::Hole(hole) => {
                                match self.route_text(scope, hole) {
                                    Some(text) => out.push_str(&text),
                                    None => out.push('…'),
                                }
                            }
                        }
                    }
                    Some(out)
                }
                ExprKind::BinOp {
                    left,
                    op: "+",
                    right,
                } => {
                    let left = self.route_text(scope, left);
                    let right = self.route_text(scope, right);
                    match (left, right) {
                        (None, None) => None,
                        (left, right) => Some(
                            left.unwrap_or_else(|| "…".into())
                                + &right.unwrap_or_else(|| "…".into()),
                        ),
                    }
                }
                _ => None,
            },
        }
    }

    fn path(
        &mut self,
        cx: &Cx,
        scope: Scope,
        expr: &'p Expr,
        is_path: bool,
        args: &'p [crate::python::syntax::Arg],
    ) {
        let place = self.read.place(scope.module, expr.span);
        let route = positional(args, 0)
            .or_else(|| keyword(args, "route"))
            .or_else(|| keyword(args, "regex"));
        let text = route
            .and_then(|r| self.route_text(scope, r))
            .unwrap_or_else(|| "…".to_owned());
        let (part, params) = if is_path {
            of_path(&text)
        } else {
            of_regex(&text)
        };
        let mut inner = cx.clone();
        inner.prefix.push(part);
        inner.params.extend(params);
        inner.depth += 1;
        let Some(view) = positional(args, 1).or_else(|| keyword(args, "view")) else {
            self.unknown(&inner, scope, expr);
            return;
        };
        // Includes in all their forms.
        if self.nested(&inner, scope, view, place) {
            return;
        }
        let found = self.view(scope, view);
        let name = keyword(args, "name").or_else(|| positional(args, 3));
        let name = name.and_then(|n| match self.read.program.eval(scope, n) {
            Val::Known(Literal::Str(text)) => Some(text),
            _ => None,
        });
        if let Target::Unknown(reason) = &found.target {
            let reason = Arc::clone(reason);
            self.note(place, &reason);
        }
        let mut built = pattern(
            absolute(&inner.prefix),
            inner.params.clone(),
            found.target,
            None,
        );
        Self::finish_pattern(&inner, &mut built, place);
        built.name = name;
        built.initkwargs = found.initkwargs;
        built.decorators.extend(found.decorators);
        if found.place != place {
            built.chain.push(found.place);
        }
        self.out.push(Mounted {
            pattern: built,
            actions: found.actions,
            detail: None,
        });
    }

    /// Handles a view argument that is really a list of patterns; `false` if it is a view.
    fn nested(&mut self, cx: &Cx, scope: Scope, view: &'p Expr, place: Place) -> bool {
        let mut cx = cx.clone();
        match &view.kind {
            ExprKind::Call { func, .. } => {
                let name = self.function_name(scope, func);
                if name == "include" {
                    cx.chain.push(place);
                    self.include(&cx, scope, view);
                    return true;
                }
                if name == "decorator_include"
                    && let Some((_, args)) = view.as_call()
                    && let Some(inner) = positional(args, 1)
                {
                    cx.chain.push(place);
                    self.included(&cx, scope, inner, place);
                    return true;
                }
                false
            }
            // path("admin/", admin.site.urls), path("api/", router.urls)
            ExprKind::Attribute { attr, .. } if &**attr == "urls" => {
                cx.chain.push(place);
                self.expand(&cx, scope, view, None);
                true
            }
            ExprKind::Tuple(items) if items.len() == 3 => {
                cx.chain.push(place);
                if let Some(first) = items.first() {
                    self.expand(&cx, scope, first, None);
                }
                true
            }
            ExprKind::Name(_) => {
                // api = include(…)
                let (followed, next) = self.read.follow(scope, view);
                if let Some((func, _)) = next.as_call()
                    && self.function_name(followed, func) == "include"
                {
                    cx.chain.push(place);
                    let program: &'p crate::python::Program = self.read.program;
                    let _ = program;
                    self.include(&cx, followed, next);
                    return true;
                }
                false
            }
            _ => false,
        }
    }

    /// `include(arg, namespace=…)`.
    fn include(&mut self, cx: &Cx, scope: Scope, call: &'p Expr) {
        let Some((_, args)) = call.as_call() else {
            return;
        };
        let place = self.read.place(scope.module, call.span);
        let Some(arg) = positional(args, 0).or_else(|| keyword(args, "arg")) else {
            return;
        };
        let mut cx = cx.clone();
        let namespace = keyword(args, "namespace")
            .or_else(|| positional(args, 1))
            .and_then(|e| match self.read.program.eval(scope, e) {
                Val::Known(Literal::Str(text)) => Some(text),
                _ => None,
            });
        // include((patterns, "app"), …)
        let (arg, given_app) = match &arg.kind {
            ExprKind::Tuple(items) => match items.as_slice() {
                [first, second, ..] if !is_pattern_call(first) => (
                    first,
                    match self.read.program.eval(scope, second) {
                        Val::Known(Literal::Str(text)) => Some(text),
                        _ => None,
                    },
                ),
                _ => (arg, None),
            },
            _ => (arg, None),
        };
        let app = given_app.or_else(|| self.app_name(scope, arg));
        if let Some(namespace) = namespace.or(app) {
            cx.namespace.push(namespace);
        }
        self.included(&cx, scope, arg, place);
    }

    fn app_name(&self, scope: Scope, arg: &Expr) -> Option<Arc<str>> {
        let module = self.module_of(scope, arg)?;
        match self.read.program.module_value(module, "app_name")? {
            Val::Known(Literal::Str(text)) => Some(text),
            _ => None,
        }
    }

    /// The module of the tree that an include names.
    fn module_of(&self, scope: Scope, arg: &Expr) -> Option<ModuleId> {
        if let Symbol::Module(module) = self.read.program.resolve(scope, arg) {
            return Some(module);
        }
        match self.read.program.eval(scope, arg) {
            Val::Known(Literal::Str(dotted)) => {
                let path = &self
                    .read
                    .tree
                    .file(self.read.program.module(scope.module).file)
                    .path;
                near(self.read, path, &dotted)
            }
            Val::Symbol(Symbol::Module(module)) => Some(module),
            _ => None,
        }
    }

    fn included(&mut self, cx: &Cx, scope: Scope, arg: &'p Expr, place: Place) {
        if let Some(module) = self.module_of(scope, arg) {
            let mut cx = cx.clone();
            if cx.chain.last() != Some(&place) {
                cx.chain.push(place);
            }
            self.module(&cx, module);
            return;
        }
        let dotted = match self.read.program.eval(scope, arg) {
            Val::Known(Literal::Str(text)) => Some(text),
            _ => match self.read.program.resolve(scope, arg) {
                Symbol::External(fq) => Some(fq),
                _ => None,
            },
        };
        if let Some(dotted) = dotted {
            let name = dotted.trim_end_matches(".urlpatterns");
            if self.stub_urls(cx, name, place) {
                return;
            }
            if matches!(arg.kind, ExprKind::Str(_)) || dotted.ends_with(".urls") {
                self.opaque(cx, &dotted, place);
                return;
            }
        }
        self.expand(cx, scope, arg, None);
    }

    /// A package's URL configuration that the catalogue lists.
    fn stub_urls(&mut self, cx: &Cx, module: &str, place: Place) -> bool {
        let Some(urls) = self.read.stubs.urls(module) else {
            return false;
        };
        for url in urls {
            let mut parts = cx.prefix.clone();
            let mut params = cx.params.clone();
            for part in &url.parts {
                let (text, more) = if part.regex {
                    of_regex(&part.route)
                } else {
                    of_path(&part.route)
                };
                parts.push(text);
                params.extend(more);
            }
            let view = self.views.of_external(self.read, &url.view);
            let mut built = pattern(absolute(&parts), params, Target::View(view), None);
            let mut cx = cx.clone();
            cx.namespace.extend(
                url.namespace
                    .split(':')
                    .filter(|n| !n.is_empty() && !cx.namespace.iter().any(|c| **c == **n))
                    .map(Arc::from)
                    .collect::<Vec<Arc<str>>>(),
            );
            Self::finish_pattern(&cx, &mut built, place);
            built.name = url.name.as_deref().map(Into::into);
            let actions = url.actions.as_ref().map(|map| {
                map.iter()
                    .filter_map(|(m, a)| Some((Method::parse(m)?, a.as_str()?.into())))
                    .collect()
            });
            self.out.push(Mounted {
                pattern: built,
                actions,
                detail: None,
            });
        }
        true
    }

    /// The view an expression stands for.
    fn view(&mut self, scope: Scope, expr: &'p Expr) -> Found {
        let place = self.read.place(scope.module, expr.span);
        let mut found = Found {
            target: Target::Unknown("the view could not be resolved".into()),
            actions: None,
            initkwargs: Kwargs::default(),
            decorators: Vec::new(),
            place,
        };
        let (mut scope, mut expr) = (scope, expr);
        for _ in 0..12 {
            if let Some((class, args)) = as_view(expr) {
                self.class_target(scope, class, args, &mut found);
                return found;
            }
            match &expr.kind {
                ExprKind::Call { func, .. }
                    if method_call(func)
                        .is_some_and(|(_, name)| matches!(name, "with_ui" | "without_ui")) =>
                {
                    self.factory(scope, func, &mut found);
                    return found;
                }
                ExprKind::Call { func, args } => {
                    // decorator(view), decorator(args)(view)
                    let named = func.as_call().map_or(&**func, |(inner, _)| inner);
                    let decorator = self
                        .read
                        .callee(scope, named)
                        .or_else(|| named.dotted().map(Into::into));
                    let Some(inner) = positional(args, 0) else {
                        // get_schema_view(…), a factory: whoever made it.
                        self.factory(scope, func, &mut found);
                        return found;
                    };
                    if let Some(decorator) = decorator {
                        if matches!(
                            decorator.rsplit('.').next(),
                            Some("get_schema_view" | "get_swagger_view")
                        ) {
                            self.factory(scope, func, &mut found);
                            return found;
                        }
                        found.decorators.push(decorator);
                    }
                    expr = inner;
                }
                ExprKind::Lambda { .. } => {
                    found.target = Target::Opaque("lambda".into());
                    return found;
                }
                ExprKind::Str(text) => {
                    // Strings named views until Django 1.10.
                    if let Symbol::Func(func) = self.read.program.resolve_dotted(text) {
                        found.target = Target::View(self.views.of_func(self.read, func));
                    }
                    return found;
                }
                ExprKind::Attribute { value, attr }
                    if matches!(&**attr, "with_ui" | "without_ui") =>
                {
                    self.factory(scope, value, &mut found);
                    return found;
                }
                _ => match self.read.program.resolve(scope, expr) {
                    Symbol::Func(func) => {
                        found.target = Target::View(self.views.of_func(self.read, func));
                        found.place = self.read.func_place(func);
                        return found;
                    }
                    Symbol::External(fq) => {
                        let stubs = self.read.stubs;
                        let fq: Arc<str> = stubs.view_name(&fq).map_or(fq.clone(), Into::into);
                        found.target = if stubs.class(&fq).is_some() {
                            Target::View(self.views.of_external(self.read, &fq))
                        } else {
                            Target::Opaque(fq)
                        };
                        return found;
                    }
                    Symbol::Class(class) => {
                        // A view class without as_view(): Django fails at the first request.
                        if let Some(id) = self.views.of_class(self.read, class) {
                            found.target = Target::View(id);
                        }
                        return found;
                    }
                    Symbol::Variable(module, name) => {
                        let Some(next) = self.read.assigned(module, &name) else {
                            break;
                        };
                        scope = Read::module_scope(module);
                        expr = next;
                    }
                    Symbol::Unknown(reason) => {
                        let text = self.read.expr_text(scope.module, expr);
                        found.target = Target::Unknown(
                            format!("view `{text}` could not be resolved: {reason}").into(),
                        );
                        return found;
                    }
                    Symbol::Module(_) => break,
                },
            }
        }
        let text = self.read.text(found.place);
        found.target = Target::Unknown(format!("view `{text}` could not be resolved").into());
        found
    }

    /// A view made by a function of a package (`get_schema_view()`), or by one of the project.
    fn factory(&mut self, scope: Scope, func: &Expr, found: &mut Found) {
        // `schema_view.with_ui(…)` of `schema_view = get_schema_view(…)`: what made the root says it.
        let (mut scope, mut func) = (scope, func);
        for _ in 0..6 {
            match &func.kind {
                ExprKind::Attribute { value, .. }
                    if !matches!(self.read.program.resolve(scope, func), Symbol::External(_)) =>
                {
                    func = value;
                }
                ExprKind::Call { func: inner, .. } => func = inner,
                _ => {
                    let (next_scope, next) = self.read.follow(scope, func);
                    if std::ptr::eq(next, func) {
                        break;
                    }
                    (scope, func) = (next_scope, next);
                }
            }
        }
        let text = self
            .read
            .callee(scope, func)
            .unwrap_or_else(|| self.read.expr_text(scope.module, func));
        found.target = match self.read.program.resolve(scope, func) {
            Symbol::Func(_) | Symbol::Unknown(_) => {
                Target::Unknown(format!("`{text}(…)` makes the view at run time").into())
            }
            _ => Target::Opaque(text),
        };
    }

    fn class_target(
        &mut self,
        scope: Scope,
        class: &'p Expr,
        args: &'p [crate::python::syntax::Arg],
        found: &mut Found,
    ) {
        let reference = self.read.class_ref(scope, class);
        found.target = match &reference {
            ClassRef::Project { id, .. } => {
                found.place = self.read.class_place(*id);
                match self.views.of_class(self.read, *id) {
                    Some(view) => Target::View(view),
                    None => {
                        Target::Unknown(format!("`{}` is no view class", reference.fq()).into())
                    }
                }
            }
            ClassRef::External(fq) => Target::View(self.views.of_external(self.read, fq)),
            ClassRef::Unknown { text, reason } => {
                Target::Unknown(format!("view `{text}` could not be resolved: {reason}").into())
            }
        };
        if let Some(first) = positional(args, 0).or_else(|| keyword(args, "actions"))
            && let Some((scope, items)) = self.read.dict_items(scope, first)
        {
            let mut actions = Vec::new();
            for item in items {
                if let DictItem::Pair { key, value } = item {
                    let method = key.as_str().and_then(Method::parse);
                    let action = match self.read.program.eval(scope, value) {
                        Val::Known(Literal::Str(text)) => Some(text),
                        _ => None,
                    };
                    if let (Some(method), Some(action)) = (method, action) {
                        actions.push((method, action));
                    }
                }
            }
            found.actions = Some(actions);
        }
        let keywords: Vec<crate::python::syntax::Arg> = args
            .iter()
            .filter(|a| matches!(a.kind, ArgKind::Keyword(_) | ArgKind::DoubleStar))
            .cloned()
            .collect();
        found.initkwargs = self.read.kwargs(scope, &keywords, &[]);
    }

    /// Patterns of everything registered on a router.
    fn router(&mut self, cx: &Cx, key: &RouterKey, place: Place) {
        let mut cx = cx.clone();
        if cx.chain.last() != Some(&place) {
            cx.chain.push(place);
        }
        let mut seen = BTreeSet::new();
        self.router_into(&cx, key, key, &mut seen);
    }

    fn router_into(
        &mut self,
        cx: &Cx,
        key: &RouterKey,
        top: &RouterKey,
        seen: &mut BTreeSet<RouterKey>,
    ) {
        if !seen.insert(key.clone()) {
            return;
        }
        let Some(router) = self.routers.get(key).cloned() else {
            return;
        };
        let Some(own) = self.routers.get(top).cloned() else {
            return;
        };
        let (parent, params) = self.parent_prefix(&router, 0);
        for registration in &router.registrations {
            self.registration(cx, &own, key, &parent, &params, registration);
        }
        for other in &router.extends {
            self.router_into(cx, other, top, seen);
        }
    }

    /// `orders/{order_pk}/` of a nested router.
    fn parent_prefix(&mut self, router: &Router, depth: usize) -> (String, Vec<PathParam>) {
        let Some((key, prefix, lookup)) = &router.parent else {
            return (String::new(), Vec::new());
        };
        if depth > 8 {
            return (String::new(), Vec::new());
        }
        let Some(parent) = self.routers.get(key).cloned() else {
            return (String::new(), Vec::new());
        };
        let (mut text, mut params) = self.parent_prefix(&parent, depth + 1);
        let field = parent
            .registrations
            .iter()
            .find(|r| r.prefix.as_ref() == Some(prefix))
            .and_then(|r| r.viewset.class())
            .and_then(|class| self.lookup(class).0)
            .unwrap_or_else(|| "pk".into());
        let name: Arc<str> = match lookup {
            Some(lookup) => format!("{lookup}_{field}").into(),
            None => format!("nested_{}_{field}", depth + 1).into(),
        };
        text.push_str(&format!("{prefix}/{{{name}}}/"));
        params.push(PathParam {
            name,
            converter: None,
            is_typed: false,
            regex: "[^/.]+".into(),
        });
        (text, params)
    }

    /// URL keyword and regex of a viewset's detail routes.
    fn lookup(&mut self, class: crate::python::ClassId) -> (Option<Arc<str>>, Arc<str>) {
        let id = self.views.of_class(self.read, class);
        let view = id.and_then(|id| self.views.all.get(id.0 as usize));
        let text = |name: &str| {
            view.and_then(|v| v.attr(name))
                .and_then(|a| crate::django::names::as_str(&a.val))
                .map(Arc::from)
        };
        let name = text("lookup_url_kwarg")
            .or_else(|| text("lookup_field"))
            .or_else(|| view.map(|_| "pk".into()));
        (
            name,
            text("lookup_value_regex").unwrap_or_else(|| "[^/.]+".into()),
        )
    }

    fn registration(
        &mut self,
        cx: &Cx,
        router: &Router,
        key: &RouterKey,
        parent: &str,
        parent_params: &[PathParam],
        registration: &Registration,
    ) {
        let slash = router.trailing_slash;
        let prefix = registration.prefix.as_deref().unwrap_or("…");
        let (prefix, prefix_params) = of_regex(prefix);
        let view = match &registration.viewset {
            ClassRef::Project { id, .. } => self.views.of_class(self.read, *id),
            ClassRef::External(fq) => Some(self.views.of_external(self.read, fq)),
            ClassRef::Unknown { .. } => None,
        };
        let mut entry = RouterEntry {
            class: router.class.clone(),
            router: format!("{}.{}", self.read.program.module(key.0).name, key.1).into(),
            prefix: registration.prefix.clone().unwrap_or_else(|| "…".into()),
            basename: registration.basename.clone(),
            basename_given: registration.basename_given,
            place: registration.place,
        };
        let Some(view_id) = view else {
            let reason: Arc<str> = match &registration.viewset {
                ClassRef::Unknown { text, reason } => {
                    format!("viewset `{text}` could not be resolved: {reason}").into()
                }
                other => format!("`{}` is no viewset", other.fq()).into(),
            };
            self.note(registration.place, &reason);
            let mut parts = cx.prefix.clone();
            parts.push(format!("{parent}{prefix}{slash}"));
            let mut built = pattern(
                absolute(&parts),
                cx.params.clone(),
                Target::Unknown(reason),
                Some(entry),
            );
            Self::finish_pattern(cx, &mut built, registration.place);
            self.out.push(Mounted {
                pattern: built,
                actions: None,
                detail: None,
            });
            return;
        };
        let Some(view) = self.views.all.get(view_id.0 as usize).cloned() else {
            return;
        };
        if entry.basename.is_none() && !registration.basename_given {
            entry.basename = derived_basename(&view);
        }
        let (lookup, regex) = match view.class {
            Some(class) => self.lookup(class),
            None => (
                view.attr("lookup_field")
                    .and_then(|a| crate::django::names::as_str(&a.val))
                    .map(Into::into),
                "[^/.]+".into(),
            ),
        };
        let lookup: Arc<str> = lookup.unwrap_or_else(|| "pk".into());
        let narrowed = view.http_method_names.clone();
        let allowed = |m: Method| narrowed.as_ref().is_none_or(|names| names.contains(&m));
        let standard = |names: &[&str]| -> Vec<(Method, Arc<str>)> {
            STANDARD
                .iter()
                .filter(|(name, method)| {
                    names.contains(name) && view.handler(name).is_some() && allowed(*method)
                })
                .map(|(name, method)| (*method, Arc::from(*name)))
                .collect()
        };
        let extra = |detail: bool| -> Vec<(String, Arc<str>, Vec<(Method, Arc<str>)>, Place)> {
            view.handlers
                .iter()
                .filter_map(|h| {
                    let extra = h.extra.as_ref()?;
                    (extra.detail.unwrap_or(false) == detail).then(|| {
                        let mut actions: Vec<(Method, Arc<str>)> = h
                            .methods
                            .iter()
                            .filter(|m| allowed(**m))
                            .map(|m| (*m, Arc::clone(&h.name)))
                            .collect();
                        for (method, func) in &extra.mapping {
                            let name = &self.read.program.func_def(*func).name;
                            actions.push((*method, Arc::clone(name)));
                        }
                        (
                            extra.url_path.to_string(),
                            Arc::clone(&extra.url_name),
                            actions,
                            h.place.unwrap_or(registration.place),
                        )
                    })
                })
                .collect()
        };
        let base = if prefix.is_empty() {
            parent.trim_end_matches('/').to_owned()
        } else {
            format!("{parent}{prefix}")
        };
        let join = |tail: &str| -> String {
            match (base.is_empty(), tail.is_empty()) {
                (true, _) => format!("{tail}{slash}"),
                (false, true) => format!("{base}{slash}"),
                (false, false) => format!("{base}/{tail}{slash}"),
            }
        };
        let object = format!("{{{lookup}}}");
        let mut plans: Vec<(
            String,
            bool,
            Arc<str>,
            Vec<(Method, Arc<str>)>,
            Option<Place>,
        )> = Vec::new();
        plans.push((
            join(""),
            false,
            "list".into(),
            standard(&["list", "create"]),
            None,
        ));
        let list_extra = extra(false);
        let detail_extra = extra(true);
        for (path, name, actions, place) in list_extra {
            plans.push((join(&of_regex(&path).0), false, name, actions, Some(place)));
        }
        plans.push((
            join(&object),
            true,
            "detail".into(),
            standard(&["retrieve", "update", "partial_update", "destroy"]),
            None,
        ));
        for (path, name, actions, place) in detail_extra {
            let tail = format!("{object}/{}", of_regex(&path).0);
            plans.push((join(&tail), true, name, actions, Some(place)));
        }
        for (path, detail, name, actions, place) in plans {
            if actions.is_empty() {
                continue;
            }
            let mut parts = cx.prefix.clone();
            parts.push(path.clone());
            let mut params = cx.params.clone();
            params.extend(parent_params.iter().cloned());
            params.extend(prefix_params.iter().cloned());
            if detail {
                params.push(PathParam {
                    name: Arc::clone(&lookup),
                    converter: None,
                    is_typed: false,
                    regex: Arc::clone(&regex),
                });
            }
            // Named groups in an action's url_path.
            for segment in path.split('/') {
                let name = segment.trim_matches(['{', '}']);
                let is_param = segment.starts_with('{');
                if is_param && !params.iter().any(|p| *p.name == *name) {
                    params.push(PathParam {
                        name: name.into(),
                        converter: None,
                        is_typed: false,
                        regex: "[^/.]+".into(),
                    });
                }
            }
            let mut built = pattern(
                absolute(&parts),
                params,
                Target::View(view_id),
                Some(entry.clone()),
            );
            Self::finish_pattern(cx, &mut built, registration.place);
            built.name = entry
                .basename
                .as_ref()
                .map(|base| format!("{base}-{name}").into());
            built.chain.extend(place.or(view.place));
            self.out.push(Mounted {
                pattern: built,
                actions: Some(actions),
                detail: Some(detail),
            });
        }
    }
}

/// DRF's `get_default_basename`: the model's name in lower case, from the `queryset` attribute.
fn derived_basename(view: &crate::django::views::View) -> Option<Arc<str>> {
    if view.kind != ViewKind::ViewSet {
        return None;
    }
    let queryset = view.attr("queryset")?;
    let text = if queryset.text.is_empty() {
        return None;
    } else {
        &queryset.text
    };
    let root = text
        .split(".objects")
        .next()
        .unwrap_or(text)
        .split('(')
        .next()
        .unwrap_or(text);
    let name = root.rsplit('.').next().unwrap_or(root).trim();
    // A manager that is not called `objects`: `Order.published.all()` ends in the manager's name.
    let name = if name.chars().next().is_some_and(char::is_uppercase) {
        name
    } else {
        root.split('.')
            .rev()
            .find(|p| p.chars().next().is_some_and(char::is_uppercase))?
    };
    Some(name.to_lowercase().into())
}

fn assigned<'p>(value: &'p Expr, name: &str, conditional: bool, parts: &mut Vec<(&'p Expr, bool)>) {
    let mut refers = false;
    walk_expr(value, &mut |e| refers |= e.as_name() == Some(name));
    if !refers && !conditional {
        parts.clear();
    }
    parts.push((value, conditional));
}

fn is_list_call(expr: &Expr) -> bool {
    expr.as_call().is_some_and(|(func, _)| {
        matches!(
            func.dotted().as_deref().and_then(|d| d.rsplit('.').next()),
            Some("format_suffix_patterns" | "i18n_patterns" | "list" | "tuple")
        )
    })
}

fn is_pattern_call(expr: &Expr) -> bool {
    expr.as_call().is_some_and(|(func, _)| {
        matches!(
            func.dotted().as_deref().and_then(|d| d.rsplit('.').next()),
            Some("path" | "re_path" | "url")
        )
    })
}

/// Modules that some URL configuration includes, by text: good enough to tell roots.
pub(super) fn included(read: &Read<'_>, configs: &BTreeMap<ModuleId, Place>) -> BTreeSet<ModuleId> {
    let mut out = BTreeSet::new();
    for module in configs.keys() {
        let scope = Read::module_scope(*module);
        let path = &read.tree.file(read.program.module(*module).file).path;
        crate::django::read::walk_statements(read.program.body(*module), &mut |stmt| {
            for expr in crate::django::read::statement_exprs(stmt) {
                walk_expr(expr, &mut |e| {
                    let Some((func, args)) = e.as_call() else {
                        return;
                    };
                    if !func.dotted().is_some_and(|d| d.ends_with("include")) {
                        return;
                    }
                    let Some(arg) = positional(args, 0) else {
                        return;
                    };
                    let mut texts = Vec::new();
                    walk_expr(arg, &mut |e| texts.extend(e.as_str().map(str::to_owned)));
                    out.extend(texts.iter().filter_map(|t| near(read, path, t)));
                    if let Symbol::Module(m) = read.program.resolve(scope, arg) {
                        out.insert(m);
                    }
                });
            }
        });
    }
    out
}
