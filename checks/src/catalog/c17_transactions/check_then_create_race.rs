//! DRF633: the question and the answer are two queries, and no constraint stands behind them.

use crate::catalog::lookup_columns::{Columns, columns};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF633",
    name: "check-then-create-race",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("check_then_create_race.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for race in &function.check_then_create {
            let Some(model) = race.model.map(|id| cx.head.django.model(id)) else {
                continue;
            };
            out.looked();
            let subject = format!("{}.{}", function.fq, model.name);
            // A row that all of them lock first (the room, the parent) puts the requests in a line.
            let locked = race.locked
                || (race.in_atomic
                    && function.queries.iter().any(|query| {
                        query.in_atomic
                            && query.qs.lock.is_some()
                            && query.place.span.start < race.create.span.start
                    }));
            if locked {
                continue;
            }
            let Some(query) = function.queries.iter().find(|q| q.place == race.check) else {
                continue;
            };
            let ends = query.qs.ended_by.as_ref().map_or("", |(name, _)| &**name);
            if !matches!(ends, "exists" | "aexists") {
                continue;
            }
            let plain = query.qs.conditions.iter().all(|condition| {
                matches!(&*condition.lookup, "exact" | "iexact") && !condition.negated
            });
            let paths = query.qs.conditions.iter().map(|c| &*c.path);
            let message = if plain {
                match columns(model, paths) {
                    Columns::Free(names) if !names.is_empty() => format!(
                        "`{}` is created after `exists()` said that none has this `{}`, and no constraint says so: two requests at once both pass.",
                        model.name,
                        names.join("`, `")
                    ),
                    Columns::Open => {
                        out.unknown(subject, "whether its columns are unique could not be told");
                        continue;
                    }
                    _ => continue,
                }
            } else if is_range(query.qs.conditions.iter().map(|c| &*c.lookup)) {
                format!(
                    "`{}` is created after a query found no overlap, and nothing locks what they compete for: two requests at once both pass.",
                    model.name
                )
            } else {
                continue;
            };
            out.found(
                Evidence::new(subject, cx.anchor(race.check), message)
                    .also(cx.anchor(race.create).note("the row is created here")),
            );
        }
    }
}

/// Both ends of a range are compared: an overlap.
fn is_range<'a>(lookups: impl Iterator<Item = &'a str>) -> bool {
    let (mut below, mut above) = (false, false);
    for lookup in lookups {
        below |= lookup.starts_with("lt");
        above |= lookup.starts_with("gt");
    }
    below && above
}
