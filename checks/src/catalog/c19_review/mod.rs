//! C19: review discipline and decisions.

use super::Check;

pub(super) static CHECKS: &[&Check] = &[];
