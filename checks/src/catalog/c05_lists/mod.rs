//! C05: pagination, filtering and ordering.

mod ad_hoc_query_filtering;
mod cursor_ordering_invalid;
mod filter_config_inert;
mod filter_exposes_sensitive;
mod filter_field_unresolvable;
mod filter_sets;
mod hand_rolled_list_skips_pagination;
mod list_endpoint_unbounded;
mod lists;
mod ordering_unrestricted;
mod page_size_uncapped;
mod pagination_defensive;
mod pagination_inert;
mod sensitive;
mod typed_filterset;
mod unordered_pagination;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &ad_hoc_query_filtering::CHECK,
    &cursor_ordering_invalid::CHECK,
    &filter_config_inert::CHECK,
    &filter_exposes_sensitive::CHECK,
    &filter_field_unresolvable::CHECK,
    &hand_rolled_list_skips_pagination::CHECK,
    &list_endpoint_unbounded::CHECK,
    &ordering_unrestricted::CHECK,
    &page_size_uncapped::CHECK,
    &pagination_defensive::CHECK,
    &pagination_inert::CHECK,
    &typed_filterset::CHECK,
    &unordered_pagination::CHECK,
];
