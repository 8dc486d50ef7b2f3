//! DRF732: the README does not lead from a clone to a running server and a test run.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::infra::{Command, Markdown};

pub(super) static CHECK: Check = Check {
    id: "DRF732",
    name: "readme-lacks-run-and-test",
    competency: Competency::C20,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Project,
    page: include_str!("readme_lacks_run_and_test.md"),
    yields_to: &["DRF731"],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let infra = &cx.head.infra;
    let Some(readme) = infra.readme(&cx.head.tree) else {
        out.not_applicable("there is no README");
        return;
    };
    out.looked();
    let docs = infra
        .markdown
        .iter()
        .filter(|doc| doc.file == readme.file || is_linked(cx, readme, doc));
    let commands: Vec<Command> = docs
        .flat_map(|doc| with_targets(cx, doc.commands()))
        .collect();
    let runs = commands.iter().any(starts_server);
    let has_tests = cx.head.tree.files().any(|(_, file)| {
        file.role == crate::source::Role::Test
            && file.text().is_some_and(|t| t.contains("def test"))
    });
    let tests = commands.iter().any(Command::runs_tests);
    let missing = match (runs, tests || !has_tests) {
        (true, true) => return,
        (false, true) => "how to start the server",
        (true, false) => "how to run the tests",
        (false, false) => "how to start the server and how to run the tests",
    };
    let path = &cx.head.tree.file(readme.file).path;
    out.found(Evidence::new(
        "README",
        Anchor::line(readme.file, 1),
        format!("`{path}` does not say {missing} as commands that can be copied."),
    ));
}

/// `runserver`, a compose or application server start.
fn starts_server(command: &Command) -> bool {
    let has = |wanted: &str| command.words.iter().any(|word| word == wanted);
    match command.program() {
        "docker-compose" | "podman-compose" => has("up"),
        "docker" => has("up") || has("run"),
        "gunicorn" | "uvicorn" | "daphne" | "hypercorn" => true,
        _ => command
            .management_command()
            .is_some_and(|name| name.starts_with("runserver")),
    }
}

/// Commands, and those of the make or just targets they call, with what those need.
fn with_targets(cx: &Cx<'_>, commands: Vec<Command>) -> Vec<Command> {
    let targets = &cx.head.infra.targets;
    let mut found = Vec::new();
    for command in commands {
        if matches!(command.program(), "make" | "just") {
            let mut names: Vec<String> = command.unwrapped().iter().skip(1).cloned().collect();
            let mut at = 0;
            // Each target once, so cycles end.
            while let Some(name) = names.get(at).cloned() {
                at += 1;
                for target in targets.iter().filter(|target| target.name == name) {
                    found.extend(target.commands.iter().cloned());
                    for need in &target.needs {
                        if !names.contains(need) {
                            names.push(need.clone());
                        }
                    }
                }
            }
        }
        found.push(command);
    }
    found
}

/// Whether the README mentions the document by name.
fn is_linked(cx: &Cx<'_>, readme: &Markdown, doc: &Markdown) -> bool {
    let name = cx.head.tree.file(doc.file).name();
    readme.prose.iter().any(|(_, line)| line.contains(name))
}
