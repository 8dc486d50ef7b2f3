//! DRF645: something keeps concurrent requests from spoiling a value.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{FunctionIr, WriteKind};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF645",
    name: "concurrency-control",
    competency: Competency::C17,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("concurrency_control.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for function in django.functions() {
        if function.writes.is_empty() && function.queries.is_empty() {
            continue;
        }
        out.looked();
        // A lock that does not cover the read of the value earns nothing.
        if function
            .races
            .iter()
            .any(|race| !race.locked && !race.by_database)
        {
            continue;
        }
        if let Some((place, how)) = lock(function)
            .or_else(|| by_database(function))
            .or_else(|| together(function))
        {
            out.found(Evidence::new(
                function.fq.to_string(),
                cx.anchor(place),
                format!("`{}` {how}.", function.fq),
            ));
        }
    }
    for model in django.models().iter().filter(|model| model.class.is_some()) {
        for constraint in &model.meta.constraints {
            if constraint.class.name() == "CheckConstraint" {
                out.looked();
                out.found(
                    Evidence::new(
                        format!("{} constraints", model.fq),
                        cx.anchor(constraint.place),
                        format!(
                            "The database itself keeps an invariant of `{}`.",
                            model.name
                        ),
                    )
                    .root(format!("{} constraints", model.fq)),
                );
            }
        }
    }
}

fn lock(function: &FunctionIr) -> Option<(crate::python::value::Place, &'static str)> {
    let query = function
        .queries
        .iter()
        .find(|query| query.in_atomic && query.qs.lock.is_some())?;
    Some((
        query.place,
        "reads the row with `select_for_update()` inside a transaction before it decides",
    ))
}

fn by_database(function: &FunctionIr) -> Option<(crate::python::value::Place, &'static str)> {
    let write = function
        .writes
        .iter()
        .find(|write| !write.f_expressions.is_empty())?;
    let conditional = write.kind == WriteKind::Update
        && write
            .conditions
            .iter()
            .any(|condition| condition.lookup.ends_with("gte") || condition.lookup.ends_with("gt"));
    let how = if conditional {
        "lets the database change the value, and only where enough is left"
    } else {
        "lets the database change the value with an `F()` expression"
    };
    Some((write.place, how))
}

/// Two dependent writes in one transaction.
fn together(function: &FunctionIr) -> Option<(crate::python::value::Place, &'static str)> {
    let inside: Vec<_> = function
        .writes
        .iter()
        .filter(|write| write.in_atomic)
        .collect();
    let first = inside.first()?;
    let dependent = inside
        .iter()
        .skip(1)
        .any(|write| write.model != first.model || write.in_loop.is_some());
    let region = function.atomic.first()?;
    dependent.then_some((
        region.place,
        "keeps its dependent writes in one transaction",
    ))
}
