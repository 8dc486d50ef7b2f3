//! C13: modular boundaries and layered design.

mod service_or_selector_layer;
mod wildcard_import;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[&service_or_selector_layer::CHECK, &wildcard_import::CHECK];
