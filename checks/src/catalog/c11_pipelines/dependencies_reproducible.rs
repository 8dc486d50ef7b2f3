//! DRF450: everybody who installs the project gets the same versions.

use crate::catalog::Anchor;
use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::infra::Requirement;

pub(super) static CHECK: Check = Check {
    id: "DRF450",
    name: "dependencies-reproducible",
    competency: Competency::C11,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("dependencies_reproducible.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let dependencies = &cx.head.infra.dependencies;
    let runtime: Vec<&Requirement> = dependencies
        .requirements
        .iter()
        .filter(|requirement| !requirement.dev)
        .collect();
    let has_manifest = !runtime.is_empty() || !dependencies.locks.is_empty();
    if !has_manifest {
        out.not_applicable("no dependencies are declared");
        return;
    }
    out.looked();
    // What pip cannot read everywhere reproduces nothing.
    if !dependencies.odd_encoding.is_empty() || !dependencies.has("django") {
        return;
    }
    if let Some(lock) = dependencies.locks.first() {
        let agrees = runtime.iter().all(|requirement| {
            let locked = dependencies.locked.get(&requirement.name);
            match (locked, requirement.exact()) {
                (Some(locked), Some(exact)) => locked == exact,
                (Some(_), None) => true,
                // A second manifest may pin what the lock does not hold.
                (None, exact) => exact.is_some(),
            }
        });
        if agrees && !dependencies.locked.is_empty() {
            out.found(Evidence::new(
                "dependencies",
                Anchor::line(*lock, 1),
                format!(
                    "`{}` fixes the versions of {} distributions, and the manifest agrees with it.",
                    cx.head.tree.file(*lock).path,
                    dependencies.locked.len()
                ),
            ));
        }
        return;
    }
    let Some(first) = runtime.first() else { return };
    if runtime
        .iter()
        .all(|requirement| requirement.exact().is_some())
    {
        out.found(Evidence::new(
            "dependencies",
            Anchor::line(first.file, first.line),
            format!(
                "`{}` pins every one of its {} requirements to one version.",
                cx.head.tree.file(first.file).path,
                runtime.len()
            ),
        ));
    }
}
