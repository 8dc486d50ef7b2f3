//! The App's private key as people paste it: literal `\n`, quotes, CRLF, base64 around it.

use base64::Engine as _;
use jsonwebtoken::EncodingKey;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the App's private key is empty; paste the whole .pem file that GitHub gave you under \
         \"Private keys\" of the App"
    )]
    Empty,
    #[error(
        "the App's private key has no `-----BEGIN … PRIVATE KEY-----` line; it must be the content \
         of the .pem file, not its name, the client secret or the webhook secret"
    )]
    NoPem,
    #[error(
        "the App's private key is a {0}; GitHub signs Apps with an RSA key: use the .pem file that \
         GitHub gave you under \"Private keys\" of the App"
    )]
    WrongKind(String),
    #[error(
        "the App's private key is damaged ({0}); line breaks or characters are missing: copy the \
         .pem file again, or name it with TAKEHOME_GITHUB_PRIVATE_KEY_FILE"
    )]
    Damaged(String),
}

/// Reads the key, putting right what copying does to it.
pub fn private_key(text: &str) -> Result<EncodingKey, KeyError> {
    let pem = normalise(text)?;
    let begin = pem
        .lines()
        .find_map(|line| line.trim().strip_prefix("-----BEGIN "))
        .and_then(|rest| rest.strip_suffix("-----"))
        .ok_or(KeyError::NoPem)?;
    match begin {
        "RSA PRIVATE KEY" | "PRIVATE KEY" => {}
        "PUBLIC KEY" | "RSA PUBLIC KEY" => return Err(KeyError::WrongKind("public key".into())),
        "ENCRYPTED PRIVATE KEY" => {
            return Err(KeyError::WrongKind("key with a passphrase".into()));
        }
        other => return Err(KeyError::WrongKind(format!("`{}`", printable(other)))),
    }
    EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|error| KeyError::Damaged(error.to_string()))
}

fn normalise(text: &str) -> Result<String, KeyError> {
    let text = text.trim().trim_matches(['"', '\'', '`']).trim();
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    let mut text = text
        .replace("\\r", "")
        .replace("\\n", "\n")
        .replace('\r', "");
    if !text.contains("-----BEGIN ") {
        let packed: String = text.split_whitespace().collect();
        text = base64::engine::general_purpose::STANDARD
            .decode(packed)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|inner| inner.contains("-----BEGIN "))
            .map(|inner| inner.replace('\r', ""))
            .ok_or(KeyError::NoPem)?;
    }
    // All on one line, as a form field or `$(cat key.pem)` makes it.
    if text.lines().count() < 3 {
        text = unfold(&text).ok_or(KeyError::NoPem)?;
    }
    Ok(text)
}

/// `-----BEGIN X----- abc def -----END X-----` with its lines put back.
fn unfold(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (kind, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: Vec<char> = body.chars().filter(|c| !c.is_whitespace()).collect();
    let lines: Vec<String> = body.chunks(64).map(|line| line.iter().collect()).collect();
    Some(format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        lines.join("\n")
    ))
}

/// A word of a secret file that an error may repeat: a short heading of capital letters.
fn printable(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_ascii_uppercase() || *c == ' ')
        .take(40)
        .collect()
}
