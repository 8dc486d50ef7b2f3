//! The signature of a delivery: HMAC-SHA256 over the raw bytes, compared in constant time.
//!
//! [`VerifiedDelivery`] has no other maker than [`Secrets::verify`]; what takes one cannot be handed
//! an unverified body. SHA-1 signatures are not looked at.

use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use bytes::Bytes;

/// GitHub's header with the signature.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";
/// GitHub's header with the name of the event.
pub const EVENT_HEADER: &str = "x-github-event";
/// GitHub's header with the id of the delivery.
pub const DELIVERY_HEADER: &str = "x-github-delivery";
/// GitHub's header with the id of the App that the delivery is for.
pub const TARGET_HEADER: &str = "x-github-hook-installation-target-id";

/// Shorter secrets can be guessed off line from one delivery. `openssl rand -hex 20` gives 40.
pub const MIN_SECRET_BYTES: usize = 16;

/// GitHub sends GUIDs of 36 characters.
const MAX_ID_BYTES: usize = 100;

/// Why a secret cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("no webhook secret is set: anybody could send events; set TAKEHOME_WEBHOOK_SECRET")]
    None,
    #[error(
        "webhook secret number {at} is empty: anybody could send events; is there a stray comma?"
    )]
    Empty { at: usize },
    #[error(
        "webhook secret number {at} has {bytes} bytes; at least {MIN_SECRET_BYTES} are needed \
         (make one with `openssl rand -hex 20` and set it at GitHub as well)"
    )]
    Short { at: usize, bytes: usize },
}

/// The secrets that deliveries may be signed with, newest first.
#[derive(Clone)]
pub struct Secrets(Vec<hmac::Key>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} webhook secrets", self.0.len())
    }
}

/// A delivery that was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("the header X-Hub-Signature-256 is missing; set a webhook secret at GitHub")]
    NoSignature,
    #[error("the header X-Hub-Signature-256 must be `sha256=` and 64 hexadecimal digits, once")]
    MalformedSignature,
    #[error(
        "the signature does not match: the webhook secret at GitHub is another, or the body was changed on its way"
    )]
    WrongSignature,
    #[error("the header X-GitHub-Event is missing or not a name")]
    NoEvent,
    #[error("the header X-GitHub-Delivery is missing or not an id")]
    NoDelivery,
}

/// The body of a delivery that was signed with one of our secrets.
#[derive(Clone, Debug)]
pub struct VerifiedDelivery {
    id: String,
    event: String,
    target: Option<u64>,
    body: Bytes,
}

impl VerifiedDelivery {
    /// `X-GitHub-Delivery`. Like the other headers it is not part of what is signed.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `X-GitHub-Event`.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// The App that the delivery is for, where the header says it.
    pub fn target(&self) -> Option<u64> {
        self.target
    }

    /// The raw body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

impl Secrets {
    /// Takes secrets, newest first.
    ///
    /// # Errors
    /// When there is none, or one is empty or shorter than [`MIN_SECRET_BYTES`].
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self, SecretError> {
        let mut keys = Vec::new();
        for (at, secret) in (1..).zip(secrets) {
            match secret.len() {
                0 => return Err(SecretError::Empty { at }),
                bytes if bytes < MIN_SECRET_BYTES => {
                    return Err(SecretError::Short { at, bytes });
                }
                _ => keys.push(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())),
            }
        }
        if keys.is_empty() {
            return Err(SecretError::None);
        }
        Ok(Self(keys))
    }

    /// Checks the signature over the raw body, then reads the headers.
    pub fn verify(&self, headers: &HeaderMap, body: Bytes) -> Result<VerifiedDelivery, Rejection> {
        let mut signatures = headers.get_all(SIGNATURE_HEADER).iter();
        let signature = signatures.next().ok_or(Rejection::NoSignature)?;
        if signatures.next().is_some() {
            return Err(Rejection::MalformedSignature);
        }
        let tag = tag(signature.as_bytes()).ok_or(Rejection::MalformedSignature)?;
        // All keys are tried, whichever matches: the time tells nothing about which.
        let matching = self
            .0
            .iter()
            .filter(|key| hmac::verify(key, &body, &tag).is_ok())
            .count();
        if matching == 0 {
            return Err(Rejection::WrongSignature);
        }
        let event = word(headers, EVENT_HEADER).ok_or(Rejection::NoEvent)?;
        let id = word(headers, DELIVERY_HEADER).ok_or(Rejection::NoDelivery)?;
        let target = headers
            .get(TARGET_HEADER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(VerifiedDelivery {
            id,
            event,
            target,
            body,
        })
    }

    /// Signs a body with the newest secret, as GitHub would: `sha256=…`.
    pub fn sign(&self, body: &[u8]) -> String {
        match self.0.first() {
            Some(key) => format!("sha256={}", hex::encode(hmac::sign(key, body).as_ref())),
            None => String::new(),
        }
    }
}

/// The 32 bytes of `sha256=` and 64 hexadecimal digits, and of nothing else.
fn tag(header: &[u8]) -> Option<[u8; 32]> {
    let digits = header.strip_prefix(b"sha256=")?;
    let mut tag = [0; 32];
    hex::decode_to_slice(digits, &mut tag).ok()?;
    Some(tag)
}

/// A header of printable ASCII without spaces, not too long.
fn word(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    let is_word = !value.is_empty()
        && value.len() <= MAX_ID_BYTES
        && value.bytes().all(|b| b.is_ascii_graphic());
    is_word.then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GitHub's own test vector (docs: "Validating webhook deliveries").
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
        headers.insert(EVENT_HEADER, "ping".parse().unwrap());
        headers.insert(DELIVERY_HEADER, "72d3162e-cc78-11e3".parse().unwrap());
        headers
    }

    fn verify(signature: &str, body: &'static [u8]) -> Result<VerifiedDelivery, Rejection> {
        Secrets::new([SECRET])
            .unwrap()
            .verify(&headers(signature), Bytes::from_static(body))
    }

    #[test]
    fn githubs_test_vector_is_accepted() {
        let delivery = verify(SIGNATURE, BODY).unwrap();
        assert_eq!(delivery.event(), "ping");
        assert_eq!(delivery.body().as_ref(), BODY);
        assert_eq!(Secrets::new([SECRET]).unwrap().sign(BODY), SIGNATURE);
    }

    #[test]
    fn nothing_else_is() {
        let digits = SIGNATURE.strip_prefix("sha256=").unwrap();
        let short = digits.split_at(1).1;
        let head = digits.split_at(63).0;
        for (bad, why) in [
            (format!("sha1={digits}"), Rejection::MalformedSignature),
            (digits.to_owned(), Rejection::MalformedSignature),
            (format!("SHA256={digits}"), Rejection::MalformedSignature),
            (format!("sha256={short}"), Rejection::MalformedSignature),
            (format!("sha256={digits}00"), Rejection::MalformedSignature),
            (format!("sha256= {short}"), Rejection::MalformedSignature),
            (format!("sha256={short}g"), Rejection::MalformedSignature),
            ("sha256=".to_owned(), Rejection::MalformedSignature),
            (String::new(), Rejection::MalformedSignature),
            (format!("sha256={head}6"), Rejection::WrongSignature),
        ] {
            assert_eq!(verify(&bad, BODY).unwrap_err(), why, "{bad}");
        }
        assert_eq!(
            verify(SIGNATURE, b"Hello, World! ").unwrap_err(),
            Rejection::WrongSignature
        );
        let mut none = headers(SIGNATURE);
        none.remove(SIGNATURE_HEADER);
        let secrets = Secrets::new([SECRET]).unwrap();
        assert_eq!(
            secrets.verify(&none, Bytes::from_static(BODY)).unwrap_err(),
            Rejection::NoSignature
        );
        let mut two = headers(SIGNATURE);
        two.append(SIGNATURE_HEADER, SIGNATURE.parse().unwrap());
        assert_eq!(
            secrets.verify(&two, Bytes::from_static(BODY)).unwrap_err(),
            Rejection::MalformedSignature
        );
    }

    #[test]
    fn an_older_secret_is_still_accepted() {
        let secrets = Secrets::new(["the newest of our secrets", SECRET]).unwrap();
        assert!(
            secrets
                .verify(&headers(SIGNATURE), Bytes::from_static(BODY))
                .is_ok()
        );
        let other = Secrets::new(["the newest of our secrets"]).unwrap();
        assert!(
            other
                .verify(&headers(SIGNATURE), Bytes::from_static(BODY))
                .is_err()
        );
    }

    #[test]
    fn weak_secrets_are_refused() {
        let refused = |secrets: &[&str]| Secrets::new(secrets.iter().copied()).unwrap_err();
        assert_eq!(refused(&[]), SecretError::None);
        assert_eq!(refused(&[SECRET, ""]), SecretError::Empty { at: 2 });
        assert_eq!(
            refused(&["hunter2"]),
            SecretError::Short { at: 1, bytes: 7 }
        );
        assert!(!format!("{:?}", Secrets::new([SECRET]).unwrap()).contains("Everybody"));
    }

    #[test]
    fn headers_that_are_no_names_are_refused() {
        let secrets = Secrets::new([SECRET]).unwrap();
        let mut bad = headers(SIGNATURE);
        bad.insert(DELIVERY_HEADER, "x".repeat(101).parse().unwrap());
        assert_eq!(
            secrets.verify(&bad, Bytes::from_static(BODY)).unwrap_err(),
            Rejection::NoDelivery
        );
        bad.remove(EVENT_HEADER);
        assert_eq!(
            secrets.verify(&bad, Bytes::from_static(BODY)).unwrap_err(),
            Rejection::NoEvent
        );
    }
}
