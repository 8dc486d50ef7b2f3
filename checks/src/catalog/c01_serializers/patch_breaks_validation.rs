//! DRF115: validation takes for granted what a PATCH may leave out.

use super::key_reads::unguarded;
use crate::catalog::Cx as Context;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::{Method, Serializer};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF115",
    name: "patch-breaks-validation",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("patch_breaks_validation.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        if serializer.class.is_none() {
            continue;
        }
        for (name, func) in &serializer.methods {
            let at = match &**name {
                "validate" => 1,
                "update" => 2,
                _ => continue,
            };
            let Some(function) = cx.head.django.function(*func) else {
                continue;
            };
            let def = cx.head.program.func_def(*func);
            let Some(mapping) = def.params.get(at) else {
                continue;
            };
            out.looked();
            let Some(route) = patched_by(cx, serializer) else {
                continue;
            };
            let reads = unguarded(&def.body, function.place.file, |expr| {
                expr.as_name() == Some(&*mapping.name)
            });
            for read in reads {
                // A key that no client sends is put there by the view.
                let sent = serializer
                    .fields
                    .iter()
                    .any(|field| field.source == read.key && field.is_input() == Some(true));
                if !sent {
                    continue;
                }
                out.found(
                    Evidence::new(
                        format!("{}.{}", function.fq, read.key),
                        cx.anchor(read.place),
                        format!(
                            "`{route}` need not send `{}`, and `{name}` reads it by subscript: `KeyError`, and the answer is 500.",
                            read.key
                        ),
                    )
                    .root(function.fq.to_string()),
                );
            }
        }
    }
}

/// A route that reads a part of the fields with this serializer.
fn patched_by(cx: &Context<'_>, serializer: &Serializer) -> Option<String> {
    cx.head
        .django
        .routes()
        .iter()
        .filter(|route| route.method == Method::Patch)
        .find(|route| {
            let reads = route
                .input
                .iter()
                .any(|used| used.serializer == serializer.id);
            let partial = match route.func.and_then(|func| cx.head.django.function(func)) {
                // A handler of the project says so itself.
                Some(function) => {
                    function.calls_super
                        || function.serializers.iter().any(|call| {
                            call.partial == Some(true)
                                && call.serializer.is_none_or(|id| id == serializer.id)
                        })
                }
                None => route.is_standard(),
            };
            reads && partial
        })
        .map(crate::django::Route::label)
}
