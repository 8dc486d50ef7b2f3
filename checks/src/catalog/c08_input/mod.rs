//! C08: input validation and sanitisation.

mod broad_except_swallow;
mod exception_text_leaked;
mod raw_sql_interpolation;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &broad_except_swallow::CHECK,
    &exception_text_leaked::CHECK,
    &raw_sql_interpolation::CHECK,
];
