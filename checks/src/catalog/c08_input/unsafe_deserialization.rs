//! DRF334: bytes from outside are unpickled, or loaded by a loader that builds any object.

use super::from_request::{Origin, argument, functions, words};
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::names::as_str;
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::python::syntax::{keyword, positional};
use crate::python::value::Val;
use crate::python::visit;

pub(super) static CHECK: Check = Check {
    id: "DRF334",
    name: "unsafe-deserialization",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Critical,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("unsafe_deserialization.md"),
    yields_to: &[],
    run,
};

const LOADERS: [&str; 12] = [
    "pickle.loads",
    "pickle.load",
    "cPickle.loads",
    "marshal.loads",
    "marshal.load",
    "shelve.open",
    "jsonpickle.decode",
    "dill.loads",
    "dill.load",
    "cloudpickle.loads",
    "yaml.unsafe_load",
    "yaml.full_load",
];
const CELERY: [&str; 2] = ["CELERY_ACCEPT_CONTENT", "CELERY_TASK_SERIALIZER"];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for function in functions(cx) {
        visit::calls(function.body, |call, func, args| {
            let Some(callee) = function.callee(func) else {
                return;
            };
            let yaml = &*callee == "yaml.load" && {
                let loader = positional(args, 1).or_else(|| keyword(args, "Loader"));
                !loader
                    .and_then(crate::python::syntax::Expr::dotted)
                    .is_some_and(|name| name.contains("Safe") || name.contains("Base"))
            };
            if !yaml && !LOADERS.contains(&&*callee) {
                return;
            }
            out.looked();
            let Some(bytes) = argument(args, "data") else {
                return;
            };
            // Whose the bytes are is not known where they come from neither a request nor a constant.
            if function.origin(bytes) != Some(Origin::Raw) && !is_upload(bytes) {
                if !matches!(function.program.eval(function.scope, bytes), Val::Known(_)) {
                    out.unknown(function.fq, "where the bytes come from could not be told");
                }
                return;
            }
            out.found(Evidence::new(
                function.fq,
                cx.anchor(function.place(call)),
                format!(
                    "`{callee}` builds whatever object `{}` describes, and the client wrote it: loading it runs the client's code. JSON has only data.",
                    words(cx, function.place(bytes))
                ),
            ));
        });
    }
    let Some(prod) = cx.head.django.settings().prod() else {
        return;
    };
    for key in CELERY {
        let Some(found) = prod.get(key) else { continue };
        out.looked();
        let pickles = match found.val {
            Val::Seq(items) => items
                .iter()
                .any(|(item, _)| as_str(item).is_some_and(|text| text.contains("pickle"))),
            other => as_str(other).is_some_and(|text| text.contains("pickle")),
        };
        if pickles {
            out.found(
                Evidence::new(
                    key,
                    cx.anchor(found.place),
                    format!("`{key}` takes pickled messages: whoever can write to the broker runs code in the workers."),
                )
                .severity(Severity::High),
            );
        }
    }
}

/// What a serializer took: `validated_data["file"]`, and what is read from it.
fn is_upload(expr: &crate::python::syntax::Expr) -> bool {
    visit::any_within(expr, |inner| {
        inner
            .dotted()
            .is_some_and(|name| name.ends_with("validated_data"))
    })
}
