//! C22: service levels and error budgets.

mod slo_stated;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[&slo_stated::CHECK];
