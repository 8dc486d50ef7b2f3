//! Who may read the reviewers' pages. They hold levels and questions for the interview, and this
//! service is on the internet for GitHub's sake: without a decision of the operator's nobody may.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use secrecy::{ExposeSecret, SecretString};

use super::PageError;

/// The operator's decision.
#[derive(Clone, Debug, Default)]
pub enum ReviewAccess {
    /// Nobody: the pages do not exist.
    #[default]
    Off,
    /// Whoever knows the password, under any name (HTTP Basic, RFC 7617).
    Password(SecretString),
    /// Everybody who reaches the port: for the demo, which listens on this machine only.
    Open,
}

impl ReviewAccess {
    pub fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// Lets the request in, or says why not.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), PageError> {
        match self {
            Self::Off => Err(PageError::NotFound(
                "The operator of this service has not switched on reviewers' pages.",
            )),
            Self::Open => Ok(()),
            Self::Password(password) => {
                let given = given(headers).ok_or(PageError::Locked)?;
                let right = aws_lc_rs::constant_time::verify_slices_are_equal(
                    given.as_bytes(),
                    password.expose_secret().as_bytes(),
                );
                right.map_err(|_| PageError::Locked)
            }
        }
    }
}

/// The password of a Basic authorisation.
fn given(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded.trim())
        .ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(authorization: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_the_password_opens() {
        let access = ReviewAccess::Password(SecretString::from("open sesame"));
        // `printf 'anna:open sesame' | base64`
        assert!(
            access
                .admit(&asking(Some("Basic YW5uYTpvcGVuIHNlc2FtZQ==")))
                .is_ok()
        );
        for wrong in [
            None,
            Some("Basic"),
            Some("Basic !!"),
            Some("Bearer YW5uYTpvcGVuIHNlc2FtZQ=="),
            Some("Basic YW5uYTpvcGVu"),
            Some("Basic YW5uYTo="),
        ] {
            assert!(
                matches!(access.admit(&asking(wrong)), Err(PageError::Locked)),
                "{wrong:?}"
            );
        }
    }

    #[test]
    fn without_a_decision_there_is_nothing() {
        let answer = ReviewAccess::default().admit(&asking(None));
        assert!(matches!(answer, Err(PageError::NotFound(_))));
        assert!(ReviewAccess::Open.admit(&asking(None)).is_ok());
    }
}
