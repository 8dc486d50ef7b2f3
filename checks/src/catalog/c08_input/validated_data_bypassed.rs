//! DRF344: input is validated, and then the raw value is used.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::SerializerCall;
use crate::django::queryset::Taint;
use crate::django::{FunctionIr, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF344",
    name: "validated-data-bypassed",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("validated_data_bypassed.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for call in &function.serializers {
            let Some(valid) = call.is_valid.filter(|_| call.data == Taint::Body) else {
                continue;
            };
            let Some(serializer) = of_call(cx, function, call) else {
                continue;
            };
            out.looked();
            let mut reads = function.request_reads.iter().filter(|read| {
                read.from == Taint::Body
                    && read.place.span.start > valid.place.span.end
                    && !is_logged(function, read.place.span.start)
                    && read.key.as_deref().is_some_and(|key| {
                        serializer
                            .field(key)
                            .is_some_and(|field| field.is_input() == Some(true))
                    })
            });
            let Some(first) = reads.next() else { continue };
            let key = first.key.as_deref().unwrap_or_default();
            let mut evidence = Evidence::new(
                format!("{}.{key}", function.fq),
                cx.anchor(first.place),
                format!(
                    "`{}` has validated `{key}`, and the code takes it from `request.data` again: neither converted nor cleaned. `validated_data` holds what was checked.",
                    serializer.name
                ),
            )
            .root(function.fq.to_string());
            for read in reads.take(5) {
                evidence = evidence.also(cx.anchor(read.place).note("so is this"));
            }
            evidence = evidence.also(cx.anchor(valid.place).note("validated here"));
            out.found(evidence);
        }
    }
}

/// The serializer of the call; for `self.get_serializer(…)` the one the function's routes read with.
fn of_call<'a>(
    cx: &Cx<'a>,
    function: &FunctionIr,
    call: &SerializerCall,
) -> Option<&'a Serializer> {
    let django = &cx.head.django;
    let id = call.serializer.or_else(|| {
        django
            .routes()
            .iter()
            .find(|route| route.func == Some(function.func))
            .and_then(|route| route.input.first())
            .map(|used| used.serializer)
    })?;
    Some(django.serializer(id))
}

fn is_logged(function: &FunctionIr, at: u32) -> bool {
    function
        .logs
        .iter()
        .any(|log| log.place.span.start <= at && at < log.place.span.end)
}
