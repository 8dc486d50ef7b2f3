//! DRF343: everything that may go wrong is caught, and nothing tells.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF343",
    name: "broad-except-swallow",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("broad_except_swallow.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let path = &cx.head.tree.file(function.place.file).path;
        // A command or a script is a boundary of its own: it may go on with the next row.
        if path.contains("management/commands/") || path.contains("scripts/") {
            continue;
        }
        for except in &function.excepts {
            if !except.broad {
                continue;
            }
            out.looked();
            if except.logs || except.error_status {
                continue;
            }
            // A bare one that raises another exception catches even what stops the process.
            let hides = except.types.is_empty() && except.replaces;
            if hides {
                out.found(Evidence::new(
                    format!("{}.except.{}", function.fq, except.place.span.start),
                    cx.anchor(except.place),
                    "A bare `except:` turns everything into another exception, a mistake in the code \
                     like the case that was meant. Name the exception that is expected.",
                ));
                continue;
            }
            if !except.swallows || except.reraises {
                continue;
            }
            let what = if except.types.is_empty() {
                "A bare `except:`".to_owned()
            } else {
                format!("`except {}`", except.types.join(", "))
            };
            let then = if except.guards_write {
                "a write that failed looks like one that worked"
            } else {
                "a mistake in the code looks like the case that was meant"
            };
            out.found(Evidence::new(
                format!("{}.except.{}", function.fq, except.place.span.start),
                cx.anchor(except.place),
                format!("{what} goes on without a trace: {then}. Name the exception that is expected, and log the rest."),
            ));
        }
    }
}
