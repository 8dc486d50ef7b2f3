//! From a name, an attribute or a dotted string to what it stands for.

use std::sync::Arc;

use super::super::mro::Base;
use super::super::syntax::{ArgKind, Expr, ExprKind};
use super::scopes::{Binding, BindingKind, Names};
use super::{ClassId, FuncId, ModuleId, Program, Scope, Symbol, element};

/// Steps of one resolution, over all aliases, imports and alternatives: circles end here. Real
/// projects take fewer than ten.
pub(super) const MAX_STEPS: u32 = 200;

/// Names of the `builtins` module that projects use (Python 3.14, `dir(builtins)`).
const BUILTINS: &str = " ArithmeticError AssertionError AttributeError BaseException \
    BaseExceptionGroup BlockingIOError BrokenPipeError BufferError BytesWarning ChildProcessError \
    ConnectionAbortedError ConnectionError ConnectionRefusedError ConnectionResetError \
    DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception ExceptionGroup \
    FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError \
    ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError \
    KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError \
    NotADirectoryError NotImplemented NotImplementedError OSError OverflowError \
    PendingDeprecationWarning PermissionError ProcessLookupError RecursionError ReferenceError \
    ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError \
    SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError \
    UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning \
    UserWarning ValueError Warning ZeroDivisionError __build_class__ __debug__ __import__ abs \
    aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile \
    complex copyright credits delattr dict dir divmod enumerate eval exec exit filter float format \
    frozenset getattr globals hasattr hash help hex id input int isinstance issubclass iter len \
    license list locals map max memoryview min next object oct open ord pow print property quit \
    range repr reversed round set setattr slice sorted staticmethod str sum super tuple type vars \
    zip basestring long raw_input reduce reload unichr unicode xrange ";

pub(super) fn unknown(reason: impl Into<Arc<str>>) -> Symbol {
    Symbol::Unknown(reason.into())
}

pub(super) fn too_long() -> Symbol {
    unknown("leads through too many names, or in a circle")
}
impl Program {
    /// What an expression names: follows names, attributes, imports, aliases (`X = Y`),
    /// `self.method` and `super().method`. `scope` says where it stands.
    pub fn resolve(&self, scope: Scope, expr: &Expr) -> Symbol {
        self.resolve_steps(scope, expr, &mut { MAX_STEPS })
    }

    /// What a dotted string names: `"orders.models.Order"`, tried as module path and re-export.
    pub fn resolve_dotted(&self, dotted: &str) -> Symbol {
        self.dotted("", dotted, &mut { MAX_STEPS })
    }

    /// As [`Self::resolve_dotted`], seen from a module: of several projects its own comes first.
    pub fn resolve_dotted_for(&self, from: ModuleId, dotted: &str) -> Symbol {
        self.dotted(&self.module(from).path, dotted, &mut { MAX_STEPS })
    }

    /// What a bare name stands for at the end of a module.
    pub fn resolve_name(&self, module: ModuleId, name: &str) -> Symbol {
        self.module_member(module, name, &mut { MAX_STEPS })
            .unwrap_or_else(|| unknown(format!("`{name}` is not defined there")))
    }

    /// All that a name may stand for where branches of the code differ, the last one first. One
    /// entry for most names.
    pub fn alternatives(&self, scope: Scope, expr: &Expr) -> Vec<Symbol> {
        let ExprKind::Name(name) = &expr.kind else {
            return vec![self.resolve(scope, expr)];
        };
        let steps = &mut { MAX_STEPS };
        let Some((names, within, at)) = self.frame_of(scope, name, expr.span.start) else {
            return vec![self.resolve(scope, expr)];
        };
        let flow = &self.module(scope.module).scopes.flow;
        let mut out = Vec::new();
        for binding in names.reaching(flow, name, at) {
            let symbol = self.follow(within, name, binding, steps);
            if !out.contains(&symbol) {
                out.push(symbol);
            }
        }
        out
    }

    fn resolve_steps(&self, scope: Scope, expr: &Expr, steps: &mut u32) -> Symbol {
        if *steps == 0 {
            return too_long();
        }
        *steps -= 1;
        match &expr.kind {
            ExprKind::Name(name) => self.lookup(scope, name, expr.span.start, steps),
            ExprKind::Attribute { value, attr } => {
                if let Some(found) = self.self_member(scope, value, attr, steps) {
                    return found;
                }
                let base = self.resolve_steps(scope, value, steps);
                self.member(scope.module, &base, attr, steps)
            }
            ExprKind::Call { func, args } => {
                // `import_module("a.b")`, `import_string("a.b.C")`
                let (ExprKind::Name(name) | ExprKind::Attribute { attr: name, .. }) = &func.kind
                else {
                    return unknown("is the result of a call");
                };
                match (&**name, args.as_slice()) {
                    ("import_module" | "import_string", [arg])
                        if arg.kind == ArgKind::Positional =>
                    {
                        match arg.value.as_str() {
                            Some(dotted) => {
                                self.dotted(&self.module(scope.module).path, dotted, steps)
                            }
                            None => unknown("is imported by a computed name"),
                        }
                    }
                    _ => unknown("is the result of a call"),
                }
            }
            _ => unknown("is not a name"),
        }
    }

    /// `self.attr`, `cls.attr` and `super().attr` within a method.
    fn self_member(
        &self,
        scope: Scope,
        value: &Expr,
        attr: &str,
        steps: &mut u32,
    ) -> Option<Symbol> {
        // A function within a method sees its `self`.
        let mut func = scope.func?;
        while self.func(func).class.is_none() {
            func = self.func(func).outer?;
        }
        let class = self.func(func).class?;
        match &value.kind {
            ExprKind::Name(name) => {
                let def = self.func_def(func);
                let is_static = def
                    .decorators
                    .iter()
                    .any(|d| d.as_name() == Some("staticmethod"));
                let first = def.params.first()?;
                if is_static || first.name != *name {
                    return None;
                }
                // `self = something`: no longer the instance.
                if self.local_func(func).names.all(name).len() > 1 {
                    return None;
                }
                Some(self.class_member(class, attr, 0, steps).unwrap_or_else(|| {
                    unknown(format!("`{attr}` is not defined by the project's classes"))
                }))
            }
            ExprKind::Call { func: callee, args } if callee.as_name() == Some("super") => {
                if args.len() > 2 {
                    return None;
                }
                Some(self.class_member(class, attr, 1, steps).unwrap_or_else(|| {
                    unknown(format!("`{attr}` is not defined by the project's classes"))
                }))
            }
            _ => None,
        }
    }

    /// The scope frame that binds a name: its table, the scope of its right-hand sides, and from
    /// where in the text it is asked (nothing where the place runs later than the frame).
    pub(super) fn frame_of(
        &self,
        scope: Scope,
        name: &str,
        at: u32,
    ) -> Option<(&Names, Scope, Option<u32>)> {
        let mut at = Some(at);
        let mut func = scope.func;
        let in_class_body =
            scope.class.is_some() && func.is_none_or(|f| self.func(f).class != scope.class);
        if let (true, Some(class)) = (in_class_body, scope.class) {
            let names = &self.local_class(class).names;
            if names.has(name) {
                return Some((names, self.scope_of_class(class), at));
            }
            func = self.enclosing_func(class);
            if func.is_some() {
                at = None;
            }
        }
        while let Some(id) = func {
            let names = &self.local_func(id).names;
            if names.has(name) {
                return Some((names, self.scope_of_func(id), at));
            }
            // What is outside a function is looked up when it runs.
            at = None;
            let info = self.func(id);
            func = match info.class {
                Some(class) => self.enclosing_func(class),
                None => info.outer,
            };
        }
        let names = &self.module(scope.module).scopes.module;
        names
            .has(name)
            .then(|| (names, Scope::of_module(scope.module), at))
    }

    /// The function around a class, through the classes around it.
    fn enclosing_func(&self, class: ClassId) -> Option<FuncId> {
        let mut class = class;
        loop {
            let info = self.class(class);
            if info.outer_func.is_some() {
                return info.outer_func;
            }
            class = info.outer?;
        }
    }

    fn lookup(&self, scope: Scope, name: &str, at: u32, steps: &mut u32) -> Symbol {
        if let Some((names, within, at)) = self.frame_of(scope, name, at) {
            let found = names.reaching(&self.module(scope.module).scopes.flow, name, at);
            return self.choose(within, name, &found, steps);
        }
        if let Some(symbol) = self.through_stars(scope.module, name, steps) {
            return symbol;
        }
        if is_builtin(name) || matches!(name, "__name__" | "__file__" | "__doc__") {
            return Symbol::External(format!("builtins.{name}").into());
        }
        self.external_star(scope.module, name)
            .unwrap_or_else(|| unknown(format!("`{name}` is not defined there")))
    }

    /// One symbol for all bindings that may hold, the latest first.
    pub(super) fn choose(
        &self,
        within: Scope,
        name: &str,
        found: &[&Binding],
        steps: &mut u32,
    ) -> Symbol {
        let flow = &self.module(within.module).scopes.flow;
        let mut symbols: Vec<Symbol> = Vec::new();
        for binding in found {
            let symbol = self.follow(within, name, binding, steps);
            if !symbols.contains(&symbol) {
                symbols.push(symbol);
            }
        }
        if symbols.len() > 1 {
            // `X = None` beside a class or an import says that it may be absent, not what it is.
            let named: Vec<&Symbol> = symbols
                .iter()
                .filter(|s| !matches!(s, Symbol::Variable(..) | Symbol::Unknown(_)))
                .collect();
            match named.as_slice() {
                [] => {}
                [only] => return (*only).clone(),
                // `try: from a import X` / `except ImportError: from b import X`: the first.
                [.., first] if found.iter().all(|b| b.in_try(flow)) => return (*first).clone(),
                _ => return unknown(format!("`{name}` is defined twice by a condition")),
            }
            if symbols.iter().any(|s| matches!(s, Symbol::Variable(..))) {
                symbols.retain(|s| matches!(s, Symbol::Variable(..)));
            }
        }
        symbols
            .into_iter()
            .next()
            .unwrap_or_else(|| unknown(format!("`{name}` is not defined there")))
    }

    pub(super) fn follow(
        &self,
        within: Scope,
        name: &str,
        binding: &Binding,
        steps: &mut u32,
    ) -> Symbol {
        if *steps == 0 {
            return too_long();
        }
        *steps -= 1;
        let module = self.module(within.module);
        match &binding.kind {
            BindingKind::Class(at) => Symbol::Class(ClassId(module.first_class + at)),
            BindingKind::Func(at) => Symbol::Func(FuncId(module.first_func + at)),
            BindingKind::Import(path) => self
                .imported(within.module, path)
                .map_or_else(|| Symbol::External(Arc::clone(path)), Symbol::Module),
            BindingKind::From {
                level,
                module,
                name: imported,
            } => self.imported_name(within.module, *level, module, imported, steps),
            BindingKind::Value(expr, indices) => {
                if let Some(value) = element(expr, indices) {
                    let named = match &value.kind {
                        ExprKind::Name(_) | ExprKind::Attribute { .. } => true,
                        ExprKind::Call { func, .. } => func.dotted().is_some_and(|f| {
                            f.ends_with("import_module") || f.ends_with("import_string")
                        }),
                        _ => false,
                    };
                    if named {
                        let symbol = self.resolve_steps(within, value, steps);
                        if !matches!(symbol, Symbol::Unknown(_)) {
                            return symbol;
                        }
                    }
                }
                match (within.func, within.class) {
                    (None, None) => Symbol::Variable(within.module, name.into()),
                    (None, Some(class)) => self.class_variable(class, name),
                    _ => unknown(format!("`{name}` is a local variable")),
                }
            }
            BindingKind::Opaque(reason) => match (within.func, within.class) {
                (None, None) => Symbol::Variable(within.module, name.into()),
                _ => unknown(format!("`{name}` {reason}")),
            },
            BindingKind::Deleted => unknown(format!("`{name}` is deleted")),
        }
    }

    fn class_variable(&self, class: ClassId, name: &str) -> Symbol {
        let info = self.class(class);
        let path = &self.local_class(class).path;
        Symbol::Variable(info.module, format!("{path}.{name}").into())
    }

    /// `base.attr`
    fn member(&self, from: ModuleId, base: &Symbol, attr: &str, steps: &mut u32) -> Symbol {
        match base {
            Symbol::Module(module) => {
                self.module_member(*module, attr, steps).unwrap_or_else(|| {
                    unknown(format!(
                        "`{}` does not define `{attr}`",
                        self.module(*module).name
                    ))
                })
            }
            Symbol::Class(class) => {
                self.class_member(*class, attr, 0, steps)
                    .unwrap_or_else(|| {
                        unknown(format!(
                            "`{attr}` is not defined by the project's own classes"
                        ))
                    })
            }
            Symbol::External(dotted) => {
                let full = format!("{dotted}.{attr}");
                // A folder without `__init__.py` looks like a package from outside.
                self.imported(from, &full)
                    .map_or_else(|| Symbol::External(full.into()), Symbol::Module)
            }
            Symbol::Unknown(reason) => Symbol::Unknown(Arc::clone(reason)),
            Symbol::Variable(..) | Symbol::Func(_) => {
                unknown(format!("`{attr}` is an attribute of a value"))
            }
        }
    }

    /// An attribute of a class by MRO, from the entry at `skip` on.
    fn class_member(
        &self,
        class: ClassId,
        attr: &str,
        skip: usize,
        steps: &mut u32,
    ) -> Option<Symbol> {
        // While bases are being found there is no MRO yet: the class alone.
        let own = [Base::Project(class)];
        let entries = self
            .mros
            .get(class.0 as usize)
            .map_or(own.as_slice(), |mro| mro.entries.as_slice());
        for base in entries.iter().skip(skip) {
            let Base::Project(id) = base else { continue };
            let names = &self.local_class(*id).names;
            if names.has(attr) {
                let flow = &self.module(self.class(*id).module).scopes.flow;
                let found = names.reaching(flow, attr, None);
                return Some(self.choose(self.scope_of_class(*id), attr, &found, steps));
            }
        }
        None
    }

    pub(super) fn dotted(&self, path: &str, dotted: &str, steps: &mut u32) -> Symbol {
        let mut end = dotted.len();
        loop {
            let head = dotted.get(..end).unwrap_or_default();
            if let Some(module) = self
                .find_module_from(path, head)
                .filter(|_| !head.is_empty())
            {
                let mut symbol = Symbol::Module(module);
                let rest = dotted.get(end + 1..).unwrap_or_default();
                for part in rest.split('.').filter(|part| !part.is_empty()) {
                    symbol = self.member(module, &symbol, part, steps);
                }
                return symbol;
            }
            match head.rfind('.') {
                Some(dot) if *steps > 0 => {
                    *steps -= 1;
                    end = dot;
                }
                _ => return Symbol::External(dotted.into()),
            }
        }
    }
}

fn is_builtin(name: &str) -> bool {
    BUILTINS.split_ascii_whitespace().any(|known| known == name)
}

pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        name.to_owned()
    } else {
        format!("{folder}/{name}")
    }
}
