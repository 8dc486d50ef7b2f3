//! DRF103: a field is declared and not listed, and the serializer fails on first use.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::serializers::MetaFields;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF103",
    name: "declared-field-not-in-meta-fields",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("declared_field_not_in_meta_fields.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for serializer in cx.head.django.serializers() {
        let Some(class) = serializer
            .class
            .filter(|_| serializer.is_model_serializer())
        else {
            continue;
        };
        out.looked();
        let MetaFields::List(names) = &serializer.meta else {
            continue;
        };
        // DRF asks only for fields declared in the class body itself (ModelSerializer.get_field_names).
        for field in serializer
            .declared
            .iter()
            .filter(|field| field.owner.class() == Some(class))
        {
            if !names.contains(&field.name) {
                out.found(Evidence::new(
                    format!("{}.{}", serializer.fq, field.name),
                    cx.anchor(field.place),
                    format!(
                        "`{}` is declared on `{}` and missing from `Meta.fields`: DRF raises an `AssertionError` on the first use of the serializer.",
                        field.name, serializer.name
                    ),
                ));
            }
        }
    }
}
