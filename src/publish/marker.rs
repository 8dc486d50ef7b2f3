//! The signed mark in our comment: says that a comment is ours and for this pull request. It is
//! believed only in comments that our App wrote; anybody can copy it.

use aws_lc_rs::hmac;

use crate::github::{PullNumber, RepoId};

/// Begins the mark; the rest is the signature in 64 hex digits.
const BEGIN: &str = "<!-- takehome:v1:";
const END: &str = " -->";

/// Makes and recognises marks.
#[derive(Clone)]
pub struct Marker {
    /// Newest first: the first signs, any may verify.
    keys: Vec<hmac::Key>,
}

impl std::fmt::Debug for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Marker")
    }
}

impl Marker {
    /// From the service's secrets, newest first; each is used through a key of its own, so that a
    /// mark gives nothing away about them.
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s [u8]>) -> Self {
        let keys = secrets
            .into_iter()
            .map(|secret| {
                let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
                let derived = hmac::sign(&secret, b"takehome comment marker");
                hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
            })
            .collect();
        Self { keys }
    }

    /// The mark of a pull request, to stand on a line of its own.
    pub fn mark(&self, repository: RepoId, pull: PullNumber) -> String {
        let signature = self
            .keys
            .first()
            .map(|key| hex::encode(hmac::sign(key, &message(repository, pull))))
            .unwrap_or_default();
        format!("{BEGIN}{signature}{END}")
    }

    /// Whether a text holds a mark of this pull request.
    pub fn is_in(&self, text: &str, repository: RepoId, pull: PullNumber) -> bool {
        let message = message(repository, pull);
        text.split(BEGIN)
            .skip(1)
            .filter_map(|rest| rest.split_once(END))
            .filter_map(|(signature, _)| hex::decode(signature).ok())
            .any(|signature| {
                self.keys
                    .iter()
                    .any(|key| hmac::verify(key, &message, &signature).is_ok())
            })
    }
}

fn message(repository: RepoId, pull: PullNumber) -> Vec<u8> {
    format!("comment of {repository}#{pull}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_for_one_pull_request_and_for_older_secrets() {
        let (repository, pull) = (RepoId(1), PullNumber(2));
        let old = Marker::new([b"old".as_slice()]);
        let both = Marker::new([b"new".as_slice(), b"old"]);
        let text = format!("Thank you.\n\n{}\n", old.mark(repository, pull));
        assert!(old.is_in(&text, repository, pull));
        assert!(both.is_in(&text, repository, pull));
        assert!(!both.is_in(&text, repository, PullNumber(3)));
        assert!(!both.is_in(&text, RepoId(2), pull));
        assert!(!old.is_in(&both.mark(repository, pull), repository, pull));
        for forged in [
            "",
            "<!-- takehome:v1: -->",
            "<!-- takehome:v1:00ff -->",
            BEGIN,
        ] {
            assert!(!both.is_in(forged, repository, pull), "{forged}");
        }
    }
}
