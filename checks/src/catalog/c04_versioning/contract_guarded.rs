//! DRF208: something fails when the API's contract changes.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::infra::Command;
use crate::python::syntax::{Arg, Expr, ExprKind};
use crate::python::{Symbol, visit};

pub(super) static CHECK: Check = Check {
    id: "DRF208",
    name: "contract-guarded",
    competency: Competency::C04,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Project,
    page: include_str!("contract_guarded.md"),
    yields_to: &[],
    run,
};

/// Packages that hold an API against its schema.
const LIBRARIES: [&str; 5] = [
    "schemathesis",
    "openapi_core",
    "openapi_tester",
    "drf_openapi_tester",
    "django_contract_tester",
];
/// Actions that do so in GitHub's pipelines.
const ACTIONS: [&str; 3] = ["schemathesis/action", "oasdiff/", "tufin/oasdiff-action"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    in_tests(cx, out);
    in_pipelines(cx, out);
}

fn in_tests(cx: &Cx<'_>, out: &mut Answers) {
    let (program, django) = (&cx.head.program, &cx.head.django);
    for test in django.tests() {
        if !test.is_collected() || test.skipped.is_some() {
            continue;
        }
        out.looked();
        let def = program.func_def(test.func);
        let scope = program.scope_of_func(test.func);
        let around = program.scope_around_func(test.func);
        // `@schema.parametrize()`: what the variable was made with says what it is.
        let by_decorator = def
            .decorators
            .iter()
            .any(|decorator| visit::any_within(decorator, |expr| is_library(cx, around, expr)));
        let mut says = by_decorator.then_some("The test holds the API against its schema.");
        visit::calls(&def.body, |_, callee, args| {
            if is_library(cx, scope, callee) {
                says = says.or(Some("The test holds the API against its schema."));
            } else if !test.asserts.is_empty() && generates(cx, scope, callee, args) {
                says = says.or(Some(
                    "The test generates the schema and asserts what must be in it.",
                ));
            }
        });
        if let Some(message) = says {
            let anchor = cx.anchor(test.place);
            out.found(Evidence::new(test.label.to_string(), anchor, message).root("contract"));
        }
    }
}

/// Is it something of a contract-testing package, or a variable made by one?
fn is_library(cx: &Cx<'_>, scope: crate::python::Scope, expr: &Expr) -> bool {
    let program = &cx.head.program;
    let of_library = |fq: &str| {
        let root = fq.split('.').next().unwrap_or("");
        LIBRARIES.contains(&root)
    };
    let symbol = program.resolve(scope, expr);
    if matches!(&symbol, Symbol::External(fq) if of_library(fq)) {
        return true;
    }
    program
        .variable_expr(&symbol)
        .is_some_and(|(scope, value)| {
            value.as_call().is_some_and(|(callee, _)| {
                matches!(program.resolve(scope, callee), Symbol::External(fq) if of_library(&fq))
            })
        })
}

/// `call_command("spectacular", …)` or a schema generator of its own.
fn generates(cx: &Cx<'_>, scope: crate::python::Scope, callee: &Expr, args: &[Arg]) -> bool {
    let Symbol::External(fq) = cx.head.program.resolve(scope, callee) else {
        return false;
    };
    match &*fq {
        "django.core.management.call_command" => args.first().is_some_and(
            |arg| matches!(&arg.value.kind, ExprKind::Str(name) if &**name == "spectacular"),
        ),
        "drf_spectacular.generators.SchemaGenerator"
        | "drf_yasg.generators.OpenAPISchemaGenerator"
        | "rest_framework.schemas.openapi.SchemaGenerator" => true,
        _ => false,
    }
}

fn in_pipelines(cx: &Cx<'_>, out: &mut Answers) {
    for ci in &cx.head.infra.ci {
        out.looked();
        if ci.opaque {
            let path = cx.head.tree.file(ci.file).path.to_string();
            out.unknown(path, "the pipeline's language is not read here");
            continue;
        }
        let steps = ci
            .jobs
            .iter()
            .filter(|job| !job.advisory)
            .flat_map(|job| &job.steps)
            .filter(|step| !step.advisory);
        for step in steps {
            let by_action = step
                .uses
                .as_deref()
                .is_some_and(|uses| ACTIONS.iter().any(|action| uses.starts_with(action)));
            let generated = step.commands.iter().any(|c| {
                c.management_command() == Some("spectacular")
                    && c.words.iter().any(|w| w.starts_with("--file"))
            });
            let command = step
                .commands
                .iter()
                .find(|c| !c.neutered && (guards(c) || generated && is_git_diff(c)));
            let line = match (by_action, command) {
                (true, _) => step.line,
                (false, Some(command)) => command.line,
                (false, None) => continue,
            };
            out.found(
                Evidence::new(
                    cx.head.tree.file(ci.file).path.to_string(),
                    Anchor::line(ci.file, line),
                    "The pipeline fails when the API's contract changes or does not hold.",
                )
                .root("contract"),
            );
        }
    }
}

fn guards(command: &Command) -> bool {
    let has = |wanted: &str| command.words.iter().any(|word| word == wanted);
    match command.program() {
        "schemathesis" | "st" => has("run"),
        "dredd" | "openapi-diff" => true,
        "oasdiff" => has("breaking") || has("changelog") || has("diff"),
        "takehome" => has("schema"),
        _ => command.management_command() == Some("spectacular") && has("--validate"),
    }
}

/// `git diff --exit-code`, which fails where the generated schema is another than the committed one.
fn is_git_diff(command: &Command) -> bool {
    command.program() == "git"
        && command.words.iter().any(|w| w == "diff")
        && command
            .words
            .iter()
            .any(|w| w == "--exit-code" || w == "--quiet")
}
