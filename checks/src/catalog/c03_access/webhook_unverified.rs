//! DRF184: anybody who knows the address can say that a payment went through.

use crate::catalog::on_request::of_route;
use crate::catalog::route_words::{handler_place, is_own};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::{Anonymous, FunctionIr, Method, Route};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::ExprKind;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF184",
    name: "webhook-unverified",
    competency: Competency::C03,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("webhook_unverified.md"),
    yields_to: &[],
    run,
};

/// Words of a path or a view that is meant for another company's server.
const WORDS: [&str; 6] = [
    "callback",
    "webhook",
    "ipn",
    "notify",
    "payment_success",
    "payment-success",
];
/// Parts of calls that verify: a signature, or a question to the provider.
const VERIFYING: [&str; 12] = [
    "compare_digest",
    "construct_event",
    "hmac",
    "verify",
    "validate_signature",
    "signature",
    "retrieve",
    "check_password",
    "validation",
    "unsign",
    "loads_signed",
    "jwt.decode",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    // A view that answers both is told by its write.
    let (reads, writes): (Vec<_>, Vec<_>) = cx
        .head
        .django
        .routes()
        .iter()
        .partition(|route| route.method.is_safe());
    for route in writes.into_iter().chain(reads) {
        if !route.mounted
            || !matches!(
                route.method,
                Method::Post | Method::Get | Method::Any | Method::Put
            )
            || !is_own(cx, route)
            || !is_for_provider(cx, route)
        {
            continue;
        }
        let bodies = of_route(cx, route);
        let writes = bodies.iter().any(|ir| !ir.writes.is_empty());
        if !writes {
            continue;
        }
        out.looked();
        // A callback of the project's own callers has a login before it.
        let drf = cx
            .head
            .django
            .view_of(route)
            .is_some_and(|view| view.kind.is_drf());
        if drf && route.permission().anonymous() != Anonymous::Allow {
            continue;
        }
        if bodies.iter().any(|ir| verifies(cx, ir)) {
            continue;
        }
        let Some(place) = handler_place(cx, route) else {
            continue;
        };
        out.found(
            Evidence::new(
                route.label(),
                cx.anchor(place),
                format!(
                    "`{}` changes data on the word of whoever calls it: no signature is checked and the provider is not asked.",
                    route.label()
                ),
            )
            .severity(Severity::High)
            .root(format!("{}:{}", place.file.0, place.span.start)),
        );
    }
}

fn is_for_provider(cx: &Cx<'_>, route: &Route) -> bool {
    let view = cx.head.django.view_of(route).map_or("", |view| &*view.name);
    let action = route.action.as_deref().unwrap_or("");
    let template = route.template.to_ascii_lowercase();
    let name = view.to_ascii_lowercase();
    let social = ["oauth", "google", "github", "social", "login"]
        .iter()
        .any(|word| template.contains(word) || name.contains(word));
    let split = |text: &str, word: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
            .any(|part| {
                if word.len() < 4 {
                    part == word
                } else {
                    part.contains(word)
                }
            })
    };
    !social
        && WORDS
            .iter()
            .any(|word| split(&template, word) || split(&name, word) || split(action, word))
}

/// A call that checks the sender, or a request to the provider.
fn verifies(cx: &Cx<'_>, ir: &FunctionIr) -> bool {
    let by_request = ir.external.iter().any(|call| {
        [
            "requests.",
            "httpx.",
            "urllib",
            "stripe",
            "razorpay",
            "paypal",
        ]
        .iter()
        .any(|part| call.callee.contains(part))
    });
    let by_call = ir.calls.iter().any(|call| {
        let text = call.text.to_ascii_lowercase();
        VERIFYING.iter().any(|part| text.contains(part))
    });
    // Headers are compared, or a shared secret of the settings.
    let by_header = visit::any_expr(
        &cx.head.program.func_def(ir.func).body,
        |expr| matches!(&expr.kind, ExprKind::Str(text) if text.to_ascii_lowercase().contains("signature")),
    );
    by_request || by_call || by_header
}
