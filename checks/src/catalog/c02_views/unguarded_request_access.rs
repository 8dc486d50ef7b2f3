//! DRF138: a missing or malformed value of the request is an error of the server.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::function::{FunctionIr, RequestRead};
use crate::django::queryset::Taint;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF138",
    name: "unguarded-request-access",
    competency: Competency::C02,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::File,
    page: include_str!("unguarded_request_access.md"),
    yields_to: &[],
    run,
};

/// Functions that raise for a text they cannot read.
const PARSERS: [&str; 8] = [
    "int",
    "float",
    "Decimal",
    "UUID",
    "fromisoformat",
    "strptime",
    "loads",
    "fromtimestamp",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in cx.head.django.functions() {
        for read in &function.request_reads {
            if !matches!(read.from, Taint::Body | Taint::Query) {
                continue;
            }
            let key = read.key.as_deref();
            let parser = read.converted_by.as_deref().filter(|by| {
                let last = by.rsplit('.').next().unwrap_or(by);
                PARSERS.contains(&last)
            });
            if !read.subscript && parser.is_none() {
                continue;
            }
            out.looked();
            if read.guarded || validated_before(function, read) || tested(cx, function, read) {
                continue;
            }
            let name = key.map_or_else(|| "a value".to_owned(), |key| format!("`{key}`"));
            let part = if read.from == Taint::Body {
                "body"
            } else {
                "query"
            };
            let message = match (read.subscript && key.is_some(), parser) {
                (true, _) => format!(
                    "{name} of the request's {part} is read by subscript: a request without it raises `KeyError`, and the answer is 500 instead of 400."
                ),
                (false, Some(parser)) => format!(
                    "`{parser}()` reads {name} of the request's {part} and nothing catches what it raises: a malformed value is answered with 500 instead of 400."
                ),
                (false, None) => continue,
            };
            out.found(
                Evidence::new(
                    format!("{}.{}", function.fq, key.unwrap_or("value")),
                    cx.anchor(read.place),
                    message,
                )
                // One handler that trusts its input is one thing to mend.
                .root(function.fq.to_string()),
            );
        }
    }
}

/// A serializer has looked at the input.
fn validated_before(function: &FunctionIr, read: &RequestRead) -> bool {
    function.serializers.iter().any(|serializer| {
        serializer
            .is_valid
            .is_some_and(|is_valid| is_valid.place.span.start < read.place.span.start)
    })
}

/// The key is asked for before it is read: `.get("key")` under a condition, `"key" in …`.
fn tested(cx: &Cx<'_>, function: &FunctionIr, read: &RequestRead) -> bool {
    if read.converted_by.is_some() && !read.subscript {
        return false;
    }
    let Some(key) = read.key.as_deref() else {
        return true;
    };
    let text = cx.head.tree.file(function.span.file).text();
    let before = text.and_then(|text| {
        text.get(function.span.span.start as usize..read.place.span.start as usize)
    });
    let quoted = [format!("\"{key}\""), format!("'{key}'")];
    before.is_some_and(|before| {
        quoted.iter().any(|quoted| {
            before.contains(&format!("{quoted} in "))
                || before.contains(&format!("{quoted} not in "))
                || before.contains(&format!(".get({quoted}"))
        })
    })
}
