//! From import statements to modules of the tree, and from a module to the names it gives away.

use std::sync::Arc;

use super::resolve::{join, too_long, unknown};
use super::scopes::BindingKind;
use super::{ModuleId, Program, Scope, Symbol, parent};

impl Program {
    /// Modules that a file pattern (`components/*.py`) names from the folder of `from`, sorted by
    /// path. `*` stands for a part of a file name.
    pub(in crate::python) fn modules_beside(&self, from: ModuleId, pattern: &str) -> Vec<ModuleId> {
        let folder = parent(&self.module(from).path);
        let Some(pattern) = pattern.strip_suffix(".py") else {
            return Vec::new();
        };
        let path = join(folder, pattern);
        let Some((before, after)) = path.split_once('*') else {
            return self
                .by_path
                .get(path.as_str())
                .copied()
                .into_iter()
                .collect();
        };
        let mut found: Vec<ModuleId> = self
            .modules()
            .filter(|(_, module)| {
                let middle = module
                    .path
                    .strip_prefix(before)
                    .and_then(|rest| rest.strip_suffix(after));
                !module.is_package && middle.is_some_and(|middle| !middle.contains('/'))
            })
            .map(|(id, _)| id)
            .collect();
        found.sort();
        found
    }

    pub(in crate::python) fn find_module_from(&self, path: &str, dotted: &str) -> Option<ModuleId> {
        self.found_modules(path, dotted).next()
    }

    /// The modules of this name in all source roots, in the order in which `path` sees them.
    fn found_modules<'a>(
        &'a self,
        path: &'a str,
        dotted: &str,
    ) -> impl Iterator<Item = ModuleId> + use<'a> {
        let tail = dotted.replace('.', "/");
        let mut key = String::new();
        self.roots.seen_from(path).filter_map(move |root| {
            key.clear();
            if !root.is_empty() {
                key.push_str(root);
                key.push('/');
            }
            key.push_str(&tail);
            self.by_path.get(key.as_str()).copied()
        })
    }

    /// As an import statement of `from` finds it: also beside a script that no project governs.
    pub(super) fn imported(&self, from: ModuleId, dotted: &str) -> Option<ModuleId> {
        let module = self.module(from);
        // `from jinja2 import …` in a module that is called `jinja2.py` means the other one.
        let mut found = self.found_modules(&module.path, dotted);
        found.find(|id| *id != from).or_else(|| {
            let folder = parent(&module.path);
            if self.roots.in_project(&module.path) || folder.is_empty() {
                return None;
            }
            let key = format!("{folder}/{}", dotted.replace('.', "/"));
            let found = self.by_path.get(key.as_str()).copied();
            found.filter(|id| *id != from && !module.is_package)
        })
    }

    /// `from …module import name`
    pub(super) fn imported_name(
        &self,
        from: ModuleId,
        level: u32,
        module: &str,
        name: &str,
        steps: &mut u32,
    ) -> Symbol {
        let (target, dotted) = self.import_target(from, level, module);
        if let Some(target) = target {
            // `from . import x` within the package that binds `x` by it: the submodule.
            if target != from
                && let Some(found) = self.module_member(target, name, steps)
            {
                return found;
            }
            if let Some(sub) = self.submodule(target, name) {
                return Symbol::Module(sub);
            }
            return unknown(format!("`{dotted}` does not define `{name}`"));
        }
        let full = if dotted.is_empty() {
            name.to_owned()
        } else {
            format!("{dotted}.{name}")
        };
        // A folder without `__init__.py`.
        let sub = if level == 0 {
            self.imported(from, &full)
        } else {
            self.relative_path(from, level, module)
                .and_then(|path| self.by_path.get(join(&path, name).as_str()).copied())
        };
        sub.map_or_else(|| Symbol::External(full.into()), Symbol::Module)
    }

    /// The module that an import statement names, if the tree has it, and its dotted name.
    pub(in crate::python) fn import_target(
        &self,
        from: ModuleId,
        level: u32,
        module: &str,
    ) -> (Option<ModuleId>, String) {
        if level == 0 {
            return (self.imported(from, module), module.to_owned());
        }
        let path = self.relative_path(from, level, module);
        let target = path
            .as_ref()
            .and_then(|path| self.by_path.get(path.as_str()).copied());
        if let Some(target) = target {
            return (Some(target), self.module(target).name.to_string());
        }
        let dotted = path.map_or_else(
            || module.to_owned(),
            |path| {
                let root = self.roots.innermost(&path);
                path.strip_prefix(root)
                    .unwrap_or(&path)
                    .trim_start_matches('/')
                    .replace('/', ".")
            },
        );
        (None, dotted)
    }

    /// Path in the tree that a relative import leads to; `None` above the tree's root.
    fn relative_path(&self, from: ModuleId, level: u32, module: &str) -> Option<String> {
        let mut folder = self.module(from).folder();
        for _ in 1..level {
            if folder.is_empty() {
                return None;
            }
            folder = parent(folder);
        }
        Some(if module.is_empty() {
            folder.to_owned()
        } else {
            join(folder, &module.replace('.', "/"))
        })
    }

    fn submodule(&self, package: ModuleId, name: &str) -> Option<ModuleId> {
        let module = self.module(package);
        module
            .is_package
            .then(|| self.by_path.get(join(&module.path, name).as_str()).copied())
            .flatten()
    }

    /// An attribute of a module: what it binds, what its star imports bring, its submodules.
    pub(super) fn module_member(
        &self,
        module: ModuleId,
        name: &str,
        steps: &mut u32,
    ) -> Option<Symbol> {
        if *steps == 0 {
            return Some(too_long());
        }
        *steps -= 1;
        let scopes = &self.module(module).scopes;
        if scopes.module.has(name) {
            let found = scopes.module.reaching(&scopes.flow, name, None);
            return Some(self.choose(Scope::of_module(module), name, &found, steps));
        }
        if let Some(symbol) = self.through_stars(module, name, steps) {
            return Some(symbol);
        }
        if let Some(sub) = self.submodule(module, name) {
            return Some(Symbol::Module(sub));
        }
        self.external_star(module, name)
    }

    /// What the star imports of a module lead to.
    pub(super) fn find_stars(&self, module: ModuleId) -> Vec<Result<ModuleId, Arc<str>>> {
        let stars = &self.module(module).scopes.module.stars;
        stars
            .iter()
            .map(|star| {
                let (target, dotted) = self.import_target(module, star.level, &star.module);
                target
                    .filter(|target| *target != module)
                    .ok_or_else(|| dotted.into())
            })
            .collect()
    }

    /// A name that a star import of a module in the tree brings; the last one wins.
    pub(super) fn through_stars(
        &self,
        module: ModuleId,
        name: &str,
        steps: &mut u32,
    ) -> Option<Symbol> {
        for star in self.module(module).stars.iter().rev() {
            if *steps == 0 {
                return None;
            }
            *steps -= 1;
            let Ok(target) = *star else { continue };
            if !self.exports(target, name) {
                continue;
            }
            let scopes = &self.module(target).scopes;
            if scopes.module.has(name) {
                let found = scopes.module.reaching(&scopes.flow, name, None);
                return Some(self.choose(Scope::of_module(target), name, &found, steps));
            }
            if let Some(symbol) = self.through_stars(target, name, steps) {
                return Some(symbol);
            }
            if let Some(symbol) = self.external_star(target, name) {
                return Some(symbol);
            }
        }
        None
    }

    /// Whether `from module import *` takes this name: `__all__` decides where it is a list of
    /// literals; without one, names without a leading underscore.
    pub(in crate::python) fn exports(&self, module: ModuleId, name: &str) -> bool {
        let names = &self.module(module).scopes.module;
        match names.all("__all__") {
            [] => !name.starts_with('_'),
            [only] => match &only.kind {
                BindingKind::Value(expr, _) => match expr.elements() {
                    Some(items) if items.iter().all(|item| item.as_str().is_some()) => {
                        // `__all__ += …` may follow: a name that it binds itself is taken.
                        items.iter().any(|item| item.as_str() == Some(name))
                    }
                    _ => !name.starts_with('_'),
                },
                _ => !name.starts_with('_'),
            },
            _ => !name.starts_with('_'),
        }
    }

    /// A name that nothing in the tree binds, where exactly one module outside is star-imported.
    pub(super) fn external_star(&self, module: ModuleId, name: &str) -> Option<Symbol> {
        if name.starts_with('_') {
            return None;
        }
        let stars = self.module(module).stars.iter();
        let mut outside = stars.filter_map(|star| star.as_ref().err());
        let first = outside.next()?;
        Some(if outside.next().is_none() {
            Symbol::External(format!("{first}.{name}").into())
        } else {
            unknown(format!(
                "`{name}` comes from one of several star imports of other packages"
            ))
        })
    }
}
