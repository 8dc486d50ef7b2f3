//! C23: delivery and developer velocity.

mod one_command_dev;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[&one_command_dev::CHECK];
