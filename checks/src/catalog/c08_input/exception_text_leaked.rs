//! DRF342: the text of any exception goes to the client.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF342",
    name: "exception-text-leaked",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("exception_text_leaked.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for except in &function.excepts {
            if !except.broad {
                continue;
            }
            out.looked();
            let Some(place) = except.leaks_text else {
                continue;
            };
            out.found(
                Evidence::new(
                    format!("{}.except.{}", function.fq, except.place.span.start),
                    cx.anchor(place),
                    "The text of whatever was raised goes into the response: table names, paths and queries reach the client. Log it, and answer with words of your own.",
                )
                .also(cx.anchor(except.place).note("everything is caught here")),
            );
        }
    }
}
