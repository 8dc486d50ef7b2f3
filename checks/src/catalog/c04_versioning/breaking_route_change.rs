//! DRF205: the committed schema shows a route that is gone or has moved.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::openapi::files::compare;
use crate::openapi::{Change, Level};

pub(super) static CHECK: Check = Check {
    id: "DRF205",
    name: "breaking-route-change",
    competency: Competency::C04,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Diff,
    page: include_str!("breaking_route_change.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(base) = cx.base else {
        out.not_applicable("there is no base to compare with");
        return;
    };
    let (comparisons, errors) = compare(&base.tree, &cx.head.tree);
    for error in errors {
        out.unknown(error.path.clone(), error.to_string());
    }
    for comparison in &comparisons {
        out.looked();
        let Some(file) = cx.head.tree.find(&comparison.path) else {
            continue;
        };
        for change in comparison.changes.changes.iter().filter(|c| is_ours(c)) {
            // What is gone has no line in the head; the file's first line stands for it.
            let line = change
                .source
                .revision
                .as_ref()
                .filter(|place| *place.file == *comparison.path)
                .map_or(1, |place| place.line);
            let at = change.at.as_ref().map_or(String::new(), |at| {
                let more = match change.operations.len() {
                    0 | 1 => String::new(),
                    n => format!(" and {} more", n - 1),
                };
                format!(" (`{} {}`{more})", at.operation, at.path)
            });
            out.found(
                Evidence::new(
                    format!("{} {} {}", comparison.path, change.id, change.text),
                    Anchor::line(file, line),
                    format!(
                        "The committed schema shows that clients of a route break: {}{at}.",
                        change.text
                    ),
                )
                .root(format!("{} {}", comparison.path, change.text)),
            );
        }
    }
}

/// Is it a route that is gone or has moved?
fn is_ours(change: &Change) -> bool {
    change.level == Level::Error
        && (change.id.starts_with("api-removed")
            || change.id.starts_with("api-path-removed")
            || change.id.starts_with("drf-path")
            || change.id.starts_with("drf-trailing"))
}
