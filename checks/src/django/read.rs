//! The kit with which the rooms read source: places, texts, class references, keyword arguments,
//! attributes by MRO through project and catalogue classes.
//!
//! Internal to the facts: no check needs it.

use std::sync::Arc;

use super::names::{ClassRef, Kwarg, Kwargs};
use super::stubs::{Stubs, stubs};
use crate::python::link::AttributeKind;
use crate::python::syntax::{Arg, ArgKind, DictItem, Expr, ExprKind, Name, Span, Stmt, StmtKind};
use crate::python::value::{Literal, Place, Val};
use crate::python::{Base, ClassId, FuncId, ModuleId, Program, Scope, Symbol};
use crate::source::{Role, Tree};

/// Names are followed through variables this many times.
const MAX_FOLLOW: usize = 8;
/// Text of a value that is kept, in bytes.
const MAX_TEXT: usize = 200;

/// A class attribute by MRO, in the project or in the catalogue.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attr<'a> {
    Value {
        expr: &'a Expr,
        owner: ClassId,
        place: Place,
    },
    Method {
        func: FuncId,
        owner: ClassId,
    },
    Class {
        class: ClassId,
        owner: ClassId,
    },
    Stub {
        value: &'static serde_json::Value,
        owner: &'static str,
    },
}

/// One entry of a class's ancestry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ancestor {
    Project(ClassId),
    /// Canonical name.
    External(Arc<str>),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Read<'a> {
    pub(super) tree: &'a Tree,
    pub(super) program: &'a Program,
    pub(super) stubs: &'static Stubs,
}

impl<'a> Read<'a> {
    pub(super) fn new(tree: &'a Tree, program: &'a Program) -> Self {
        Self {
            tree,
            program,
            stubs: stubs(),
        }
    }

    pub(super) fn place(&self, module: ModuleId, span: Span) -> Place {
        Place {
            file: self.program.module(module).file,
            span,
        }
    }

    pub(super) fn role(&self, module: ModuleId) -> Role {
        self.tree.file(self.program.module(module).file).role
    }

    /// The source of a place on one line, cut after 200 bytes.
    pub(super) fn text(&self, place: Place) -> Arc<str> {
        let text = self.tree.file(place.file).text().unwrap_or("");
        let raw = text
            .get(place.span.start as usize..place.span.end as usize)
            .unwrap_or("");
        let mut out = String::new();
        let mut gap = false;
        for c in raw.chars() {
            if c.is_whitespace() {
                gap = !out.is_empty();
                continue;
            }
            if gap {
                out.push(' ');
                gap = false;
            }
            if out.len() + c.len_utf8() > MAX_TEXT {
                out.push('…');
                break;
            }
            out.push(c);
        }
        out.into()
    }

    pub(super) fn expr_text(&self, module: ModuleId, expr: &Expr) -> Arc<str> {
        self.text(self.place(module, expr.span))
    }

    pub(super) fn module_scope(module: ModuleId) -> Scope {
        Scope {
            module,
            class: None,
            func: None,
        }
    }

    pub(super) fn class_scope(&self, class: ClassId) -> Scope {
        Scope {
            module: self.program.class(class).module,
            class: Some(class),
            func: None,
        }
    }

    pub(super) fn func_scope(&self, func: FuncId) -> Scope {
        let info = self.program.func(func);
        Scope {
            module: info.module,
            class: info.class,
            func: Some(func),
        }
    }

    /// Place of a class's name in its definition.
    pub(super) fn class_place(&self, class: ClassId) -> Place {
        self.place(
            self.program.class(class).module,
            self.program.class_def(class).name_span,
        )
    }

    pub(super) fn func_place(&self, func: FuncId) -> Place {
        self.place(
            self.program.func(func).module,
            self.program.func_def(func).name_span,
        )
    }

    pub(super) fn project_ref(&self, id: ClassId) -> ClassRef {
        ClassRef::Project {
            id,
            fq: Arc::clone(&self.program.class(id).fq),
        }
    }

    /// The class an expression names; external names in their canonical form.
    pub(super) fn class_ref(&self, scope: Scope, expr: &Expr) -> ClassRef {
        let (scope, expr) = self.follow(scope, expr);
        match self.program.resolve(scope, expr) {
            Symbol::Class(id) => self.project_ref(id),
            Symbol::External(fq) => ClassRef::External(self.canonical(&fq)),
            Symbol::Unknown(reason) => ClassRef::Unknown {
                text: self.expr_text(scope.module, expr),
                reason,
            },
            Symbol::Module(_) | Symbol::Func(_) | Symbol::Variable(..) => ClassRef::Unknown {
                text: self.expr_text(scope.module, expr),
                reason: "it is not a class that could be resolved".into(),
            },
        }
    }

    /// The class a symbol is.
    pub(super) fn symbol_ref(&self, symbol: &Symbol) -> ClassRef {
        match symbol {
            Symbol::Class(id) => self.project_ref(*id),
            Symbol::External(fq) => ClassRef::External(self.canonical(fq)),
            other => ClassRef::Unknown {
                text: self.program.fq(other).unwrap_or_else(|| "?".into()),
                reason: "it is not a class that could be resolved".into(),
            },
        }
    }

    /// The class a dotted string names.
    pub(super) fn dotted_ref(&self, dotted: &str) -> ClassRef {
        match self.program.resolve_dotted(dotted) {
            Symbol::Class(id) => self.project_ref(id),
            Symbol::External(fq) => ClassRef::External(self.canonical(&fq)),
            _ if self.stubs.class(dotted).is_some() => ClassRef::External(self.canonical(dotted)),
            _ => ClassRef::Unknown {
                text: dotted.into(),
                reason: "no class of this name was found".into(),
            },
        }
    }

    pub(super) fn canonical(&self, fq: &str) -> Arc<str> {
        self.stubs.canonical(fq).into()
    }

    /// Fully qualified name of what a call calls, external names canonical where the catalogue
    /// knows them.
    pub(super) fn callee(&self, scope: Scope, func: &Expr) -> Option<Arc<str>> {
        match self.program.resolve(scope, func) {
            Symbol::External(fq) => Some(self.canonical(&fq)),
            Symbol::Unknown(_) => None,
            other => self.program.fq(&other),
        }
    }

    /// Follows names of module variables to the expression they were last assigned.
    pub(super) fn follow<'e>(&self, scope: Scope, expr: &'e Expr) -> (Scope, &'e Expr)
    where
        'a: 'e,
    {
        let (mut scope, mut expr) = (scope, expr);
        for _ in 0..MAX_FOLLOW {
            if !matches!(expr.kind, ExprKind::Name(_) | ExprKind::Attribute { .. }) {
                break;
            }
            let Symbol::Variable(module, name) = self.program.resolve(scope, expr) else {
                break;
            };
            let Some(next) = self.assigned(module, &name) else {
                break;
            };
            if std::ptr::eq(next, expr) {
                break;
            }
            scope = Self::module_scope(module);
            expr = next;
        }
        (scope, expr)
    }

    /// The expression last assigned to a module-level name, branches included.
    pub(super) fn assigned(&self, module: ModuleId, name: &str) -> Option<&'a Expr> {
        let mut found = None;
        let program: &'a Program = self.program;
        walk_statements(program.body(module), &mut |stmt| {
            if let Some(value) = assigns(stmt, name) {
                found = Some(value);
            }
        });
        found
    }

    /// Keyword arguments of a call; positional ones get the names given, in order.
    pub(super) fn kwargs(&self, scope: Scope, args: &[Arg], positional: &[&str]) -> Kwargs {
        let mut out = Kwargs::default();
        let mut at = 0;
        for arg in args {
            let name: Arc<str> = match &arg.kind {
                ArgKind::Keyword(name) => Arc::clone(name),
                ArgKind::Positional => {
                    let name = positional.get(at).copied();
                    at += 1;
                    match name {
                        Some(name) => name.into(),
                        None => continue,
                    }
                }
                ArgKind::Star => {
                    out.open = true;
                    continue;
                }
                ArgKind::DoubleStar => {
                    match self.program.eval(scope, &arg.value) {
                        Val::Map(items) => {
                            for (key, val, place) in items {
                                match key {
                                    Val::Known(Literal::Str(name)) => out.set(Kwarg {
                                        name,
                                        val,
                                        text: self.text(place),
                                        place: Some(place),
                                    }),
                                    _ => out.open = true,
                                }
                            }
                        }
                        _ => out.open = true,
                    }
                    continue;
                }
            };
            out.items.push(self.kwarg(scope, name, &arg.value));
        }
        out
    }

    pub(super) fn kwarg(&self, scope: Scope, name: Arc<str>, value: &Expr) -> Kwarg {
        let place = self.place(scope.module, value.span);
        Kwarg {
            name,
            val: self.program.eval(scope, value),
            text: self.text(place),
            place: Some(place),
        }
    }

    /// Entries of a dict display (or of a variable that holds one): key expression, value.
    pub(super) fn dict_items<'e>(
        &self,
        scope: Scope,
        expr: &'e Expr,
    ) -> Option<(Scope, &'e [DictItem])>
    where
        'a: 'e,
    {
        let (scope, expr) = self.follow(scope, expr);
        match &expr.kind {
            ExprKind::Dict(items) => Some((scope, items)),
            _ => None,
        }
    }

    /// All ancestors in MRO order, the class itself first; catalogue classes with their own bases
    /// behind them.
    pub(super) fn lineage(&self, class: ClassId) -> Vec<Ancestor> {
        let mut out: Vec<Ancestor> = Vec::new();
        for entry in &self.program.mro(class).entries {
            match entry {
                Base::Project(id) => out.push(Ancestor::Project(*id)),
                Base::External(fq) => {
                    let mut any = false;
                    for name in self.stubs.lineage(fq) {
                        any = true;
                        let ancestor = Ancestor::External(name.into());
                        // A later external that an earlier one already derives from.
                        if !out.contains(&ancestor) {
                            out.push(ancestor);
                        }
                    }
                    if !any {
                        out.push(Ancestor::External(Arc::clone(fq)));
                    }
                }
            }
        }
        out
    }

    /// Whether a project class derives from a catalogue class (canonical or imported name).
    /// `None`: not found, and a base is not known to the catalogue.
    pub(super) fn is_a(&self, class: ClassId, fq: &str) -> Option<bool> {
        let wanted = self.stubs.canonical(fq);
        let mut open = self.program.mro(class).open.is_some();
        for entry in &self.program.mro(class).entries {
            let Base::External(name) = entry else {
                continue;
            };
            match self.stubs.is_a(name, wanted) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => open |= !is_plain_external(name),
            }
        }
        (!open).then_some(false)
    }

    /// The framework's field class a class is or derives from; empty if unknown.
    pub(super) fn field_base(&self, class: &ClassRef) -> Arc<str> {
        match class {
            ClassRef::External(fq) => self.stubs.field_base(fq).map(Into::into),
            ClassRef::Project { id, .. } => {
                self.program.mro(*id).entries.iter().find_map(|b| match b {
                    Base::External(fq) => self.stubs.field_base(fq).map(Into::into),
                    Base::Project(_) => None,
                })
            }
            ClassRef::Unknown { .. } => None,
        }
        .unwrap_or_else(|| "".into())
    }

    /// Why absence in this class's MRO proves nothing, if so.
    pub(super) fn open(&self, class: ClassId) -> Option<Arc<str>> {
        let mro = self.program.mro(class);
        if let Some(reason) = &mro.open {
            return Some(Arc::clone(reason));
        }
        mro.entries.iter().find_map(|b| match b {
            Base::External(fq) if self.stubs.class(fq).is_none() && !is_plain_external(fq) => {
                Some(format!("its base `{fq}` is not in the catalogue").into())
            }
            _ => None,
        })
    }

    /// An attribute by MRO: project classes in order, catalogue classes where they stand.
    pub(super) fn attr(&self, class: ClassId, name: &str) -> Option<Attr<'a>> {
        self.attr_after(class, name, None)
    }

    /// As [`Self::attr`], looking only behind `after` in the MRO (what `super()` sees).
    pub(super) fn attr_after(
        &self,
        class: ClassId,
        name: &str,
        after: Option<ClassId>,
    ) -> Option<Attr<'a>> {
        let program: &'a Program = self.program;
        let mut skipping = after.is_some();
        for entry in &program.mro(class).entries {
            if skipping {
                if matches!(entry, Base::Project(id) if Some(*id) == after) {
                    skipping = false;
                }
                continue;
            }
            match entry {
                Base::Project(id) => {
                    if let Some(attr) = program.own_attribute(*id, name) {
                        let place = self.place(program.class(*id).module, attr.span);
                        let owner = *id;
                        return Some(match attr.kind {
                            AttributeKind::Value(expr) => Attr::Value { expr, owner, place },
                            AttributeKind::Method(func) => Attr::Method { func, owner },
                            AttributeKind::Class(class) => Attr::Class { class, owner },
                        });
                    }
                }
                Base::External(fq) => {
                    let owner = self.stubs.canonical_static(fq);
                    if let Some(value) = owner
                        .and_then(|o| self.stubs.class(o))
                        .and_then(|c| c.attrs.get(name))
                    {
                        return Some(Attr::Stub {
                            value,
                            owner: owner.unwrap_or(""),
                        });
                    }
                }
            }
        }
        None
    }

    /// A project method by MRO; `None` where a catalogue class or a plain value comes first.
    pub(super) fn method(&self, class: ClassId, name: &str) -> Option<FuncId> {
        match self.attr(class, name)? {
            Attr::Method { func, .. } => Some(func),
            _ => None,
        }
    }
}

/// Bases that add nothing a check asks for.
fn is_plain_external(fq: &str) -> bool {
    let root = fq.split('.').next().unwrap_or(fq);
    matches!(
        root,
        "object"
            | "builtins"
            | "abc"
            | "typing"
            | "enum"
            | "Exception"
            | "dict"
            | "list"
            | "str"
            | "int"
            | "collections"
            | "dataclasses"
            | "unittest"
            | "typing_extensions"
    ) || fq == "object"
}

/// The value a statement assigns to a name (`x = v`, `x: T = v`).
pub(super) fn assigns<'s>(stmt: &'s Stmt, name: &str) -> Option<&'s Expr> {
    match &stmt.kind {
        StmtKind::Assign { targets, value } => targets
            .iter()
            .any(|t| t.as_name() == Some(name))
            .then_some(&**value),
        StmtKind::AnnAssign { target, value, .. } if target.as_name() == Some(name) => {
            value.as_deref()
        }
        _ => None,
    }
}

/// Statements of a body with those of its compound statements, functions and classes left out.
pub(super) fn walk_statements<'s>(body: &'s [Stmt], visit: &mut impl FnMut(&'s Stmt)) {
    for stmt in body {
        visit(stmt);
        for inner in inner_bodies(stmt) {
            walk_statements(inner, visit);
        }
    }
}

/// Bodies of a compound statement in order, functions and classes left out.
pub(super) fn inner_bodies(stmt: &Stmt) -> Vec<&[Stmt]> {
    match &stmt.kind {
        StmtKind::If { body, orelse, .. }
        | StmtKind::For { body, orelse, .. }
        | StmtKind::While { body, orelse, .. } => vec![body, orelse],
        StmtKind::With { body, .. } => vec![body],
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finally,
        } => {
            let mut out: Vec<&[Stmt]> = vec![body];
            out.extend(handlers.iter().map(|h| h.body.as_slice()));
            out.push(orelse);
            out.push(finally);
            out
        }
        StmtKind::Match { cases, .. } => cases.iter().map(|c| c.body.as_slice()).collect(),
        _ => Vec::new(),
    }
}

/// Every expression of an expression, itself first; lambdas and comprehensions included.
pub(super) fn walk_expr<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Expr)) {
    visit(expr);
    for_children(expr, &mut |child| walk_expr(child, visit));
}

/// The direct sub-expressions of an expression.
pub(super) fn for_children<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    use crate::python::syntax::FPart;
    match &expr.kind {
        ExprKind::Attribute { value, .. } => visit(value),
        ExprKind::Call { func, args } => {
            visit(func);
            for arg in args {
                visit(&arg.value);
            }
        }
        ExprKind::Subscript { value, index } => {
            visit(value);
            visit(index);
        }
        ExprKind::FString(parts) => {
            for part in parts {
                if let FPart::Hole(hole) = part {
                    visit(hole);
                }
            }
        }
        ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
            items.iter().for_each(visit);
        }
        ExprKind::Dict(items) => {
            for item in items {
                match item {
                    DictItem::Pair { key, value } => {
                        visit(key);
                        visit(value);
                    }
                    DictItem::Spread(value) => visit(value),
                }
            }
        }
        ExprKind::BinOp { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::UnaryOp { operand, .. } => visit(operand),
        ExprKind::BoolOp { values, .. } => values.iter().for_each(visit),
        ExprKind::Compare { left, rest } => {
            visit(left);
            for (_, right) in rest {
                visit(right);
            }
        }
        ExprKind::IfExp { test, body, orelse } => {
            visit(test);
            visit(body);
            visit(orelse);
        }
        ExprKind::Lambda { body, .. } => visit(body),
        ExprKind::Comprehension(c) => {
            visit(&c.element);
            if let Some(value) = &c.value {
                visit(value);
            }
            for clause in &c.clauses {
                visit(&clause.target);
                visit(&clause.iter);
                clause.conditions.iter().for_each(&mut *visit);
            }
        }
        ExprKind::Starred(inner) | ExprKind::Await(inner) => visit(inner),
        ExprKind::Yield(Some(inner)) => visit(inner),
        ExprKind::Named { value, .. } => visit(value),
        ExprKind::Slice { lower, upper, step } => {
            for part in [lower, upper, step].into_iter().flatten() {
                visit(part);
            }
        }
        _ => {}
    }
}

/// Expressions that stand directly in a statement, not those of its inner bodies.
pub(super) fn statement_exprs(stmt: &Stmt) -> Vec<&Expr> {
    match &stmt.kind {
        StmtKind::Expr(e) => vec![e],
        StmtKind::Assign { targets, value } => {
            let mut out: Vec<&Expr> = vec![value];
            out.extend(targets);
            out
        }
        StmtKind::AugAssign { target, value, .. } => vec![value, target],
        StmtKind::AnnAssign { target, value, .. } => {
            let mut out: Vec<&Expr> = value.as_deref().into_iter().collect();
            out.push(target);
            out
        }
        StmtKind::Return(value) => value.iter().collect(),
        StmtKind::Raise { exc, cause } => exc.iter().chain(cause).collect(),
        StmtKind::If { test, .. } | StmtKind::While { test, .. } => vec![test],
        StmtKind::For { target, iter, .. } => vec![iter, target],
        StmtKind::With { items, .. } => items
            .iter()
            .flat_map(|i| std::iter::once(&i.context).chain(i.target.iter()))
            .collect(),
        StmtKind::Try { handlers, .. } => {
            handlers.iter().filter_map(|h| h.types.as_ref()).collect()
        }
        StmtKind::Match { subject, cases } => {
            let mut out = vec![subject];
            out.extend(cases.iter().filter_map(|c| c.guard.as_ref()));
            out
        }
        StmtKind::Delete(items) => items.iter().collect(),
        StmtKind::Assert { test, message } => std::iter::once(test).chain(message).collect(),
        _ => Vec::new(),
    }
}

/// The name a call is made by: `x` of `x(…)`, `save` of `order.save(…)`.
pub(super) fn call_name(func: &Expr) -> Option<&Name> {
    match &func.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Attribute { attr, .. } => Some(attr),
        _ => None,
    }
}

/// The method called and what it is called on: `(order, save)` of `order.save(…)`.
pub(super) fn method_call(func: &Expr) -> Option<(&Expr, &str)> {
    match &func.kind {
        ExprKind::Attribute { value, attr } => Some((value, attr)),
        _ => None,
    }
}

/// `super()` or `super(Cls, self)`.
pub(super) fn is_super_call(expr: &Expr) -> bool {
    expr.as_call()
        .is_some_and(|(func, _)| func.as_name() == Some("super"))
}

/// `self.<attr>`
pub(super) fn self_attr(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Attribute { value, attr } if matches!(value.as_name(), Some("self" | "cls")) => {
            Some(attr)
        }
        _ => None,
    }
}
