//! DRF105: a field names itself as its source.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};

use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF105",
    name: "redundant-source",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::Medium,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("redundant_source.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        let Some(class) = serializer.class else {
            continue;
        };
        for field in &serializer.declared {
            if field.owner.class() != Some(class) {
                continue;
            }
            out.looked();
            if field.kwargs.str("source") == Some(&*field.name) {
                out.found(Evidence::new(
                    format!("{}.{}", serializer.fq, field.name),
                    cx.anchor(field.place),
                    format!(
                        "`{}` has itself as `source`: DRF raises an `AssertionError` on the first use of `{}`.",
                        field.name, serializer.name
                    ),
                ));
            }
        }
    }
}
