//! DRF335: text that is not constant is run as code or as a command.

use super::from_request::{Function, functions, words};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::link::Local;
use crate::python::syntax::{Arg, Expr, ExprKind, keyword, positional};
use crate::python::value::Val;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF335",
    name: "code-or-command-injection",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("code_or_command_injection.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in functions(cx) {
        let path = &*cx.head.tree.file(function.file).path;
        let by_hand = path.contains("management/commands/") || path.contains("scripts/");
        visit::calls(function.body, |call, func, args| {
            let Some((sink, text)) = sink(&function, func, args) else {
                return;
            };
            out.looked();
            if matches!(
                function.program.eval(function.scope, text),
                Val::Known(_) | Val::Seq(_)
            ) {
                return;
            }
            let severity = match (by_hand, function.origin(text).is_some()) {
                (true, _) => Severity::Low,
                (false, true) => Severity::Critical,
                (false, false) if is_parameter(&function, text) => Severity::High,
                (false, false) => Severity::Medium,
            };
            out.found(
                Evidence::new(
                    function.fq,
                    cx.anchor(function.place(call)),
                    format!(
                        "`{sink}` runs `{}`, which is not constant: whoever controls the value runs code on this server.",
                        words(cx, function.place(text))
                    ),
                )
                .severity(severity),
            );
        });
    }
}

/// What is run as code: the builtin `eval` and `exec`, the shell.
fn sink<'t>(
    function: &Function<'_>,
    func: &Expr,
    args: &'t [Arg],
) -> Option<(&'static str, &'t Expr)> {
    let first = positional(args, 0).or_else(|| keyword(args, "args"))?;
    if let ExprKind::Name(name) = &func.kind {
        let builtin = function
            .program
            .local(function.scope, name, func.span.start)
            .is_empty()
            && function
                .callee(func)
                .is_none_or(|fq| fq.starts_with("builtins."));
        match &**name {
            "eval" if builtin => return Some(("eval", first)),
            "exec" if builtin => return Some(("exec", first)),
            _ => {}
        }
    }
    let callee = function.callee(func)?;
    match &*callee {
        "os.system" => Some(("os.system", first)),
        "os.popen" => Some(("os.popen", first)),
        "subprocess.getoutput" | "subprocess.getstatusoutput" => Some(("subprocess", first)),
        fq if fq.starts_with("subprocess.") => keyword(args, "shell")
            .is_some_and(|shell| matches!(shell.kind, ExprKind::Bool(true)))
            .then_some(("a shell", first)),
        _ => None,
    }
}

fn is_parameter(function: &Function<'_>, expr: &Expr) -> bool {
    visit::any_within(expr, |inner| match &inner.kind {
        ExprKind::Name(name) if !matches!(&**name, "self" | "cls") => function
            .program
            .local(function.scope, name, inner.span.start)
            .iter()
            .any(|local| matches!(local, Local::Param(..))),
        _ => false,
    })
}
