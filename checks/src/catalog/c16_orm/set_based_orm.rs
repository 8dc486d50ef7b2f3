//! DRF609: the database computes what a loop would.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::WriteKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF609",
    name: "set-based-orm",
    competency: Competency::C16,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("set_based_orm.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let role = cx.head.tree.file(function.place.file).role;
        if role != Role::App {
            continue;
        }
        if function.queries.is_empty() && function.writes.is_empty() {
            continue;
        }
        out.looked();
        let computed = function.queries.iter().find(|query| {
            !query.qs.annotations.is_empty()
                || query
                    .qs
                    .ended_by
                    .as_ref()
                    .is_some_and(|(name, _)| &**name == "aggregate")
        });
        let written = function.writes.iter().find(|write| {
            write.in_loop.is_none()
                && (matches!(write.kind, WriteKind::BulkCreate | WriteKind::BulkUpdate)
                    || (write.kind == WriteKind::Update && !write.f_expressions.is_empty()))
        });
        let (place, how) = match (computed, written) {
            (Some(query), _) if query.in_loop.is_none() => {
                (query.place, "lets the database count and sum")
            }
            (_, Some(write)) => (write.place, "writes many rows with one statement"),
            _ => continue,
        };
        out.found(
            Evidence::new(
                function.fq.to_string(),
                cx.anchor(place),
                format!("`{}` {how}.", function.fq),
            )
            .root("set-based queries"),
        );
    }
}
