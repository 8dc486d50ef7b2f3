//! DRF431: the repository has no pipeline of any provider.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF431",
    name: "ci-absent",
    competency: Competency::C11,
    polarity: Polarity::Gap,
    severity: Severity::Low,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("ci_absent.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(anchor) = cx.head.project_anchor() else {
        return;
    };
    out.looked();
    if !cx.head.infra.ci.is_empty() {
        return;
    }
    let local = cx
        .head
        .infra
        .targets
        .iter()
        .find(|target| matches!(target.name.as_str(), "ci" | "check"));
    let evidence = match local {
        Some(target) => Evidence::new(
            "pipeline",
            anchor,
            format!("There is no pipeline file; `make {}` holds the steps, and nothing runs them on a push.", target.name),
        )
        .severity(Severity::Info),
        None => Evidence::new(
            "pipeline",
            anchor,
            "There is no pipeline file of GitHub Actions, GitLab, CircleCI, Azure or Jenkins: nothing runs the tests on a push.",
        ),
    };
    out.found(evidence);
}
