//! C18: migrations, seeding and data lifecycle.

mod migration_craft;
mod model_change_without_migration;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &migration_craft::CHECK,
    &model_change_without_migration::CHECK,
];
