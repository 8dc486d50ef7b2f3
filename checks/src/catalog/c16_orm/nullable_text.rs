//! DRF610: a text column that has two kinds of empty.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF610",
    name: "nullable-text",
    competency: Competency::C16,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("nullable_text.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut seen = Vec::new();
    for model in cx.head.django.models() {
        if model.class.is_none() || !model.is_managed {
            continue;
        }
        for field in &model.fields {
            let Some(place) = field.place else { continue };
            let is_file = matches!(&*field.base, "FileField" | "ImageField");
            if !field.is_text() || is_file || seen.contains(&place) {
                continue;
            }
            seen.push(place);
            out.looked();
            // A unique column needs NULL for its many empty rows: Django's documented exception.
            if field.null != Some(true) || field.unique != Some(false) {
                continue;
            }
            out.found(Evidence::new(
                format!("{}.{}", model.fq, field.name),
                cx.anchor(place),
                format!(
                    "`{}.{}` is text and may be NULL: `NULL` and `\"\"` both mean empty, and queries and clients have to know both. `blank=True, default=\"\"` leaves one.",
                    model.name, field.name
                ),
            ));
        }
    }
}
