//! DRF204: a request or a response changed so that clients break.

use super::breaking;
use crate::catalog::{Answers, Check, Cx, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::openapi::comparisons::Source;

pub(super) static CHECK: Check = Check {
    id: "DRF204",
    name: "breaking-response-or-request-change",
    competency: Competency::C04,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::High,
    scope: Scope::Diff,
    page: include_str!("breaking_response_or_request_change.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    breaking::tell(
        cx,
        out,
        |change| !breaking::is_of_route(change),
        |source| match source {
            Source::Inferred => "A change that breaks clients",
            Source::Committed(_) => "The committed schema shows a breaking change",
        },
    );
}
