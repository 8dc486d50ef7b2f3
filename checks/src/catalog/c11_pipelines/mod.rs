//! C11: CI/CD, packaging and containers.

mod build_artifacts_committed;
mod ci_absent;
mod dependencies_reproducible;
mod pipeline_quality;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &build_artifacts_committed::CHECK,
    &ci_absent::CHECK,
    &dependencies_reproducible::CHECK,
    &pipeline_quality::CHECK,
];
