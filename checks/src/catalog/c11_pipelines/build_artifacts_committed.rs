//! DRF443: files that a machine made stand in the repository.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::FileId;

pub(super) static CHECK: Check = Check {
    id: "DRF443",
    name: "build-artifacts-committed",
    competency: Competency::C11,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("build_artifacts_committed.md"),
    yields_to: &[],
    run,
};

/// What a machine leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Database,
    Environment,
    Bytecode,
    Log,
    Editor,
    Report,
}

const KINDS: [Kind; 6] = [
    Kind::Database,
    Kind::Environment,
    Kind::Bytecode,
    Kind::Log,
    Kind::Editor,
    Kind::Report,
];

impl Kind {
    fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut folders = path.split('/').rev().skip(1);
        let below = |wanted: &[&str]| path.split('/').any(|part| wanted.contains(&part));
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        Some(
            if below(&["site-packages", "node_modules", "dist-packages"]) {
                Self::Environment
            } else if folders.any(|folder| folder == "__pycache__") || ends(&[".pyc", ".pyo"]) {
                Self::Bytecode
            } else if ends(&[".sqlite3", ".sqlite", ".sqlite3-journal"]) {
                Self::Database
            } else if ends(&[".log"]) {
                Self::Log
            } else if below(&[".idea"]) || name == ".DS_Store" || ends(&[".swp"]) {
                Self::Editor
            } else if name == ".coverage" || below(&["htmlcov", ".pytest_cache", ".mypy_cache"]) {
                Self::Report
            } else {
                return None;
            },
        )
    }

    fn words(self, path: &str) -> String {
        match self {
            Self::Database => {
                format!("The database `{path}` is committed, with whatever rows it holds.")
            }
            Self::Environment => {
                format!(
                    "Installed packages are committed (`{path}`): they belong into requirements."
                )
            }
            Self::Bytecode => format!("Compiled Python is committed (`{path}`)."),
            Self::Log => format!("A log is committed (`{path}`)."),
            Self::Editor => format!("Files of an editor or desktop are committed (`{path}`)."),
            Self::Report => format!("The output of a test run is committed (`{path}`)."),
        }
    }
}

fn run(cx: &Cx<'_>, out: &mut Answers) {
    out.looked();
    // The first of each kind; hundreds of byte-code files are one mistake.
    let mut firsts: Vec<(Kind, FileId, String)> = Vec::new();
    for (id, file) in cx.head.tree.files() {
        let Some(kind) = Kind::of(&file.path) else {
            continue;
        };
        // What the employer's base brings is not the candidate's.
        if cx
            .base
            .is_some_and(|base| base.tree.get(&file.path).is_some())
        {
            continue;
        }
        if firsts.iter().all(|(known, ..)| *known != kind) {
            firsts.push((kind, id, file.path.to_string()));
        }
    }
    for kind in KINDS {
        for (_, id, path) in firsts.iter().filter(|(known, ..)| *known == kind) {
            let evidence =
                Evidence::new(format!("{kind:?}"), Anchor::line(*id, 1), kind.words(path))
                    .root("artifacts");
            out.found(if kind == Kind::Database {
                evidence.severity(Severity::Medium)
            } else {
                evidence
            });
        }
    }
}
