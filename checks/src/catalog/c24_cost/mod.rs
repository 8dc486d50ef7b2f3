//! C24: cost and footprint.

mod image_bloat;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[&image_bloat::CHECK];
