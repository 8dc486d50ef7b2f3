//! DRF635: a row is to be locked, and no transaction is open that could hold the lock.

use super::enclosing;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF635",
    name: "lock-outside-transaction",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("lock_outside_transaction.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for query in &function.queries {
            if query.qs.lock.is_none() {
                continue;
            }
            out.looked();
            // A queryset that is handed on, and a row that is used later, are evaluated elsewhere.
            let here = query
                .qs
                .ended_by
                .as_ref()
                .is_some_and(|(_, place)| query.place.span.contains(place.span));
            let ends = query.qs.ended_by.as_ref().map_or("", |(name, _)| &**name);
            let evaluated = query.or_404
                || matches!(
                    ends,
                    "get" | "aget" | "first" | "last" | "latest" | "earliest" | "afirst"
                );
            if !evaluated || !here || query.in_atomic || enclosing::is_inside(cx, function) {
                continue;
            }
            out.found(Evidence::new(
                function.fq.to_string(),
                cx.anchor(query.place),
                "`select_for_update()` is evaluated outside a transaction: PostgreSQL and MySQL raise `TransactionManagementError`, SQLite ignores it, so that tests pass.",
            ));
        }
    }
}
