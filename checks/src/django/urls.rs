//! The URL configuration: from ROOT_URLCONF through every `include`, router and decorator to views.
//!
//! Patterns come in order of resolution. What was not understood stays a pattern whose target is
//! unknown, with the reason. Nothing is executed.

pub(super) mod routers;
pub(super) mod template;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::names::{Kwargs, Method};
use super::read::Read;
use super::routes::{PathParam, RouterEntry, Target, UrlPattern};
use super::settings::Settings;
use super::views::find::Views;
use crate::python::ModuleId;
use crate::python::value::Place;

/// More patterns than this are hostile or generated; the rest is noted.
const MAX_PATTERNS: usize = 20_000;
/// `include` nests this deep.
const MAX_INCLUDES: usize = 20;

/// A pattern with what its routes need.
#[derive(Clone, Debug)]
pub(super) struct Mounted {
    pub(super) pattern: UrlPattern,
    /// HTTP method → action, where the pattern says so (routers, `as_view({…})`).
    pub(super) actions: Option<Vec<(Method, Arc<str>)>>,
    /// Router patterns: list or detail.
    pub(super) detail: Option<bool>,
}

/// The whole URL configuration.
#[derive(Debug, Default)]
pub(super) struct Urls {
    pub(super) patterns: Vec<Mounted>,
    /// Modules that define `urlpatterns` and that nothing includes.
    pub(super) unmounted: Vec<(ModuleId, Place)>,
    pub(super) notes: Vec<String>,
}

/// Walks every root URL configuration.
pub(super) fn find(read: &Read<'_>, settings: &Settings, views: &mut Views) -> Urls {
    let mut roots: Vec<ModuleId> = Vec::new();
    let mut profiles: Vec<_> = settings.prod().into_iter().collect();
    profiles.extend(settings.profiles());
    for profile in profiles {
        let Some(found) = profile.get("ROOT_URLCONF") else {
            continue;
        };
        let Some(dotted) = found.str() else { continue };
        let path = &read.tree.file(profile.file).path;
        let module = near(read, path, dotted);
        if let Some(module) = module
            && !roots.contains(&module)
        {
            roots.push(module);
        }
    }
    let configs = url_modules(read);
    let known = !roots.is_empty();
    let mut walk = walk::Walk::new(read, views);
    for root in &roots {
        walk.root(*root, true);
    }
    if !known {
        // No settings say where URLs begin: modules that no other one includes do.
        let included = walk::included(read, &configs);
        for module in configs.keys() {
            if !included.contains(module) {
                walk.root(*module, false);
            }
        }
    }
    let visited: BTreeSet<ModuleId> = walk.visited.clone();
    let (patterns, notes) = walk.finish();
    Urls {
        patterns,
        unmounted: configs
            .into_iter()
            .filter(|(m, _)| !visited.contains(m))
            .collect(),
        notes,
    }
}

/// Modules that assign `urlpatterns`, and where.
fn url_modules(read: &Read<'_>) -> BTreeMap<ModuleId, Place> {
    use crate::source::Role;
    let mut out = BTreeMap::new();
    for (id, _) in read.program.modules() {
        if matches!(
            read.role(id),
            Role::Vendored | Role::Template | Role::Generated | Role::Migration | Role::Test
        ) {
            continue;
        }
        if let Some(expr) = read.assigned(id, "urlpatterns") {
            out.insert(id, read.place(id, expr.span));
        }
    }
    out
}

/// A module by its dotted name, of several projects the one nearest to `path`.
pub(super) fn near(read: &Read<'_>, path: &str, dotted: &str) -> Option<ModuleId> {
    let tail = dotted.replace('.', "/");
    let mut base = Some(path.rsplit_once('/').map_or("", |(f, _)| f));
    while let Some(folder) = base {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        for candidate in [
            format!("{prefix}{tail}.py"),
            format!("{prefix}{tail}/__init__.py"),
        ] {
            if let Some(module) = read
                .tree
                .find(&candidate)
                .and_then(|f| read.program.module_of_file(f))
            {
                return Some(module);
            }
        }
        base = match folder {
            "" => None,
            _ => Some(folder.rsplit_once('/').map_or("", |(f, _)| f)),
        };
    }
    read.program.find_module(dotted)
}

/// A pattern before it gets its id.
pub(super) fn pattern(
    template: Arc<str>,
    params: Vec<PathParam>,
    view: Target,
    router: Option<RouterEntry>,
) -> UrlPattern {
    UrlPattern {
        id: super::names::PatternId(0),
        template,
        params,
        name: None,
        namespace: "".into(),
        view,
        router,
        chain: Vec::new(),
        conditional: false,
        initkwargs: Kwargs::default(),
        decorators: Vec::new(),
        mounted: true,
    }
}
