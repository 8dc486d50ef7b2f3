//! C18: migrations, seeding and data lifecycle.

mod migration_craft;
mod migrations_not_committed;
mod model_change_without_migration;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &migration_craft::CHECK,
    &migrations_not_committed::CHECK,
    &model_change_without_migration::CHECK,
];
