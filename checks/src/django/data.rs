//! Where values come from and which rows querysets hold, within a function and the functions it
//! calls: the engine behind querysets, ownership and function facts.
//!
//! Bounded: calls are entered to depth three, look-ups have a budget. Internal to the facts.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::MAX_CALL_DEPTH;
use super::fields::{FieldKind, Target};
use super::models::Model;
use super::names::{ClassRef, ModelId};
use super::queryset::{QsIr, Taint};
use super::read::{Attr, Read, is_super_call};
use super::symbolic::{Bind, Env, Eval, Out};
use crate::python::flow::{Chain, Link};
use crate::python::link::Local;
use crate::python::syntax::{Expr, ExprKind, Param, StmtKind, positional};
use crate::python::value::Place;
use crate::python::{ClassId, FuncId, Scope, Symbol};

/// Expressions looked at for one function; beyond it answers are unknown.
const BUDGET: usize = 10_000;
/// Branches that may have bound one name, followed at most.
const MAX_BINDINGS: usize = 24;
/// Nesting of expressions and variables that is followed.
const MAX_NESTING: usize = 24;

/// Tables that all functions share.
#[derive(Debug)]
pub(super) struct World<'a, 'p> {
    pub(super) read: &'a Read<'p>,
    pub(super) models: &'a [Model],
    by_class: BTreeMap<ClassId, ModelId>,
    by_fq: BTreeMap<Arc<str>, ModelId>,
    user: Option<ModelId>,
    /// Model of each serializer class.
    pub(super) serializer_models: BTreeMap<ClassId, ModelId>,
    /// Model of each view class.
    pub(super) view_models: BTreeMap<ClassId, ModelId>,
}

impl<'a, 'p> World<'a, 'p> {
    pub(super) fn new(
        read: &'a Read<'p>,
        models: &'a [Model],
        serializer_models: BTreeMap<ClassId, ModelId>,
        view_models: BTreeMap<ClassId, ModelId>,
    ) -> Self {
        Self {
            read,
            models,
            by_class: models
                .iter()
                .filter_map(|m| Some((m.class?, m.id)))
                .collect(),
            by_fq: models.iter().map(|m| (Arc::clone(&m.fq), m.id)).collect(),
            user: models.iter().find(|m| m.is_user).map(|m| m.id),
            serializer_models,
            view_models,
        }
    }

    pub(super) fn model(&self, id: ModelId) -> Option<&'a Model> {
        self.models.get(id.0 as usize)
    }

    pub(super) fn user(&self) -> Option<ModelId> {
        self.user
    }

    pub(super) fn symbol(&self, symbol: &Symbol) -> Option<ModelId> {
        match symbol {
            Symbol::Class(class) => self.by_class.get(class).copied(),
            Symbol::External(fq) if fq.ends_with(".get_user_model") => self.user,
            Symbol::External(fq) => self.by_fq.get(&self.read.canonical(fq)).copied(),
            _ => None,
        }
    }

    pub(super) fn class_model(&self, class: ClassId) -> Option<ModelId> {
        self.by_class.get(&class).copied()
    }

    /// The model an expression names as a class: `Order`, `get_user_model()`, `User` bound to it.
    pub(super) fn model_expr(&self, scope: Scope, expr: &Expr) -> Option<ModelId> {
        let (scope, expr) = self.read.follow(scope, expr);
        if let Some((func, args)) = expr.as_call() {
            let name = func.dotted()?;
            if name.ends_with("get_user_model") {
                return self.user;
            }
            if name.ends_with("get_model") {
                let (app, model) = (
                    positional(args, 0).and_then(Expr::as_str)?,
                    positional(args, 1).and_then(Expr::as_str),
                );
                let (app, model) = match model {
                    Some(model) => (app, model),
                    None => app.split_once('.')?,
                };
                return self
                    .models
                    .iter()
                    .find(|m| &*m.app_label == app && m.name.eq_ignore_ascii_case(model))
                    .map(|m| m.id);
            }
            return None;
        }
        if !matches!(expr.kind, ExprKind::Name(_) | ExprKind::Attribute { .. }) {
            return None;
        }
        self.symbol(&self.read.program.resolve(scope, expr))
    }
}

/// What is known about a parameter of an entered function.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) taint: Option<Taint>,
    pub(super) qs: Option<QsIr>,
    pub(super) instance: Option<ModelId>,
}

/// One function under analysis.
#[derive(Debug)]
pub(super) struct Data<'w, 'a, 'p> {
    pub(super) world: &'w World<'a, 'p>,
    pub(super) scope: Scope,
    pub(super) func: Option<FuncId>,
    /// Class of `self`, as seen by the caller (a view's own class for a mixin's method).
    pub(super) class: Option<ClassId>,
    pub(super) bind: Option<Bind>,
    given: BTreeMap<Arc<str>, Given>,
    /// `self` is a queryset or manager.
    self_qs: Option<QsIr>,
    /// Loop and comprehension variables: name, iterated expression, bytes where it holds.
    loops: Vec<(Arc<str>, &'p Expr, u32, u32)>,
    depth: usize,
    /// Shared with the functions entered from here.
    budget: Rc<Cell<usize>>,
    open_names: RefCell<Vec<(Arc<str>, u32)>>,
    /// Answers by the address of the expression: the tree outlives this.
    taints: RefCell<HashMap<usize, Taint>>,
    instances: RefCell<HashMap<usize, Option<ModelId>>>,
    querysets: RefCell<HashMap<usize, Option<QsIr>>>,
}

impl<'w, 'a, 'p> Data<'w, 'a, 'p> {
    pub(super) fn of_func(
        world: &'w World<'a, 'p>,
        func: FuncId,
        class: Option<ClassId>,
        bind: Option<Bind>,
    ) -> Self {
        let scope = world.read.func_scope(func);
        let program: &'p crate::python::Program = world.read.program;
        let def = program.func_def(func);
        let mut loops = Vec::new();
        crate::python::visit::stmts(&def.body, |stmt| {
            if let StmtKind::For { target, iter, .. } = &stmt.kind {
                loop_names(target, iter, stmt.span.start, stmt.span.end, &mut loops);
            }
        });
        crate::python::visit::exprs(&def.body, |expr| {
            if let ExprKind::Comprehension(c) = &expr.kind {
                for clause in &c.clauses {
                    loop_names(
                        &clause.target,
                        &clause.iter,
                        expr.span.start,
                        expr.span.end,
                        &mut loops,
                    );
                }
            }
        });
        Self {
            world,
            scope,
            func: Some(func),
            class: class.or(scope.class),
            bind,
            given: BTreeMap::new(),
            self_qs: None,
            loops,
            depth: 0,
            budget: Rc::new(Cell::new(BUDGET)),
            open_names: RefCell::new(Vec::new()),
            taints: RefCell::default(),
            instances: RefCell::default(),
            querysets: RefCell::default(),
        }
    }

    pub(super) fn of_scope(world: &'w World<'a, 'p>, scope: Scope, class: Option<ClassId>) -> Self {
        Self {
            world,
            scope,
            func: None,
            class,
            bind: None,
            given: BTreeMap::new(),
            self_qs: None,
            loops: Vec::new(),
            depth: 0,
            budget: Rc::new(Cell::new(BUDGET)),
            open_names: RefCell::new(Vec::new()),
            taints: RefCell::default(),
            instances: RefCell::default(),
            querysets: RefCell::default(),
        }
    }

    fn spend(&self) -> bool {
        let left = self.budget.get();
        self.budget.set(left.saturating_sub(1));
        left > 0
    }

    pub(super) fn place(&self, expr: &Expr) -> Place {
        self.world.read.place(self.scope.module, expr.span)
    }

    fn param(&self, name: &str) -> Option<&'p Param> {
        let program: &'p crate::python::Program = self.world.read.program;
        program
            .func_def(self.func?)
            .params
            .iter()
            .find(|p| &*p.name == name)
    }

    /// Values a local name may hold here; a name is not followed into itself.
    fn locals(&self, name: &Arc<str>, at: u32) -> Vec<Local<'p>> {
        let program: &'p crate::python::Program = self.world.read.program;
        program.local(self.scope, name, at)
    }

    /// Runs `inner` unless this name is already being followed at this place.
    fn guarded<T>(&self, name: &Arc<str>, at: u32, inner: impl FnOnce() -> T) -> Option<T> {
        let key = (Arc::clone(name), at);
        if self.open_names.borrow().contains(&key) || self.open_names.borrow().len() > MAX_NESTING {
            return None;
        }
        self.open_names.borrow_mut().push(key);
        let out = inner();
        self.open_names.borrow_mut().pop();
        Some(out)
    }

    fn loop_iter(&self, name: &str, at: u32) -> Option<&'p Expr> {
        self.loops
            .iter()
            .filter(|(n, _, start, end)| &**n == name && *start <= at && at < *end)
            .max_by_key(|(_, _, start, _)| *start)
            .map(|(_, iter, _, _)| *iter)
    }

    /// The queryset that a loop variable runs over.
    pub(super) fn loop_rows(&self, expr: &'p Expr) -> Option<QsIr> {
        let name = expr.as_name()?;
        let iter = self.loop_iter(name, expr.span.start)?;
        self.qs(iter).filter(|qs| !qs.values)
    }

    // ---- where values come from -------------------------------------------------------------

    /// Where the value of an expression comes from.
    pub(super) fn taint(&self, expr: &'p Expr) -> Taint {
        let key = std::ptr::from_ref(expr) as usize;
        if let Some(known) = self.taints.borrow().get(&key) {
            return *known;
        }
        if !self.spend() {
            return Taint::Unknown;
        }
        let out = self.taint_of(expr);
        self.taints.borrow_mut().insert(key, out);
        out
    }

    fn taint_of(&self, expr: &'p Expr) -> Taint {
        match &expr.kind {
            ExprKind::Str(_)
            | ExprKind::Bytes
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Ellipsis => Taint::Constant,
            ExprKind::Name(name) => self.name_taint(name, expr),
            ExprKind::Attribute { value, attr } => self.attribute_taint(expr, value, attr),
            ExprKind::Subscript { value, index } => {
                let _ = index;
                self.taint(value)
            }
            ExprKind::Call { func, args } => self.call_taint(func, args),
            ExprKind::Await(inner) | ExprKind::Starred(inner) => self.taint(inner),
            ExprKind::Lambda { .. } => Taint::Unknown,
            _ => {
                let mut all = Vec::new();
                super::read::for_children(expr, &mut |child| all.push(child));
                if all.is_empty() {
                    return Taint::Constant;
                }
                all.into_iter()
                    .map(|child| self.taint(child))
                    .reduce(join)
                    .unwrap_or(Taint::Unknown)
            }
        }
    }

    fn name_taint(&self, name: &Arc<str>, expr: &'p Expr) -> Taint {
        if let Some(given) = self.given.get(name)
            && let Some(taint) = given.taint
        {
            return taint;
        }
        if let Some(iter) = self.loop_iter(name, expr.span.start) {
            return self
                .guarded(name, expr.span.start, || self.taint(iter))
                .unwrap_or(Taint::Unknown);
        }
        let locals = self.locals(name, expr.span.start);
        if locals.is_empty() {
            if self.param(name).is_some() {
                return self.param_taint(name);
            }
            return match self.world.read.program.resolve(self.scope, expr) {
                Symbol::Variable(..) | Symbol::Class(_) => Taint::Constant,
                _ => Taint::Unknown,
            };
        }
        self.guarded(name, expr.span.start, || {
            locals
                .iter()
                .map(|local| match local {
                    Local::Value(scope, value) if scope.module == self.scope.module => {
                        self.taint(value)
                    }
                    Local::Param(_, param) => self.param_taint(&param.name),
                    Local::Symbol(_) => Taint::Constant,
                    _ => Taint::Unknown,
                })
                .reduce(join)
                .unwrap_or(Taint::Unknown)
        })
        .unwrap_or(Taint::Unknown)
    }

    /// What a parameter is likely to be: the handler's URL arguments, validated input, the caller.
    fn param_taint(&self, name: &str) -> Taint {
        match name {
            "self" | "cls" | "request" | "instance" | "obj" | "view" => Taint::Unknown,
            "validated_data" | "attrs" | "data" | "payload" => Taint::Body,
            "user" | "current_user" | "request_user" | "requesting_user" | "actor" => Taint::User,
            _ if self.is_handler() => Taint::Url,
            _ => Taint::Unknown,
        }
    }

    /// A view's method or function that takes `request`: its other parameters come from the URL.
    fn is_handler(&self) -> bool {
        let Some(func) = self.func else { return false };
        let def = self.world.read.program.func_def(func);
        let first = def.params.iter().position(|p| &*p.name == "request");
        matches!(
            (first, self.scope.class),
            (Some(1), Some(_)) | (Some(0), None)
        )
    }

    fn attribute_taint(&self, expr: &'p Expr, value: &'p Expr, attr: &str) -> Taint {
        if is_request(value) {
            return match attr {
                "user" => Taint::User,
                "auth" | "tenant" | "site" | "organization" | "organisation" | "company"
                | "team" => Taint::Tenant,
                "data" | "POST" | "FILES" | "body" => Taint::Body,
                "query_params" | "GET" | "META" | "headers" | "COOKIES" => Taint::Query,
                "parser_context" => Taint::Url,
                _ => Taint::Unknown,
            };
        }
        if value.as_name() == Some("self") {
            match attr {
                "kwargs" => return Taint::Url,
                "validated_data" | "initial_data" => return Taint::Body,
                "user" | "current_user" => return Taint::User,
                _ => {}
            }
        }
        if attr == "validated_data" {
            return Taint::Body;
        }
        match self.world.read.program.resolve(self.scope, expr) {
            Symbol::Variable(..) | Symbol::Class(_) | Symbol::Func(_) | Symbol::Module(_) => {
                return Taint::Constant;
            }
            Symbol::External(fq) if !fq.ends_with("request.user") => return Taint::Constant,
            _ => {}
        }
        self.taint(value)
    }

    fn call_taint(&self, func: &'p Expr, args: &'p [crate::python::syntax::Arg]) -> Taint {
        if let ExprKind::Attribute { value, attr } = &func.kind {
            // self.get_serializer_context()["request"].user and the like end at attributes.
            let on = self.taint(value);
            if on != Taint::Unknown && on != Taint::Constant {
                return on;
            }
            if &**attr == "get_user" || attr.contains("current_user") {
                return Taint::User;
            }
        }
        if let Some(inlined) = self.enter(func, args) {
            let (inner, callee) = inlined;
            let mut out: Option<Taint> = None;
            let program: &'p crate::python::Program = self.world.read.program;
            crate::python::visit::stmts(&program.func_def(callee).body, |stmt| {
                if let StmtKind::Return(Some(value)) = &stmt.kind {
                    let taint = inner.taint(value);
                    out = Some(out.map_or(taint, |o| join(o, taint)));
                }
            });
            if let Some(out) = out
                && out != Taint::Unknown
            {
                return out;
            }
        }
        if func.dotted().is_some_and(|d| d.contains("current_user")) {
            return Taint::User;
        }
        args.iter()
            .map(|a| self.taint(&a.value))
            .reduce(join)
            .unwrap_or(Taint::Unknown)
    }

    // ---- calls ------------------------------------------------------------------------------

    /// The project function a call runs, as seen from here.
    pub(super) fn callee(&self, func: &'p Expr) -> Option<(FuncId, Option<ClassId>)> {
        let read = self.world.read;
        if let ExprKind::Attribute { value, attr } = &func.kind {
            if matches!(value.as_name(), Some("self" | "cls")) {
                let class = self.class?;
                return read.method(class, attr).map(|f| (f, Some(class)));
            }
            if is_super_call(value) {
                let class = self.class?;
                return match read.attr_after(class, attr, self.scope.class) {
                    Some(Attr::Method { func, .. }) => Some((func, Some(class))),
                    _ => None,
                };
            }
            // Service(…).run(…), service.run(…)
            if let Some(class) = self.instance_class(value)
                && let Some(method) = read.method(class, attr)
            {
                return Some((method, Some(class)));
            }
            if let Some(model) = self.instance(value).and_then(|m| self.world.model(m))
                && let (Some(func), Some(class)) = (model.method(attr), model.class)
            {
                return Some((func, Some(class)));
            }
        }
        match read.program.resolve(self.scope, func) {
            Symbol::Func(id) => {
                let class = read.program.func(id).class;
                Some((id, class))
            }
            _ => None,
        }
    }

    /// The project class an expression is an instance of: `Service()`, a local bound to it.
    fn instance_class(&self, expr: &'p Expr) -> Option<ClassId> {
        if !self.spend() {
            return None;
        }
        match &expr.kind {
            ExprKind::Call { func, .. } => {
                match self.world.read.program.resolve(self.scope, func) {
                    Symbol::Class(class) => Some(class),
                    _ => None,
                }
            }
            ExprKind::Name(name) => {
                let locals = self.locals(name, expr.span.start);
                let values: Vec<&'p Expr> = locals
                    .iter()
                    .filter_map(|l| match l {
                        Local::Value(scope, value) if scope.module == self.scope.module => {
                            Some(*value)
                        }
                        _ => None,
                    })
                    .collect();
                if let [one] = values.as_slice() {
                    return self
                        .guarded(name, expr.span.start, || self.instance_class(one))
                        .flatten();
                }
                // A module-level instance: service = OrderService()
                let (scope, next) = self.world.read.follow(self.scope, expr);
                match next.as_call() {
                    Some((func, _)) if !std::ptr::eq(next, expr) => {
                        match self.world.read.program.resolve(scope, func) {
                            Symbol::Class(class) => Some(class),
                            _ => None,
                        }
                    }
                    _ => None,
                }
            }
            ExprKind::Attribute { value, attr } if value.as_name() == Some("self") => {
                match self.world.read.attr(self.class?, attr)? {
                    Attr::Value { expr, owner, .. } => match expr.as_call() {
                        Some((func, _)) => {
                            match self
                                .world
                                .read
                                .program
                                .resolve(self.world.read.class_scope(owner), func)
                            {
                                Symbol::Class(class) => Some(class),
                                _ => None,
                            }
                        }
                        None => match self
                            .world
                            .read
                            .program
                            .resolve(self.world.read.class_scope(owner), expr)
                        {
                            Symbol::Class(class) => Some(class),
                            _ => None,
                        },
                    },
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Enters a called project function with what is known about its arguments.
    fn enter(
        &self,
        func: &'p Expr,
        args: &'p [crate::python::syntax::Arg],
    ) -> Option<(Data<'w, 'a, 'p>, FuncId)> {
        if self.depth >= MAX_CALL_DEPTH {
            return None;
        }
        let (callee, class) = self.callee(func)?;
        if Some(callee) == self.func {
            return None;
        }
        let mut inner = Self::of_func(self.world, callee, class, self.bind.clone());
        inner.depth = self.depth + 1;
        inner.budget = Rc::clone(&self.budget);
        self.give(&mut inner, callee, args);
        Some((inner, callee))
    }

    fn give(
        &self,
        inner: &mut Data<'w, 'a, 'p>,
        callee: FuncId,
        args: &'p [crate::python::syntax::Arg],
    ) {
        use crate::python::syntax::ArgKind;
        let def = self.world.read.program.func_def(callee);
        let names: Vec<&Arc<str>> = def
            .params
            .iter()
            .map(|p| &p.name)
            .filter(|n| !matches!(&***n, "self" | "cls"))
            .collect();
        let mut at = 0;
        for arg in args {
            let name = match &arg.kind {
                ArgKind::Positional => {
                    let name = names.get(at).map(|n| Arc::clone(n));
                    at += 1;
                    name
                }
                ArgKind::Keyword(name) => Some(Arc::clone(name)),
                ArgKind::Star | ArgKind::DoubleStar => None,
            };
            let Some(name) = name else { continue };
            if is_request(&arg.value) {
                continue;
            }
            let taint = self.taint(&arg.value);
            inner.given.insert(
                name,
                Given {
                    taint: (taint != Taint::Unknown).then_some(taint),
                    qs: self.qs(&arg.value),
                    instance: self.instance(&arg.value),
                },
            );
        }
    }

    // ---- instances --------------------------------------------------------------------------

    /// The model whose instance an expression is.
    pub(super) fn instance(&self, expr: &'p Expr) -> Option<ModelId> {
        let key = std::ptr::from_ref(expr) as usize;
        if let Some(known) = self.instances.borrow().get(&key) {
            return *known;
        }
        if !self.spend() {
            return None;
        }
        let out = self.instance_of(expr);
        self.instances.borrow_mut().insert(key, out);
        out
    }

    fn instance_of(&self, expr: &'p Expr) -> Option<ModelId> {
        match &expr.kind {
            ExprKind::Name(name) => {
                if let Some(given) = self.given.get(name)
                    && given.instance.is_some()
                {
                    return given.instance;
                }
                if let Some(iter) = self.loop_iter(name, expr.span.start) {
                    return self
                        .guarded(name, expr.span.start, || self.rows_of(iter))
                        .flatten();
                }
                if &**name == "self" {
                    return self.class.and_then(|c| self.world.class_model(c));
                }
                let locals = self.locals(name, expr.span.start);
                if locals.is_empty() {
                    return self.param(name).and_then(|p| self.param_model(p));
                }
                self.guarded(name, expr.span.start, || {
                    locals.iter().find_map(|l| match l {
                        Local::Value(scope, value) if scope.module == self.scope.module => {
                            self.instance(value).or_else(|| {
                                // with-blocks and unpacked get_or_create: (obj, created)
                                self.created_pair(value)
                            })
                        }
                        Local::Param(_, param) => self.param_model(param),
                        _ => None,
                    })
                })
                .flatten()
                .or_else(|| self.unpacked(name, expr.span.start))
            }
            ExprKind::Attribute { value, attr } => {
                if &**attr == "user" && is_request(value) {
                    return self.world.user;
                }
                if &**attr == "instance" && value.as_name().is_some() {
                    return self.serializer_model(value);
                }
                let model = self.world.model(self.instance(value)?)?;
                if let Some(field) = model.field(attr) {
                    return match field.kind {
                        FieldKind::ForeignKey | FieldKind::OneToOne => {
                            field.to.as_ref().and_then(Target::model)
                        }
                        _ => None,
                    };
                }
                model.reverse(attr).filter(|r| r.is_single).map(|r| r.model)
            }
            ExprKind::Call { func, args } => self.call_instance(expr, func, args),
            ExprKind::Subscript { value, index } => {
                if matches!(index.kind, ExprKind::Slice { .. }) {
                    return None;
                }
                self.qs(value).and_then(|qs| qs.model)
            }
            ExprKind::Await(inner) => self.instance(inner),
            ExprKind::IfExp { body, orelse, .. } => {
                self.instance(body).or_else(|| self.instance(orelse))
            }
            ExprKind::BoolOp { values, .. } => values.iter().find_map(|v| self.instance(v)),
            _ => None,
        }
    }

    /// `obj, created = Model.objects.get_or_create(…)`
    fn unpacked(&self, name: &Arc<str>, at: u32) -> Option<ModelId> {
        let program: &'p crate::python::Program = self.world.read.program;
        let body = &program.func_def(self.func?).body;
        let mut found = None;
        crate::python::visit::stmts(body, |stmt| {
            if let StmtKind::Assign { targets, value } = &stmt.kind {
                let first = targets
                    .first()
                    .and_then(|t| t.elements())
                    .and_then(|e| e.first())
                    .and_then(Expr::as_name);
                if first == Some(&**name) && stmt.span.start < at {
                    found = self.created_pair(value);
                }
            }
        });
        found
    }

    fn created_pair(&self, value: &'p Expr) -> Option<ModelId> {
        let (func, _) = value.as_call()?;
        let ExprKind::Attribute { value, attr } = &func.kind else {
            return None;
        };
        matches!(&**attr, "get_or_create" | "update_or_create")
            .then(|| self.qs(value)?.model)
            .flatten()
    }

    fn param_model(&self, param: &'p Param) -> Option<ModelId> {
        if let Some(annotation) = &param.annotation {
            let annotation = match &annotation.kind {
                ExprKind::Str(_) => None,
                _ => Some(annotation),
            };
            if let Some(found) = annotation.and_then(|a| self.world.model_expr(self.scope, a)) {
                return Some(found);
            }
        }
        let own = self.class.or(self.scope.class)?;
        match &*param.name {
            "instance" | "obj" | "object" | "value" | "data" | "o"
                if self.world.serializer_models.contains_key(&own) =>
            {
                let name = self
                    .func
                    .map(|f| Arc::clone(&self.world.read.program.func_def(f).name));
                let name = name.as_deref().unwrap_or("");
                let takes_row =
                    name.starts_with("get_") || name == "to_representation" || name == "update";
                takes_row
                    .then(|| self.world.serializer_models.get(&own).copied())
                    .flatten()
            }
            "instance" | "obj" => self.world.view_models.get(&own).copied(),
            "user" | "request_user" => self.world.user,
            _ => None,
        }
    }

    fn serializer_model(&self, expr: &'p Expr) -> Option<ModelId> {
        let class = match expr.as_name() {
            Some("self") => self.class,
            Some("serializer") if self.is_view() => {
                return self
                    .instance_class(expr)
                    .and_then(|c| self.world.serializer_models.get(&c).copied())
                    .or_else(|| {
                        self.class
                            .and_then(|c| self.world.view_models.get(&c).copied())
                    });
            }
            _ => self.instance_class(expr),
        };
        class.and_then(|c| self.world.serializer_models.get(&c).copied())
    }

    fn is_view(&self) -> bool {
        self.class
            .is_some_and(|c| self.world.view_models.contains_key(&c))
    }

    fn call_instance(
        &self,
        expr: &'p Expr,
        func: &'p Expr,
        args: &'p [crate::python::syntax::Arg],
    ) -> Option<ModelId> {
        // Order(…)
        if let Some(model) = self.world.model_expr(self.scope, func)
            && !func.dotted().is_some_and(|d| d.ends_with("get_user_model"))
        {
            return Some(model);
        }
        let last = super::read::call_name(func).map_or("", |n| &**n);
        if last == "get_object_or_404" || last == "aget_object_or_404" {
            let first = positional(args, 0)?;
            return self
                .world
                .model_expr(self.scope, first)
                .or_else(|| self.qs(first)?.model);
        }
        if let ExprKind::Attribute { value, attr } = &func.kind {
            match &**attr {
                "get_object" if value.as_name() == Some("self") => {
                    if let Some(method) = self
                        .class
                        .and_then(|c| self.world.read.method(c, "get_object"))
                    {
                        let _ = method;
                    }
                    return self
                        .class
                        .and_then(|c| self.world.view_models.get(&c).copied());
                }
                "save" => {
                    if let Some(model) = self.serializer_model(value) {
                        return Some(model);
                    }
                }
                "get" | "first" | "last" | "create" | "latest" | "earliest" | "aget"
                | "acreate" | "afirst" | "create_user" | "create_superuser" => {
                    if let Some(model) = self.qs(value).and_then(|q| q.model) {
                        return Some(model);
                    }
                }
                _ => {}
            }
        }
        let _ = expr;
        let (inner, callee) = self.enter(func, args)?;
        let program: &'p crate::python::Program = self.world.read.program;
        let mut found = None;
        crate::python::visit::stmts(&program.func_def(callee).body, |stmt| {
            if let StmtKind::Return(Some(value)) = &stmt.kind
                && found.is_none()
            {
                found = inner.instance(value);
            }
        });
        found
    }

    /// The model of the rows that iterating an expression gives.
    fn rows_of(&self, iter: &'p Expr) -> Option<ModelId> {
        if let Some((func, args)) = iter.as_call()
            && matches!(
                func.as_name(),
                Some("enumerate" | "list" | "reversed" | "sorted" | "set" | "tuple")
            )
        {
            return self.rows_of(positional(args, 0)?);
        }
        let qs = self.qs(iter)?;
        if qs.values { None } else { qs.model }
    }

    // ---- querysets --------------------------------------------------------------------------

    /// The queryset an expression is; `None` if it is none, or not known to be one.
    pub(super) fn qs(&self, expr: &'p Expr) -> Option<QsIr> {
        if matches!(
            expr.kind,
            ExprKind::Str(_) | ExprKind::Int(_) | ExprKind::Bool(_) | ExprKind::None
        ) {
            return None;
        }
        let key = std::ptr::from_ref(expr) as usize;
        if let Some(known) = self.querysets.borrow().get(&key) {
            return known.clone();
        }
        if !self.spend() {
            return None;
        }
        let out = self.qs_of(expr);
        self.querysets.borrow_mut().insert(key, out.clone());
        out
    }

    fn qs_of(&self, expr: &'p Expr) -> Option<QsIr> {
        match &expr.kind {
            ExprKind::IfExp { body, orelse, .. } => match (self.qs(body), self.qs(orelse)) {
                (Some(a), Some(b)) => Some(super::queryset::build::weakest(&a, &b)),
                (one, other) => one.or(other),
            },
            ExprKind::BinOp {
                left,
                op: "|" | "&",
                right,
            } => {
                let (a, b) = (self.qs(left)?, self.qs(right)?);
                let mut out = super::queryset::build::weakest(&a, &b);
                out.combined = true;
                Some(out)
            }
            ExprKind::Name(name) => self.name_qs(name, expr),
            _ => {
                let chain = Chain::of(expr);
                let (mut qs, rest) = self.chain_root(&chain)?;
                for (at, link) in rest.iter().enumerate() {
                    let is_last = at + 1 == rest.len();
                    if !super::queryset::build::apply(self, &mut qs, link, is_last) {
                        return None;
                    }
                }
                qs.places.push(self.place(expr));
                Some(qs)
            }
        }
    }

    fn name_qs(&self, name: &Arc<str>, expr: &'p Expr) -> Option<QsIr> {
        if &**name == "self" {
            return self.self_qs.clone();
        }
        if let Some(given) = self.given.get(name)
            && given.qs.is_some()
        {
            return given.qs.clone();
        }
        let locals = self.locals(name, expr.span.start);
        if locals.is_empty() {
            let (scope, value) = self.world.read.follow(self.scope, expr);
            if std::ptr::eq(value, expr) {
                return None;
            }
            return Data::of_scope(self.world, scope, None).qs(value);
        }
        self.guarded(name, expr.span.start, || {
            let mut out: Option<QsIr> = None;
            for local in locals.iter().take(MAX_BINDINGS) {
                let Local::Value(scope, value) = local else {
                    continue;
                };
                if scope.module != self.scope.module {
                    continue;
                }
                // None and the like stand for "nothing yet".
                let Some(one) = self.qs(value) else { continue };
                out = Some(match out {
                    None => one,
                    Some(before) => super::queryset::build::weakest(&before, &one),
                });
            }
            if let (Some(out), true) = (&mut out, locals.len() > MAX_BINDINGS) {
                out.open
                    .get_or_insert_with(|| "it is bound in too many branches".into());
            }
            out
        })
        .flatten()
    }

    /// Where a chain starts, and the links that are left.
    fn chain_root<'c>(&self, chain: &'c Chain<'p>) -> Option<(QsIr, &'c [Link<'p>])> {
        let links = chain.links.as_slice();
        // Order.objects…, get_user_model().objects…, models.Order.objects…
        for (at, link) in links.iter().enumerate().take(4) {
            let Link::Attribute { name, .. } = link else {
                continue;
            };
            let before: &'p Expr = match at.checked_sub(1).and_then(|i| links.get(i)) {
                None => chain.root,
                Some(
                    Link::Attribute { expr, .. }
                    | Link::Call { expr, .. }
                    | Link::DirectCall { expr, .. }
                    | Link::Item { expr, .. },
                ) => expr,
            };
            let class_model = self.class_model_expr(before);
            if let Some(model) = class_model {
                let info = self.world.model(model)?;
                let is_manager = &***name == "objects"
                    || &***name == "_default_manager"
                    || &***name == "_base_manager"
                    || info.managers.iter().any(|m| m.name == **name);
                if is_manager {
                    let mut qs = QsIr {
                        model: Some(model),
                        manager: Some(Arc::clone(name)),
                        ..QsIr::default()
                    };
                    super::queryset::build::manager_defaults(self, &mut qs, info, name);
                    return Some((qs, links.get(at + 1..)?));
                }
            }
        }
        // super().get_queryset()
        if chain.root.as_name() == Some("super")
            && let [Link::DirectCall { .. }, Link::Call { name, args, .. }, ..] = links
        {
            match &***name {
                "get_queryset" => {
                    return Some((self.base_queryset()?, links.get(2..)?));
                }
                "filter_queryset" => {
                    let first = positional(args, 0)?;
                    return Some((self.qs(first)?, links.get(2..)?));
                }
                _ => {}
            }
        }
        if chain.root.as_name() == Some("self") {
            match links.first()? {
                Link::Attribute { name, .. } if &***name == "queryset" => {
                    return Some((self.class_queryset()?, links.get(1..)?));
                }
                Link::Call { name, args, .. } => match &***name {
                    "get_queryset" if self.self_qs.is_none() => {
                        return Some((self.view_queryset()?, links.get(1..)?));
                    }
                    "filter_queryset" | "paginate_queryset" => {
                        let first = positional(args, 0)?;
                        return Some((self.qs(first)?, links.get(1..)?));
                    }
                    _ if self.self_qs.is_none() => {
                        if let Some(qs) = self.helper_qs(links.first()?) {
                            return Some((qs, links.get(1..)?));
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
            if let Some(qs) = &self.self_qs {
                // Inside a manager or queryset class.
                if let Some(Link::Call { name, .. }) = links.first()
                    && &***name == "get_queryset"
                {
                    return Some((qs.clone(), links.get(1..)?));
                }
                return Some((qs.clone(), links));
            }
        }
        // request.user.orders…, order.items…
        if let Some(found) = self.related_root(chain) {
            return Some(found);
        }
        // get_object_or_404(Order, …), get_list_or_404
        if let (Some(name), Some(Link::DirectCall { args, expr })) =
            (chain.root.as_name(), links.first())
        {
            if matches!(
                name,
                "get_object_or_404" | "get_list_or_404" | "aget_object_or_404"
            ) {
                let first = positional(args, 0)?;
                let mut qs = match self.qs(first) {
                    Some(qs) => qs,
                    None => QsIr {
                        model: Some(self.class_model_expr(first)?),
                        ..QsIr::default()
                    },
                };
                super::queryset::build::conditions(self, &mut qs, args.get(1..)?, false);
                qs.ended_by = Some((name.into(), self.place(expr)));
                return Some((qs, links.get(1..)?));
            }
            if matches!(name, "list" | "tuple" | "set" | "sorted" | "reversed") {
                return Some((self.qs(positional(args, 0)?)?, links.get(1..)?));
            }
        }
        // A local queryset: orders.filter(…)
        if let ExprKind::Name(name) = &chain.root.kind
            && !links.is_empty()
            && let Some(qs) = self.name_qs(name, chain.root)
        {
            return Some((qs, links));
        }
        // A selector: orders_for(user).filter(…)
        for (at, link) in links.iter().enumerate().take(4) {
            let (Link::Call { expr, .. } | Link::DirectCall { expr, .. }) = link else {
                continue;
            };
            if let Some(qs) = self.selector(expr) {
                return Some((qs, links.get(at + 1..)?));
            }
        }
        None
    }

    /// A model class by name, or through `self.model`, `self.queryset.model`, a local.
    fn class_model_expr(&self, expr: &'p Expr) -> Option<ModelId> {
        if let Some(model) = self.world.model_expr(self.scope, expr) {
            return Some(model);
        }
        match &expr.kind {
            ExprKind::Attribute { value, attr } if value.as_name() == Some("self") => {
                if &**attr != "model" {
                    return None;
                }
                if let Some(qs) = &self.self_qs {
                    return qs.model;
                }
                match self.world.read.attr(self.class?, "model")? {
                    Attr::Value { expr, owner, .. } => self
                        .world
                        .model_expr(self.world.read.class_scope(owner), expr),
                    _ => None,
                }
            }
            ExprKind::Name(name) => {
                if matches!(&**name, "cls") {
                    return self.class.and_then(|c| self.world.class_model(c));
                }
                let locals = self.locals(name, expr.span.start);
                self.guarded(name, expr.span.start, || {
                    locals.iter().find_map(|l| match l {
                        Local::Value(scope, value) => self.world.model_expr(*scope, value),
                        Local::Symbol(symbol) => self.world.symbol(symbol),
                        _ => None,
                    })
                })
                .flatten()
            }
            _ => None,
        }
    }

    /// `request.user.orders`, `order.items`: a related manager of an instance.
    fn related_root<'c>(&self, chain: &'c Chain<'p>) -> Option<(QsIr, &'c [Link<'p>])> {
        let links = chain.links.as_slice();
        for (at, link) in links.iter().enumerate().take(6) {
            let Link::Attribute { name, expr } = link else {
                break;
            };
            let ExprKind::Attribute { value, .. } = &expr.kind else {
                continue;
            };
            if is_request(value) && &***name == "user" {
                continue;
            }
            let Some(model) = self.instance(value).and_then(|m| self.world.model(m)) else {
                continue;
            };
            let target = match (model.reverse(name), model.field(name)) {
                (Some(reverse), _) if !reverse.is_single => Some(reverse.model),
                (_, Some(field))
                    if matches!(
                        field.kind,
                        FieldKind::ManyToMany | FieldKind::GenericRelation
                    ) =>
                {
                    field.to.as_ref().and_then(Target::model)
                }
                _ => None,
            };
            let Some(target) = target else { continue };
            let from_user = self.taint(value) == Taint::User;
            let mut qs = QsIr {
                model: Some(target),
                manager: Some(Arc::clone(name)),
                from_user,
                from_instance: !from_user,
                ..QsIr::default()
            };
            if from_user {
                qs.user_scoped = Some(true);
            }
            return Some((qs, links.get(at + 1..)?));
        }
        None
    }

    /// `self.helper(…)` that returns a queryset.
    fn helper_qs(&self, link: &Link<'p>) -> Option<QsIr> {
        match link {
            Link::Call { expr, .. } => self.selector(expr),
            _ => None,
        }
    }

    /// What a called project function returns, if it is a queryset.
    fn selector(&self, call: &'p Expr) -> Option<QsIr> {
        let (func, args) = call.as_call()?;
        let (inner, callee) = self.enter(func, args)?;
        inner.returned(callee)
    }

    /// The weakest queryset over all returns of the function under analysis.
    pub(super) fn returned(&self, func: FuncId) -> Option<QsIr> {
        let program: &'p crate::python::Program = self.world.read.program;
        let mut out: Option<QsIr> = None;
        crate::python::visit::stmts(&program.func_def(func).body, |stmt| {
            if let StmtKind::Return(Some(value)) = &stmt.kind
                && let Some(qs) = self.qs(value)
            {
                if qs.empty {
                    return;
                }
                out = Some(match out.take() {
                    None => qs,
                    Some(before) => super::queryset::build::weakest(&before, &qs),
                });
            }
        });
        out
    }

    // ---- the view's queryset ----------------------------------------------------------------

    /// `queryset = …` by MRO.
    pub(super) fn class_queryset(&self) -> Option<QsIr> {
        let class = self.class?;
        match self.world.read.attr(class, "queryset")? {
            Attr::Value { expr, owner, place } => {
                let scope = self.world.read.class_scope(owner);
                let data = Data::of_scope(self.world, scope, Some(class));
                match data.qs(expr) {
                    Some(mut qs) => {
                        qs.places = vec![place];
                        Some(qs)
                    }
                    None => {
                        // queryset = Order (a model class) and anything else.
                        let model = self.world.model_expr(scope, expr)?;
                        Some(QsIr {
                            model: Some(model),
                            places: vec![place],
                            ..QsIr::default()
                        })
                    }
                }
            }
            _ => None,
        }
    }

    /// What `super().get_queryset()` gives here.
    fn base_queryset(&self) -> Option<QsIr> {
        let class = self.class?;
        if let Some(qs) = &self.self_qs {
            return Some(qs.clone());
        }
        let after = self.scope.class;
        match self.world.read.attr_after(class, "get_queryset", after) {
            Some(Attr::Method { func, .. }) if self.depth < MAX_CALL_DEPTH + 2 => {
                let mut inner = Self::of_func(self.world, func, Some(class), self.bind.clone());
                inner.depth = self.depth + 1;
                inner.budget = Rc::clone(&self.budget);
                inner.get_queryset_paths(func)
            }
            _ => self.class_queryset(),
        }
    }

    /// What `self.get_queryset()` gives.
    pub(super) fn view_queryset(&self) -> Option<QsIr> {
        let class = self.class?;
        match self.world.read.attr(class, "get_queryset") {
            Some(Attr::Method { func, .. }) if self.depth < MAX_CALL_DEPTH + 2 => {
                let mut inner = Self::of_func(self.world, func, Some(class), self.bind.clone());
                inner.depth = self.depth + 1;
                inner.budget = Rc::clone(&self.budget);
                inner.get_queryset_paths(func)
            }
            _ => self.class_queryset(),
        }
    }

    /// `get_queryset` evaluated for the bound action: every way through it, the weakest counts.
    fn get_queryset_paths(&self, func: FuncId) -> Option<QsIr> {
        let bind = self.bind.clone().unwrap_or(Bind {
            action: None,
            method: super::names::Method::Any,
            detail: None,
            class: self.class,
            caller: super::symbolic::Caller::Any,
        });
        let read = self.world.read;
        let eval = Eval::new(read, bind);
        let mut found: Vec<(QsIr, Vec<Arc<str>>)> = Vec::new();
        let mut open: Option<Arc<str>> = None;
        for path in eval.paths(func, Env::new(), 0) {
            let outs = match path.value {
                Out::Alt(several) => several,
                one => vec![one],
            };
            for out in outs {
                let qs = match out {
                    Out::Expr(scope, expr) if scope.func == Some(func) => self.qs(expr),
                    Out::Expr(scope, expr) => {
                        let data = match scope.func {
                            Some(inner) => {
                                Self::of_func(self.world, inner, self.class, self.bind.clone())
                            }
                            None => Self::of_scope(self.world, scope, self.class),
                        };
                        data.qs(expr)
                    }
                    Out::Super(_) => self.base_queryset(),
                    Out::Raise => continue,
                    _ => None,
                };
                match qs {
                    Some(qs) => found.push((qs, path.conditions.clone())),
                    None => {
                        open.get_or_insert_with(|| {
                            "`get_queryset` has a way that could not be followed".into()
                        });
                    }
                }
            }
        }
        let mut out = super::queryset::build::combine(found)?;
        if let Some(reason) = open {
            out.open.get_or_insert(reason);
            if out.user_scoped != Some(false) {
                out.user_scoped = None;
            }
        }
        Some(out)
    }

    /// A custom method of the queryset's manager or queryset class, applied.
    pub(super) fn custom_method(
        &self,
        qs: &QsIr,
        name: &str,
        args: &'p [crate::python::syntax::Arg],
    ) -> Option<QsIr> {
        if self.depth >= MAX_CALL_DEPTH {
            return None;
        }
        let model = self.world.model(qs.model?)?;
        let read = self.world.read;
        let classes = model
            .managers
            .iter()
            .flat_map(|m| std::iter::once(&m.class).chain(&m.querysets))
            .filter_map(ClassRef::class);
        for class in classes {
            let Some(func) = read.method(class, name) else {
                continue;
            };
            let mut inner = Self::of_func(self.world, func, Some(class), self.bind.clone());
            inner.depth = self.depth + 1;
            inner.budget = Rc::clone(&self.budget);
            inner.self_qs = Some(qs.clone());
            self.give(&mut inner, func, args);
            if let Some(mut found) = inner.returned(func) {
                found.custom.push(name.into());
                return Some(found);
            }
        }
        None
    }

    /// What a manager's own `get_queryset` adds.
    pub(super) fn manager_queryset(&self, class: ClassId, start: &QsIr) -> Option<QsIr> {
        if self.depth >= MAX_CALL_DEPTH {
            return None;
        }
        let func = self.world.read.method(class, "get_queryset")?;
        let mut inner = Self::of_func(self.world, func, Some(class), None);
        inner.depth = self.depth + 1;
        inner.budget = Rc::clone(&self.budget);
        inner.self_qs = Some(start.clone());
        inner.returned(func)
    }
}

/// `request`, `self.request`, `self.context["request"]`
pub(super) fn is_request(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(name) => matches!(&**name, "request" | "req"),
        ExprKind::Attribute { value, attr } => &**attr == "request" && value.as_name().is_some(),
        ExprKind::Subscript { value, index } => {
            index.as_str() == Some("request")
                && value.dotted().is_some_and(|d| d.ends_with("context"))
        }
        ExprKind::Call { func, args } => {
            func.dotted().is_some_and(|d| d.ends_with("context.get"))
                && positional(args, 0).and_then(Expr::as_str) == Some("request")
        }
        _ => false,
    }
}

/// The more telling of two sources.
pub(super) fn join(a: Taint, b: Taint) -> Taint {
    let rank = |t: Taint| match t {
        Taint::User => 6,
        Taint::Tenant => 5,
        Taint::Body => 4,
        Taint::Query => 3,
        Taint::Url => 2,
        Taint::Unknown => 1,
        Taint::Constant => 0,
    };
    if rank(a) >= rank(b) { a } else { b }
}

fn loop_names<'p>(
    target: &'p Expr,
    iter: &'p Expr,
    start: u32,
    end: u32,
    out: &mut Vec<(Arc<str>, &'p Expr, u32, u32)>,
) {
    match &target.kind {
        ExprKind::Name(name) => out.push((Arc::clone(name), iter, start, end)),
        ExprKind::Tuple(items) | ExprKind::List(items) => {
            // `for i, order in enumerate(orders)`: the last one is the row.
            if iter
                .as_call()
                .is_some_and(|(f, _)| f.as_name() == Some("enumerate"))
                && let Some(ExprKind::Name(name)) = items.last().map(|i| &i.kind)
            {
                out.push((Arc::clone(name), iter, start, end));
            }
        }
        _ => {}
    }
}
