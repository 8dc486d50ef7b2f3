//! Finds the settings modules of a tree and evaluates each into a profile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::{Profile, ProfileKind, Setting, Settings};
use crate::django::read::{Read, assigns, walk_expr, walk_statements};
use crate::python::syntax::{Expr, ExprKind, ImportFrom, Span, Stmt, StmtKind};
use crate::python::value::Place;
use crate::python::{ModuleId, Symbol};
use crate::source::{FileId, Role};

/// Settings modules import each other this deep.
const MAX_IMPORTS: usize = 12;
/// More profiles than this are a generated tree, not a project.
const MAX_PROFILES: usize = 40;

/// `DJANGO_SETTINGS_MODULE` in any of the languages that set it, and the value behind it.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:DJANGO_SETTINGS_MODULE["']?\s*[\],:=]?\s*=?\s*|--(?:settings|ds)[= ])["']?([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)"#,
    )
    .ok()
});

pub(in crate::django) fn find(read: &Read<'_>) -> Settings {
    let named = named(read);
    let mut modules: BTreeMap<FileId, ModuleId> = BTreeMap::new();
    for module in named.keys() {
        modules.insert(read.program.module(*module).file, *module);
    }
    for (id, module) in read.program.modules() {
        if matches!(
            read.role(id),
            Role::Vendored | Role::Template | Role::Migration
        ) {
            continue;
        }
        if looks_like_settings(read, id) {
            modules.insert(module.file, id);
        }
    }
    let imports: BTreeMap<ModuleId, Sources> = modules
        .values()
        .map(|m| (*m, Sources::of(read, *m)))
        .collect();
    let imported: BTreeSet<ModuleId> = imports
        .iter()
        .flat_map(|(own, s)| s.modules.iter().filter(move |m| *m != own))
        .copied()
        .collect();
    let mut settings = Settings::default();
    for (file, module) in modules.iter().take(MAX_PROFILES) {
        let name = Arc::clone(&read.program.module(*module).name);
        let empty = Vec::new();
        let places = named.get(module).unwrap_or(&empty);
        let kind = kind(&name, !places.is_empty(), imported.contains(module));
        let mut profile = Profile::new(*module, name, kind, *file);
        profile.named_at.clone_from(places);
        if let Some(sources) = imports.get(module) {
            fill(read, &mut profile, sources);
        }
        settings.profiles.push(profile);
    }
    settings.prod = choose_prod(read, &settings.profiles);
    settings
}

/// Modules that `DJANGO_SETTINGS_MODULE` names, and where.
fn named(read: &Read<'_>) -> BTreeMap<ModuleId, Vec<(Place, Arc<str>)>> {
    let mut out: BTreeMap<ModuleId, Vec<(Place, Arc<str>)>> = BTreeMap::new();
    let Some(pattern) = NAMED.as_ref() else {
        return out;
    };
    for (id, file) in read.tree.files() {
        if matches!(
            file.role,
            Role::Vendored | Role::Template | Role::Generated | Role::Docs
        ) {
            continue;
        }
        let Some(text) = file.text() else { continue };
        if memchr::memmem::find(text.as_bytes(), b"DJANGO_SETTINGS_MODULE").is_none()
            && memchr::memmem::find(text.as_bytes(), b"--settings").is_none()
            && memchr::memmem::find(text.as_bytes(), b"--ds").is_none()
        {
            continue;
        }
        for found in pattern.captures_iter(text) {
            let Some(value) = found.get(1) else { continue };
            let Some(module) = module_near(read, &file.path, value.as_str()) else {
                continue;
            };
            let place = Place {
                file: id,
                span: Span {
                    start: value.start() as u32,
                    end: value.end() as u32,
                },
            };
            out.entry(module)
                .or_default()
                .push((place, Arc::clone(&file.path)));
        }
    }
    out
}

/// The module of this dotted name, of several projects the one nearest to `path`.
fn module_near(read: &Read<'_>, path: &str, dotted: &str) -> Option<ModuleId> {
    let tail = dotted.replace('.', "/");
    let folder = path.rsplit_once('/').map_or("", |(f, _)| f);
    let mut at = Some(folder);
    while let Some(base) = at {
        let prefix = if base.is_empty() {
            String::new()
        } else {
            format!("{base}/")
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
        at = match base {
            "" => None,
            _ => Some(base.rsplit_once('/').map_or("", |(f, _)| f)),
        };
    }
    read.program.find_module(dotted)
}

fn looks_like_settings(read: &Read<'_>, id: ModuleId) -> bool {
    let body = read.program.body(id);
    let mut keys = BTreeSet::new();
    let mut stars = false;
    walk_statements(body, &mut |stmt| {
        for key in [
            "INSTALLED_APPS",
            "ROOT_URLCONF",
            "MIDDLEWARE",
            "DATABASES",
            "SECRET_KEY",
        ] {
            if assigns(stmt, key).is_some() {
                keys.insert(key);
            }
        }
        if let StmtKind::ImportFrom(import) = &stmt.kind {
            stars |= import.star;
        }
    });
    let is_settings = read.role(id) == Role::Settings;
    keys.contains("INSTALLED_APPS") && (is_settings || keys.len() >= 2)
        || keys.contains("ROOT_URLCONF") && is_settings
        || is_settings && stars
}

fn kind(name: &str, is_named: bool, is_imported: bool) -> ProfileKind {
    let last = name.rsplit('.').next().unwrap_or(name);
    let has = |words: &[&str]| {
        last.split('_').any(|part| {
            words
                .iter()
                .any(|w| part.trim_end_matches(|c: char| c.is_ascii_digit()) == *w)
        })
    };
    if has(&[
        "prod",
        "production",
        "live",
        "deploy",
        "deployment",
        "heroku",
        "staging",
        "stage",
    ]) {
        ProfileKind::Prod
    } else if has(&[
        "dev",
        "develop",
        "development",
        "local",
        "localhost",
        "debug",
    ]) {
        ProfileKind::Dev
    } else if has(&["test", "tests", "testing", "ci", "pytest"]) {
        ProfileKind::Test
    } else if !is_named && is_imported
        || has(&["base", "common", "default", "defaults", "core"]) && (is_imported || !is_named)
    {
        ProfileKind::Base
    } else {
        ProfileKind::Only
    }
}

/// Which profile stands for production; see [`Settings::prod`].
fn choose_prod(read: &Read<'_>, profiles: &[Profile]) -> Option<usize> {
    let file_name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let rank = |p: &Profile| {
        let named_by = |wanted: &dyn Fn(&str) -> bool| {
            p.named_at
                .iter()
                .any(|(place, _)| wanted(&file_name(&read.tree.file(place.file).path)))
        };
        let deployed =
            named_by(&|n| n.starts_with("dockerfile") || n.contains("compose") || n == "procfile");
        let served = named_by(&|n| n == "wsgi.py" || n == "asgi.py");
        let managed = named_by(&|n| n == "manage.py");
        let last = p.name.rsplit('.').next().unwrap_or("");
        match p.kind {
            ProfileKind::Prod if !last.starts_with("stag") => 0,
            ProfileKind::Prod => 1,
            _ if deployed && p.kind != ProfileKind::Test => 2,
            _ if served && p.kind != ProfileKind::Test => 3,
            ProfileKind::Only if managed => 4,
            ProfileKind::Only => 5,
            _ if managed => 6,
            ProfileKind::Base => 7,
            ProfileKind::Dev => 8,
            ProfileKind::Test => 9,
        }
    };
    (0..profiles.len()).min_by_key(|at| {
        profiles.get(*at).map(|p| {
            let empty = p.get("INSTALLED_APPS").is_none();
            let path = &read.tree.file(p.file).path;
            (empty, rank(p), path.matches('/').count(), *at)
        })
    })
}

/// Modules whose names a settings module takes over, in order, itself last; and what stays open.
#[derive(Debug, Default)]
struct Sources {
    modules: Vec<ModuleId>,
    /// Brought in by a call (`include("base.py")`), which evaluation of names does not see.
    included: Vec<ModuleId>,
    open: Option<Arc<str>>,
}

impl Sources {
    fn of(read: &Read<'_>, module: ModuleId) -> Self {
        let mut out = Self::default();
        out.collect(read, module, 0, &mut BTreeSet::new());
        out
    }

    fn collect(
        &mut self,
        read: &Read<'_>,
        module: ModuleId,
        depth: usize,
        seen: &mut BTreeSet<ModuleId>,
    ) {
        if depth > MAX_IMPORTS || !seen.insert(module) {
            return;
        }
        let mut stack = vec![(read.program.body(module), false)];
        let mut statements: Vec<(&Stmt, bool)> = Vec::new();
        while let Some((body, optional)) = stack.pop() {
            for stmt in body {
                statements.push((stmt, optional));
                let within_try = matches!(stmt.kind, StmtKind::Try { .. });
                for inner in crate::django::read::inner_bodies(stmt) {
                    stack.push((inner, optional || within_try));
                }
            }
        }
        for (stmt, optional) in statements {
            match &stmt.kind {
                StmtKind::ImportFrom(import) if import.star => {
                    match import_target(read, module, import) {
                        Some(target) => self.collect(read, target, depth + 1, seen),
                        None if optional || !is_project_import(import) => {}
                        None => {
                            self.open.get_or_insert_with(|| {
                                format!(
                                    "it imports everything from `{}{}`, which is not in the tree",
                                    ".".repeat(import.level as usize),
                                    import.module
                                )
                                .into()
                            });
                        }
                    }
                }
                StmtKind::Expr(expr) => self.call(read, module, expr, depth, seen),
                _ => {}
            }
        }
        self.modules.push(module);
    }

    /// `include("components/base.py", optional("local.py"))` of split_settings, and
    /// `globals().update(…)`.
    fn call(
        &mut self,
        read: &Read<'_>,
        module: ModuleId,
        expr: &Expr,
        depth: usize,
        seen: &mut BTreeSet<ModuleId>,
    ) {
        let Some((func, args)) = expr.as_call() else {
            return;
        };
        if func.dotted().is_some_and(|d| d.ends_with("include")) {
            let path = &read.tree.file(read.program.module(module).file).path;
            let folder = path.rsplit_once('/').map_or("", |(f, _)| f);
            for arg in args {
                let mut literals = Vec::new();
                walk_expr(&arg.value, &mut |e| literals.extend(e.as_str()));
                for literal in literals {
                    for target in glob_files(read, folder, literal) {
                        if let Some(target) = read.program.module_of_file(target) {
                            self.collect(read, target, depth + 1, seen);
                            self.included.push(target);
                        }
                    }
                }
            }
            return;
        }
        let text = read.expr_text(module, func);
        if text.starts_with("globals().update")
            || text.starts_with("locals().update")
            || text.starts_with("vars().update")
            || &*text == "exec"
        {
            self.open
                .get_or_insert_with(|| format!("`{text}(…)` sets names at run time").into());
        }
    }
}

fn glob_files(read: &Read<'_>, folder: &str, pattern: &str) -> Vec<FileId> {
    let full = if folder.is_empty() {
        pattern.to_owned()
    } else {
        format!("{folder}/{pattern}")
    };
    if let Some(file) = read.tree.find(&full) {
        return vec![file];
    }
    if !pattern.contains('*') {
        return Vec::new();
    }
    let Ok(glob) = globset::GlobBuilder::new(&full)
        .literal_separator(true)
        .build()
    else {
        return Vec::new();
    };
    let matcher = glob.compile_matcher();
    read.tree
        .files()
        .filter(|(_, f)| matcher.is_match(&*f.path))
        .map(|(id, _)| id)
        .collect()
}

/// Whether an import should lead into the tree: relative ones, and those that do not name a
/// package everybody knows.
fn is_project_import(import: &ImportFrom) -> bool {
    import.level > 0
        || !matches!(
            import.module.split('.').next().unwrap_or(""),
            "django"
                | "decouple"
                | "environ"
                | "os"
                | "sys"
                | "corsheaders"
                | "split_settings"
                | "rest_framework"
                | "datetime"
                | "pathlib"
        )
}

/// The module of the tree that `from … import` names.
pub(in crate::django) fn import_target(
    read: &Read<'_>,
    module: ModuleId,
    import: &ImportFrom,
) -> Option<ModuleId> {
    if import.level == 0 {
        return read.program.find_module(&import.module);
    }
    let path = &read.tree.file(read.program.module(module).file).path;
    let mut folder = path.rsplit_once('/').map_or("", |(f, _)| f);
    for _ in 1..import.level {
        folder = folder.rsplit_once('/').map_or("", |(f, _)| f);
    }
    let tail = import.module.replace('.', "/");
    let base = match (folder.is_empty(), tail.is_empty()) {
        (true, _) => tail,
        (false, true) => folder.to_owned(),
        (false, false) => format!("{folder}/{tail}"),
    };
    [format!("{base}.py"), format!("{base}/__init__.py")]
        .iter()
        .find_map(|p| read.tree.find(p))
        .and_then(|f| read.program.module_of_file(f))
}

fn fill(read: &Read<'_>, profile: &mut Profile, sources: &Sources) {
    profile.open.clone_from(&sources.open);
    let mut keys: BTreeSet<Arc<str>> = BTreeSet::new();
    for module in &sources.modules {
        walk_statements(read.program.body(*module), &mut |stmt| {
            names(stmt, &mut keys);
        });
    }
    for key in keys {
        let mut found = None;
        for module in sources.included.iter().chain([&profile.module]) {
            if let Some(val) = read.program.module_value(*module, &key) {
                found = Some(val);
            }
        }
        let Some(val) = found else { continue };
        let place = sources
            .modules
            .iter()
            .rev()
            .find_map(|m| last_place(read, *m, &key, 0))
            .unwrap_or(Place {
                file: profile.file,
                span: Span::default(),
            });
        profile.insert(key, Setting { val, place });
    }
}

/// Upper-case names that a statement binds.
fn names(stmt: &Stmt, keys: &mut BTreeSet<Arc<str>>) {
    let mut add = |name: &Arc<str>| {
        if name.chars().any(|c| c.is_ascii_uppercase())
            && !name.chars().any(|c| c.is_ascii_lowercase())
        {
            keys.insert(Arc::clone(name));
        }
    };
    let mut target = |expr: &Expr| {
        walk_expr(expr, &mut |e| {
            if let ExprKind::Name(name) = &e.kind {
                add(name);
            }
        });
    };
    match &stmt.kind {
        StmtKind::Assign { targets, .. } => targets.iter().for_each(target),
        StmtKind::AnnAssign {
            target: t,
            value: Some(_),
            ..
        } => target(t),
        StmtKind::AugAssign { target: t, .. } => target(t),
        StmtKind::ImportFrom(import) => {
            for name in &import.names {
                add(name.alias.as_ref().unwrap_or(&name.path));
            }
        }
        _ => {}
    }
}

/// Where a name was bound last in a module: the value, or through an import the value there.
fn last_place(read: &Read<'_>, module: ModuleId, key: &str, depth: usize) -> Option<Place> {
    let mut found = None;
    let mut import = None;
    walk_statements(read.program.body(module), &mut |stmt| {
        if let Some(value) = assigns(stmt, key) {
            found = Some(read.place(module, value.span));
            import = None;
        }
        match &stmt.kind {
            StmtKind::Assign { targets, value }
                if targets.iter().any(|t| {
                    t.elements()
                        .is_some_and(|e| e.iter().any(|e| e.as_name() == Some(key)))
                }) =>
            {
                found = Some(read.place(module, value.span));
            }
            StmtKind::AugAssign { target, value, .. }
                if target.as_name() == Some(key) && found.is_none() =>
            {
                found = Some(read.place(module, value.span));
            }
            StmtKind::ImportFrom(i) => {
                let named = i
                    .names
                    .iter()
                    .find(|n| &**n.alias.as_ref().unwrap_or(&n.path) == key);
                if let Some(named) = named {
                    import = Some((i, named));
                    found = Some(read.place(module, named.span));
                }
            }
            _ => {}
        }
    });
    if let Some((i, named)) = import
        && depth < MAX_IMPORTS
    {
        let deeper = import_target(read, module, i)
            .and_then(|target| last_place(read, target, &named.path, depth + 1));
        return deeper.or(found);
    }
    found
}

/// The class a settings value names: a dotted string, or a class reference.
pub(in crate::django) fn value_class(
    read: &Read<'_>,
    val: &crate::python::Val,
) -> Option<crate::django::names::ClassRef> {
    use crate::python::Val;
    match val {
        Val::Symbol(symbol @ (Symbol::Class(_) | Symbol::External(_))) => {
            Some(read.symbol_ref(symbol))
        }
        _ => crate::django::names::as_str(val).map(|dotted| read.dotted_ref(dotted)),
    }
}
