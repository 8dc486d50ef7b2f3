//! GitHub's identifiers as types of their own, so that one is never taken for another.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

numeric_id! {
    /// A repository, by the number that stays when it is renamed or transferred.
    RepoId
}
numeric_id! {
    /// A pull request, by its number in the base repository.
    PullNumber
}
numeric_id! {
    /// One place where the App is installed.
    InstallationId
}

/// Full id of a commit: 40 hexadecimal digits (or 64 in a SHA-256 repository), lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct CommitSha(String);

impl CommitSha {
    /// `None` for anything but a full id: it goes into paths of requests.
    pub fn parse(text: &str) -> Option<Self> {
        let full = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
        full.then(|| Self(text.to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CommitSha {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not the full id of a commit"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_a_full_id() {
        assert!(CommitSha::parse(&"a".repeat(40)).is_some());
        assert_eq!(
            CommitSha::parse(&"A".repeat(40)).unwrap().as_str(),
            "a".repeat(40)
        );
        for wrong in [
            "main",
            "",
            "../../../secrets",
            &"g".repeat(40),
            &"a".repeat(39),
        ] {
            assert_eq!(CommitSha::parse(wrong), None, "{wrong}");
        }
    }
}
