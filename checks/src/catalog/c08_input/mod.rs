//! C08: input validation and sanitisation.

mod broad_except_swallow;
mod client_fields;
mod code_or_command_injection;
mod date_range_unvalidated;
mod defence_in_depth_validation;
mod exception_text_leaked;
mod from_request;
mod input_unbounded;
mod json_blob_unvalidated;
mod mass_assignment_raw;
mod numeric_bounds_missing;
mod open_redirect;
mod orm_lookup_injection;
mod raw_sql_interpolation;
mod reference_input_unchecked;
mod ssrf_user_url;
mod unsafe_deserialization;
mod upload_unvalidated;
mod validated_data_bypassed;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &broad_except_swallow::CHECK,
    &code_or_command_injection::CHECK,
    &date_range_unvalidated::CHECK,
    &defence_in_depth_validation::CHECK,
    &exception_text_leaked::CHECK,
    &input_unbounded::CHECK,
    &json_blob_unvalidated::CHECK,
    &mass_assignment_raw::CHECK,
    &numeric_bounds_missing::CHECK,
    &open_redirect::CHECK,
    &orm_lookup_injection::CHECK,
    &raw_sql_interpolation::CHECK,
    &reference_input_unchecked::CHECK,
    &ssrf_user_url::CHECK,
    &unsafe_deserialization::CHECK,
    &upload_unvalidated::CHECK,
    &validated_data_bypassed::CHECK,
];
