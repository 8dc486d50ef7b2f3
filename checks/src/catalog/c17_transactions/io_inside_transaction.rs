//! DRF643: somebody else's computer is waited for while rows are locked.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{Call, Callee, ExternalCall, FunctionIr};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF643",
    name: "io-inside-transaction",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("io_inside_transaction.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for external in function.external.iter().filter(|external| waits(external)) {
            out.looked();
            if external.in_atomic && !is_deferred(function, external.place) {
                out.found(
                    Evidence::new(
                        function.fq.to_string(),
                        cx.anchor(external.place),
                        message(&external.callee),
                    )
                    .root(function.fq.to_string()),
                );
            }
        }
        for call in function.calls.iter().filter(|call| call.in_atomic) {
            let Callee::Project(callee) = &call.callee else {
                continue;
            };
            if is_deferred(function, call.place) {
                continue;
            }
            let inside = cx
                .head
                .django
                .effects(*callee)
                .into_iter()
                .find_map(|effect| {
                    effect
                        .external
                        .iter()
                        .filter(|external| waits(external) && !external.in_atomic)
                        .find(|external| !is_deferred(effect, external.place))
                });
            if let Some(external) = inside {
                out.looked();
                out.found(
                    Evidence::new(
                        function.fq.to_string(),
                        cx.anchor(call.place),
                        message(&external.callee),
                    )
                    .also(cx.anchor(external.place).note("the call"))
                    .root(function.fq.to_string()),
                );
            }
        }
    }
}

fn message(callee: &str) -> String {
    format!(
        "`{callee}` runs inside a transaction: its rows stay locked while somebody else answers, and what was sent is not undone by a rollback. `on_commit` runs it afterwards."
    )
}

/// A call that waits for the network or the clock.
fn waits(external: &ExternalCall) -> bool {
    let callee = &*external.callee;
    let last = callee.rsplit('.').next().unwrap_or(callee);
    let http = ["requests.", "httpx.", "urllib3.", "aiohttp."]
        .iter()
        .any(|package| callee.starts_with(package));
    let service = [
        "stripe.",
        "twilio.",
        "openai.",
        "razorpay.",
        "paypalrestsdk.",
    ]
    .iter()
    .any(|package| callee.starts_with(package));
    if http {
        matches!(
            last,
            "get" | "post" | "put" | "patch" | "delete" | "head" | "request" | "send"
        )
    } else if service {
        !callee.contains("error") && last.starts_with(char::is_lowercase)
    } else {
        matches!(
            last,
            "urlopen"
                | "send_mail"
                | "send_mass_mail"
                | "mail_admins"
                | "mail_managers"
                | "sendmail"
        ) || matches!(callee, "time.sleep" | "asyncio.sleep")
    }
}

/// Stands in what `on_commit` is given.
fn is_deferred(function: &FunctionIr, place: crate::python::value::Place) -> bool {
    let deferring = |call: &&Call| call.text.ends_with("on_commit");
    function
        .calls
        .iter()
        .filter(deferring)
        .any(|call| call.place.span.contains(place.span))
}
