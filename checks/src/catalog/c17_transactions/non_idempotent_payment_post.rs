//! DRF644: a payment that a repeated request makes twice.

use crate::catalog::words::says;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::catalog::{on_request, route_words};
use crate::django::Method;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF644",
    name: "non-idempotent-payment-post",
    competency: Competency::C17,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Medium,
    scope: Scope::Xfile,
    page: include_str!("non_idempotent_payment_post.md"),
    yields_to: &[],
    run,
};

/// Rows that move money.
const PAYMENTS: [&str; 7] = [
    "payment",
    "charge",
    "transfer",
    "withdrawal",
    "withdraw",
    "payout",
    "deposit",
];
/// Names of what tells a repetition from a second request.
const KEYS: [&str; 6] = [
    "idempot",
    "external_id",
    "request_id",
    "client_reference",
    "reference",
    "nonce",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for route in cx.head.django.routes() {
        let Some(model) = route.model.map(|id| cx.head.django.model(id)) else {
            continue;
        };
        let creates = route.method == Method::Post && route.detail != Some(true);
        if !creates || !route_words::is_own(cx, route) || !says(&model.name, &PAYMENTS) {
            continue;
        }
        out.looked();
        let names_key = |text: &str| {
            let text = text.to_lowercase();
            KEYS.iter().any(|key| text.contains(key))
        };
        let in_rows = model.fields.iter().any(|field| names_key(&field.name));
        let in_code = on_request::of_route(cx, route)
            .iter()
            .any(|function| names_key(cx.text(function.span)));
        let middleware = cx
            .head
            .django
            .settings()
            .get("MIDDLEWARE")
            .is_some_and(|found| {
                found
                    .strings()
                    .is_none_or(|names| names.iter().any(|name| names_key(name)))
            });
        if in_rows || in_code || middleware {
            continue;
        }
        let Some(place) = route_words::handler_place(cx, route) else {
            continue;
        };
        out.found(
            Evidence::new(
                route.label(),
                cx.anchor(place),
                format!(
                    "`{}` makes a `{}` for every request: a client that repeats it after a timeout pays twice. A key that the client sends and a unique column for it tell the repetition.",
                    route.label(),
                    model.name
                ),
            )
            .root(model.fq.to_string()),
        );
    }
}
