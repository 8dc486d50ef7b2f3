//! C11: CI/CD, packaging and containers.

mod ci_absent;
mod dependencies_reproducible;
mod pipeline_quality;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &ci_absent::CHECK,
    &dependencies_reproducible::CHECK,
    &pipeline_quality::CHECK,
];
