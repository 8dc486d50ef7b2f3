//! Words and validators of the models that packages bring, as data: `package_models.json`, made by
//! `package_models.py` from the packages themselves.
//!
//! Their fields are facts already; this holds what only a schema shows.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::validators::Rule;
use crate::django::names::ClassRef;

/// What a schema shows of a package's model field.
#[derive(Debug, Deserialize)]
pub(super) struct Words {
    #[serde(default)]
    pub(super) verbose_name: String,
    #[serde(default)]
    pub(super) help_text: String,
    /// Patterns of its `RegexValidator`s.
    #[serde(default)]
    patterns: Vec<String>,
}

impl Words {
    pub(super) fn rules(&self) -> Vec<Rule> {
        self.patterns.iter().cloned().map(Rule::Pattern).collect()
    }
}

type Table = HashMap<String, HashMap<String, Words>>;

/// Look-ups only: the order of the maps is never used.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "our own file, parsed by a test")]
    let table = serde_json::from_str(include_str!("package_models.json"))
        .expect("package_models.json is a table of words");
    table
});

/// What is known of a field that a package's model declares.
pub(super) fn words(declared_in: &ClassRef, field: &str) -> Option<&'static Words> {
    let ClassRef::External(fq) = declared_in else {
        return None;
    };
    TABLE.get(&**fq)?.get(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_words_of_django_s_user() {
        let user = ClassRef::External("django.contrib.auth.models.AbstractUser".into());
        let email = words(&user, "email").map(|w| w.verbose_name.as_str());
        assert_eq!(email, Some("email address"));
        assert!(words(&user, "username").is_some_and(|w| !w.rules().is_empty()));
    }
}
