//! DRF631: a value is read, changed in Python and written back, and nothing keeps a second request
//! from doing the same in between.

use crate::catalog::words::says;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::FieldKind;
use crate::django::function::{Callee, FunctionIr, ReadModifyWrite};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF631",
    name: "lost-update-race",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("lost_update_race.md"),
    yields_to: &[],
    run,
};

/// Callers of callers are asked this far.
const MAX_CALLERS: u32 = 3;
/// Names of values whose loss hurts: a resource that runs out, or money.
const RESOURCES: [&str; 16] = [
    "stock",
    "balance",
    "seats",
    "quantity",
    "count",
    "available",
    "credit",
    "inventory",
    "capacity",
    "remaining",
    "amount",
    "total",
    "points",
    "votes",
    "likes",
    "views",
];
/// Of these, losing one is a nuisance.
const COUNTERS: [&str; 4] = ["views", "likes", "votes", "count"];

/// Names of states that are tested before they are changed.
const STATES: [&str; 14] = [
    "status",
    "state",
    "available",
    "availability",
    "booked",
    "reserved",
    "borrowed",
    "taken",
    "used",
    "claimed",
    "redeemed",
    "sold",
    "paid",
    "assigned",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for function in django.functions() {
        for race in &function.races {
            out.looked();
            if race.locked
                || race.by_database
                || (race.fetch.is_none() && callers_lock(cx, function, MAX_CALLERS))
            {
                continue;
            }
            let name = race.field.to_lowercase();
            let is_resource = RESOURCES.iter().any(|word| name.contains(word));
            let guards = race.only_tested && says(&race.field, &STATES);
            if !guards && !is_numeric(cx, race).unwrap_or(is_resource) {
                continue;
            }
            let of = race.model.map_or_else(
                || race.variable.to_string(),
                |id| django.model(id).name.to_string(),
            );
            let lock = if race.in_atomic {
                "the transaction alone does not lock the row"
            } else {
                "nothing locks the row"
            };
            let message = if guards {
                format!(
                    "`{of}.{}` is tested, changed and saved, and {lock}: two requests at once both pass the test. `select_for_update()` inside `atomic`, or `filter(…, {}=…).update(…)`, lets one through.",
                    race.field, race.field
                )
            } else {
                format!(
                    "`{of}.{}` is read, computed in Python and saved, and {lock}: of two requests at once one is lost. `select_for_update()` inside `atomic`, or `F(\"{}\")`, keeps both.",
                    race.field, race.field
                )
            };
            let mut evidence = Evidence::new(
                format!("{}.{}", function.fq, race.field),
                cx.anchor(race.modify),
                message,
            );
            let counter = COUNTERS.iter().any(|word| name.contains(word))
                && !name.contains("stock")
                && !name.contains("balance");
            let is_state = guards && says(&race.field, &["status", "state"]);
            if is_state {
                evidence = evidence
                    .severity(Severity::Medium)
                    .confidence(Confidence::Medium);
            } else if counter || guards || !is_resource {
                evidence = evidence.severity(Severity::High);
            }
            if let Some(fetch) = race.fetch {
                evidence = evidence.also(
                    cx.anchor(fetch)
                        .note("the row is read here, without a lock"),
                );
            }
            if race.save != race.modify {
                evidence = evidence.also(cx.anchor(race.save).note("and saved here"));
            }
            out.found(evidence);
        }
    }
}

/// The row comes from outside, and every caller holds it locked in a transaction.
fn callers_lock(cx: &Cx<'_>, function: &FunctionIr, depth: u32) -> bool {
    let mut any = false;
    for caller in cx.head.django.functions() {
        let calls = caller
            .calls
            .iter()
            .any(|call| call.callee == Callee::Project(function.func));
        if !calls || caller.func == function.func {
            continue;
        }
        any = true;
        let holds = caller
            .queries
            .iter()
            .any(|query| query.in_atomic && query.qs.lock.is_some());
        if !holds && (depth == 0 || !callers_lock(cx, caller, depth - 1)) {
            return false;
        }
    }
    any
}

/// Whether the field is a number. `None`: the model or field is not known.
fn is_numeric(cx: &Cx<'_>, race: &ReadModifyWrite) -> Option<bool> {
    let field = cx.head.django.model(race.model?).field(&race.field)?;
    Some(field.kind == FieldKind::Scalar && field.is_numeric())
}
