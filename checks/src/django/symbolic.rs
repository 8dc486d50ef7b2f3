//! Evaluates a small method for one action and HTTP method: which branch it takes, what it returns.
//!
//! Recognises comparisons of `self.action` and `request.method`, `SAFE_METHODS`, dict dispatch,
//! match, early returns, attributes set before `super()`, list building. What it does not know
//! forks; forks are bounded.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::names::Method;
use super::read::{Attr, Read, is_super_call, method_call, self_attr};
use crate::python::syntax::{
    Clause, Comprehension, DictItem, Expr, ExprKind, Stmt, StmtKind, positional,
};
use crate::python::value::{Literal, Val};
use crate::python::{ClassId, FuncId, Scope, Symbol};

/// Ways through one method that are followed; beyond this the rest is unknown.
const MAX_PATHS: usize = 64;
/// Methods are entered this deep.
const MAX_DEPTH: usize = 5;
/// Statements walked for one question.
const MAX_STEPS: usize = 4_000;

/// Who the caller is, where the question depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    /// Not asked.
    Any,
    Anonymous,
    /// A generator of schemas: anonymous, without arguments of the URL, and `swagger_fake_view`.
    Schema,
    /// Signed in, with no special role.
    Plain,
}

impl Caller {
    fn is_anonymous(self) -> bool {
        matches!(self, Self::Anonymous | Self::Schema)
    }
}

/// What is known about the request.
#[derive(Clone, Debug)]
pub(super) struct Bind {
    /// `None`: not a viewset.
    pub(super) action: Option<Arc<str>>,
    pub(super) method: Method,
    pub(super) detail: Option<bool>,
    /// Class of `self`: attributes are looked up from here.
    pub(super) class: Option<ClassId>,
    pub(super) caller: Caller,
}

/// A value as far as it was followed.
#[derive(Clone, Debug)]
pub(super) enum Out<'p> {
    /// An expression that stands for itself, and where it stands.
    Expr(Scope, &'p Expr),
    List(Vec<Out<'p>>),
    Alt(Vec<Out<'p>>),
    /// `super().<the same method>(…)`, called in a method of this class.
    Super(Option<ClassId>),
    /// A class attribute of a catalogue class.
    Stub(&'static serde_json::Value),
    None,
    Raise,
    Unknown(Arc<str>),
}

pub(super) type Env<'p> = BTreeMap<String, Out<'p>>;

/// One way through a method.
#[derive(Clone, Debug)]
pub(super) struct Path<'p> {
    /// Conditions that could not be decided, as written.
    pub(super) conditions: Vec<Arc<str>>,
    pub(super) value: Out<'p>,
    /// `self.x` set on the way, under `self.x`; locals under their names.
    pub(super) env: Env<'p>,
}

/// A value for conditions.
#[derive(Clone, Debug, PartialEq)]
enum V {
    Str(String),
    Int(i64),
    Bool(bool),
    None,
    List(Vec<V>),
    /// The caller.
    User,
    /// An attribute of a signed-in caller without special role: false, equal to no constant.
    Role,
    Truthy,
    Raise,
    Unknown,
}

/// Three-valued truth, or an exception on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Raise,
    Unknown,
}

#[derive(Debug)]
pub(super) struct Eval<'r, 'p> {
    pub(super) read: &'r Read<'p>,
    pub(super) bind: Bind,
    steps: std::cell::Cell<usize>,
}

impl<'r, 'p> Eval<'r, 'p> {
    pub(super) fn new(read: &'r Read<'p>, bind: Bind) -> Self {
        Self {
            read,
            bind,
            steps: std::cell::Cell::new(0),
        }
    }

    fn spend(&self) -> bool {
        let steps = self.steps.get() + 1;
        self.steps.set(steps);
        steps <= MAX_STEPS
    }

    /// Every way through a function to a return, a raise or its end.
    pub(super) fn paths(&self, func: FuncId, env: Env<'p>, depth: usize) -> Vec<Path<'p>> {
        let scope = self.read.func_scope(func);
        let program: &'p crate::python::Program = self.read.program;
        let body = &program.func_def(func).body;
        let mut done = Vec::new();
        let open = self.block(scope, body, vec![(Vec::new(), env)], &mut done, depth);
        for (conditions, env) in open {
            done.push(Path {
                conditions,
                value: Out::None,
                env,
            });
        }
        done.truncate(MAX_PATHS);
        done
    }

    /// Runs the states through a block; finished ways go to `done`, the rest is returned.
    fn block(
        &self,
        scope: Scope,
        body: &'p [Stmt],
        mut states: Vec<(Vec<Arc<str>>, Env<'p>)>,
        done: &mut Vec<Path<'p>>,
        depth: usize,
    ) -> Vec<(Vec<Arc<str>>, Env<'p>)> {
        for stmt in body {
            if states.is_empty() || done.len() > MAX_PATHS || !self.spend() {
                break;
            }
            let mut next = Vec::new();
            for (conditions, env) in states {
                self.statement(scope, stmt, conditions, env, &mut next, done, depth);
                if next.len() > MAX_PATHS {
                    break;
                }
            }
            next.truncate(MAX_PATHS);
            states = next;
        }
        states
    }

    #[expect(clippy::too_many_lines, reason = "one arm per kind of statement")]
    fn statement(
        &self,
        scope: Scope,
        stmt: &'p Stmt,
        conditions: Vec<Arc<str>>,
        mut env: Env<'p>,
        next: &mut Vec<(Vec<Arc<str>>, Env<'p>)>,
        done: &mut Vec<Path<'p>>,
        depth: usize,
    ) {
        match &stmt.kind {
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.reduce(scope, value, &env, depth),
                    None => Out::None,
                };
                done.push(Path {
                    conditions,
                    value,
                    env,
                });
            }
            StmtKind::Raise { .. } => done.push(Path {
                conditions,
                value: Out::Raise,
                env,
            }),
            StmtKind::If { test, body, orelse } => {
                let truth = self.test(scope, test, &env, depth);
                if truth == Truth::Raise {
                    done.push(Path {
                        conditions,
                        value: Out::Raise,
                        env,
                    });
                    return;
                }
                let both = truth == Truth::Unknown;
                if both || truth == Truth::True {
                    let mut conditions = conditions.clone();
                    if both {
                        conditions.push(self.read.expr_text(scope.module, test));
                    }
                    next.extend(self.block(
                        scope,
                        body,
                        vec![(conditions, env.clone())],
                        done,
                        depth,
                    ));
                }
                if both || truth == Truth::False {
                    let mut conditions = conditions;
                    if both {
                        let text = self.read.expr_text(scope.module, test);
                        conditions.push(format!("not ({text})").into());
                    }
                    next.extend(self.block(scope, orelse, vec![(conditions, env)], done, depth));
                }
            }
            StmtKind::Match { subject, cases } => {
                let value = self.value(scope, subject, &env, depth);
                let mut open = true;
                for case in cases {
                    if !open {
                        break;
                    }
                    let hit = if case.guard.is_some() {
                        None
                    } else if case.is_wildcard {
                        Some(true)
                    } else if case.values.is_empty() || value == V::Unknown {
                        None
                    } else {
                        let values: Vec<V> = case
                            .values
                            .iter()
                            .map(|v| self.value(scope, v, &env, depth))
                            .collect();
                        if values.contains(&value) {
                            Some(true)
                        } else if values.contains(&V::Unknown) {
                            None
                        } else {
                            Some(false)
                        }
                    };
                    if hit == Some(false) {
                        continue;
                    }
                    let mut conditions = conditions.clone();
                    if hit.is_none() {
                        conditions.push("a case of match".into());
                    }
                    next.extend(self.block(
                        scope,
                        &case.body,
                        vec![(conditions, env.clone())],
                        done,
                        depth,
                    ));
                    open = hit != Some(true);
                }
                if open {
                    next.push((conditions, env));
                }
            }
            StmtKind::With { body, .. } => {
                next.extend(self.block(scope, body, vec![(conditions, env)], done, depth));
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                let before = done.len();
                let mut rest = self.block(
                    scope,
                    body,
                    vec![(conditions.clone(), env.clone())],
                    done,
                    depth,
                );
                // A way that is known to raise inside `try` goes on in the handlers; else the
                // handlers are ways of their own.
                let raised = done
                    .iter()
                    .skip(before)
                    .any(|p| matches!(p.value, Out::Raise));
                let only_raises = raised
                    && rest.is_empty()
                    && done
                        .iter()
                        .skip(before)
                        .all(|p| matches!(p.value, Out::Raise));
                let may_fail = body_may_fail(body);
                if !handlers.is_empty() {
                    if raised {
                        let mut at = 0;
                        done.retain(|p| {
                            at += 1;
                            at <= before || !matches!(p.value, Out::Raise)
                        });
                    }
                    if raised || may_fail {
                        for handler in handlers {
                            let mut conditions = conditions.clone();
                            if !only_raises {
                                conditions.push("an exception is caught".into());
                            }
                            next.extend(self.block(
                                scope,
                                &handler.body,
                                vec![(conditions, env.clone())],
                                done,
                                depth,
                            ));
                        }
                    }
                }
                rest = self.block(scope, orelse, rest, done, depth);
                next.extend(self.block(scope, finally, rest, done, depth));
            }
            StmtKind::For { body, orelse, .. } | StmtKind::While { body, orelse, .. } => {
                let mut entered = conditions.clone();
                entered.push("a loop is entered".into());
                let inside = self.block(scope, body, vec![(entered, env.clone())], done, depth);
                // What the body changes is not known after it; ways that returned are kept.
                let mut after = env;
                for (_, changed) in inside {
                    for (name, value) in changed {
                        let same = after.get(&name).is_some_and(|old| same_place(old, &value));
                        if !same {
                            after.insert(name, Out::Unknown("it is changed in a loop".into()));
                        }
                    }
                }
                next.extend(self.block(scope, orelse, vec![(conditions, after)], done, depth));
            }
            StmtKind::Assign { targets, value } => {
                let out = self.reduce(scope, value, &env, depth);
                for target in targets {
                    Self::bind_target(target, out.clone(), &mut env);
                }
                next.push((conditions, env));
            }
            StmtKind::AnnAssign {
                target,
                value: Some(value),
                ..
            } => {
                let out = self.reduce(scope, value, &env, depth);
                Self::bind_target(target, out, &mut env);
                next.push((conditions, env));
            }
            StmtKind::AugAssign { target, op, value } => {
                let left = self.reduce(scope, target, &env, depth);
                let right = self.reduce(scope, value, &env, depth);
                let sum = match (*op, left, right) {
                    ("+", Out::List(mut a), Out::List(b)) => {
                        a.extend(b);
                        Out::List(a)
                    }
                    _ => Out::Unknown("it is changed in place".into()),
                };
                Self::bind_target(target, sum, &mut env);
                next.push((conditions, env));
            }
            StmtKind::Expr(expr) => {
                if let Some((func, args)) = expr.as_call()
                    && let Some((on, name @ ("append" | "extend" | "insert"))) = method_call(func)
                    && let Some(key) = target_key(on)
                {
                    let index = usize::from(name == "insert");
                    let item = positional(args, index).map(|a| self.reduce(scope, a, &env, depth));
                    let list = self.reduce(scope, on, &env, depth);
                    let value = match (list, item) {
                        (Out::List(mut items), Some(item)) => {
                            match (name, item) {
                                ("extend", Out::List(more)) => items.extend(more),
                                ("extend", other) => items.push(Out::Unknown(
                                    format!("extended by {other:?}")
                                        .chars()
                                        .take(60)
                                        .collect::<String>()
                                        .into(),
                                )),
                                (_, item) => items.push(item),
                            }
                            Out::List(items)
                        }
                        _ => Out::Unknown("a list is changed in place".into()),
                    };
                    env.insert(key, value);
                }
                next.push((conditions, env));
            }
            _ => next.push((conditions, env)),
        }
    }

    fn bind_target(target: &Expr, value: Out<'p>, env: &mut Env<'p>) {
        if let Some(key) = target_key(target) {
            env.insert(key, value);
        } else if let Some(items) = target.elements() {
            for item in items {
                if let Some(key) = target_key(item) {
                    env.insert(key, Out::Unknown("it is unpacked".into()));
                }
            }
        }
    }

    /// What an expression comes down to.
    pub(super) fn reduce(
        &self,
        scope: Scope,
        expr: &'p Expr,
        env: &Env<'p>,
        depth: usize,
    ) -> Out<'p> {
        if depth > MAX_DEPTH * 4 || !self.spend() {
            return Out::Unknown("it is nested too deep".into());
        }
        match &expr.kind {
            ExprKind::None => Out::None,
            ExprKind::Name(name) => {
                if let Some(out) = env.get(&**name) {
                    return out.clone();
                }
                if let Symbol::Variable(module, name) = self.read.program.resolve(scope, expr)
                    && let Some(value) = self.read.assigned(module, &name)
                    && !std::ptr::eq(value, expr)
                {
                    return self.reduce(Read::module_scope(module), value, &Env::new(), depth + 1);
                }
                Out::Expr(scope, expr)
            }
            ExprKind::Attribute { value, attr } => {
                if let Some(name) = self_attr(expr) {
                    if let Some(out) = env.get(&format!("self.{name}")) {
                        return out.clone();
                    }
                    return self.self_attribute(scope, expr, name, depth);
                }
                if let Symbol::Class(class) = self.read.program.resolve(scope, value)
                    && let Some(Attr::Value { expr, owner, .. }) = self.read.attr(class, attr)
                {
                    return self.reduce(self.read.class_scope(owner), expr, &Env::new(), depth + 1);
                }
                Out::Expr(scope, expr)
            }
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
                let mut out = Vec::new();
                for item in items {
                    match &item.kind {
                        ExprKind::Starred(inner) => {
                            match self.reduce(scope, inner, env, depth + 1) {
                                Out::List(more) => out.extend(more),
                                other => out.push(other),
                            }
                        }
                        _ => out.push(self.reduce(scope, item, env, depth + 1)),
                    }
                }
                Out::List(out)
            }
            ExprKind::BinOp {
                left,
                op: "+",
                right,
            } => match (
                self.reduce(scope, left, env, depth + 1),
                self.reduce(scope, right, env, depth + 1),
            ) {
                (Out::List(mut a), Out::List(b)) => {
                    a.extend(b);
                    Out::List(a)
                }
                (Out::List(mut a), other) | (other, Out::List(mut a)) => {
                    a.push(other);
                    Out::List(a)
                }
                _ => Out::Expr(scope, expr),
            },
            ExprKind::IfExp { test, body, orelse } => match self.test(scope, test, env, depth) {
                Truth::True => self.reduce(scope, body, env, depth + 1),
                Truth::False => self.reduce(scope, orelse, env, depth + 1),
                Truth::Raise => Out::Raise,
                Truth::Unknown => Out::Alt(vec![
                    self.reduce(scope, body, env, depth + 1),
                    self.reduce(scope, orelse, env, depth + 1),
                ]),
            },
            ExprKind::BoolOp { op: "or", values } => {
                let mut outs = Vec::new();
                for value in values {
                    match self.reduce(scope, value, env, depth + 1) {
                        Out::None => {}
                        list @ Out::List(_) => {
                            outs.push(list);
                            break;
                        }
                        other => outs.push(other),
                    }
                }
                match outs.len() {
                    0 => Out::None,
                    1 => outs.remove(0),
                    _ => Out::Alt(outs),
                }
            }
            ExprKind::Subscript { value, index } => {
                match self.dict_entry(scope, value, index, env, depth) {
                    Some(Some(out)) => out,
                    Some(None) => Out::Raise,
                    None => Out::Expr(scope, expr),
                }
            }
            ExprKind::Comprehension(c) => self.comprehension(scope, expr, c, env, depth),
            ExprKind::Call { func, args } => self.call(scope, expr, func, args, env, depth),
            ExprKind::Await(inner) => self.reduce(scope, inner, env, depth + 1),
            _ => Out::Expr(scope, expr),
        }
    }

    /// `[permission() for permission in permission_classes]` is its list.
    fn comprehension(
        &self,
        scope: Scope,
        expr: &'p Expr,
        c: &'p Comprehension,
        env: &Env<'p>,
        depth: usize,
    ) -> Out<'p> {
        let [
            Clause {
                target,
                iter,
                conditions,
            },
        ] = c.clauses.as_slice()
        else {
            return Out::Expr(scope, expr);
        };
        let Some(name) = target.as_name() else {
            return Out::Expr(scope, expr);
        };
        let element = c.element.as_call().map_or(&c.element, |(func, _)| func);
        if element.as_name() != Some(name) || !conditions.is_empty() {
            return Out::Expr(scope, expr);
        }
        self.reduce(scope, iter, env, depth + 1)
    }

    fn call(
        &self,
        scope: Scope,
        expr: &'p Expr,
        func: &'p Expr,
        args: &'p [crate::python::syntax::Arg],
        env: &Env<'p>,
        depth: usize,
    ) -> Out<'p> {
        if let Some(name) = func.as_name() {
            if matches!(name, "list" | "tuple" | "set") {
                if let Some(inner) = positional(args, 0) {
                    return self.reduce(scope, inner, env, depth + 1);
                }
                return Out::List(Vec::new());
            }
            if name == "getattr"
                && args.len() >= 2
                && let (Some(on), Some(attr)) = (
                    positional(args, 0),
                    positional(args, 1).and_then(Expr::as_str),
                )
                && on.as_name() == Some("self")
            {
                if let Some(out) = env.get(&format!("self.{attr}")) {
                    return out.clone();
                }
                if let Some(class) = self.bind.class
                    && self.read.attr(class, attr).is_some()
                {
                    return self.self_attribute(scope, expr, attr, depth);
                }
                if let Some(default) = positional(args, 2) {
                    return self.reduce(scope, default, env, depth + 1);
                }
            }
        }
        let Some((on, name)) = method_call(func) else {
            return Out::Expr(scope, expr);
        };
        if is_super_call(on) {
            let own = scope
                .func
                .map(|f| Arc::clone(&self.read.program.func_def(f).name));
            return if own.as_deref() == Some(name) {
                Out::Super(scope.class)
            } else {
                Out::Expr(scope, expr)
            };
        }
        if name == "get"
            && let Some(key) = positional(args, 0)
        {
            match self.dict_entry(scope, on, key, env, depth) {
                Some(Some(out)) => return out,
                Some(None) => {
                    return match positional(args, 1) {
                        Some(default) => self.reduce(scope, default, env, depth + 1),
                        None => Out::None,
                    };
                }
                None => {}
            }
        }
        if matches!(on.as_name(), Some("self" | "cls"))
            && depth < MAX_DEPTH
            && let Some(method) = self.bind.class.and_then(|c| self.read.method(c, name))
        {
            return self.inline(method, env, depth + 1);
        }
        Out::Expr(scope, expr)
    }

    /// The value of a method of `self`, `self.x` set before included.
    fn inline(&self, method: FuncId, env: &Env<'p>, depth: usize) -> Out<'p> {
        let own: Env<'p> = env
            .iter()
            .filter(|(k, _)| k.starts_with("self."))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        let mut outs: Vec<Out<'p>> = self
            .paths(method, own, depth)
            .into_iter()
            .map(|p| match p.value {
                Out::Super(_) => Out::Unknown("it comes from a base".into()),
                value => value,
            })
            .collect();
        match outs.len() {
            0 => Out::Unknown("it has no way out".into()),
            1 => outs.remove(0),
            _ => Out::Alt(outs),
        }
    }

    fn self_attribute(&self, scope: Scope, expr: &'p Expr, name: &str, depth: usize) -> Out<'p> {
        let Some(class) = self.bind.class else {
            return Out::Expr(scope, expr);
        };
        match self.read.attr(class, name) {
            Some(Attr::Value { expr, owner, .. }) => {
                self.reduce(self.read.class_scope(owner), expr, &Env::new(), depth + 1)
            }
            Some(Attr::Method { func, .. }) if depth < MAX_DEPTH => {
                let is_property = self
                    .read
                    .program
                    .func_def(func)
                    .decorators
                    .iter()
                    .any(|d| d.dotted().is_some_and(|d| d.ends_with("property")));
                if is_property {
                    self.inline(func, &Env::new(), depth + 1)
                } else {
                    Out::Expr(scope, expr)
                }
            }
            Some(Attr::Stub { value, .. }) => Out::Stub(value),
            _ => Out::Expr(scope, expr),
        }
    }

    /// Entry of a dict display by a known key: `Some(None)` if it has none; `None` if not known.
    #[expect(clippy::option_option, reason = "not known, known to be absent, known")]
    fn dict_entry(
        &self,
        scope: Scope,
        dict: &'p Expr,
        key: &'p Expr,
        env: &Env<'p>,
        depth: usize,
    ) -> Option<Option<Out<'p>>> {
        let key = self.value(scope, key, env, depth);
        if key == V::Unknown {
            return None;
        }
        let Out::Expr(scope, dict) = self.reduce(scope, dict, env, depth + 1) else {
            return None;
        };
        let ExprKind::Dict(items) = &dict.kind else {
            return None;
        };
        let mut found = None;
        for item in items {
            match item {
                DictItem::Pair { key: k, value } => match self.value(scope, k, env, depth) {
                    V::Unknown => return None,
                    v if v == key => found = Some(value),
                    _ => {}
                },
                DictItem::Spread(_) => return None,
            }
        }
        Some(found.map(|value| self.reduce(scope, value, env, depth + 1)))
    }

    /// Truth of a condition.
    pub(super) fn test(&self, scope: Scope, expr: &'p Expr, env: &Env<'p>, depth: usize) -> Truth {
        truth_of(&self.value(scope, expr, env, depth))
    }

    /// Truth of a reduced value (of what a permission returns).
    pub(super) fn out_truth(&self, out: &Out<'p>, env: &Env<'p>, depth: usize) -> Truth {
        match out {
            Out::Expr(scope, expr) => self.test(*scope, expr, env, depth),
            Out::None => Truth::False,
            Out::Raise => Truth::Raise,
            Out::List(items) if items.is_empty() => Truth::False,
            Out::List(_) => Truth::True,
            Out::Alt(outs) => {
                let mut all = outs.iter().map(|o| self.out_truth(o, env, depth));
                let first = all.next().unwrap_or(Truth::Unknown);
                if all.all(|t| t == first) {
                    first
                } else {
                    Truth::Unknown
                }
            }
            _ => Truth::Unknown,
        }
    }

    fn value(&self, scope: Scope, expr: &'p Expr, env: &Env<'p>, depth: usize) -> V {
        if depth > MAX_DEPTH * 4 || !self.spend() {
            return V::Unknown;
        }
        match &expr.kind {
            ExprKind::Str(text) => V::Str(text.to_string()),
            ExprKind::Int(Some(value)) => V::Int(*value),
            ExprKind::Bool(value) => V::Bool(*value),
            ExprKind::None => V::None,
            ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => V::List(
                items
                    .iter()
                    .map(|i| self.value(scope, i, env, depth + 1))
                    .collect(),
            ),
            ExprKind::UnaryOp { op: "not", operand } => {
                match self.test(scope, operand, env, depth + 1) {
                    Truth::True => V::Bool(false),
                    Truth::False => V::Bool(true),
                    Truth::Raise => V::Raise,
                    Truth::Unknown => V::Unknown,
                }
            }
            ExprKind::BoolOp { op, values } => {
                let is_and = *op == "and";
                let mut unknown = false;
                for value in values {
                    match self.test(scope, value, env, depth + 1) {
                        Truth::True if !is_and => {
                            return if unknown { V::Unknown } else { V::Bool(true) };
                        }
                        Truth::False if is_and => return V::Bool(false),
                        Truth::True | Truth::False => {}
                        Truth::Raise => {
                            return if unknown { V::Unknown } else { V::Raise };
                        }
                        Truth::Unknown => unknown = true,
                    }
                }
                if unknown { V::Unknown } else { V::Bool(is_and) }
            }
            ExprKind::Compare { left, rest } => {
                let mut left = self.value(scope, left, env, depth + 1);
                let mut all = Truth::True;
                for (op, right) in rest {
                    let right = self.value(scope, right, env, depth + 1);
                    match compare(&left, op, &right) {
                        Truth::True => {}
                        Truth::False => return V::Bool(false),
                        Truth::Raise => return V::Raise,
                        Truth::Unknown => all = Truth::Unknown,
                    }
                    left = right;
                }
                if all == Truth::True {
                    V::Bool(true)
                } else {
                    V::Unknown
                }
            }
            ExprKind::IfExp { test, body, orelse } => {
                match self.test(scope, test, env, depth + 1) {
                    Truth::True => self.value(scope, body, env, depth + 1),
                    Truth::False => self.value(scope, orelse, env, depth + 1),
                    Truth::Raise => V::Raise,
                    Truth::Unknown => {
                        let a = self.value(scope, body, env, depth + 1);
                        let b = self.value(scope, orelse, env, depth + 1);
                        if a == b { a } else { V::Unknown }
                    }
                }
            }
            ExprKind::Name(name) => {
                match env.get(&**name) {
                    Some(Out::Expr(s, e)) if !std::ptr::eq(*e, expr) => {
                        return self.value(*s, e, env, depth + 1);
                    }
                    Some(Out::None) => return V::None,
                    Some(Out::Raise) => return V::Raise,
                    Some(Out::List(items)) => {
                        return V::List(
                            items
                                .iter()
                                .map(|i| match i {
                                    Out::Expr(s, e) => self.value(*s, e, env, depth + 1),
                                    _ => V::Unknown,
                                })
                                .collect(),
                        );
                    }
                    Some(_) => return V::Unknown,
                    None => {}
                }
                self.named(scope, expr)
            }
            ExprKind::Attribute { value, attr } => {
                self.attribute(scope, expr, value, attr, env, depth)
            }
            ExprKind::Call { func, args } => self.call_value(scope, expr, func, args, env, depth),
            ExprKind::Subscript { value, .. }
                if self.bind.caller == Caller::Schema && is_request_lookup(value) =>
            {
                V::Raise
            }
            _ => from_val(&self.read.program.eval(scope, expr)),
        }
    }

    fn named(&self, scope: Scope, expr: &Expr) -> V {
        match self.read.program.resolve(scope, expr) {
            Symbol::External(fq) if fq.ends_with("SAFE_METHODS") => V::List(
                ["GET", "HEAD", "OPTIONS"]
                    .iter()
                    .map(|m| V::Str((*m).to_owned()))
                    .collect(),
            ),
            Symbol::External(_) | Symbol::Unknown(_) => V::Unknown,
            Symbol::Class(_) | Symbol::Func(_) | Symbol::Module(_) => V::Truthy,
            Symbol::Variable(..) => from_val(&self.read.program.eval(scope, expr)),
        }
    }

    fn attribute(
        &self,
        scope: Scope,
        expr: &'p Expr,
        on: &'p Expr,
        attr: &str,
        env: &Env<'p>,
        depth: usize,
    ) -> V {
        let dotted = expr.dotted().unwrap_or_default();
        let tail = dotted
            .strip_prefix("self.")
            .or_else(|| dotted.strip_prefix("view."))
            .unwrap_or(&dotted);
        match tail {
            "action" if on.as_name().is_some() => {
                return self
                    .bind
                    .action
                    .as_ref()
                    .map_or(V::Unknown, |a| V::Str(a.to_string()));
            }
            "request.method" => {
                return if self.bind.method == Method::Any {
                    V::Unknown
                } else {
                    V::Str(self.bind.method.as_str().to_owned())
                };
            }
            "detail" if on.as_name() == Some("self") => {
                return self.bind.detail.map_or(V::Unknown, V::Bool);
            }
            "request.user" if self.bind.caller != Caller::Any => return V::User,
            "request.auth" if self.bind.caller.is_anonymous() => return V::None,
            "swagger_fake_view" if self.bind.caller == Caller::Schema => return V::Bool(true),
            "kwargs" | "args" if self.bind.caller == Caller::Schema => return V::List(Vec::new()),
            _ => {}
        }
        if let Some(name) = self_attr(expr) {
            return match env.get(&format!("self.{name}")) {
                Some(Out::Expr(s, e)) => self.value(*s, e, env, depth + 1),
                Some(_) => V::Unknown,
                None => match self.bind.class.and_then(|c| self.read.attr(c, name)) {
                    Some(Attr::Value { expr, owner, .. }) => {
                        self.value(self.read.class_scope(owner), expr, &Env::new(), depth + 1)
                    }
                    _ => V::Unknown,
                },
            };
        }
        if self.bind.caller != Caller::Any {
            match self.value(scope, on, env, depth + 1) {
                V::User => return self.user_attribute(attr),
                V::Role => return V::Role,
                V::None if self.bind.caller.is_anonymous() => return V::Raise,
                V::Raise => return V::Raise,
                _ => {}
            }
        }
        match self.named(scope, expr) {
            V::Truthy | V::Unknown => from_val(&self.read.program.eval(scope, expr)),
            known => known,
        }
    }

    /// Attributes of the caller (source: `AnonymousUser` of django.contrib.auth.models).
    fn user_attribute(&self, attr: &str) -> V {
        let caller = if self.bind.caller.is_anonymous() {
            Caller::Anonymous
        } else {
            self.bind.caller
        };
        match (caller, attr) {
            (Caller::Anonymous, "is_authenticated") => V::Bool(false),
            (Caller::Anonymous, "is_anonymous") => V::Bool(true),
            (Caller::Anonymous, "is_staff" | "is_superuser" | "is_active") => V::Bool(false),
            (Caller::Anonymous, "id" | "pk") => V::None,
            (Caller::Anonymous, "username") => V::Str(String::new()),
            (Caller::Anonymous, "groups" | "user_permissions") => V::Role,
            (Caller::Anonymous, _) => V::Raise,
            (Caller::Plain, "is_authenticated" | "is_active") => V::Bool(true),
            (Caller::Plain, "is_anonymous" | "is_staff" | "is_superuser") => V::Bool(false),
            (Caller::Plain, "id" | "pk" | "username" | "email") => V::Unknown,
            (Caller::Plain, _) => V::Role,
            (Caller::Any | Caller::Schema, _) => V::Unknown,
        }
    }

    /// Whether reading this expression is certain to raise.
    pub(super) fn raises(&self, scope: Scope, expr: &'p Expr, env: &Env<'p>) -> bool {
        self.value(scope, expr, env, 0) == V::Raise
    }

    /// Whether this expression is the caller.
    pub(super) fn is_caller(&self, scope: Scope, expr: &'p Expr, env: &Env<'p>) -> bool {
        self.value(scope, expr, env, 0) == V::User
    }

    /// What a look-up in the (empty) arguments of a schema generator's request gives.
    fn empty_lookup(
        &self,
        scope: Scope,
        args: &'p [crate::python::syntax::Arg],
        env: &Env<'p>,
        depth: usize,
    ) -> V {
        match positional(args, 1) {
            Some(default) => self.value(scope, default, env, depth + 1),
            None => V::None,
        }
    }

    fn call_value(
        &self,
        scope: Scope,
        expr: &'p Expr,
        func: &'p Expr,
        args: &'p [crate::python::syntax::Arg],
        env: &Env<'p>,
        depth: usize,
    ) -> V {
        if let Some(name) = func.as_name() {
            match name {
                "bool" => {
                    return match positional(args, 0) {
                        Some(inner) => match self.test(scope, inner, env, depth + 1) {
                            Truth::True => V::Bool(true),
                            Truth::False => V::Bool(false),
                            Truth::Raise => V::Raise,
                            Truth::Unknown => V::Unknown,
                        },
                        None => V::Bool(false),
                    };
                }
                "getattr" | "hasattr" => {
                    let on = positional(args, 0).map(|a| self.value(scope, a, env, depth + 1));
                    let attr = positional(args, 1).and_then(Expr::as_str);
                    if self.bind.caller == Caller::Schema && attr == Some("swagger_fake_view") {
                        return V::Bool(true);
                    }
                    if let (Some(V::User), Some(attr)) = (&on, attr) {
                        let found = self.user_attribute(attr);
                        if name == "hasattr" {
                            return match found {
                                V::Raise => V::Bool(false),
                                V::Role => V::Unknown,
                                _ => V::Bool(true),
                            };
                        }
                        return match (found, positional(args, 2)) {
                            (V::Raise, Some(default)) => self.value(scope, default, env, depth + 1),
                            (found, _) => found,
                        };
                    }
                    return V::Unknown;
                }
                "all" | "any" | "len" | "str" | "int" | "isinstance" => return V::Unknown,
                _ => {}
            }
        }
        if let Some((on, name)) = method_call(func) {
            if matches!(name, "lower" | "upper" | "strip") {
                return match (self.value(scope, on, env, depth + 1), name) {
                    (V::Str(s), "lower") => V::Str(s.to_lowercase()),
                    (V::Str(s), "upper") => V::Str(s.to_uppercase()),
                    (V::Str(s), _) => V::Str(s.trim().to_owned()),
                    (other, _) => other,
                };
            }
            if self.bind.caller == Caller::Schema && name == "get" && is_request_lookup(on) {
                return self.empty_lookup(scope, args, env, depth);
            }
            if self.bind.caller != Caller::Any {
                match self.value(scope, on, env, depth + 1) {
                    // Methods of the caller: permissions, groups, role tests.
                    V::User => {
                        let caller = if self.bind.caller.is_anonymous() {
                            Caller::Anonymous
                        } else {
                            self.bind.caller
                        };
                        return match (caller, name) {
                            (Caller::Anonymous, "has_perm" | "has_perms" | "has_module_perms") => {
                                V::Bool(false)
                            }
                            (Caller::Anonymous, "is_authenticated" | "is_anonymous") => V::Raise,
                            (Caller::Anonymous, _) => V::Raise,
                            _ => V::Role,
                        };
                    }
                    V::Role => return V::Role,
                    V::Raise => return V::Raise,
                    _ => {}
                }
            }
            if name == "get" || name == "keys" {
                return V::Unknown;
            }
        }
        match self.reduce(scope, expr, env, depth + 1) {
            Out::Expr(s, e) if !std::ptr::eq(e, expr) => self.value(s, e, env, depth + 1),
            Out::Expr(..) => from_val(&self.read.program.eval(scope, expr)),
            Out::None => V::None,
            Out::Raise => V::Raise,
            out @ Out::Alt(_) => match self.out_truth(&out, env, depth + 1) {
                Truth::True => V::Truthy,
                Truth::False => V::Bool(false),
                Truth::Raise => V::Raise,
                Truth::Unknown => V::Unknown,
            },
            _ => V::Unknown,
        }
    }
}

/// Arguments of the URL or the request: `self.kwargs`, `self.request.query_params`.
fn is_request_lookup(on: &Expr) -> bool {
    on.dotted().is_some_and(|dotted| {
        matches!(
            dotted.strip_prefix("self.").unwrap_or(&dotted),
            "kwargs"
                | "request.query_params"
                | "request.GET"
                | "request.data"
                | "request.POST"
                | "request.headers"
        )
    })
}

fn compare(left: &V, op: &str, right: &V) -> Truth {
    if matches!(left, V::Raise) || matches!(right, V::Raise) {
        return Truth::Raise;
    }
    let known = |b: bool| if b { Truth::True } else { Truth::False };
    match op {
        "==" | "is" | "!=" | "is not" => {
            let equal = match (left, right) {
                (V::Unknown, _) | (_, V::Unknown) => return Truth::Unknown,
                (V::Role, V::Bool(false) | V::None) | (V::Bool(false) | V::None, V::Role) => {
                    return Truth::Unknown;
                }
                (V::Role, V::Str(word)) | (V::Str(word), V::Role) => is_ordinary_role(word),
                (V::Role, _) | (_, V::Role) => false,
                (V::Truthy | V::User, V::None) | (V::None, V::Truthy | V::User) => false,
                (V::Truthy | V::User, _) | (_, V::Truthy | V::User) => return Truth::Unknown,
                _ => left == right,
            };
            known(equal == matches!(op, "==" | "is"))
        }
        "in" | "not in" => {
            let V::List(items) = right else {
                return Truth::Unknown;
            };
            let found = match left {
                V::Unknown | V::Truthy | V::User => return Truth::Unknown,
                V::Role => items
                    .iter()
                    .any(|item| matches!(item, V::Str(word) if is_ordinary_role(word))),
                _ if items.contains(left) => true,
                _ if items.contains(&V::Unknown) => return Truth::Unknown,
                _ => false,
            };
            known(found == (op == "in"))
        }
        _ => Truth::Unknown,
    }
}

/// A role that callers have by signing up: it sets nobody apart from other callers.
fn is_ordinary_role(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "member"
            | "user"
            | "normal"
            | "regular"
            | "basic"
            | "customer"
            | "client"
            | "buyer"
            | "patient"
            | "student"
            | "reader"
            | "guest"
    )
}

fn truth_of(value: &V) -> Truth {
    let known = |b: bool| if b { Truth::True } else { Truth::False };
    match value {
        V::Str(text) => known(!text.is_empty()),
        V::Int(value) => known(*value != 0),
        V::Bool(value) => known(*value),
        V::None | V::Role => Truth::False,
        V::List(items) => known(!items.is_empty()),
        // AnonymousUser is truthy.
        V::User | V::Truthy => Truth::True,
        V::Raise => Truth::Raise,
        V::Unknown => Truth::Unknown,
    }
}

fn from_val(val: &Val) -> V {
    match val {
        Val::Known(Literal::Str(text)) => V::Str(text.to_string()),
        Val::Known(Literal::Int(value)) => V::Int(*value),
        Val::Known(Literal::Bool(value)) => V::Bool(*value),
        Val::Known(Literal::None) => V::None,
        Val::Seq(items) => V::List(items.iter().map(|(v, _)| from_val(v)).collect()),
        _ => V::Unknown,
    }
}

/// `x`, `self.x`
fn target_key(target: &Expr) -> Option<String> {
    match &target.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Attribute { .. } => self_attr(target).map(|a| format!("self.{a}")),
        _ => None,
    }
}

fn same_place(a: &Out<'_>, b: &Out<'_>) -> bool {
    match (a, b) {
        (Out::Expr(_, a), Out::Expr(_, b)) => std::ptr::eq(*a, *b),
        (Out::None, Out::None) | (Out::Raise, Out::Raise) => true,
        (Out::List(a), Out::List(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_place(a, b))
        }
        (Out::Unknown(a), Out::Unknown(b)) => a == b,
        (Out::Stub(a), Out::Stub(b)) => std::ptr::eq(*a, *b),
        (Out::Super(a), Out::Super(b)) => a == b,
        _ => false,
    }
}

/// Whether a `try` body holds anything but a look-up that was decided: calls can always fail.
fn body_may_fail(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| {
        !matches!(
            &stmt.kind,
            StmtKind::Pass
                | StmtKind::Return(Some(Expr {
                    kind: ExprKind::Comprehension(_) | ExprKind::Subscript { .. },
                    ..
                }))
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_everybody_has_sets_nobody_apart() {
        let role = |text: &str| V::Str(text.to_owned());
        assert_eq!(compare(&V::Role, "==", &role("member")), Truth::True);
        assert_eq!(compare(&V::Role, "==", &role("librarian")), Truth::False);
        assert_eq!(compare(&V::Role, "!=", &role("Customer")), Truth::False);
        let both = V::List(vec![role("admin"), role("user")]);
        assert_eq!(compare(&V::Role, "in", &both), Truth::True);
        let staff = V::List(vec![role("admin"), role("manager")]);
        assert_eq!(compare(&V::Role, "in", &staff), Truth::False);
    }
}
