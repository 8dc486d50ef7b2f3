//! DRF512: `from x import *` hides where names come from.

use std::collections::BTreeMap;

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{ImportFrom, Stmt, StmtKind};
use crate::python::value::Place;
use crate::python::visit;
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF512",
    name: "wildcard-import",
    competency: Competency::C13,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("wildcard_import.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let program = &cx.head.program;
    for (id, module) in program.modules() {
        let file = cx.head.tree.file(module.file);
        // Settings are layered by stars, and a package's `__init__` gathers what it offers.
        if !matches!(file.role, Role::App | Role::Command)
            || file.name() == "__init__.py"
            || is_settings(&file.path)
        {
            continue;
        }
        out.looked();
        let mut stars: Vec<&ImportFrom> = Vec::new();
        visit::stmts(program.body(id), |stmt: &Stmt| {
            if let StmtKind::ImportFrom(import) = &stmt.kind
                && import.star
            {
                stars.push(import);
            }
        });
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for import in stars {
            let from = format!("{}{}", ".".repeat(import.level as usize), import.module);
            if is_settings_name(&import.module) {
                continue;
            }
            let times = seen.entry(from.clone()).or_default();
            *times += 1;
            let place = Place {
                file: module.file,
                span: import.span,
            };
            out.found(
                Evidence::new(
                    format!("{} {from} {times}", file.path),
                    cx.anchor(place),
                    format!(
                        "`from {from} import *`: nobody sees from here which names come from there, \
                         and a new name there can take the place of one here."
                    ),
                )
                .root(file.folder()),
            );
        }
    }
}

fn is_settings(path: &str) -> bool {
    path.split('/')
        .any(|part| is_settings_name(part.strip_suffix(".py").unwrap_or(part)))
}

/// `settings`, `local_settings`, `settings_dev`, `project.settings.base`
fn is_settings_name(module: &str) -> bool {
    module.split(['.', '_']).any(|word| word == "settings")
}
