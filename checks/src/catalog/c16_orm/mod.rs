//! C16: ORM and indexes.

mod cascade_on_valuable_rows;
mod column_uses;
mod filtered_column_unindexed;
mod list_in_column;
mod lookup_on_non_unique_field;
mod model_without_str;
mod null_without_blank;
mod nullable_text;
mod random_or_leading_wildcard_scan;
mod redundant_index;
mod reverse_accessor_clash;
mod set_based_orm;
mod targeted_index;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &cascade_on_valuable_rows::CHECK,
    &filtered_column_unindexed::CHECK,
    &list_in_column::CHECK,
    &lookup_on_non_unique_field::CHECK,
    &model_without_str::CHECK,
    &null_without_blank::CHECK,
    &nullable_text::CHECK,
    &random_or_leading_wildcard_scan::CHECK,
    &redundant_index::CHECK,
    &reverse_accessor_clash::CHECK,
    &set_based_orm::CHECK,
    &targeted_index::CHECK,
];
