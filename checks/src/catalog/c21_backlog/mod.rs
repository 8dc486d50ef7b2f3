//! C21: stakeholder alignment and backlog.

use super::Check;

pub(super) static CHECKS: &[&Check] = &[];
