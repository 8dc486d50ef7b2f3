//! Finds the apps of a tree: packages with models, a config, migrations, or an entry in
//! `INSTALLED_APPS`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::App;
use crate::django::names::{AppId, as_str};
use crate::django::read::{Attr, Read, walk_statements};
use crate::django::settings::Settings;
use crate::python::syntax::StmtKind;
use crate::python::value::{Place, Val};
use crate::python::{ClassId, ModuleId};
use crate::source::Role;

pub(in crate::django) fn find(read: &Read<'_>, settings: &Settings) -> Vec<App> {
    // Folder of the package → dotted name of the package.
    let mut packages: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
    let mut models: BTreeMap<Arc<str>, ModuleId> = BTreeMap::new();
    let mut configs: BTreeMap<Arc<str>, Vec<ClassId>> = BTreeMap::new();
    let skipped = |id: ModuleId| {
        matches!(
            read.role(id),
            Role::Vendored | Role::Template | Role::Generated
        )
    };
    for (id, module) in read.program.modules() {
        if skipped(id) {
            continue;
        }
        let file = read.tree.file(module.file);
        let (folder, stem) = match (file.name(), file.folder()) {
            ("__init__.py", folder) => match folder.rsplit_once('/') {
                Some((outer, last)) => (outer, last),
                None => ("", folder),
            },
            (name, folder) => (folder, name.trim_end_matches(".py")),
        };
        let package = module.name.rsplit_once('.').map(|(p, _)| p);
        let Some(package) = package else { continue };
        if !matches!(stem, "models" | "apps" | "migrations") {
            continue;
        }
        if stem == "apps" && file.name() == "__init__.py" {
            continue;
        }
        let folder: Arc<str> = folder.into();
        packages
            .entry(Arc::clone(&folder))
            .or_insert_with(|| package.into());
        if stem == "models" {
            models.insert(folder, id);
        }
    }
    for (class, info) in read.program.classes() {
        if skipped(info.module) || info.outer.is_some() {
            continue;
        }
        if read.is_a(class, "django.apps.config.AppConfig") == Some(true) {
            let file = read.tree.file(read.program.module(info.module).file);
            configs.entry(file.folder().into()).or_default().push(class);
        }
    }
    // Packages that settings name and that are nothing but a folder.
    for profile in settings.profiles() {
        let Some(found) = profile.get("INSTALLED_APPS") else {
            continue;
        };
        for (name, _) in entries(found.val) {
            let Some(module) = read.program.find_module(&name) else {
                continue;
            };
            if skipped(module) {
                continue;
            }
            let file = read.tree.file(read.program.module(module).file);
            if file.name() == "__init__.py" {
                packages
                    .entry(file.folder().into())
                    .or_insert_with(|| Arc::clone(&read.program.module(module).name));
            }
        }
    }
    let default_auto = settings
        .get("DEFAULT_AUTO_FIELD")
        .and_then(|f| f.str().map(Into::into));
    packages
        .into_iter()
        .enumerate()
        .map(|(at, (folder, package))| {
            let config = configs.get(&folder).and_then(|c| c.first()).copied();
            let text = |name: &str| -> Option<Arc<str>> {
                match read.attr(config?, name)? {
                    Attr::Value { expr, owner, .. } => {
                        let val = read.program.eval(read.class_scope(owner), expr);
                        as_str(&val).map(Into::into)
                    }
                    _ => None,
                }
            };
            // The config's name is the true dotted path where the source root was guessed wrong.
            let package = text("name").unwrap_or(package);
            let label = text("label")
                .unwrap_or_else(|| package.rsplit('.').next().unwrap_or(&package).into());
            let (installed_in, installation_known) = installed(
                settings,
                &package,
                config.map(|c| &*read.program.class(c).fq),
            );
            App {
                id: AppId(at as u32),
                label,
                config: config.map(|c| read.project_ref(c)),
                default_auto_field: text("default_auto_field").or_else(|| default_auto.clone()),
                models_module: models.get(&folder).copied(),
                migrations: migrations(read, &folder),
                ready_imports: config.map(|c| ready_imports(read, c)).unwrap_or_default(),
                package,
                folder,
                installed_in,
                installation_known,
            }
        })
        .collect()
}

/// Known entries of a list of apps with their places.
fn entries(val: &Val) -> Vec<(Arc<str>, Place)> {
    match val {
        Val::Seq(items) => items
            .iter()
            .filter_map(|(item, place)| as_str(item).map(|s| (s.into(), *place)))
            .collect(),
        Val::OneOf(values) => values.iter().flat_map(entries).collect(),
        _ => Vec::new(),
    }
}

fn installed(
    settings: &Settings,
    package: &str,
    config: Option<&str>,
) -> (Vec<(Arc<str>, Place)>, bool) {
    let mut out = Vec::new();
    let mut known = false;
    let prefix = format!("{package}.");
    for profile in settings.profiles() {
        let Some(found) = profile.get("INSTALLED_APPS") else {
            continue;
        };
        if let Val::Seq(items) = found.val {
            known |= !items.is_empty() && items.iter().all(|(item, _)| as_str(item).is_some());
        }
        let entry = entries(found.val).into_iter().find(|(name, _)| {
            &**name == package
                || Some(&**name) == config
                || (name.starts_with(&prefix) && name.contains(".apps."))
        });
        if let Some((_, place)) = entry {
            out.push((Arc::clone(&profile.name), place));
        }
    }
    (out, known)
}

fn migrations(read: &Read<'_>, folder: &str) -> Option<Vec<Arc<str>>> {
    let prefix = if folder.is_empty() {
        "migrations/".to_owned()
    } else {
        format!("{folder}/migrations/")
    };
    let mut any = false;
    let files: Vec<Arc<str>> = read
        .tree
        .files()
        .filter(|(_, f)| f.path.starts_with(&prefix) && f.path.ends_with(".py"))
        .filter(|(_, f)| !f.path.get(prefix.len()..).unwrap_or("").contains('/'))
        .inspect(|_| any = true)
        .filter(|(_, f)| f.name() != "__init__.py")
        .map(|(_, f)| Arc::clone(&f.path))
        .collect();
    any.then_some(files)
}

fn ready_imports(read: &Read<'_>, config: ClassId) -> Vec<Arc<str>> {
    let Some(func) = read.method(config, "ready") else {
        return Vec::new();
    };
    let module = read.program.func(func).module;
    let mut out = BTreeSet::new();
    walk_statements(
        &read.program.func_def(func).body,
        &mut |stmt| match &stmt.kind {
            StmtKind::Import(names) => {
                out.extend(names.iter().map(|n| Arc::clone(&n.path)));
            }
            StmtKind::ImportFrom(import) => {
                let base = crate::django::settings::find::import_target(read, module, import)
                    .map_or_else(
                        || Arc::clone(&import.module),
                        |m| Arc::clone(&read.program.module(m).name),
                    );
                out.insert(Arc::clone(&base));
                for name in &import.names {
                    out.insert(format!("{base}.{}", name.path).into());
                }
            }
            _ => {}
        },
    );
    out.into_iter().collect()
}

/// The app a file belongs to: the one whose folder is its longest prefix.
pub(in crate::django) fn app_of_path<'a>(apps: &'a [App], path: &str) -> Option<&'a App> {
    apps.iter()
        .filter(|app| {
            app.folder.is_empty()
                || path
                    .strip_prefix(&*app.folder)
                    .is_some_and(|rest| rest.starts_with('/'))
        })
        .max_by_key(|app| app.folder.len())
}
