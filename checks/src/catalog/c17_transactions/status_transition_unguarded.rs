//! DRF642: a state is left without asking which one it is.

use crate::catalog::words::words;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::WriteKind;
use crate::django::queryset::Taint;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::ExprKind;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF642",
    name: "status-transition-unguarded",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::File,
    page: include_str!("status_transition_unguarded.md"),
    yields_to: &[],
    run,
};

/// Things one does to a row in one of its states only.
const VERBS: [&str; 12] = [
    "cancel", "approve", "ship", "pay", "refund", "close", "reject", "confirm", "deliver",
    "accept", "complete", "checkout",
];
/// Fewer states leave nothing to get wrong.
const MIN_STATES: usize = 3;

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        let names: Vec<String> = function.fq.rsplit('.').take(2).flat_map(words).collect();
        let Some(verb) = names.iter().find(|word| VERBS.contains(&&***word)) else {
            continue;
        };
        for write in &function.writes {
            let Some((field, _)) = write.fields.iter().find(|(name, taint)| {
                matches!(&**name, "status" | "state") && *taint == Taint::Constant
            }) else {
                continue;
            };
            let Some(model) = write.model.map(|id| cx.head.django.model(id)) else {
                continue;
            };
            if write.kind != WriteKind::Save {
                continue;
            }
            out.looked();
            let states = model.choices(field).map_or(0, |choices| choices.len());
            if states < MIN_STATES {
                continue;
            }
            // Any look at a state in the function, what it calls or its caller's checks counts.
            let looks = cx.head.django.effects(function.func).iter().any(|effect| {
                let body = &cx.head.program.func_def(effect.func).body;
                let mut reads = false;
                visit::exprs(body, |expr| {
                    if let ExprKind::Compare { left, rest } = &expr.kind {
                        reads |= std::iter::once(&**left)
                            .chain(rest.iter().map(|(_, side)| side))
                            .any(|side| {
                                side.dotted().is_some_and(|name| {
                                    let last = name.rsplit('.').next().unwrap_or("");
                                    last.contains("status") || last.contains("state")
                                })
                            });
                    }
                });
                let filtered = effect
                    .queries
                    .iter()
                    .flat_map(|query| &query.qs.conditions)
                    .any(|condition| condition.path == *field);
                reads || filtered
            });
            let called = cx.head.django.functions().any(|caller| {
                caller.calls.iter().any(|call| {
                    call.callee == crate::django::function::Callee::Project(function.func)
                })
            });
            // Properties such as `order.can_cancel` and libraries of state machines guard too.
            let asks = function.calls.iter().any(|call| {
                ["can_", "is_", "check", "validate", "ensure", "transition"]
                    .iter()
                    .any(|word| {
                        call.text
                            .rsplit('.')
                            .next()
                            .is_some_and(|name| name.contains(word))
                    })
            });
            if looks || called || asks || !function.races.is_empty() {
                continue;
            }
            out.found(Evidence::new(
                function.fq.to_string(),
                cx.anchor(write.place),
                format!(
                    "`{}` has {states} states, and this sets `{field}` to {verb} it from any of them. `filter({field}=…).update({field}=…)` lets only the right ones through.",
                    model.name
                ),
            ));
        }
    }
}
