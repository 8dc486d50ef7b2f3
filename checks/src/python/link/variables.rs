//! Variables: what a local may hold, what a module-level or class-level name is bound to.

use std::sync::Arc;

use super::super::mro::Base;
use super::super::syntax::Expr;
use super::resolve::MAX_STEPS;
use super::scopes::BindingKind;
use super::{AttributeKind, ClassId, FuncId, Local, ModuleId, Program, Scope, Symbol, element};

impl Program {
    /// What a local variable of the function in `scope` (or of a function around it) may hold at
    /// byte `at` of the file, the latest binding first. Empty where no function binds the name.
    pub fn local(&self, scope: Scope, name: &str, at: u32) -> Vec<Local<'_>> {
        let Some((names, within, at)) = self.frame_of(scope, name, at) else {
            return Vec::new();
        };
        let Some(func) = within.func else {
            return Vec::new();
        };
        let module = self.module(scope.module);
        names
            .reaching(&module.scopes.flow, name, at)
            .into_iter()
            .map(|binding| match &binding.kind {
                BindingKind::Value(expr, indices) => match element(expr, indices) {
                    Some(value) => Local::Value(within, value),
                    None => Local::Unknown("is unpacked from another value"),
                },
                BindingKind::Opaque(reason) => {
                    let params = &self.func_def(func).params;
                    match params.iter().find(|param| &*param.name == name) {
                        Some(param) if *reason == super::scopes::IS_PARAMETER => {
                            Local::Param(func, param)
                        }
                        _ => Local::Unknown(reason),
                    }
                }
                BindingKind::Deleted => Local::Unknown("is deleted"),
                BindingKind::Class(_)
                | BindingKind::Func(_)
                | BindingKind::Import(_)
                | BindingKind::From { .. } => {
                    Local::Symbol(self.follow(within, name, binding, &mut { MAX_STEPS }))
                }
            })
            .collect()
    }

    /// The class and the attribute of a class-level variable.
    pub fn class_of_variable(&self, symbol: &Symbol) -> Option<(ClassId, Arc<str>)> {
        let Symbol::Variable(module, name) = symbol else {
            return None;
        };
        let (path, name) = name.rsplit_once('.')?;
        let module = self.module(*module);
        let classes = &module.scopes.classes;
        let at = classes.iter().rposition(|class| class.path == path)?;
        Some((ClassId(module.first_class + at as u32), name.into()))
    }

    /// The expression that a module-level or class-level variable is bound to last, and the scope
    /// in which it stands.
    pub fn variable_expr(&self, symbol: &Symbol) -> Option<(Scope, &Expr)> {
        let Symbol::Variable(module, name) = symbol else {
            return None;
        };
        let Some((class, name)) = self.class_of_variable(symbol) else {
            return self.module_binding(*module, name);
        };
        match self.own_attribute(class, &name)?.kind {
            AttributeKind::Value(value) => Some((self.scope_of_class(class), value)),
            AttributeKind::Method(_) | AttributeKind::Class(_) => None,
        }
    }

    pub(super) fn module_binding(&self, module: ModuleId, name: &str) -> Option<(Scope, &Expr)> {
        let scopes = &self.module(module).scopes;
        let found = scopes.module.reaching(&scopes.flow, name, None);
        let BindingKind::Value(expr, indices) = &found.first()?.kind else {
            return None;
        };
        Some((Scope::of_module(module), element(expr, indices)?))
    }

    /// The class or function whose definition begins at this byte (with its decorators).
    pub fn definition_at(&self, module: ModuleId, start: u32) -> Option<Symbol> {
        let module = self.module(module);
        let classes = &module.scopes.classes;
        if let Ok(at) = classes.binary_search_by_key(&start, |class| class.def.span.start) {
            return Some(Symbol::Class(ClassId(module.first_class + at as u32)));
        }
        let funcs = &module.scopes.funcs;
        let at = funcs
            .binary_search_by_key(&start, |func| func.def.span.start)
            .ok()?;
        Some(Symbol::Func(FuncId(module.first_func + at as u32)))
    }

    /// Whether a statement of the module itself binds the name.
    pub(in crate::python) fn binds(&self, module: ModuleId, name: &str) -> bool {
        self.module(module).scopes.module.has(name)
    }

    pub(in crate::python) fn binds_in_class(&self, class: ClassId, name: &str) -> bool {
        self.local_class(class).names.has(name)
    }

    /// The project's classes in the MRO.
    pub fn project_mro(&self, class: ClassId) -> impl Iterator<Item = ClassId> + '_ {
        self.mro(class)
            .entries
            .iter()
            .filter_map(|base| match base {
                Base::Project(id) => Some(*id),
                Base::External(_) => None,
            })
    }
}
