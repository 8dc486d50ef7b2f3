//! C20: documentation.

mod readme_absent_or_template;
mod readme_lacks_run_and_test;
mod tradeoffs_documented;
mod working_examples;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &readme_absent_or_template::CHECK,
    &readme_lacks_run_and_test::CHECK,
    &tradeoffs_documented::CHECK,
    &working_examples::CHECK,
];
