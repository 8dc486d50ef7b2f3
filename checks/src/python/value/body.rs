//! The names of a module or class body with their values: read once, kept where that is safe.

use std::sync::Arc;

use super::super::link::{ClassId, ModuleId, Scope, Symbol};
use super::eval::{Eval, Frame, out_of_budget};
use super::{Kept, Table, Val};

/// Modules and classes whose bodies are being read at once.
const MAX_ACTIVE: usize = 24;

/// A body that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Module(ModuleId),
    Class(ClassId),
}

impl Eval<'_> {
    /// The value that a symbol has: variables are evaluated, definitions stand for themselves.
    pub(super) fn symbol(&mut self, symbol: &Symbol) -> Val {
        match symbol {
            Symbol::Variable(module, name) => match self.program.class_of_variable(symbol) {
                Some((class, name)) => self.class_name(class, &name),
                None => self.module_name(*module, name),
            }
            .unwrap_or_else(|| Val::unknown(format!("`{name}` is not evaluated"))),
            Symbol::Unknown(reason) => Val::Unknown(Arc::clone(reason)),
            other => Val::Symbol(other.clone()),
        }
    }

    pub(super) fn module_name(&mut self, module: ModuleId, name: &str) -> Option<Val> {
        self.deeper(|eval| eval.module_name_inner(module, name))
            .unwrap_or_else(|| Some(out_of_budget()))
    }

    fn module_name_inner(&mut self, module: ModuleId, name: &str) -> Option<Val> {
        let Some(table) = self.table(Body::Module(module)) else {
            return Some(self.unfinished(Body::Module(module), name));
        };
        if let Some(value) = table.get(name) {
            return Some(self.copy(value));
        }
        let binds = self.program.binds(module, name);
        match self.program.resolve_name(module, name) {
            Symbol::Variable(other, other_name) if other == module && &*other_name == name => {
                Some(Val::unknown(format!("`{name}` is not evaluated")))
            }
            symbol @ (Symbol::Unknown(_) | Symbol::External(_)) => {
                binds.then(|| self.symbol(&symbol))
            }
            symbol => Some(self.symbol(&symbol)),
        }
    }

    pub(super) fn class_name(&mut self, class: ClassId, name: &str) -> Option<Val> {
        let program = self.program;
        program.project_mro(class).find_map(|owner| {
            let value = match self.table(Body::Class(owner)) {
                Some(table) => Arc::clone(table.get(name)?),
                None => {
                    return program
                        .binds_in_class(owner, name)
                        .then(|| self.unfinished(Body::Class(owner), name));
                }
            };
            let value = self.copy(&value);
            Some(match self.enumeration(owner) {
                Some(kind) => kind.value_of(value),
                None => value,
            })
        })
    }

    /// A name of a body that is being read further out: what it holds so far.
    fn unfinished(&mut self, body: Body, name: &str) -> Val {
        let found = self
            .frames
            .iter()
            .rev()
            .find(|frame| frame.body == Some(body))
            .and_then(|frame| frame.locals.get(name))
            .map(Arc::clone);
        match found {
            Some(value) => self.copy(&value),
            None => Val::unknown(format!("`{name}` is used before it is defined")),
        }
    }

    /// All names of a module; `None` where circular imports lead back to it.
    pub(super) fn module_table(&mut self, module: ModuleId) -> Option<Arc<Table>> {
        self.table(Body::Module(module))
    }

    pub(super) fn class_table(&mut self, class: ClassId) -> Option<Arc<Table>> {
        self.table(Body::Class(class))
    }

    fn table(&mut self, body: Body) -> Option<Arc<Table>> {
        let memo = &self.program.values;
        let cell = match body {
            Body::Module(id) => memo.modules.get(id.0 as usize),
            Body::Class(id) => memo.classes.get(id.0 as usize),
        }?;
        if let Some(kept) = cell.get()
            && (kept.is_free || self.active.is_empty())
        {
            return Some(Arc::clone(&kept.table));
        }
        if let Some(at) = self.active.iter().position(|b| *b == body) {
            self.depends_on = self.depends_on.min(at);
            return None;
        }
        if self.active.is_empty() && !self.frames.is_empty() {
            // Asked for from an expression: an evaluation of its own, so that the answer does not
            // depend on what the expression has spent.
            return Eval::new(self.program).table(body);
        }
        if self.active.len() >= MAX_ACTIVE {
            self.depends_on = 0;
            return None;
        }
        let at = self.active.len();
        self.active.push(body);
        let outer = std::mem::replace(&mut self.depends_on, usize::MAX);
        let (scope, statements) = match body {
            Body::Module(id) => (Scope::of_module(id), self.program.body(id)),
            Body::Class(id) => (
                self.program.scope_of_class(id),
                self.program.class_def(id).body.as_slice(),
            ),
        };
        self.frames.push(Frame {
            scope,
            locals: Table::default(),
            body: Some(body),
        });
        self.run(statements);
        let locals = self.frames.pop().map(|f| f.locals).unwrap_or_default();
        self.active.pop();
        let table = Arc::new(locals);
        let depends_on = std::mem::replace(&mut self.depends_on, outer);
        if depends_on >= at {
            // The first to finish wins; all of them are equal.
            let kept = cell.get_or_init(|| Kept {
                table,
                is_free: depends_on == usize::MAX,
            });
            return Some(Arc::clone(&kept.table));
        }
        self.depends_on = outer.min(depends_on);
        Some(table)
    }
}
