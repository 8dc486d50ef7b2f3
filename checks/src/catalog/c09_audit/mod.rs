//! C09: audit logging and traceability.

mod print_instead_of_logging;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[&print_instead_of_logging::CHECK];
