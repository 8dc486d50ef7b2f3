//! C15: async tasks, WebSockets and events.

use super::Check;

pub(super) static CHECKS: &[&Check] = &[];
