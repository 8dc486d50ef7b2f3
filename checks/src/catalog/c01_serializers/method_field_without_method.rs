//! DRF106: a computed field without the method that computes it.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};

use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF106",
    name: "method-field-without-method",
    competency: Competency::C01,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Xfile,
    page: include_str!("method_field_without_method.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let django = &cx.head.django;
    for serializer in django.serializers() {
        let Some(class) = serializer.class else {
            continue;
        };
        // A base may leave the method to those who derive from it.
        let is_base = django.serializers().iter().any(|other| {
            other.class.is_some_and(|other| {
                other != class && cx.head.program.project_mro(other).any(|base| base == class)
            })
        });
        for field in &serializer.fields {
            let (true, Some(method)) = (
                &*field.base == "SerializerMethodField" && field.method.is_none(),
                &field.method_name,
            ) else {
                continue;
            };
            out.looked();
            let subject = format!("{}.{}", serializer.fq, field.name);
            if serializer.open.is_some() || cx.head.program.mro(class).open.is_some() {
                out.unknown(subject, "a base of the serializer is not known");
                continue;
            }
            let own = field.class.fq().starts_with("rest_framework.");
            let assigned = cx.head.program.attribute(class, method).is_some();
            let Some(place) = field.place.filter(|_| own && !assigned && !is_base) else {
                continue;
            };
            out.found(Evidence::new(
                subject,
                cx.anchor(place),
                format!(
                    "`{}` is computed by `{method}`, which `{}` does not have: `AttributeError` for every row that is shown.",
                    field.name, serializer.name
                ),
            ));
        }
    }
}
