//! DRF533: a property, method or `__str__` of a model that is shown asks the database for each row.

use super::n_plus_one_method_field::by_code;
use crate::catalog::{Answers, Check, Cx, Scope};
use crate::django::relations::NeedKind;
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF533",
    name: "n-plus-one-model-property",
    competency: Competency::C14,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("n_plus_one_model_property.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    by_code(cx, out, NeedKind::ModelMethod);
}
