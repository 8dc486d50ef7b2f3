//! DRF362: output that nobody reads in production.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF362",
    name: "print-instead-of-logging",
    competency: Competency::C09,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("print_instead_of_logging.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let path = &cx.head.tree.file(function.place.file).path;
        let terminal = [
            "management/",
            "scripts/",
            "settings",
            "manage.py",
            "seed",
            "populate",
        ];
        if terminal.iter().any(|part| path.contains(part)) || is_script(cx, path) {
            continue;
        }
        for log in &function.logs {
            out.looked();
            if !matches!(&*log.level, "print" | "pprint") {
                continue;
            }
            out.found(
                Evidence::new(
                    format!("{}.print.{}", function.fq, log.place.span.start),
                    cx.anchor(log.place),
                    format!("`{}` is called in `{}`: no level, no time, no logger to switch it off. `logging` has them.", log.level, function.fq),
                ),
            );
        }
    }
}

/// Started by hand: it has a main part.
fn is_script(cx: &Cx<'_>, path: &str) -> bool {
    cx.head
        .tree
        .get(path)
        .and_then(crate::source::SourceFile::text)
        .is_some_and(|text| text.contains("if __name__ == "))
}
