//! DRF336: the server calls an address that the client chose.

use super::from_request::{argument, functions, words};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF336",
    name: "ssrf-user-url",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("ssrf_user_url.md"),
    yields_to: &[],
    run,
};

const CLIENTS: [&str; 5] = [
    "requests.",
    "httpx.",
    "urllib.request.",
    "aiohttp.",
    "urllib3.",
];
const VERBS: [&str; 10] = [
    "get", "post", "put", "patch", "delete", "head", "options", "request", "urlopen", "stream",
];
const CHECKERS: [&str; 4] = ["urlparse", "urlsplit", "ip_address", "getaddrinfo"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in functions(cx) {
        visit::calls(function.body, |call, func, args| {
            let Some(callee) = function.callee(func) else {
                return;
            };
            let verb = callee.rsplit('.').next().unwrap_or("");
            if !VERBS.contains(&verb) || !CLIENTS.iter().any(|client| callee.starts_with(client)) {
                return;
            }
            out.looked();
            let url = if verb == "request" {
                crate::python::syntax::positional(args, 1)
                    .or_else(|| crate::python::syntax::keyword(args, "url"))
            } else {
                argument(args, "url")
            };
            let Some(url) = url else { return };
            if function.leading(url).is_none()
                || function.calls_any(&CHECKERS)
                || function.is_allow_listed(url)
            {
                return;
            }
            out.found(Evidence::new(
                function.fq,
                cx.anchor(function.place(call)),
                format!(
                    "`{}` is an address the client chose, and the server calls it from inside: metadata services and internal hosts answer there. Compare its host with a list.",
                    words(cx, function.place(url))
                ),
            ));
        });
    }
}
