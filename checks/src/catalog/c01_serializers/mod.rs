//! C01: serializers and validators.

mod declared_field_not_in_meta_fields;
mod inert_extra_kwargs;
mod serializer_fields_all;
mod validate_hook_drops_value;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &declared_field_not_in_meta_fields::CHECK,
    &inert_extra_kwargs::CHECK,
    &serializer_fields_all::CHECK,
    &validate_hook_drops_value::CHECK,
];
