//! DRF135: a failure is told in the body, and the status says that all went well.

use super::handlers::says_failure;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF135",
    name: "error-returned-as-200",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("error_returned_as_200.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for response in &function.responses {
            if !matches!(&*response.class, "Response" | "JsonResponse") {
                continue;
            }
            out.looked();
            if response.status != Some(200) || !says_failure(cx, function, response) {
                continue;
            }
            // Whoever calls back asks whether the message has arrived, not how the payment went.
            let called_back = cx.head.django.routes().iter().any(|route| {
                route.func == Some(function.func)
                    && ["callback", "webhook", "ipn", "notify"]
                        .iter()
                        .any(|word| route.template.contains(word))
            });
            // What was written down just before is a result, and the words tell it.
            let recorded = function.writes.iter().any(|write| {
                let at = write.place.span.start;
                at < response.place.span.start
                    && !function.responses.iter().any(|other| {
                        at < other.place.span.start
                            && other.place.span.start < response.place.span.start
                    })
            });
            if called_back || recorded {
                continue;
            }
            let how = if response.status_given {
                "with status 200"
            } else {
                "without a status, which is 200"
            };
            out.found(
                Evidence::new(
                    format!("{}.{}", function.fq, response.place.span.start),
                    cx.anchor(response.place),
                    format!(
                        "A failure is answered {how}: clients, caches and monitoring take it for a success."
                    ),
                )
                // A status that is written down was meant.
                .severity(if response.status_given {
                    Severity::Medium
                } else {
                    Severity::High
                })
                // One handler that tells its failures like this is one thing to mend.
                .root(function.fq.to_string()),
            );
        }
    }
}
