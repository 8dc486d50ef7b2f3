//! C06: API documentation and schema.

mod computed_field_untyped;
mod documentable;
mod documented_errors_and_examples;
mod schema_artifact_stale;
mod schema_generation_absent;
mod view_unintrospectable;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &computed_field_untyped::CHECK,
    &documented_errors_and_examples::CHECK,
    &schema_artifact_stale::CHECK,
    &schema_generation_absent::CHECK,
    &view_unintrospectable::CHECK,
];
