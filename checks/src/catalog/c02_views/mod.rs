//! C02: viewSets, routers and generic views.

mod duplicate_url_name;
mod error_returned_as_200;
mod handler_url_kwargs_mismatch;
mod handlers;
mod redundant_view_base;
mod state_change_on_get;
mod unguarded_orm_get;
mod unguarded_request_access;
mod wrong_success_status;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &duplicate_url_name::CHECK,
    &error_returned_as_200::CHECK,
    &handler_url_kwargs_mismatch::CHECK,
    &redundant_view_base::CHECK,
    &state_change_on_get::CHECK,
    &unguarded_orm_get::CHECK,
    &unguarded_request_access::CHECK,
    &wrong_success_status::CHECK,
];
