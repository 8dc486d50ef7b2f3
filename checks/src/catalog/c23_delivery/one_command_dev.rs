//! DRF834: one tool's targets start, test and check the project.

use std::collections::BTreeMap;

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::infra::{Command, Target};
use crate::source::FileId;

pub(super) static CHECK: Check = Check {
    id: "DRF834",
    name: "one-command-dev",
    competency: Competency::C23,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Project,
    page: include_str!("one_command_dev.md"),
    yields_to: &[],
    run,
};

/// Of start, test, lint and migrate: how many a file must cover.
const WANTED: usize = 3;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut files: BTreeMap<FileId, Vec<&Target>> = BTreeMap::new();
    for target in &cx.head.infra.targets {
        files.entry(target.file).or_default().push(target);
    }
    for (file, targets) in files {
        out.looked();
        let commands = || targets.iter().flat_map(|target| &target.commands);
        let covers: Vec<&str> = [
            ("start", commands().any(starts)),
            ("test", commands().any(Command::runs_tests)),
            ("lint", commands().any(lints)),
            (
                "migrate",
                commands().any(|c| c.management_command() == Some("migrate")),
            ),
        ]
        .into_iter()
        .filter_map(|(name, covered)| covered.then_some(name))
        .collect();
        let broken = commands().any(|command| names_missing_file(cx, command));
        if covers.len() >= WANTED && !broken && covers.contains(&"test") {
            let line = targets.first().map_or(1, |target| target.line);
            out.found(Evidence::new(
                cx.head.tree.file(file).path.to_string(),
                Anchor::line(file, line),
                format!(
                    "One tool does what a new joiner needs: {}.",
                    covers.join(", ")
                ),
            ));
        }
    }
}

fn starts(command: &Command) -> bool {
    let has = |wanted: &str| command.words.iter().any(|word| word == wanted);
    has("up") && command.words.iter().any(|word| word.contains("compose"))
        || command
            .management_command()
            .is_some_and(|name| name.starts_with("runserver"))
        || matches!(command.program(), "gunicorn" | "uvicorn")
}

fn lints(command: &Command) -> bool {
    matches!(
        command.program(),
        "ruff" | "flake8" | "black" | "isort" | "mypy" | "pylint" | "pyright" | "pre-commit"
    )
}

/// A requirements or compose file that the command names and the tree has not.
fn names_missing_file(cx: &Cx<'_>, command: &Command) -> bool {
    let flags = ["-r", "-f", "--requirement", "--file"];
    command.words.windows(2).any(|pair| match pair {
        [flag, path] => {
            flags.contains(&flag.as_str())
                && (path.ends_with(".txt") || path.ends_with(".yml") || path.ends_with(".yaml"))
                && !path.contains('$')
                && !cx
                    .head
                    .tree
                    .files()
                    .any(|(_, file)| file.path.ends_with(path.trim_start_matches("./")))
        }
        _ => false,
    })
}
