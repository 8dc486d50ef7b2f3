//! DRF632: several writes that belong together, and nothing undoes the first when the second fails.

use super::enclosing;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{Write, WriteKind};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF632",
    name: "multi-write-not-atomic",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("multi_write_not_atomic.md"),
    yields_to: &[],
    run,
};

/// Models whose rows only record what happened.
const RECORDS: [&str; 6] = [
    "log",
    "audit",
    "history",
    "event",
    "notification",
    "activity",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for function in django.functions() {
        let role = cx.head.tree.file(function.place.file).role;
        if !matches!(role, crate::source::Role::App) {
            continue;
        }
        let writes: Vec<&Write> = function
            .writes
            .iter()
            .filter(|write| counts(write))
            .collect();
        if writes.is_empty() {
            continue;
        }
        out.looked();
        let open: Vec<&Write> = writes
            .iter()
            .copied()
            .filter(|write| !write.in_atomic)
            .collect();
        let Some(second) = second_write(&open) else {
            continue;
        };
        if enclosing::is_inside(cx, function) {
            continue;
        }
        let Some(first) = open.first() else { continue };
        let severity = severity(cx, first, second);
        let (a, b) = (describe(cx, first), describe(cx, second));
        let message = if std::ptr::eq(*first, second) {
            format!(
                "`{}` writes {a} in a loop outside a transaction: when one row fails, those before it stay.",
                function.fq
            )
        } else {
            format!(
                "`{}` writes {a} and then {b} outside a transaction: when the second fails, the first stays.",
                function.fq
            )
        };
        out.found(
            Evidence::new(function.fq.to_string(), cx.anchor(first.place), message)
                .severity(severity)
                .also(
                    cx.anchor(second.place)
                        .note("the write that can fail after it"),
                )
                .also(cx.anchor(function.place).note("the function")),
        );
    }
}

/// Writes that leave something behind.
fn counts(write: &Write) -> bool {
    !matches!(write.kind, WriteKind::BulkCreate | WriteKind::BulkUpdate) || write.in_loop.is_none()
}

/// The write that depends on an earlier one: another model, a row per turn of a loop, or a
/// many-to-many set after a create. Branches that exclude each other do not count as two.
fn second_write<'a>(open: &[&'a Write]) -> Option<&'a Write> {
    let first = open.first()?;
    let rest = open.iter().skip(1).find(|write| {
        // `user = create_user(…)` and then `user.save()` is one row; two rows of one model are two
        // variables that are both saved.
        let both_saved = write.kind == WriteKind::Save && first.kind == WriteKind::Save;
        let same_row = write.model == first.model
            && (write.target == first.target || !both_saved)
            && write.in_loop.is_none();
        let known = write.model.is_some() && first.model.is_some();
        let relation = write.kind == WriteKind::Relation;
        let in_loop = write.in_loop.is_some();
        relation || (!same_row && (known || in_loop))
    });
    rest.copied().or_else(|| {
        let looped =
            first.in_loop.is_some() && matches!(first.kind, WriteKind::Create | WriteKind::Save);
        (looped && open.len() > 1).then_some(*first)
    })
}

fn severity(cx: &Cx<'_>, first: &Write, second: &Write) -> Severity {
    let records = |write: &Write| {
        write.model.is_some_and(|id| {
            let name = cx.head.django.model(id).name.to_lowercase();
            RECORDS.iter().any(|word| name.contains(word))
        })
    };
    if records(first) || records(second) {
        Severity::Low
    } else if second.kind == WriteKind::Relation {
        Severity::Medium
    } else {
        Severity::High
    }
}

fn describe(cx: &Cx<'_>, write: &Write) -> String {
    match write.model {
        Some(id) => format!("`{}`", cx.head.django.model(id).name),
        None => format!("`{}`", write.target),
    }
}
