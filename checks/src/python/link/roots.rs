//! Where dotted names begin: the source roots of a tree.
//!
//! Python finds modules through `sys.path`, which only a running program knows. What a repository
//! shows of it: the folder of `manage.py`, `src/`, the folder of `pyproject.toml` or `setup.py`,
//! folders that settings add to `sys.path`, and the folder above a topmost package.

use std::collections::{BTreeMap, BTreeSet};

use super::super::parse::ParsedFile;
use super::super::syntax::{Expr, ExprKind, Stmt, StmtKind};
use crate::source::{Role, Tree};

/// More roots than this say nothing about imports; a lookup tries each.
const MAX_ROOTS: usize = 64;

/// Source roots, without `/` at the end; the tree's own root is the empty string.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Sorted.
    pub(super) all: Vec<String>,
    /// Those that a `manage.py` or a `sys.path` entry makes; the others are likely.
    projects: BTreeSet<String>,
}

impl Roots {
    pub(super) fn of<'a>(
        tree: &Tree,
        modules: impl Iterator<Item = (&'a str, &'a ParsedFile)>,
    ) -> Self {
        let mut roots = Self::default();
        let mut likely = BTreeSet::from([String::new()]);
        let folders = folders_of(tree);
        let (mut packages, mut with_python) = (BTreeSet::new(), BTreeMap::new());
        for (path, parsed) in modules {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            *with_python.entry(folder).or_insert(0) += 1;
            match name {
                "manage.py" => {
                    roots.projects.insert(folder.to_owned());
                }
                "__init__.py" => {
                    packages.insert(folder);
                }
                _ => {}
            }
            added_to_path(folder, &parsed.body, &folders, &mut roots.projects);
        }
        for (_, file) in tree.files() {
            let configures = matches!(file.name(), "pyproject.toml" | "setup.py" | "setup.cfg");
            if configures && file.role != Role::Vendored {
                likely.insert(file.folder().to_owned());
            }
        }
        for folder in with_python.keys() {
            // `src` itself, and `src` above packages that have no module of its own.
            let mut at = Some(*folder);
            while let Some(path) = at {
                let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
                if name == "src" && !packages.contains(path) {
                    likely.insert(path.to_owned());
                }
                at = (!path.is_empty()).then_some(above);
            }
        }
        for package in &packages {
            let mut top = *package;
            loop {
                let above = top.rsplit_once('/').map_or("", |(above, _)| above);
                if above.is_empty() || !packages.contains(above) {
                    break;
                }
                top = above;
            }
            let above = top.rsplit_once('/').map_or("", |(above, _)| above);
            // Within a project, a folder without `__init__.py` is a package all the same.
            let inside = roots
                .projects
                .iter()
                .chain(likely.iter().filter(|root| !root.is_empty()))
                .any(|root| is_within(above, root));
            if !inside {
                likely.insert(above.to_owned());
            }
        }
        let mut all: Vec<String> = roots.projects.iter().cloned().collect();
        all.extend(likely.difference(&roots.projects).cloned());
        all.truncate(MAX_ROOTS);
        if !all.iter().any(String::is_empty) {
            all.push(String::new());
        }
        all.sort();
        roots.all = all;
        roots
    }

    /// The innermost root that holds this path: module names count from it.
    pub(super) fn innermost(&self, path: &str) -> &str {
        self.all
            .iter()
            .filter(|root| is_within(path, root))
            .max_by_key(|root| root.len())
            .map_or("", String::as_str)
    }

    /// Roots in the order in which an import of `path` tries them: those around it, the innermost
    /// first, then the others.
    pub(super) fn seen_from<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        let around = self.all.iter().rev().filter(|root| is_within(path, root));
        let others = self.all.iter().filter(|root| !is_within(path, root));
        around.chain(others).map(String::as_str)
    }

    /// Whether a `manage.py` governs this path.
    pub(super) fn in_project(&self, path: &str) -> bool {
        self.projects.iter().any(|root| is_within(path, root))
    }
}

fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `sys.path.insert(0, …)` and `sys.path.append(…)` at the top of a module or in a function of
/// `manage.py`: the literal end of the path, looked for in the folders around.
fn added_to_path(
    folder: &str,
    body: &[Stmt],
    folders: &BTreeSet<&str>,
    into: &mut BTreeSet<String>,
) {
    for stmt in body {
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                let Some((func, args)) = expr.as_call() else {
                    continue;
                };
                let dotted = func.dotted();
                let arg = match dotted.as_deref() {
                    Some("sys.path.insert") => args.get(1),
                    Some("sys.path.append") => args.first(),
                    _ => continue,
                };
                let mut parts = Vec::new();
                if let Some(arg) = arg {
                    literal_parts(&arg.value, &mut parts);
                }
                let tail = parts.join("/");
                let tail = tail.trim_matches('/');
                if tail.is_empty() || tail.contains("..") {
                    continue;
                }
                let mut at = Some(folder);
                while let Some(above) = at {
                    let candidate = if above.is_empty() {
                        tail.to_owned()
                    } else {
                        format!("{above}/{tail}")
                    };
                    if folders.contains(candidate.as_str()) {
                        into.insert(candidate);
                        break;
                    }
                    at = (!above.is_empty())
                        .then(|| above.rsplit_once('/').map_or("", |(above, _)| above));
                }
            }
            StmtKind::If { body, orelse, .. } => {
                added_to_path(folder, body, folders, into);
                added_to_path(folder, orelse, folders, into);
            }
            StmtKind::Try { body, .. } => added_to_path(folder, body, folders, into),
            StmtKind::Function(def) => added_to_path(folder, &def.body, folders, into),
            _ => {}
        }
    }
}

/// The string literals of `BASE_DIR / "apps"`, `os.path.join(BASE_DIR, "apps")`, `str(…)`.
fn literal_parts<'e>(expr: &'e Expr, parts: &mut Vec<&'e str>) {
    match &expr.kind {
        ExprKind::Str(text) => parts.push(text),
        ExprKind::BinOp { left, right, .. } => {
            literal_parts(left, parts);
            literal_parts(right, parts);
        }
        ExprKind::Call { args, .. } => {
            for arg in args {
                literal_parts(&arg.value, parts);
            }
        }
        _ => {}
    }
}

/// Every folder of the tree.
fn folders_of(tree: &Tree) -> BTreeSet<&str> {
    let mut folders = BTreeSet::new();
    for (_, file) in tree.files() {
        let mut folder = file.folder();
        while folders.insert(folder) && !folder.is_empty() {
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
    folders
}
