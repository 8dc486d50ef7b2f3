//! Which names a module, class or function binds, and on which branches.
//!
//! It records; it resolves nothing. One pass over the statements of a file, in their order.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::syntax::{
    ClassDef, Expr, ExprKind, FunctionDef, ImportFrom, ImportName, Name, Span, Stmt, StmtKind,
};

/// An arm of an `if`, `try`, loop or `match`: what stands in it runs on some paths only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct BranchId(u32);

/// Why a parameter has no value.
pub(super) const IS_PARAMETER: &str = "is a parameter";

const ROOT: BranchId = BranchId(0);

#[derive(Debug)]
struct Branch {
    parent: BranchId,
    fork: u32,
    span: Span,
    /// Ends in `return`, `raise`, `continue` or `break`: nothing after the fork follows it.
    closed: bool,
}

#[derive(Debug)]
struct Fork {
    arms: Vec<BranchId>,
    /// One of the arms is always taken.
    exhaustive: bool,
    /// A handler may see what the `try` body has bound.
    is_try: bool,
}

/// The control flow of one file, as far as bindings need it.
#[derive(Debug)]
pub(super) struct Flow {
    /// In the order of their start; the first is the file itself.
    branches: Vec<Branch>,
    forks: Vec<Fork>,
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            branches: vec![Branch {
                parent: ROOT,
                fork: u32::MAX,
                span: Span {
                    start: 0,
                    end: u32::MAX,
                },
                closed: false,
            }],
            forks: Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum BindingKind {
    /// `import a.b as c` binds `a.b`; `import a.b` binds `a`.
    Import(Name),
    From {
        level: u32,
        module: Name,
        name: Name,
    },
    /// Index among the classes of the file.
    Class(u32),
    Func(u32),
    /// An assigned expression, or the element of it at these indices.
    Value(Arc<Expr>, Vec<u32>),
    /// Bound by something that has no value of its own; the reason is a clause for people.
    Opaque(&'static str),
    Deleted,
}

#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) kind: BindingKind,
    pub(super) span: Span,
    branch: BranchId,
    /// Under `if TYPE_CHECKING:` or `if __name__ == "__main__":`: counts only where nothing else
    /// binds the name.
    weak: bool,
}

impl Binding {
    /// Whether it stands within an arm of a `try`.
    pub(super) fn in_try(&self, flow: &Flow) -> bool {
        flow.ancestors(self.branch).any(|branch| {
            flow.branch(branch)
                .and_then(|b| flow.forks.get(b.fork as usize))
                .is_some_and(|fork| fork.is_try)
        })
    }
}

/// `from module import *`
#[derive(Clone, Debug)]
pub(super) struct Star {
    pub(super) level: u32,
    pub(super) module: Name,
}

/// The names of one scope.
#[derive(Debug, Default)]
pub(super) struct Names {
    bindings: HashMap<Name, Vec<Binding>>,
    pub(super) stars: Vec<Star>,
}

impl Names {
    pub(super) fn has(&self, name: &str) -> bool {
        self.bindings.contains_key(name)
    }

    /// In no particular order.
    pub(super) fn all_names(&self) -> impl Iterator<Item = &Name> {
        self.bindings.keys()
    }

    /// All bindings of a name in the order of the text.
    pub(super) fn all(&self, name: &str) -> &[Binding] {
        self.bindings.get(name).map_or(&[], Vec::as_slice)
    }

    /// Bindings that may hold at byte `at` of the file, or at the end of the scope, the latest
    /// first. Where nothing is bound before `at`, the whole scope counts: the place may run later.
    pub(super) fn reaching(&self, flow: &Flow, name: &str, at: Option<u32>) -> Vec<&Binding> {
        let all = self.all(name);
        let mut found = match at {
            Some(at) => flow.reaching(all.iter().filter(|b| b.span.end <= at), Some(at)),
            None => Vec::new(),
        };
        if found.is_empty() {
            found = flow.reaching(all.iter(), None);
        }
        if found.iter().any(|b| !b.weak) {
            found.retain(|b| !b.weak);
        }
        found
    }
}

impl Flow {
    fn branch(&self, id: BranchId) -> Option<&Branch> {
        self.branches.get(id.0 as usize)
    }

    /// The branch and those around it, without the file itself.
    fn ancestors(&self, id: BranchId) -> impl Iterator<Item = BranchId> {
        let mut next = id;
        std::iter::from_fn(move || {
            if next == ROOT {
                return None;
            }
            let current = next;
            next = self.branch(current)?.parent;
            Some(current)
        })
    }

    fn innermost(&self, at: u32) -> BranchId {
        let after = self.branches.partition_point(|b| b.span.start <= at);
        let mut id = BranchId(after.saturating_sub(1) as u32);
        while let Some(branch) = self.branch(id) {
            if id == ROOT || branch.span.end > at {
                break;
            }
            id = branch.parent;
        }
        id
    }

    fn reaching<'b>(
        &self,
        bindings: impl DoubleEndedIterator<Item = &'b Binding>,
        at: Option<u32>,
    ) -> Vec<&'b Binding> {
        let here: Vec<BranchId> = match at {
            Some(at) => self.ancestors(self.innermost(at)).collect(),
            None => Vec::new(),
        };
        let mut killed: Vec<BranchId> = Vec::new();
        let mut found = Vec::new();
        for binding in bindings.rev() {
            let around: Vec<BranchId> = self.ancestors(binding.branch).collect();
            if killed.contains(&ROOT) || around.iter().any(|b| killed.contains(b)) {
                continue;
            }
            if around.iter().any(|b| self.excludes(*b, &here)) {
                continue;
            }
            found.push(binding);
            if binding.weak {
                continue;
            }
            if here.contains(&binding.branch) {
                break;
            }
            self.kill(binding.branch, &mut killed);
            // Alternatives beyond a handful say no more than "several".
            if found.len() >= 8 {
                break;
            }
        }
        found
    }

    /// Whether `branch` is another arm of a fork that `here` stands in.
    fn excludes(&self, branch: BranchId, here: &[BranchId]) -> bool {
        let Some(fork_id) = self.branch(branch).map(|b| b.fork) else {
            return false;
        };
        !here.contains(&branch)
            && here
                .iter()
                .any(|h| self.branch(*h).is_some_and(|h| h.fork == fork_id))
            && self
                .forks
                .get(fork_id as usize)
                .is_some_and(|fork| !fork.is_try)
    }

    /// What comes before is overwritten on this branch, and, once every arm overwrites it, on the
    /// branch around.
    fn kill(&self, branch: BranchId, killed: &mut Vec<BranchId>) {
        let mut id = branch;
        loop {
            killed.push(id);
            let Some(branch) = self.branch(id).filter(|_| id != ROOT) else {
                return;
            };
            let covered = self.forks.get(branch.fork as usize).is_some_and(|fork| {
                fork.exhaustive
                    && fork.arms.iter().all(|arm| {
                        killed.contains(arm) || self.branch(*arm).is_some_and(|b| b.closed)
                    })
            });
            if !covered {
                return;
            }
            id = branch.parent;
        }
    }
}

/// A class of the file and what its body binds.
#[derive(Debug)]
pub(super) struct LocalClass {
    pub(super) def: Arc<ClassDef>,
    pub(super) path: String,
    pub(super) outer_class: Option<u32>,
    pub(super) outer_func: Option<u32>,
    pub(super) names: Names,
}

#[derive(Debug)]
pub(super) struct LocalFunc {
    pub(super) def: Arc<FunctionDef>,
    pub(super) path: String,
    pub(super) class: Option<u32>,
    pub(super) outer_func: Option<u32>,
    pub(super) names: Names,
}

/// All scopes of one file. Indices count within the file.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    pub(super) flow: Flow,
    pub(super) module: Names,
    pub(super) classes: Vec<LocalClass>,
    pub(super) funcs: Vec<LocalFunc>,
}

impl Scopes {
    pub(super) fn of(body: &[Stmt]) -> Self {
        let mut collector = Collector {
            scopes: Self::default(),
            branch: ROOT,
            weak: false,
            class: None,
            func: None,
            path: String::new(),
        };
        let mut names = Names::default();
        collector.body(body, &mut names);
        collector.scopes.module = names;
        collector.scopes
    }
}

struct Collector {
    scopes: Scopes,
    branch: BranchId,
    weak: bool,
    /// The class whose body this is, if it is one.
    class: Option<u32>,
    /// The function around, if any.
    func: Option<u32>,
    path: String,
}

impl Collector {
    fn bind(&self, names: &mut Names, name: &Name, span: Span, kind: BindingKind) {
        names
            .bindings
            .entry(Arc::clone(name))
            .or_default()
            .push(Binding {
                kind,
                span,
                branch: self.branch,
                weak: self.weak,
            });
    }

    fn body(&mut self, body: &[Stmt], names: &mut Names) {
        for stmt in body {
            self.statement(stmt, names);
        }
    }

    fn fork(&mut self, exhaustive: bool, is_try: bool) -> u32 {
        self.scopes.flow.forks.push(Fork {
            arms: Vec::new(),
            exhaustive,
            is_try,
        });
        self.scopes.flow.forks.len() as u32 - 1
    }

    /// Reads an arm of a fork.
    fn arm(&mut self, fork: u32, bodies: &[&[Stmt]], names: &mut Names) {
        let first = bodies.iter().find_map(|body| body.first());
        let last = bodies.iter().rev().find_map(|body| body.last());
        // An empty arm is never entered, and so never overwrites anything.
        let (Some(first), Some(last)) = (first, last) else {
            return;
        };
        let flow = &mut self.scopes.flow;
        let id = BranchId(flow.branches.len() as u32);
        flow.branches.push(Branch {
            parent: self.branch,
            fork,
            span: Span {
                start: first.span.start,
                end: last.span.end,
            },
            closed: matches!(
                last.kind,
                StmtKind::Return(_) | StmtKind::Raise { .. } | StmtKind::Continue | StmtKind::Break
            ),
        });
        if let Some(fork) = flow.forks.get_mut(fork as usize) {
            fork.arms.push(id);
        }
        let outer = std::mem::replace(&mut self.branch, id);
        for body in bodies {
            self.body(body, names);
        }
        self.branch = outer;
    }

    fn statement(&mut self, stmt: &Stmt, names: &mut Names) {
        match &stmt.kind {
            StmtKind::Class(def) => self.class(def, names),
            StmtKind::Function(def) => self.function(def, names),
            StmtKind::Import(imports) => self.import(imports, names),
            StmtKind::ImportFrom(from) => self.import_from(from, names),
            StmtKind::Assign { targets, value } => {
                for target in targets {
                    self.target(target, value, &mut Vec::new(), stmt.span, names);
                }
            }
            StmtKind::AnnAssign {
                target,
                value: Some(value),
                ..
            } => self.target(target, value, &mut Vec::new(), stmt.span, names),
            StmtKind::TypeAlias { name, value } => {
                if let ExprKind::Name(name) = &name.kind {
                    let value = Arc::new(value.clone());
                    self.bind(
                        names,
                        name,
                        stmt.span,
                        BindingKind::Value(value, Vec::new()),
                    );
                }
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    if let ExprKind::Name(name) = &target.kind {
                        self.bind(names, name, stmt.span, BindingKind::Deleted);
                    }
                }
            }
            StmtKind::If { test, body, orelse } => self.conditional(test, body, orelse, names),
            StmtKind::For {
                target,
                body,
                orelse,
                ..
            } => {
                let fork = self.fork(false, false);
                self.opaque(target, "is the variable of a loop", names);
                self.arm(fork, &[body], names);
                self.body(orelse, names);
            }
            StmtKind::While { test, body, orelse } => {
                self.walrus(test, names);
                let fork = self.fork(false, false);
                self.arm(fork, &[body], names);
                self.body(orelse, names);
            }
            StmtKind::With { items, body, .. } => {
                for target in items.iter().filter_map(|item| item.target.as_ref()) {
                    self.opaque(target, "is bound by a `with` block", names);
                }
                self.body(body, names);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finally,
            } => {
                let fork = self.fork(true, true);
                self.arm(fork, &[body, orelse], names);
                for handler in handlers {
                    // Python unbinds it at the end of the handler; what comes after seldom asks.
                    if let Some(name) = &handler.name {
                        let at = Span {
                            start: handler.span.start,
                            end: handler.span.start,
                        };
                        self.bind(
                            names,
                            name,
                            at,
                            BindingKind::Opaque("is a caught exception"),
                        );
                    }
                    self.arm(fork, &[&handler.body], names);
                }
                self.body(finally, names);
            }
            StmtKind::Match { cases, .. } => {
                let fork = self.fork(cases.iter().any(|case| case.is_wildcard), false);
                for case in cases {
                    self.arm(fork, &[&case.body], names);
                }
            }
            _ => {}
        }
    }

    fn conditional(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt], names: &mut Names) {
        if is_weak_condition(test) {
            let outer = std::mem::replace(&mut self.weak, true);
            self.body(body, names);
            self.weak = outer;
            self.body(orelse, names);
            return;
        }
        self.walrus(test, names);
        let fork = self.fork(!orelse.is_empty(), false);
        self.arm(fork, &[body], names);
        self.arm(fork, &[orelse], names);
    }

    /// `if (x := f()) …`
    fn walrus(&self, test: &Expr, names: &mut Names) {
        let candidates: Vec<&Expr> = match &test.kind {
            ExprKind::BoolOp { values, .. } => values.iter().collect(),
            _ => vec![test],
        };
        for candidate in candidates {
            let inner = match &candidate.kind {
                ExprKind::Compare { left, .. } => left,
                ExprKind::UnaryOp { operand, .. } => operand,
                _ => candidate,
            };
            if let ExprKind::Named { target, value } = &inner.kind {
                let value = Arc::new((**value).clone());
                self.bind(
                    names,
                    target,
                    inner.span,
                    BindingKind::Value(value, Vec::new()),
                );
            }
        }
    }

    fn target(
        &self,
        target: &Expr,
        value: &Arc<Expr>,
        indices: &mut Vec<u32>,
        span: Span,
        names: &mut Names,
    ) {
        match &target.kind {
            ExprKind::Name(name) => {
                let kind = BindingKind::Value(Arc::clone(value), indices.clone());
                self.bind(names, name, span, kind);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                let starred = items
                    .iter()
                    .position(|item| matches!(item.kind, ExprKind::Starred(_)))
                    .unwrap_or(usize::MAX);
                for (at, item) in items.iter().enumerate() {
                    if at >= starred {
                        self.opaque(item, "is unpacked from another value", names);
                        continue;
                    }
                    indices.push(at as u32);
                    self.target(item, value, indices, span, names);
                    indices.pop();
                }
            }
            _ => {}
        }
    }

    fn opaque(&self, target: &Expr, reason: &'static str, names: &mut Names) {
        match &target.kind {
            ExprKind::Name(name) => {
                self.bind(names, name, target.span, BindingKind::Opaque(reason));
            }
            ExprKind::Tuple(items) | ExprKind::List(items) => {
                for item in items {
                    self.opaque(item, reason, names);
                }
            }
            ExprKind::Starred(inner) => self.opaque(inner, reason, names),
            _ => {}
        }
    }

    fn import(&self, imports: &[ImportName], names: &mut Names) {
        for import in imports {
            let (name, path) = match &import.alias {
                Some(alias) => (Arc::clone(alias), Arc::clone(&import.path)),
                None => {
                    let first: Name = import.path.split('.').next().unwrap_or_default().into();
                    (Arc::clone(&first), first)
                }
            };
            self.bind(names, &name, import.span, BindingKind::Import(path));
        }
    }

    fn import_from(&self, from: &ImportFrom, names: &mut Names) {
        if from.star {
            names.stars.push(Star {
                level: from.level,
                module: Arc::clone(&from.module),
            });
        }
        for import in &from.names {
            let name = import.alias.as_ref().unwrap_or(&import.path);
            let kind = BindingKind::From {
                level: from.level,
                module: Arc::clone(&from.module),
                name: Arc::clone(&import.path),
            };
            self.bind(names, name, import.span, kind);
        }
    }

    fn class(&mut self, def: &Arc<ClassDef>, names: &mut Names) {
        let id = self.scopes.classes.len() as u32;
        let path = self.joined(&def.name);
        self.scopes.classes.push(LocalClass {
            def: Arc::clone(def),
            path: path.clone(),
            outer_class: self.class,
            outer_func: self.func,
            names: Names::default(),
        });
        self.bind(names, &def.name, def.span, BindingKind::Class(id));
        let mut own = Names::default();
        let outer_path = std::mem::replace(&mut self.path, path);
        let outer_class = self.class.replace(id);
        self.body(&def.body, &mut own);
        self.class = outer_class;
        self.path = outer_path;
        if let Some(class) = self.scopes.classes.get_mut(id as usize) {
            class.names = own;
        }
    }

    fn function(&mut self, def: &Arc<FunctionDef>, names: &mut Names) {
        let id = self.scopes.funcs.len() as u32;
        let path = self.joined(&def.name);
        self.scopes.funcs.push(LocalFunc {
            def: Arc::clone(def),
            path: path.clone(),
            class: self.class,
            outer_func: self.func,
            names: Names::default(),
        });
        self.bind(names, &def.name, def.span, BindingKind::Func(id));
        let mut own = Names::default();
        let outer_path = std::mem::replace(&mut self.path, path);
        let outer_class = self.class.take();
        let outer_func = self.func.replace(id);
        // A function runs later, whatever branch defines it.
        let outer_weak = std::mem::replace(&mut self.weak, false);
        for param in &def.params {
            let at = Span {
                start: def.name_span.end,
                end: def.name_span.end,
            };
            self.bind(&mut own, &param.name, at, BindingKind::Opaque(IS_PARAMETER));
        }
        self.body(&def.body, &mut own);
        self.weak = outer_weak;
        self.func = outer_func;
        self.class = outer_class;
        self.path = outer_path;
        if let Some(func) = self.scopes.funcs.get_mut(id as usize) {
            func.names = own;
        }
    }

    fn joined(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }
}

/// `TYPE_CHECKING`, `typing.TYPE_CHECKING`, `__name__ == "__main__"`.
fn is_weak_condition(test: &Expr) -> bool {
    match &test.kind {
        ExprKind::Name(name) => &**name == "TYPE_CHECKING",
        ExprKind::Attribute { attr, .. } => &**attr == "TYPE_CHECKING",
        ExprKind::Compare { left, .. } => left.as_name() == Some("__name__"),
        _ => false,
    }
}
