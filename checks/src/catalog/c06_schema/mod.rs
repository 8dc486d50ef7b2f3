//! C06: API documentation and schema.

mod computed_field_untyped;
mod schema_artifact_stale;
mod schema_generation_absent;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &schema_generation_absent::CHECK,
    &computed_field_untyped::CHECK,
    &schema_artifact_stale::CHECK,
];
