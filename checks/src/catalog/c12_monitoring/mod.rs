//! C12: monitoring, metrics and tracing.

use super::Check;

pub(super) static CHECKS: &[&Check] = &[];
