//! C14: caching, N+1 and performance.

mod eager_loading_exact;
mod list_relations;
mod n_plus_one_method_field;
mod n_plus_one_model_property;
mod n_plus_one_serializer_relation;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &eager_loading_exact::CHECK,
    &n_plus_one_method_field::CHECK,
    &n_plus_one_model_property::CHECK,
    &n_plus_one_serializer_relation::CHECK,
];
