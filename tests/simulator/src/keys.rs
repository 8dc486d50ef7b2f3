//! The App's key pair, the App's JWT and the signatures of deliveries. Never reads a key from disk.

use std::sync::OnceLock;

use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;

use crate::error::{Error, Result};

/// The key pair of the App: PEM for the client, public half for checking.
#[derive(Clone)]
pub(crate) struct AppKey {
    pub(crate) pem: String,
    public: Vec<u8>,
}

impl std::fmt::Debug for AppKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppKey(…)")
    }
}

impl AppKey {
    /// A key made at the first call in this process and shared afterwards: a 2048-bit key takes a
    /// noticeable time, and a test binary starts many simulators.
    pub(crate) fn shared() -> Result<Self> {
        static KEY: OnceLock<std::result::Result<AppKey, String>> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = KeyPair::generate(KeySize::Rsa2048)
                .map_err(|_| "could not be generated".to_owned())?;
            let pkcs8 = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)
                .map_err(|_| "could not be exported".to_owned())?;
            let inner = pkcs1(pkcs8.as_ref()).ok_or("has an unknown form")?;
            Ok(AppKey {
                pem: pem("RSA PRIVATE KEY", inner),
                public: pair.public_key().as_ref().to_vec(),
            })
        })
        .clone()
        .map_err(Error::Key)
    }

    /// The key in `text`, PKCS#1 or PKCS#8.
    pub(crate) fn from_pem(text: &str) -> Result<Self> {
        let body: String = text
            .lines()
            .filter(|line| !line.starts_with("-----"))
            .collect();
        let der = STANDARD
            .decode(body.trim())
            .map_err(|error| Error::Key(format!("not PEM: {error}")))?;
        let pair = KeyPair::from_pkcs8(&der)
            .or_else(|_| KeyPair::from_der(&der))
            .map_err(|error| Error::Key(format!("not an RSA private key: {error}")))?;
        Ok(Self {
            pem: text.to_owned(),
            public: pair.public_key().as_ref().to_vec(),
        })
    }

    /// The claims of a JWT signed with this key by RS256; times are for the caller to judge.
    pub(crate) fn claims(&self, jwt: &str) -> Option<Value> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        rules.validate_aud = false;
        jsonwebtoken::decode::<Value>(jwt, &DecodingKey::from_rsa_der(&self.public), &rules)
            .ok()
            .map(|token| token.claims)
    }
}

/// The PKCS#1 key inside a PKCS#8 one (RFC 5208): the only OCTET STRING at the top level, after the
/// version and the algorithm.
fn pkcs1(pkcs8: &[u8]) -> Option<&[u8]> {
    /// Tag, content and rest of one DER element.
    fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
        let (&tag, rest) = der.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes.iter().try_fold(0usize, |length, &byte| {
                length.checked_mul(256)?.checked_add(usize::from(byte))
            })?;
            (length, rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        Some((tag, content, rest))
    }
    let (_, mut inside, _) = element(pkcs8)?;
    while !inside.is_empty() {
        let (tag, content, rest) = element(inside)?;
        if tag == 0x04 {
            return Some(content);
        }
        inside = rest;
    }
    None
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = format!("-----BEGIN {label}-----\n");
    for (at, character) in text.chars().enumerate() {
        if at > 0 && at % 64 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines.push_str(&format!("\n-----END {label}-----\n"));
    lines
}

/// `X-Hub-Signature-256` of a body: `sha256=` and the HMAC in hexadecimal.
pub(crate) fn signature_256(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("sha256={}", hex::encode(hmac::sign(&key, body)))
}

/// `X-Hub-Signature` of a body: the older HMAC-SHA1, which GitHub still sends beside the newer one.
pub(crate) fn signature_1(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    format!("sha1={}", hex::encode(hmac::sign(&key, body)))
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}
