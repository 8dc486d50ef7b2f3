//! The bases of a class, as written and resolved.

use std::sync::Arc;

use super::super::mro::Base;
use super::super::syntax::{ArgKind, Expr, ExprKind};
use super::{ClassId, ModuleId, Program, Scope, Symbol};

/// A class with more bases than this was not written by a person.
const MAX_BASES: usize = 50;

impl Program {
    /// The bases of a class as written; a generic's arguments are left out (`Base[T]` is `Base`).
    pub(super) fn find_bases(&self, class: ClassId) -> Vec<Result<Base, Arc<str>>> {
        let scope = self.scope_around_class(class);
        let def = self.class_def(class);
        let mut bases = Vec::new();
        for arg in &def.args {
            match arg.kind {
                ArgKind::Positional if bases.len() >= MAX_BASES => {
                    bases.push(Err("it has too many bases".into()));
                    break;
                }
                ArgKind::Positional => self.base(scope, class, &arg.value, 0, &mut bases),
                // `metaclass=` and class keywords change no base.
                ArgKind::Keyword(_) => {}
                ArgKind::Star | ArgKind::DoubleStar => {
                    bases.push(Err("its bases are unpacked from a value".into()));
                }
            }
        }
        bases
    }

    fn base(
        &self,
        scope: Scope,
        class: ClassId,
        expr: &Expr,
        depth: usize,
        bases: &mut Vec<Result<Base, Arc<str>>>,
    ) {
        let mut named = expr;
        while let ExprKind::Subscript { value, .. } = &named.kind {
            named = value;
        }
        // `Manager.from_queryset(OrderQuerySet)` is a manager with that queryset's methods.
        if let ExprKind::Call { func, args } = &named.kind
            && let (Some(manager), true) = (from_queryset(func), depth < 3)
        {
            self.base(scope, class, manager, depth + 1, bases);
            if let Some(queryset) = args.first() {
                self.base(scope, class, &queryset.value, depth + 1, bases);
            }
            return;
        }
        let shown = named.dotted().unwrap_or_else(|| "a base".to_owned());
        let base = match self.resolve(scope, named) {
            Symbol::Class(id) if id == class => {
                Err(format!("its base `{shown}` is the class itself").into())
            }
            Symbol::Class(id) => Ok(Base::Project(id)),
            Symbol::External(name) if &*name == "builtins.object" => return,
            Symbol::External(name) => Ok(Base::External(name)),
            Symbol::Module(_) => Err(format!("its base `{shown}` is a module").into()),
            Symbol::Func(_) => Err(format!("its base `{shown}` is a function").into()),
            Symbol::Variable(module, name) => {
                // `OrderManager = Manager.from_queryset(OrderQuerySet)`, then a class from it.
                if let (Some(call), true) = (self.manager_call(module, &name), depth < 3) {
                    self.base(Scope::of_module(module), class, call, depth + 1, bases);
                    return;
                }
                Err(format!("its base `{shown}` is computed").into())
            }
            Symbol::Unknown(reason) => {
                Err(format!("its base `{shown}` is not resolved: {reason}").into())
            }
        };
        bases.push(base);
    }

    /// The call that a module-level name is bound to, if it makes a manager of a queryset.
    fn manager_call(&self, module: ModuleId, name: &str) -> Option<&Expr> {
        let (_, value) = self.module_binding(module, name)?;
        let (func, _) = value.as_call()?;
        from_queryset(func).map(|_| value)
    }
}

/// `Manager` of `Manager.from_queryset`.
fn from_queryset(func: &Expr) -> Option<&Expr> {
    match &func.kind {
        ExprKind::Attribute { value, attr } if &**attr == "from_queryset" => Some(value),
        _ => None,
    }
}
