//! DRF109: a validation hook that ends without giving its value back.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF109",
    name: "validate-hook-drops-value",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("validate_hook_drops_value.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx
        .head
        .django
        .serializers()
        .iter()
        .filter(|serializer| serializer.class.is_some())
    {
        for (name, func) in &serializer.methods {
            let is_hook = &**name == "validate"
                || name.starts_with("validate_")
                    && serializer
                        .field(name.trim_start_matches("validate_"))
                        .is_some();
            if !is_hook {
                continue;
            }
            let Some(function) = cx.head.django.function(*func) else {
                continue;
            };
            out.looked();
            let Some(place) = function.exits_without_value else {
                continue;
            };
            let follows = if &**name == "validate" {
                "DRF raises an `AssertionError` on every request that gets there"
            } else {
                "the value becomes `None` in silence"
            };
            // A hook that several serializers inherit is one finding.
            out.found(
                Evidence::new(
                    function.fq.to_string(),
                    cx.anchor(place),
                    format!("`{name}` can end without returning the value: {follows}."),
                )
                .also(cx.anchor(function.place).note("the hook"))
                .root(function.fq.to_string()),
            );
        }
    }
}
