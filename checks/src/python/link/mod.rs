//! Modules, scopes, imports and the names they bind, over a whole tree.
//!
//! A [`Program`] holds every parsed Python file of a tree once. Names are resolved on demand:
//! through relative and star imports, re-exports, conditional imports and function-level imports.
//! Names that lead out of the tree end as [`Symbol::External`]. It answers the same whoever asks
//! first, and may be asked from many threads.

mod bases;
mod cache;
mod imports;
mod resolve;
mod roots;
mod scopes;
#[cfg(test)]
mod tests;
mod variables;

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

pub use cache::ParseCache;

use super::mro::{Base, Mro};
use super::parse::ParsedFile;
use super::syntax::{ClassDef, Comment, Expr, FunctionDef, Param, Span, Stmt};
use crate::source::{FileId, Role, Tree};
use roots::Roots;
use scopes::{BindingKind, Scopes};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FuncId(pub u32);

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Symbol {
    Module(ModuleId),
    Class(ClassId),
    Func(FuncId),
    /// A module-level or class-level variable of the project, by module and name; a class-level
    /// one carries its class: `Order.objects`.
    Variable(ModuleId, Arc<str>),
    /// Outside the tree: `rest_framework.permissions.IsAuthenticated`, `builtins.int`.
    External(Arc<str>),
    /// The reason is a clause for people ("is defined twice by a condition").
    Unknown(Arc<str>),
}

/// Where a name is looked up: a module, and within it the function or class around the place.
///
/// [`Program::scope_of_class`] and [`Program::scope_of_func`] make one for the body of a class or
/// a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    pub module: ModuleId,
    pub class: Option<ClassId>,
    pub func: Option<FuncId>,
}

impl Scope {
    /// The top of a module.
    pub fn of_module(module: ModuleId) -> Self {
        Self {
            module,
            class: None,
            func: None,
        }
    }
}

#[derive(Debug)]
pub struct Module {
    pub file: FileId,
    /// Dotted name from its source root: `orders.views`; `orders` for `orders/__init__.py`.
    pub name: Arc<str>,
    /// Whether it is an `__init__.py`.
    pub is_package: bool,
    /// The path in the tree without `.py` and `/__init__.py`.
    path: Arc<str>,
    parsed: Arc<ParsedFile>,
    scopes: Scopes,
    /// What its star imports lead to, in order: a module of the tree, or a dotted name outside.
    stars: Vec<Result<ModuleId, Arc<str>>>,
    first_class: u32,
    first_func: u32,
}

impl Module {
    /// The syntax, comments and errors of the file.
    pub fn parsed(&self) -> &ParsedFile {
        &self.parsed
    }

    /// Comments in the order of the text.
    pub fn comments(&self) -> &[Comment] {
        &self.parsed.comments
    }

    /// The path of the file in the tree.
    pub fn file_path(&self) -> String {
        match (self.is_package, &*self.path) {
            (true, "") => "__init__.py".into(),
            (true, folder) => format!("{folder}/__init__.py"),
            (false, path) => format!("{path}.py"),
        }
    }

    /// The folder in the tree that relative imports count from.
    fn folder(&self) -> &str {
        if self.is_package {
            &self.path
        } else {
            parent(&self.path)
        }
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(above, _)| above)
}

#[derive(Debug)]
pub struct ClassInfo {
    pub module: ModuleId,
    /// `orders.views.OrderViewSet`; nested classes carry the outer one's name.
    pub fq: Arc<str>,
    pub outer: Option<ClassId>,
    /// The function that it is defined in.
    pub outer_func: Option<FuncId>,
    local: u32,
}

#[derive(Debug)]
pub struct FuncInfo {
    pub module: ModuleId,
    /// `orders.views.OrderViewSet.get_queryset`
    pub fq: Arc<str>,
    /// The class it is a method of.
    pub class: Option<ClassId>,
    /// The function that it is defined in.
    pub outer: Option<FuncId>,
    local: u32,
}

/// A class attribute found by MRO: which class gives it and what stands there.
#[derive(Clone, Debug)]
pub struct Attribute<'p> {
    pub owner: Base,
    pub kind: AttributeKind<'p>,
    /// Span of the assignment or definition in the owner's file.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum AttributeKind<'p> {
    /// `name = value` or `name: T = value`.
    Value(&'p Expr),
    Method(FuncId),
    Class(ClassId),
}

/// What a local variable may hold.
#[derive(Clone, Debug)]
pub enum Local<'p> {
    /// An assigned expression, and the scope in which it stands.
    Value(Scope, &'p Expr),
    Param(FuncId, &'p Param),
    /// Imported or defined within the function.
    Symbol(Symbol),
    /// Bound by a loop, a `with` block …; a clause for people.
    Unknown(&'static str),
}

/// All Python of one tree, linked.
#[derive(Debug, Default)]
pub struct Program {
    modules: Vec<Module>,
    by_file: HashMap<FileId, ModuleId>,
    by_path: HashMap<Arc<str>, ModuleId>,
    roots: Roots,
    classes: Vec<ClassInfo>,
    functions: Vec<FuncInfo>,
    /// Of each class.
    mros: Vec<Mro>,
    /// Of each class: what its bases are, or why one is not known.
    bases: Vec<Vec<Result<Base, Arc<str>>>>,
    pub(super) values: super::value::Memo,
}

/// Whether Python of this role is part of the program.
fn is_linked(role: Role) -> bool {
    !matches!(role, Role::Vendored | Role::Generated | Role::Template)
}

impl Program {
    /// Parses (in parallel, one parse per blob) and links every Python file of the tree that is
    /// not vendored, generated or a template.
    pub fn of(tree: &Tree) -> Self {
        Self::of_with_cache(tree, &ParseCache::default())
    }

    /// As [`Self::of`]; files whose blobs the cache knows are not parsed again. One cache for the
    /// base and the head of a pull request parses only what differs.
    pub fn of_with_cache(tree: &Tree, cache: &ParseCache) -> Self {
        let files: Vec<(FileId, &crate::source::SourceFile)> = tree
            .files()
            .filter(|(_, file)| file.path.ends_with(".py") && is_linked(file.role))
            .collect();
        let parsed: Vec<(FileId, &str, Arc<ParsedFile>, Scopes)> = files
            .par_iter()
            .filter_map(|(id, file)| {
                let parsed = cache.parse(file.blob, file.text()?);
                let scopes = Scopes::of(&parsed.body);
                Some((*id, &*file.path, parsed, scopes))
            })
            .collect();
        let roots = Roots::of(tree, parsed.iter().map(|(_, path, p, _)| (*path, &**p)));
        let mut program = Self {
            roots,
            ..Self::default()
        };
        for (file, path, parsed, scopes) in parsed {
            program.add(file, path, parsed, scopes);
        }
        let stars: Vec<_> = (0..program.modules.len() as u32)
            .into_par_iter()
            .map(|id| program.find_stars(ModuleId(id)))
            .collect();
        for (module, stars) in program.modules.iter_mut().zip(stars) {
            module.stars = stars;
        }
        program.values = super::value::Memo::sized(program.modules.len(), program.classes.len());
        program.bases = (0..program.classes.len() as u32)
            .into_par_iter()
            .map(|id| program.find_bases(ClassId(id)))
            .collect();
        program.mros = super::mro::all(&program.bases);
        program
    }

    fn add(&mut self, file: FileId, path: &str, parsed: Arc<ParsedFile>, scopes: Scopes) {
        let id = ModuleId(self.modules.len() as u32);
        let stem = path.strip_suffix(".py").unwrap_or(path);
        let (short, is_package) = match stem.strip_suffix("__init__") {
            Some("") => ("", true),
            Some(folder) if folder.ends_with('/') => (folder.trim_end_matches('/'), true),
            _ => (stem, false),
        };
        let root = self.roots.innermost(short);
        // A package may itself be a root (`manage.py` beside `__init__.py`).
        let root = if root == short { parent(root) } else { root };
        let name = short
            .strip_prefix(root)
            .unwrap_or(short)
            .trim_start_matches('/')
            .replace('/', ".");
        let (first_class, first_func) = (self.classes.len() as u32, self.functions.len() as u32);
        let join = |path: &str| -> Arc<str> {
            if name.is_empty() {
                path.into()
            } else {
                format!("{name}.{path}").into()
            }
        };
        for (local, class) in scopes.classes.iter().enumerate() {
            self.classes.push(ClassInfo {
                module: id,
                fq: join(&class.path),
                outer: class.outer_class.map(|at| ClassId(first_class + at)),
                outer_func: class.outer_func.map(|at| FuncId(first_func + at)),
                local: local as u32,
            });
        }
        for (local, func) in scopes.funcs.iter().enumerate() {
            self.functions.push(FuncInfo {
                module: id,
                fq: join(&func.path),
                class: func.class.map(|at| ClassId(first_class + at)),
                outer: func.outer_func.map(|at| FuncId(first_func + at)),
                local: local as u32,
            });
        }
        let short: Arc<str> = short.into();
        self.by_file.insert(file, id);
        // `a/__init__.py` comes before `a.py` in Python as it does here: it is found first.
        match self.by_path.entry(Arc::clone(&short)) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(id);
            }
            std::collections::hash_map::Entry::Occupied(mut entry) if is_package => {
                entry.insert(id);
            }
            std::collections::hash_map::Entry::Occupied(_) => {}
        }
        self.modules.push(Module {
            file,
            name: name.as_str().into(),
            is_package,
            path: short,
            parsed,
            scopes,
            stars: Vec::new(),
            first_class,
            first_func,
        });
    }

    /// Modules in the order of their files.
    pub fn modules(&self) -> impl Iterator<Item = (ModuleId, &Module)> {
        self.modules
            .iter()
            .enumerate()
            .map(|(at, module)| (ModuleId(at as u32), module))
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by this program")]
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// Statements of a module.
    pub fn body(&self, id: ModuleId) -> &[Stmt] {
        &self.module(id).parsed.body
    }

    pub fn module_of_file(&self, file: FileId) -> Option<ModuleId> {
        self.by_file.get(&file).copied()
    }

    /// A module by its dotted name, tried from every source root.
    pub fn find_module(&self, dotted: &str) -> Option<ModuleId> {
        self.find_module_from("", dotted)
    }

    /// As [`Self::find_module`], as the module `from` would import it: where several projects of
    /// one repository have a module of this name, its own comes first.
    pub fn find_module_for(&self, from: ModuleId, dotted: &str) -> Option<ModuleId> {
        self.find_module_from(&self.module(from).path, dotted)
    }

    /// Source roots of the tree, sorted; the tree's own root is the empty string.
    pub fn source_roots(&self) -> &[String] {
        &self.roots.all
    }

    /// All classes in file and line order, nested ones after their outer class.
    pub fn classes(&self) -> impl Iterator<Item = (ClassId, &ClassInfo)> {
        self.classes
            .iter()
            .enumerate()
            .map(|(at, class)| (ClassId(at as u32), class))
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by this program")]
    pub fn class(&self, id: ClassId) -> &ClassInfo {
        &self.classes[id.0 as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by this program")]
    fn local_class(&self, id: ClassId) -> &scopes::LocalClass {
        let info = self.class(id);
        &self.module(info.module).scopes.classes[info.local as usize]
    }

    pub fn class_def(&self, id: ClassId) -> &ClassDef {
        &self.local_class(id).def
    }

    /// All functions and methods in file and line order, nested ones after their outer one.
    pub fn functions(&self) -> impl Iterator<Item = (FuncId, &FuncInfo)> {
        self.functions
            .iter()
            .enumerate()
            .map(|(at, func)| (FuncId(at as u32), func))
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by this program")]
    pub fn func(&self, id: FuncId) -> &FuncInfo {
        &self.functions[id.0 as usize]
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by this program")]
    fn local_func(&self, id: FuncId) -> &scopes::LocalFunc {
        let info = self.func(id);
        &self.module(info.module).scopes.funcs[info.local as usize]
    }

    pub fn func_def(&self, id: FuncId) -> &FunctionDef {
        &self.local_func(id).def
    }

    /// The body of a class: its names, then those of the function and module around.
    pub fn scope_of_class(&self, id: ClassId) -> Scope {
        let info = self.class(id);
        Scope {
            module: info.module,
            class: Some(id),
            func: None,
        }
    }

    /// The body of a function or method.
    pub fn scope_of_func(&self, id: FuncId) -> Scope {
        let info = self.func(id);
        Scope {
            module: info.module,
            class: info.class,
            func: Some(id),
        }
    }

    /// The place where a class is defined: its bases and decorators are looked up there.
    pub fn scope_around_class(&self, id: ClassId) -> Scope {
        let info = self.class(id);
        Scope {
            module: info.module,
            class: info.outer,
            func: info.outer_func.filter(|_| info.outer.is_none()),
        }
    }

    /// The place where a function is defined: its decorators and defaults are looked up there.
    pub fn scope_around_func(&self, id: FuncId) -> Scope {
        let info = self.func(id);
        Scope {
            module: info.module,
            class: info.class,
            func: info.outer.filter(|_| info.class.is_none()),
        }
    }

    /// Methods of a class in the order of its body, those that a later one replaces included.
    pub fn methods(&self, class: ClassId) -> impl Iterator<Item = FuncId> + '_ {
        let module = self.module(self.class(class).module);
        let first = module.first_func;
        (first..first + module.scopes.funcs.len() as u32)
            .map(FuncId)
            .filter(move |id| self.func(*id).class == Some(class))
    }

    /// Bases as written, resolved; the reason where one is not known.
    pub fn bases(&self, class: ClassId) -> &[Result<Base, Arc<str>>] {
        self.bases.get(class.0 as usize).map_or(&[], Vec::as_slice)
    }

    #[expect(clippy::indexing_slicing, reason = "ids are made by this program")]
    pub fn mro(&self, class: ClassId) -> &Mro {
        &self.mros[class.0 as usize]
    }

    /// Whether the MRO holds this external or project name. `None`: not found and the MRO is open.
    /// The bases of an external class are not in the MRO: ask the framework catalogue for those.
    pub fn inherits(&self, class: ClassId, fq: &str) -> Option<bool> {
        let mro = self.mro(class);
        let found = mro.entries.iter().any(|base| match base {
            Base::Project(id) => &*self.class(*id).fq == fq,
            Base::External(name) => &**name == fq,
        });
        match (found, &mro.open) {
            (true, _) => Some(true),
            (false, None) => Some(false),
            (false, Some(_)) => None,
        }
    }

    /// A class attribute or method by MRO; externals are skipped (ask the framework catalogue).
    pub fn attribute(&self, class: ClassId, name: &str) -> Option<Attribute<'_>> {
        self.mro(class).entries.iter().find_map(|base| match base {
            Base::Project(id) => self.own_attribute(*id, name),
            Base::External(_) => None,
        })
    }

    /// As [`Self::attribute`], in the class body alone. Where several branches of the body bind
    /// the name, the last one; [`Self::own_attributes`] gives all.
    pub fn own_attribute(&self, class: ClassId, name: &str) -> Option<Attribute<'_>> {
        self.own_attributes(class, name).into_iter().next()
    }

    /// What a name of the class body may stand for at the end of the body, the last binding first:
    /// several where branches differ.
    pub fn own_attributes(&self, class: ClassId, name: &str) -> Vec<Attribute<'_>> {
        let info = self.class(class);
        let module = self.module(info.module);
        self.local_class(class)
            .names
            .reaching(&module.scopes.flow, name, None)
            .into_iter()
            .filter_map(|binding| {
                let kind = match &binding.kind {
                    BindingKind::Value(expr, indices) => {
                        AttributeKind::Value(element(expr, indices)?)
                    }
                    BindingKind::Class(at) => {
                        AttributeKind::Class(ClassId(module.first_class + at))
                    }
                    BindingKind::Func(at) => AttributeKind::Method(FuncId(module.first_func + at)),
                    _ => return None,
                };
                Some(Attribute {
                    owner: Base::Project(class),
                    kind,
                    span: binding.span,
                })
            })
            .collect()
    }

    /// The names that a class body binds, with what [`Self::own_attribute`] gives for each, in the
    /// order of the text.
    pub fn own_attribute_names(&self, class: ClassId) -> Vec<(Arc<str>, Attribute<'_>)> {
        let mut out: Vec<(Arc<str>, Attribute<'_>)> = self
            .local_class(class)
            .names
            .all_names()
            .filter_map(|name| Some((Arc::clone(name), self.own_attribute(class, name)?)))
            .collect();
        out.sort_by_key(|(_, attribute)| attribute.span);
        out
    }

    /// A fully qualified name for people and for the framework catalogue: `rest_framework.…` for
    /// externals, the project's own dotted name otherwise.
    pub fn fq(&self, symbol: &Symbol) -> Option<Arc<str>> {
        match symbol {
            Symbol::Module(id) => Some(Arc::clone(&self.module(*id).name)),
            Symbol::Class(id) => Some(Arc::clone(&self.class(*id).fq)),
            Symbol::Func(id) => Some(Arc::clone(&self.func(*id).fq)),
            Symbol::Variable(module, name) => {
                let module = &self.module(*module).name;
                Some(if module.is_empty() {
                    Arc::clone(name)
                } else {
                    format!("{module}.{name}").into()
                })
            }
            Symbol::External(name) => Some(Arc::clone(name)),
            Symbol::Unknown(_) => None,
        }
    }
}

/// The element of a display at these indices: `1, 2` at `[0]` is `1`.
fn element<'e>(expr: &'e Expr, indices: &[u32]) -> Option<&'e Expr> {
    let mut at = expr;
    for index in indices {
        at = at.elements()?.get(*index as usize)?;
    }
    Some(at)
}
