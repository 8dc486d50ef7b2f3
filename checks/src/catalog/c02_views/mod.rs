//! C02: viewSets, routers and generic views.

mod duplicate_url_name;
mod error_returned_as_200;
mod exception_handler_skips_rollback;
mod handler_url_kwargs_mismatch;
mod handlers;
mod http_method_misused;
mod immutable_resource_fully_writable;
mod least_surface_viewset;
mod misspelled_framework_attribute;
mod mixed_error_envelopes;
mod nullable_value_dereferenced;
mod queryset_frozen_at_import;
mod redundant_view_base;
mod reimplemented_generic_view;
mod route_shadowed;
mod router_basename_collision;
mod router_basename_missing;
mod state_change_on_get;
mod unguarded_orm_get;
mod unguarded_request_access;
mod uniform_error_contract;
mod verb_in_resource_path;
mod view_unrouted;
mod wrong_success_status;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &duplicate_url_name::CHECK,
    &error_returned_as_200::CHECK,
    &exception_handler_skips_rollback::CHECK,
    &handler_url_kwargs_mismatch::CHECK,
    &http_method_misused::CHECK,
    &immutable_resource_fully_writable::CHECK,
    &least_surface_viewset::CHECK,
    &misspelled_framework_attribute::CHECK,
    &mixed_error_envelopes::CHECK,
    &nullable_value_dereferenced::CHECK,
    &queryset_frozen_at_import::CHECK,
    &redundant_view_base::CHECK,
    &reimplemented_generic_view::CHECK,
    &route_shadowed::CHECK,
    &router_basename_collision::CHECK,
    &router_basename_missing::CHECK,
    &state_change_on_get::CHECK,
    &unguarded_orm_get::CHECK,
    &unguarded_request_access::CHECK,
    &uniform_error_contract::CHECK,
    &verb_in_resource_path::CHECK,
    &view_unrouted::CHECK,
    &wrong_success_status::CHECK,
];
