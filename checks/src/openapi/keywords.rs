//! What kind of keyword a key of a schema is, and digests of what no rule speaks of.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Keywords that describe and never accept or refuse a value.
pub(crate) fn is_annotation(key: &str) -> bool {
    matches!(
        key,
        "description" | "example" | "examples" | "externalDocs" | "$comment" | "summary"
    )
}

/// Does the key, beside a `$ref`, change what the schema says?
pub(crate) fn is_assertion(key: &str) -> bool {
    !is_annotation(key) && key != "$ref" && key != "title" && !key.starts_with("x-")
}

/// Adds a keyword to a digest; the order of keywords does not matter.
pub(crate) fn mix(sum: u64, key: &str, digest: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    digest.hash(&mut hasher);
    sum.wrapping_add(hasher.finish())
}
