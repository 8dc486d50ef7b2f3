//! C03: authentication, permissions and throttling.

mod access_check_result_discarded;
mod access_control_commented_out;
mod action_weakens_permission;
mod auth_permission_contradiction;
mod default_deny_policy;
mod django_auth_mixin_on_apiview;
mod get_permissions_hole;
mod guessable_routes;
mod list_returns_others_rows;
mod no_default_permission_policy;
mod object_only_permission_class;
mod object_permission_not_invoked;
mod object_scope;
mod object_scope_missing;
mod overwritten;
mod owner_set_by_client;
mod ownership_enforced;
mod policy_decorator_order;
mod privilege_field_writable;
mod public_write_by_default;
mod related_object_not_authorised;
mod secret_field_readable;
mod sensitive_endpoint_unthrottled;
mod throttle_config_inert;
mod throttle_policy_effective;
mod truthy_anonymous_user;
mod webhook_unverified;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &access_check_result_discarded::CHECK,
    &access_control_commented_out::CHECK,
    &action_weakens_permission::CHECK,
    &auth_permission_contradiction::CHECK,
    &default_deny_policy::CHECK,
    &django_auth_mixin_on_apiview::CHECK,
    &get_permissions_hole::CHECK,
    &list_returns_others_rows::CHECK,
    &no_default_permission_policy::CHECK,
    &object_only_permission_class::CHECK,
    &object_permission_not_invoked::CHECK,
    &object_scope_missing::CHECK,
    &owner_set_by_client::CHECK,
    &ownership_enforced::CHECK,
    &policy_decorator_order::CHECK,
    &privilege_field_writable::CHECK,
    &public_write_by_default::CHECK,
    &related_object_not_authorised::CHECK,
    &secret_field_readable::CHECK,
    &sensitive_endpoint_unthrottled::CHECK,
    &throttle_config_inert::CHECK,
    &throttle_policy_effective::CHECK,
    &truthy_anonymous_user::CHECK,
    &webhook_unverified::CHECK,
];
