//! DRF144: the project's exception handler answers by itself, and the transaction of the request is
//! committed although it failed.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::Symbol;
use crate::python::value::{Literal, Val};
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF144",
    name: "exception-handler-skips-rollback",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("exception_handler_skips_rollback.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let (django, program) = (&cx.head.django, &cx.head.program);
    let settings = django.settings();
    let is_atomic = settings
        .get("DATABASES.default.ATOMIC_REQUESTS")
        .is_some_and(|found| matches!(found.val, Val::Known(Literal::Bool(true))));
    if !is_atomic {
        out.not_applicable("requests are not wrapped in transactions (ATOMIC_REQUESTS)");
        return;
    }
    let Some(found) = settings.get("REST_FRAMEWORK.EXCEPTION_HANDLER") else {
        return;
    };
    let Some(dotted) = found.str() else { return };
    out.looked();
    let Some(from) = settings.prod().map(|profile| profile.module) else {
        return;
    };
    let Symbol::Func(func) = program.resolve_dotted_for(from, dotted) else {
        // A package's handler is not ours to read.
        return;
    };
    let Some(function) = django.function(func) else {
        return;
    };
    let def = program.func_def(func);
    let mut rolls_back = false;
    visit::calls(&def.body, |_, callee, _| {
        let name = callee.dotted().unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or("");
        rolls_back |= last.contains("exception_handler") || last == "set_rollback";
    });
    if rolls_back || function.responses.is_empty() {
        return;
    }
    out.found(
        Evidence::new(
            function.fq.to_string(),
            cx.anchor(function.place),
            format!(
                "`{}` builds its own answer and neither asks DRF's handler nor calls \
                 `set_rollback()`: with ATOMIC_REQUESTS, what a failed request wrote is committed.",
                def.name
            ),
        )
        .also(cx.anchor(found.place).note("chosen here")),
    );
}
