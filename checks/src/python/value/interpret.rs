//! Statements: the bodies of modules, classes and small functions, read from top to bottom.

use std::sync::Arc;

use super::super::link::{Program, Scope, Symbol};
use super::super::syntax::{Arg, ArgKind, Expr, ExprKind, ImportFrom, Name, Stmt, StmtKind};
use super::eval::{Eval, updated};
use super::{Literal, Place, Table, Val, ops};

/// Where control goes after a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    Go,
    Return(Val),
    /// `raise`, `continue`, `break`: nothing after it in this block runs.
    Stop,
}

impl Eval<'_> {
    /// Reads statements into the names of the current frame.
    pub(super) fn run(&mut self, body: &[Stmt]) -> Next {
        for stmt in body {
            let next = self
                .deeper(|eval| eval.statement(stmt))
                .unwrap_or(Next::Stop);
            if next != Next::Go {
                return next;
            }
        }
        Next::Go
    }

    fn statement(&mut self, stmt: &Stmt) -> Next {
        match &stmt.kind {
            StmtKind::Assign { targets, value } => {
                let value = self.expr(value);
                for target in targets {
                    self.assign(target, value.clone());
                }
            }
            StmtKind::AnnAssign {
                target,
                value: Some(value),
                ..
            } => {
                let value = self.expr(value);
                self.assign(target, value);
            }
            StmtKind::AugAssign { target, op, value } => {
                let place = self.place(value.span);
                let current = self.expr(target);
                let value = self.expr(value);
                let value = match (&current, *op) {
                    // `list += tuple`, `dict |= other`
                    (Val::Map(_), "|") => updated(&current, &value, place),
                    _ => ops::binary(&current, op, &value, place),
                };
                self.assign(target, value);
            }
            StmtKind::Expr(expr) => self.effect(expr),
            StmtKind::If { test, body, orelse } => return self.branch(test, body, orelse),
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                ..
            } => {
                self.for_loop(target, iter, body);
                return self.run(orelse);
            }
            StmtKind::While { body, .. } => self.unknown_loop(body),
            StmtKind::With { items, body, .. } => {
                for target in items.iter().filter_map(|item| item.target.as_ref()) {
                    self.assign(target, Val::unknown("is bound by a `with` block"));
                }
                return self.run(body);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                let next = self.attempt(body, handlers, orelse);
                if next != Next::Go {
                    return next;
                }
                return self.run(finally);
            }
            StmtKind::Match { cases, .. } => {
                let mut arms: Vec<[&[Stmt]; 2]> =
                    cases.iter().map(|c| [c.body.as_slice(), &[]]).collect();
                if !cases.iter().any(|case| case.is_wildcard) {
                    arms.push([&[], &[]]);
                }
                return self.fork(&arms);
            }
            StmtKind::Function(def) => self.define(&def.name, stmt.span.start),
            StmtKind::Class(def) => self.define(&def.name, stmt.span.start),
            StmtKind::ImportFrom(from) => self.import_from(from),
            // The linker resolves what an import binds.
            StmtKind::Import(names) => {
                for import in names {
                    let name = import.alias.as_deref().unwrap_or(&import.path);
                    self.forget(name.split('.').next().unwrap_or_default());
                }
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    if let ExprKind::Name(name) = &target.kind {
                        self.forget(name);
                    }
                }
            }
            StmtKind::Return(value) => {
                let value = value.as_ref().map_or(Val::NONE, |value| self.expr(value));
                return Next::Return(value);
            }
            StmtKind::Raise { .. } | StmtKind::Continue | StmtKind::Break => return Next::Stop,
            _ => {}
        }
        Next::Go
    }

    fn forget(&mut self, name: &str) {
        if let Some(frame) = self.frames.last_mut() {
            frame.locals.shift_remove(name);
        }
    }

    fn define(&mut self, name: &Name, start: u32) {
        let module = self.scope().module;
        if let Some(symbol) = self.program.definition_at(module, start) {
            self.set_local(Arc::clone(name), Val::Symbol(symbol));
        }
    }

    /// Binds a target: a name, names in a tuple, or an item of a known mapping.
    pub(super) fn assign(&mut self, target: &Expr, value: Val) {
        match &target.kind {
            ExprKind::Name(name) => self.set_local(Arc::clone(name), value),
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                self.deeper(|eval| eval.unpack(targets, value));
            }
            ExprKind::Subscript { value: base, index } => {
                let key = match &index.kind {
                    ExprKind::Slice { .. } => Val::unknown("is a slice"),
                    _ => self.expr(index),
                };
                let place = self.place(target.span);
                self.change(base, &|current| match current {
                    Val::Map(pairs) => {
                        let mut pairs = pairs.clone();
                        ops::insert(&mut pairs, key.clone(), value.clone(), place);
                        Val::Map(pairs)
                    }
                    Val::Seq(items) => {
                        let at = key.as_int().and_then(|at| usize::try_from(at).ok());
                        let mut items = items.clone();
                        match at.and_then(|at| items.get_mut(at)) {
                            Some(item) => *item = (value.clone(), place),
                            None => return Val::unknown("is changed at a place that is not known"),
                        }
                        Val::Seq(items)
                    }
                    other => other.clone(),
                });
            }
            _ => {}
        }
    }

    fn unpack(&mut self, targets: &[Expr], value: Val) {
        let known = match value {
            Val::Seq(items)
                if items.len() == targets.len()
                    && !targets
                        .iter()
                        .any(|t| matches!(t.kind, ExprKind::Starred(_))) =>
            {
                Some(items)
            }
            _ => None,
        };
        match known {
            Some(items) => {
                for (target, (item, _)) in targets.iter().zip(items) {
                    self.assign(target, item);
                }
            }
            None => {
                for target in targets {
                    let target = match &target.kind {
                        ExprKind::Starred(inner) => inner,
                        _ => target,
                    };
                    self.assign(target, Val::unknown("is unpacked from another value"));
                }
            }
        }
    }

    /// Changes the value of `X`, `X["k"]`, `X["k"]["l"]` in place.
    fn change(&mut self, target: &Expr, change: &dyn Fn(&Val) -> Val) {
        let mut path: Vec<Val> = Vec::new();
        let mut at = target;
        while let ExprKind::Subscript { value, index } = &at.kind {
            path.push(self.expr(index));
            at = value;
        }
        let ExprKind::Name(name) = &at.kind else {
            return;
        };
        path.reverse();
        let current = self.expr(at);
        let changed = ops::each(&current, |value| change_within(value, &path, change));
        self.set_local(Arc::clone(name), changed);
    }

    /// A statement that is an expression: `X.append(…)`, `X.update(…)`, `include("base.py")`.
    fn effect(&mut self, expr: &Expr) {
        let ExprKind::Call { func, args } = &expr.kind else {
            return;
        };
        if let ExprKind::Attribute { value, attr } = &func.kind {
            if matches!(&value.kind, ExprKind::Name(_) | ExprKind::Subscript { .. }) {
                self.mutate(expr, value, attr, args);
            }
            return;
        }
        if let Symbol::External(name) = self.program.resolve(self.scope(), func)
            && &*name == "split_settings.tools.include"
        {
            self.split_settings(args);
        }
    }

    fn mutate(&mut self, call: &Expr, target: &Expr, method: &str, args: &[Arg]) {
        let place = self.place(call.span);
        let mut values: Vec<Val> = Vec::new();
        match method {
            "append" | "extend" | "insert" | "remove" | "add" | "update" | "setdefault" | "pop"
            | "clear" | "discard" | "reverse" | "sort" => {}
            _ => return,
        }
        for arg in args.iter().filter(|arg| arg.kind == ArgKind::Positional) {
            values.push(self.expr(&arg.value));
        }
        let mut keywords: Vec<(Val, Val, Place)> = Vec::new();
        for arg in args {
            if let ArgKind::Keyword(name) = &arg.kind {
                let at = self.place(arg.span);
                let value = self.expr(&arg.value);
                keywords.push((Val::Known(Literal::Str(Arc::clone(name))), value, at));
            }
        }
        let first_place = args.first().map_or(place, |arg| self.place(arg.value.span));
        let last_place = args.last().map_or(place, |arg| self.place(arg.value.span));
        self.change(target, &|current| {
            let first = values.first();
            match (current, method, first) {
                (Val::Seq(items), "append" | "add", Some(value)) => {
                    let mut items = items.clone();
                    items.push((value.clone(), first_place));
                    Val::Seq(items)
                }
                (Val::Seq(_), "extend" | "update", Some(value)) => {
                    ops::binary(current, "+", value, first_place)
                }
                (Val::Seq(items), "insert", Some(at)) => {
                    let mut items = items.clone();
                    let value = values.get(1).cloned().unwrap_or(Val::NONE);
                    match at.as_int().and_then(|at| usize::try_from(at).ok()) {
                        Some(at) => items.insert(at.min(items.len()), (value, last_place)),
                        // Somewhere: the end is as good as any place.
                        None => items.push((value, last_place)),
                    }
                    Val::Seq(items)
                }
                (Val::Seq(items), "remove" | "discard", Some(value)) => {
                    let mut items = items.clone();
                    if let Some(at) = items.iter().position(|(item, _)| item == value) {
                        items.remove(at);
                    }
                    Val::Seq(items)
                }
                (Val::Seq(_) | Val::Map(_), "clear", _) => match current {
                    Val::Seq(_) => Val::Seq(Vec::new()),
                    _ => Val::Map(Vec::new()),
                },
                (Val::Map(_), "update", first) => {
                    let mut out = current.clone();
                    if let Some(value) = first {
                        out = updated(&out, value, first_place);
                    }
                    if !keywords.is_empty() {
                        out = updated(&out, &Val::Map(keywords.clone()), place);
                    }
                    out
                }
                (Val::Map(pairs), "setdefault", Some(key)) => {
                    let mut pairs = pairs.clone();
                    if !pairs.iter().any(|(known, _, _)| known == key) {
                        let value = values.get(1).cloned().unwrap_or(Val::NONE);
                        pairs.push((key.clone(), value, last_place));
                    }
                    Val::Map(pairs)
                }
                (Val::Map(pairs), "pop", Some(key)) => Val::Map(
                    pairs
                        .iter()
                        .filter(|(known, _, _)| known != key)
                        .cloned()
                        .collect(),
                ),
                (Val::Seq(_), "pop" | "reverse" | "sort", _) => {
                    Val::unknown(format!("is changed by `{method}`"))
                }
                _ => current.clone(),
            }
        });
    }

    fn branch(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Next {
        if is_type_checking(test) {
            return self.run(orelse);
        }
        match self.expr(test).truth() {
            Some(true) => self.run(body),
            Some(false) => self.run(orelse),
            None => self.fork(&[[body, &[]], [orelse, &[]]]),
        }
    }

    fn locals(&self) -> Table {
        self.frames
            .last()
            .map(|frame| frame.locals.clone())
            .unwrap_or_default()
    }

    fn set_locals(&mut self, locals: Table) {
        if let Some(frame) = self.frames.last_mut() {
            frame.locals = locals;
        }
    }

    /// Reads every arm (two blocks, one after the other) from the same start and joins what they bind.
    fn fork(&mut self, arms: &[[&[Stmt]; 2]]) -> Next {
        let before = self.locals();
        if !self.spend(before.len() * arms.len()) {
            return Next::Stop;
        }
        let (mut ends, mut returned) = (Vec::new(), Vec::new());
        for arm in arms {
            self.set_locals(before.clone());
            let [first, second] = arm;
            let next = match self.run(first) {
                Next::Go => self.run(second),
                next => next,
            };
            match next {
                Next::Go => ends.push(self.locals()),
                Next::Return(value) => returned.push(value),
                Next::Stop => {}
            }
        }
        let open = !ends.is_empty();
        let joined = self.join(&before, ends);
        self.set_locals(joined);
        match (returned.is_empty(), open) {
            (true, true) => Next::Go,
            (true, false) => Next::Stop,
            (false, false) => Next::Return(Val::one_of(returned)),
            // One arm returns and another goes on: a body of several returns is read on.
            (false, true) => {
                self.pending.extend(returned);
                Next::Go
            }
        }
    }

    fn join(&mut self, before: &Table, ends: Vec<Table>) -> Table {
        let mut ends = ends.into_iter();
        let Some(mut joined) = ends.next() else {
            return before.clone();
        };
        for end in ends {
            self.spend(joined.len() + end.len());
            for (name, value) in &mut joined {
                match end.get(name) {
                    Some(other) if Arc::ptr_eq(other, value) => {}
                    Some(other) => {
                        *value = Arc::new(Val::one_of([(**value).clone(), (**other).clone()]));
                    }
                    None => *value = Arc::new(not_everywhere(value)),
                }
            }
            for (name, value) in &end {
                if !joined.contains_key(name) {
                    joined.insert(Arc::clone(name), Arc::new(not_everywhere(value)));
                }
            }
        }
        joined
    }

    fn for_loop(&mut self, target: &Expr, iter: &Expr, body: &[Stmt]) {
        match self.iterable(iter) {
            Ok(items) => {
                for item in items {
                    self.assign(target, item);
                    // `continue` and `break` under a condition are read as if they did not happen.
                    self.run(body);
                }
            }
            Err(_) => {
                self.assign(target, Val::unknown("is the variable of a loop"));
                self.unknown_loop(body);
            }
        }
    }

    /// A loop that runs an unknown number of times: what it changes is not known after it.
    fn unknown_loop(&mut self, body: &[Stmt]) {
        let before = self.locals();
        self.run(body);
        let mut after = self.locals();
        for (name, value) in &mut after {
            if !before.get(name).is_some_and(|old| Arc::ptr_eq(old, value)) {
                *value = Arc::new(match (&**value, before.get(name).map(|old| &**old)) {
                    // Elements added in a loop leave those that were there.
                    (Val::Seq(_), Some(Val::Seq(old))) => {
                        let mut items = old.clone();
                        items.push((
                            Val::unknown("is added in a loop"),
                            items.last().map_or(Place::default(), |(_, place)| *place),
                        ));
                        Val::Seq(items)
                    }
                    _ => Val::unknown("is set in a loop"),
                });
            }
        }
        self.set_locals(after);
    }

    fn attempt(
        &mut self,
        body: &[Stmt],
        handlers: &[super::super::syntax::Handler],
        orelse: &[Stmt],
    ) -> Next {
        // Imports that the tree can serve do not fail.
        let sure = body.iter().all(|stmt| match &stmt.kind {
            StmtKind::ImportFrom(from) => self
                .program
                .import_target(self.scope().module, from.level, &from.module)
                .0
                .is_some(),
            StmtKind::Assign { .. } | StmtKind::Pass => {
                !matches!(self.scope(), Scope { func: Some(_), .. })
            }
            _ => false,
        });
        if sure && !reads_environment(body) {
            return match self.run(body) {
                Next::Go => self.run(orelse),
                next => next,
            };
        }
        let mut arms: Vec<[&[Stmt]; 2]> = vec![[body, orelse]];
        arms.extend(
            handlers
                .iter()
                .map(|handler| [handler.body.as_slice(), &[]]),
        );
        self.fork(&arms)
    }

    fn import_from(&mut self, from: &ImportFrom) {
        for import in &from.names {
            let name = import.alias.as_ref().unwrap_or(&import.path);
            self.forget(name);
        }
        if !from.star {
            return;
        }
        let module = self.scope().module;
        let (target, _) = self.program.import_target(module, from.level, &from.module);
        if let Some(target) = target.filter(|target| *target != module) {
            self.take_all(target);
        }
    }

    /// What `from target import *` binds here.
    fn take_all(&mut self, target: super::super::link::ModuleId) {
        let Some(table) = self.module_table(target) else {
            return;
        };
        self.spend(table.len());
        let program: &Program = self.program;
        if let Some(frame) = self.frames.last_mut() {
            for (name, value) in table.iter() {
                if program.exports(target, name) {
                    frame.locals.insert(Arc::clone(name), Arc::clone(value));
                }
            }
        }
    }

    /// `include("components/base.py", optional("local.py"))` of django-split-settings: the files
    /// are read as if they stood here.
    fn split_settings(&mut self, args: &[Arg]) {
        for arg in args {
            if arg.kind != ArgKind::Positional {
                continue;
            }
            let value = match arg.value.as_call() {
                Some((func, [inner])) if func.dotted().is_some_and(|f| f.ends_with("optional")) => {
                    self.expr(&inner.value)
                }
                _ => self.expr(&arg.value),
            };
            let Some(pattern) = value.as_str() else {
                continue;
            };
            let module = self.scope().module;
            for target in self.program.modules_beside(module, pattern) {
                if target != module {
                    self.take_all(target);
                }
            }
        }
    }
}

fn not_everywhere(value: &Val) -> Val {
    Val::one_of([value.clone(), Val::unknown("is not set on every branch")])
}

/// `os.environ[...]` in a `try` may fail, and so decides between the arms.
fn reads_environment(body: &[Stmt]) -> bool {
    body.iter()
        .any(|stmt| matches!(&stmt.kind, StmtKind::Assign { value, .. } if !is_literal(value)))
}

fn is_literal(expr: &Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Str(_) | ExprKind::Int(_) | ExprKind::Bool(_) | ExprKind::None
    )
}

fn is_type_checking(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Name(name) => &**name == "TYPE_CHECKING",
        ExprKind::Attribute { attr, .. } => &**attr == "TYPE_CHECKING",
        ExprKind::Compare { left, .. } => left.as_name() == Some("__name__"),
        _ => false,
    }
}

fn change_within(value: &Val, path: &[Val], change: &dyn Fn(&Val) -> Val) -> Val {
    let Some((key, rest)) = path.split_first() else {
        return change(value);
    };
    let Val::Map(pairs) = value else {
        return value.clone();
    };
    let mut pairs = pairs.clone();
    match pairs.iter_mut().find(|(known, _, _)| known == key) {
        Some((_, inner, _)) => *inner = change_within(inner, rest, change),
        None => return Val::Map(pairs),
    }
    Val::Map(pairs)
}
