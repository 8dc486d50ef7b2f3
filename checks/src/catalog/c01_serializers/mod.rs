//! C01: serializers and validators.

mod create_update_no_instance;
mod cross_field_validation;
mod dead_validate_hook;
mod declared_field_not_in_meta_fields;
mod explicit_serializer_fields;
mod field_declaration_discarded;
mod implicit_enum;
mod inert_extra_kwargs;
mod is_valid_result_ignored;
mod key_reads;
mod meta_field_unresolvable;
mod method_field_without_method;
mod nested_write_unsupported;
mod optional_field_subscripted;
mod patch_breaks_validation;
mod redundant_source;
mod separate_read_write_serializers;
mod serializer_exclude;
mod serializer_fields_all;
mod serializer_object_not_data;
mod serializer_per_object;
mod server_side_defaults;
mod unique_member_set_server_side;
mod validate_hook_drops_value;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &create_update_no_instance::CHECK,
    &cross_field_validation::CHECK,
    &dead_validate_hook::CHECK,
    &declared_field_not_in_meta_fields::CHECK,
    &explicit_serializer_fields::CHECK,
    &field_declaration_discarded::CHECK,
    &implicit_enum::CHECK,
    &inert_extra_kwargs::CHECK,
    &is_valid_result_ignored::CHECK,
    &meta_field_unresolvable::CHECK,
    &method_field_without_method::CHECK,
    &nested_write_unsupported::CHECK,
    &optional_field_subscripted::CHECK,
    &patch_breaks_validation::CHECK,
    &redundant_source::CHECK,
    &separate_read_write_serializers::CHECK,
    &serializer_exclude::CHECK,
    &serializer_fields_all::CHECK,
    &serializer_object_not_data::CHECK,
    &serializer_per_object::CHECK,
    &server_side_defaults::CHECK,
    &unique_member_set_server_side::CHECK,
    &validate_hook_drops_value::CHECK,
];
