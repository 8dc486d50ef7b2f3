//! DRF205: a route is gone or has moved.

use super::breaking;
use crate::catalog::{Answers, Check, Cx, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::openapi::comparisons::Source;

pub(super) static CHECK: Check = Check {
    id: "DRF205",
    name: "breaking-route-change",
    competency: Competency::C04,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Diff,
    page: include_str!("breaking_route_change.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    breaking::tell(cx, out, breaking::is_of_route, |source| match source {
        Source::Inferred => "Clients of a route break",
        Source::Committed(_) => "The committed schema shows that clients of a route break",
    });
}
