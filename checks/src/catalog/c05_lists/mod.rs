//! C05: pagination, filtering and ordering.

mod list_endpoint_unbounded;
mod pagination_defensive;
mod pagination_inert;
mod unordered_pagination;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &list_endpoint_unbounded::CHECK,
    &pagination_defensive::CHECK,
    &pagination_inert::CHECK,
    &unordered_pagination::CHECK,
];
