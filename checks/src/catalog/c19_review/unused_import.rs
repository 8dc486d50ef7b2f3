//! DRF711: names are imported and not used.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ImportName, StmtKind};
use crate::source::Role;
use std::collections::BTreeMap;

pub(super) static CHECK: Check = Check {
    id: "DRF711",
    name: "unused-import",
    competency: Competency::C19,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("unused_import.md"),
    yields_to: &[],
    run,
};

/// What `startproject` and `startapp` write.
const SCAFFOLD: [&str; 5] = ["admin", "models", "render", "TestCase", "include"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let imported_elsewhere = imported_names(cx);
    for (id, module) in cx.head.program.modules() {
        let file = cx.head.tree.file(module.file);
        let judged = matches!(file.role, Role::App | Role::Command | Role::Test);
        if !judged
            || module.is_package
            || matches!(file.name(), "conftest.py" | "apps.py" | "celery.py")
        {
            continue;
        }
        let Some(text) = file.text() else { continue };
        let words = words(text);
        out.looked();
        let mut unused: Vec<(u32, String)> = Vec::new();
        for stmt in cx.head.program.body(id) {
            let (names, from): (&[ImportName], bool) = match &stmt.kind {
                StmtKind::Import(names) => (names, false),
                StmtKind::ImportFrom(import) if !import.star && &*import.module != "__future__" => {
                    (&import.names, true)
                }
                _ => continue,
            };
            let line = file.lines.line(stmt.span.start);
            let last = file.lines.line(stmt.span.end.saturating_sub(1));
            let quiet = (line..=last).any(|line| {
                file.lines
                    .text(text, line)
                    .is_some_and(|text| text.contains("noqa") || text.contains("pylint"))
            });
            if quiet || !cx.changes.touches(&file.path, line, last) {
                continue;
            }
            for name in names {
                let bound = name.alias.as_deref().unwrap_or_else(|| {
                    if from {
                        &*name.path
                    } else {
                        name.path.split('.').next().unwrap_or(&name.path)
                    }
                });
                // `import a.b` may be there for what importing does, and so may signals.
                let effect = name.path.contains('.') && name.alias.is_none()
                    || [
                        "signals",
                        "receivers",
                        "tasks",
                        "handlers",
                        "checks",
                        "translation",
                    ]
                    .contains(&bound);
                let own = text
                    .get(stmt.span.start as usize..stmt.span.end as usize)
                    .map_or(0, |text| words_of(text, bound));
                let used = words.get(bound).copied().unwrap_or(0) > own;
                let shared = imported_elsewhere.get(bound).is_some_and(|modules| {
                    modules.iter().any(|other| module.name.ends_with(&**other))
                });
                if !used && !effect && !shared && !SCAFFOLD.contains(&bound) {
                    unused.push((line, bound.to_owned()));
                }
            }
        }
        let Some((line, _)) = unused.first() else {
            continue;
        };
        let names: Vec<&str> = unused.iter().map(|(_, name)| &**name).take(6).collect();
        out.found(
            Evidence::new(
                module.name.to_string(),
                crate::catalog::Anchor::line(module.file, *line),
                format!("Imported and not used: `{}`.", names.join("`, `")),
            )
            .root("unused imports"),
        );
    }
}

/// Names that are imported from a module of the project, by the last part of the module.
fn imported_names(cx: &Cx<'_>) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, _) in cx.head.program.modules() {
        for stmt in cx.head.program.body(id) {
            if let StmtKind::ImportFrom(import) = &stmt.kind {
                let from = import.module.rsplit('.').next().unwrap_or("").to_owned();
                for name in &import.names {
                    found
                        .entry(name.path.to_string())
                        .or_default()
                        .push(from.clone());
                }
            }
        }
    }
    found
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
}

/// How often each word stands in the text; in comments and strings too, which makes for silence.
fn words(text: &str) -> BTreeMap<&str, usize> {
    let mut found = BTreeMap::new();
    for word in split(text) {
        *found.entry(word).or_default() += 1;
    }
    found
}

fn words_of(text: &str, name: &str) -> usize {
    split(text).filter(|word| *word == name).count()
}
