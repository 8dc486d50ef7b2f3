//! What the rules need to know about the catalogue of checks: which ids exist, and which check
//! somebody meant.

use takehome_checks::catalog;

use super::suggest::nearest;

/// Whether this version has the check.
pub(super) fn has(id: &str) -> bool {
    catalog::all().iter().any(|check| check.id == id)
}

/// The id that was meant: by name, by an id in another case, or by a name with a mistake in it.
pub(super) fn meant(word: &str) -> Option<String> {
    if let Some(check) = catalog::find(word.trim()) {
        return Some(check.id.to_owned());
    }
    let checks = catalog::all();
    let name = nearest(word, checks.iter().map(|check| check.name))?;
    checks
        .iter()
        .find(|check| check.name == name)
        .map(|check| check.id.to_owned())
}
