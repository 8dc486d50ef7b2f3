//! DRF713: notes to do something later.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF713",
    name: "todo-left",
    competency: Competency::C19,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Diff,
    page: include_str!("todo_left.md"),
    yields_to: &[],
    run,
};

const MARKS: [&str; 4] = ["TODO", "FIXME", "XXX", "HACK"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for (_, module) in cx.head.program.modules() {
        let file = cx.head.tree.file(module.file);
        if !file.role.is_product_code() && file.role != Role::Test {
            continue;
        }
        for comment in module.comments() {
            let Some(mark) = MARKS.iter().find(|mark| has_word(&comment.text, mark)) else {
                continue;
            };
            let line = file.lines.line(comment.span.start);
            if !cx.changes.touches(&file.path, line, line) {
                continue;
            }
            out.looked();
            // With a reference it is planned work.
            let text = &*comment.text;
            let planned = text.contains("http") || text.contains('#') && has_issue(text);
            if planned {
                continue;
            }
            let grave = ["production", "security", "permission", "insecure"]
                .iter()
                .any(|word| text.to_lowercase().contains(word));
            out.found(
                Evidence::new(
                    format!("{}:{line}", file.path),
                    crate::catalog::Anchor::line(module.file, line),
                    format!("A `{mark}` is left in the code, and nothing says whether it is known or forgotten."),
                )
                .severity(if grave { Severity::Low } else { Severity::Info })
                .root("todo"),
            );
        }
    }
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// `#123`
fn has_issue(text: &str) -> bool {
    text.split('#')
        .skip(1)
        .any(|rest| rest.chars().next().is_some_and(|c| c.is_ascii_digit()))
}
