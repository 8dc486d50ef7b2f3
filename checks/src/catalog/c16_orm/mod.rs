//! C16: ORM and indexes.

mod null_without_blank;
mod nullable_text;
mod redundant_index;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &null_without_blank::CHECK,
    &nullable_text::CHECK,
    &redundant_index::CHECK,
];
