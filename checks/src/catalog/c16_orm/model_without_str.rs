//! DRF611: a model whose rows call themselves `Order object (1)`.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF611",
    name: "model-without-str",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("model_without_str.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for model in cx.head.django.models() {
        if model.class.is_none() || model.is_abstract || model.is_proxy {
            continue;
        }
        let Some(place) = model.place else { continue };
        if cx.head.tree.file(place.file).role == Role::Test {
            continue;
        }
        out.looked();
        if model.has_str {
            continue;
        }
        if let Some(reason) = &model.open {
            out.unknown(model.fq.to_string(), &**reason);
            continue;
        }
        let file = &cx.head.tree.file(place.file).path;
        out.found(
            Evidence::new(
                model.fq.to_string(),
                cx.anchor(place),
                format!(
                    "`{0}` has no `__str__`: the admin, logs and error messages show `{0} object (1)`.",
                    model.name
                ),
            )
            .root(file.to_string()),
        );
    }
}
