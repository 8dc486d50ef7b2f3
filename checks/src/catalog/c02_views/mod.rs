//! C02: viewSets, routers and generic views.

mod unguarded_orm_get;
mod unguarded_request_access;

use super::Check;

pub(super) static CHECKS: &[&Check] =
    &[&unguarded_orm_get::CHECK, &unguarded_request_access::CHECK];
