//! DRF444: a pipeline that runs the tests for pull requests and at least two further gates.

use std::collections::BTreeSet;

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::infra::{CiFile, Command};

pub(super) static CHECK: Check = Check {
    id: "DRF444",
    name: "pipeline-quality",
    competency: Competency::C11,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("pipeline_quality.md"),
    yields_to: &[],
    run,
};

/// Gates besides the tests that make a pipeline good.
const WANTED: usize = 2;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for ci in &cx.head.infra.ci {
        out.looked();
        if ci.opaque {
            let path = cx.head.tree.file(ci.file).path.to_string();
            out.unknown(path, "the pipeline's language is not read here");
            continue;
        }
        let commands = || {
            all_commands(cx, ci)
                .into_iter()
                .filter(|(command, _)| !command.neutered)
        };
        let Some((_, line)) = commands().find(|(command, _)| command.runs_tests()) else {
            continue;
        };
        let gates: BTreeSet<&str> = commands()
            .filter_map(|(command, _)| gate(&command))
            .collect();
        if ci.runs_on_pull_requests() && gates.len() >= WANTED {
            let gates = gates.into_iter().collect::<Vec<_>>().join(", ");
            out.found(Evidence::new(
                cx.head.tree.file(ci.file).path.to_string(),
                Anchor::line(ci.file, line),
                format!(
                    "The pipeline runs the tests for pull requests, and further gates: {gates}."
                ),
            ));
        }
    }
}

/// Commands of the pipeline with their lines, those of Makefile targets included.
fn all_commands(cx: &Cx<'_>, ci: &CiFile) -> Vec<(Command, u32)> {
    let mut found = Vec::new();
    for command in ci.commands() {
        found.push((command.clone(), command.line));
        if matches!(command.program(), "make" | "just") {
            let named = command.unwrapped().iter().skip(1);
            for target in
                named.filter_map(|name| cx.head.infra.targets.iter().find(|t| &t.name == name))
            {
                found.extend(target.commands.iter().map(|inner| {
                    let neutered = inner.neutered || command.neutered;
                    (
                        Command {
                            neutered,
                            ..inner.clone()
                        },
                        command.line,
                    )
                }));
            }
        }
    }
    found
}

/// What a command guards, besides tests.
fn gate(command: &Command) -> Option<&'static str> {
    let has = |wanted: &str| command.words.iter().any(|word| word.starts_with(wanted));
    Some(match command.program() {
        "ruff" | "flake8" | "pylint" | "black" | "isort" | "pre-commit" => "a linter or formatter",
        "mypy" | "pyright" | "ty" | "pyre" => "a type checker",
        "bandit" | "pip-audit" | "safety" | "semgrep" | "trivy" | "gitleaks" => "a security scan",
        "docker" if has("build") => "an image build",
        "docker-compose" if has("build") => "an image build",
        "squawk" | "lintmigrations" => "a migration linter",
        _ => match command.management_command()? {
            "makemigrations" if has("--check") => "a check for missing migrations",
            "check" if has("--deploy") => "Django's deployment checks",
            "spectacular" => "the schema's validation",
            _ => return None,
        },
    })
}
