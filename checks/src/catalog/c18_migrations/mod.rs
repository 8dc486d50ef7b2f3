//! C18: migrations, seeding and data lifecycle.

mod model_change_without_migration;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[&model_change_without_migration::CHECK];
