//! DRF337: files of any kind and size are stored.

use std::collections::BTreeSet;

use super::client_fields::sent;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF337",
    name: "upload-unvalidated",
    competency: Competency::C08,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("upload_unvalidated.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut said = BTreeSet::new();
    for sent in sent(cx) {
        let is_image = match &*sent.field.base {
            "FileField" => false,
            "ImageField" => true,
            _ => continue,
        };
        out.looked();
        // A field class of the project's or a package's may look at the file itself.
        let own_class = sent.field.class.class().is_some()
            || sent
                .model_field(cx)
                .is_some_and(|(_, field)| !field.class.fq().starts_with("django.db."));
        if own_class || sent.is_validated(cx) {
            continue;
        }
        let in_code = sent.on_request(cx).iter().any(|function| {
            ["size", "content_type"]
                .iter()
                .any(|name| super::client_fields::mentions(cx, function.func, name))
        });
        if in_code {
            continue;
        }
        let Some(place) = sent.place(cx) else {
            continue;
        };
        if !said.insert((place.file, place.span.start)) {
            continue;
        }
        let (what, severity) = if is_image {
            (
                "checks that the file is an image, and nothing limits its size",
                Severity::Low,
            )
        } else {
            (
                "takes files of any kind and size: HTML, SVG and executables are served back from here",
                Severity::Medium,
            )
        };
        out.found(
            Evidence::new(
                sent.subject(),
                cx.anchor(place),
                format!("`{}` {what} (`{}`).", sent.words(), sent.route.label()),
            )
            .severity(severity),
        );
    }
}
