//! DRF636: a database error is caught inside the transaction that it has broken.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{Except, WriteKind};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF636",
    name: "db-error-swallowed-in-atomic",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("db_error_swallowed_in_atomic.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for except in &function.excepts {
            // `get_or_create` opens a savepoint of its own.
            let breaks = function.writes.iter().any(|write| {
                except.tried.span.contains(write.place.span)
                    && !matches!(
                        write.kind,
                        WriteKind::GetOrCreate | WriteKind::UpdateOrCreate
                    )
            });
            if !except.in_atomic || !breaks || !catches(except) {
                continue;
            }
            out.looked();
            // The innermost region around the `try`; one inside it is a savepoint.
            let region = function
                .atomic
                .iter()
                .filter(|region| region.place.span.contains(except.tried.span))
                .filter(|region| region.place.span != except.tried.span)
                .min_by_key(|region| region.place.span.end - region.place.span.start);
            let savepoint = function.atomic.iter().any(|region| {
                except.tried.span.contains(region.place.span) && !region.is_decorator
            });
            let rolled_back = function.calls.iter().any(|call| {
                call.text.ends_with("set_rollback") || call.text.ends_with("savepoint_rollback")
            });
            let Some(region) = region else { continue };
            if except.reraises || except.leaves || savepoint || rolled_back {
                continue;
            }
            let after = |place: crate::python::value::Place| {
                place.span.start >= except.place.span.start
                    && region.place.span.contains(place.span)
            };
            let queries = function.queries.iter().map(|query| query.place);
            let writes = function.writes.iter().map(|write| write.place);
            let Some(next) = queries
                .chain(writes)
                .filter(|place| after(*place))
                .min_by_key(|place| place.span.start)
            else {
                continue;
            };
            out.found(
                Evidence::new(
                    function.fq.to_string(),
                    cx.anchor(except.place),
                    "A database error is caught inside `atomic`, and more queries follow: the transaction is broken, so that they raise `TransactionManagementError`. An inner `atomic()` around the write undoes only the write.",
                )
                .also(cx.anchor(next).note("the query that fails next")),
            );
        }
    }
}

/// Catches what a failing write raises.
fn catches(except: &Except) -> bool {
    except.broad
        || except.types.iter().any(|name| {
            matches!(
                name.rsplit('.').next(),
                Some("IntegrityError" | "DatabaseError" | "DataError")
            )
        })
}
