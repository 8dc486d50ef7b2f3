//! C19: review discipline and decisions.

mod commented_out_code;
mod identity_comparison;
mod todo_left;
mod unused_import;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &commented_out_code::CHECK,
    &identity_comparison::CHECK,
    &todo_left::CHECK,
    &unused_import::CHECK,
];
