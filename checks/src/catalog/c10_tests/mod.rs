//! C10: API testing.

mod assertionless_test;
mod denied_access_untested;
mod factories_and_fixtures;
mod isolation_and_status_matrix;
mod tests_absent;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &assertionless_test::CHECK,
    &denied_access_untested::CHECK,
    &factories_and_fixtures::CHECK,
    &isolation_and_status_matrix::CHECK,
    &tests_absent::CHECK,
];
