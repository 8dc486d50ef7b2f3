//! C17: transactions, concurrency and data integrity.

mod check_then_create_race;
mod concurrency_control;
mod lost_update_race;
mod money_as_float;
mod multi_write_not_atomic;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &check_then_create_race::CHECK,
    &concurrency_control::CHECK,
    &lost_update_race::CHECK,
    &money_as_float::CHECK,
    &multi_write_not_atomic::CHECK,
];
