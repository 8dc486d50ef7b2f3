//! DRF146: one function of the project shapes every error.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::Symbol;

pub(super) static CHECK: Check = Check {
    id: "DRF146",
    name: "uniform-error-contract",
    competency: Competency::C02,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("uniform_error_contract.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let settings = cx.head.django.settings();
    out.looked();
    let Some(found) = settings.get("REST_FRAMEWORK.EXCEPTION_HANDLER") else {
        return;
    };
    let Some(dotted) = found.str() else { return };
    let from = settings.prod().map(|profile| profile.module);
    let resolved = from.map(|from| cx.head.program.resolve_dotted_for(from, dotted));
    let own = match resolved {
        Some(Symbol::Func(func)) => cx.head.django.function(func),
        _ => None,
    };
    let packaged = dotted.starts_with("drf_standardized_errors.");
    if own.is_none() && !packaged {
        return;
    }
    let mut evidence = Evidence::new(
        dotted.to_owned(),
        cx.anchor(found.place),
        "Every error goes through one handler, so that clients meet one shape.",
    );
    if let Some(function) = own {
        evidence = evidence.also(cx.anchor(function.place).note("the handler"));
    }
    out.found(evidence);
}
