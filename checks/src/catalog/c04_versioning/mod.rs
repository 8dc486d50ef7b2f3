//! C04: versioning and backward compatibility.

mod breaking;
mod breaking_response_or_request_change;
mod breaking_route_change;
mod contract_guarded;
mod deprecation_signalled;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &breaking_response_or_request_change::CHECK,
    &breaking_route_change::CHECK,
    &deprecation_signalled::CHECK,
    &contract_guarded::CHECK,
];
