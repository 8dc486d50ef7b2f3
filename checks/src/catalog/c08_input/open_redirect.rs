//! DRF347: the client chooses where a redirect leads.

use super::from_request::{Origin, argument, functions, words};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF347",
    name: "open-redirect",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("open_redirect.md"),
    yields_to: &[],
    run,
};

const CHECKERS: [&str; 4] = [
    "url_has_allowed_host_and_scheme",
    "is_safe_url",
    "urlparse",
    "urlsplit",
];
/// Parts of names of what must not leave with the redirect.
const SECRETS: [&str; 6] = ["token", "uid", "code", "secret", "otp", "password"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in functions(cx) {
        visit::calls(function.body, |call, func, args| {
            let Some(callee) = function.callee(func) else {
                return;
            };
            let name = callee.rsplit('.').next().unwrap_or("");
            if !matches!(
                name,
                "redirect" | "HttpResponseRedirect" | "HttpResponsePermanentRedirect"
            ) || !callee.starts_with("django.")
            {
                return;
            }
            out.looked();
            let Some(target) = argument(args, "to").or_else(|| argument(args, "redirect_to"))
            else {
                return;
            };
            if function.leading(target) != Some(Origin::Raw)
                || function.calls_any(&CHECKERS)
                || function.is_allow_listed(target)
            {
                return;
            }
            let mut carried = false;
            visit::within(target, |inner| {
                carried |= inner.as_name().is_some_and(|name| {
                    let name = name.to_lowercase();
                    SECRETS.iter().any(|part| name.contains(part))
                });
            });
            let text = words(cx, function.place(target));
            let (severity, then) = if carried {
                (
                    Severity::Critical,
                    "and what is appended to it goes to that host with the browser",
                )
            } else {
                (
                    Severity::High,
                    "so a link to this server can lead to anybody's page",
                )
            };
            let mut evidence =
                Evidence::new(
                    function.fq,
                    cx.anchor(function.place(call)),
                    format!("The address `{text}` begins with what the client sent, {then}. `url_has_allowed_host_and_scheme` or a fixed list of hosts keeps it at home."),
                )
                .severity(severity)
                .root(format!("{}.redirect", function.fq));
            if let Some(read) = read_of(cx, function.id) {
                evidence = evidence.also(cx.anchor(read).note("what the client sent"));
            }
            out.found(evidence);
        });
    }
}

/// The first read of the request in the function.
fn read_of(cx: &Cx<'_>, func: crate::python::FuncId) -> Option<crate::python::value::Place> {
    let function = cx.head.django.function(func)?;
    function.request_reads.first().map(|read| read.place)
}
