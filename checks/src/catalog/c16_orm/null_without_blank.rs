//! DRF612: a column that may be empty and a form that insists on a value.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::django::FieldKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF612",
    name: "null-without-blank",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("null_without_blank.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() {
            continue;
        }
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            let single = field.is_forward_single();
            let scalar = field.kind == FieldKind::Scalar
                && (field.is_numeric() || field.is_temporal() || &*field.base == "BooleanField");
            if !(single || scalar) || seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            let optional = field.null == Some(true) && field.blank == Some(false);
            if !optional || field.editable != Some(true) || field.auto_now {
                continue;
            }
            out.found(Evidence::new(
                format!("{}.{}", model.fq, field.name),
                cx.anchor(place),
                format!(
                    "`{}.{}` has `null=True` without `blank=True`: the database and the serializer take an empty value, the admin and `full_clean()` refuse it.",
                    model.name, field.name
                ),
            ));
        }
    }
}
