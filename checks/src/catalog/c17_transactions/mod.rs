//! C17: transactions, concurrency and data integrity.

mod check_then_create_race;
mod concurrency_control;
mod constrained_vocabulary;
mod db_error_swallowed_in_atomic;
mod default_not_in_choices;
mod enclosing;
mod f_expression_leak;
mod get_or_create_without_unique;
mod io_inside_transaction;
mod lock_outside_transaction;
mod lost_update_race;
mod missing_unique_constraint;
mod money_as_float;
mod multi_write_not_atomic;
mod naive_datetime;
mod non_idempotent_payment_post;
mod shared_or_frozen_default;
mod status_transition_unguarded;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &check_then_create_race::CHECK,
    &concurrency_control::CHECK,
    &constrained_vocabulary::CHECK,
    &db_error_swallowed_in_atomic::CHECK,
    &default_not_in_choices::CHECK,
    &f_expression_leak::CHECK,
    &get_or_create_without_unique::CHECK,
    &io_inside_transaction::CHECK,
    &lock_outside_transaction::CHECK,
    &lost_update_race::CHECK,
    &missing_unique_constraint::CHECK,
    &money_as_float::CHECK,
    &multi_write_not_atomic::CHECK,
    &naive_datetime::CHECK,
    &non_idempotent_payment_post::CHECK,
    &shared_or_frozen_default::CHECK,
    &status_transition_unguarded::CHECK,
];
