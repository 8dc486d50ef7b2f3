//! The private key as people paste it.

use base64::Engine as _;
use takehome::github::{KeyError, private_key};

use super::script::PEM;

#[test]
fn what_copying_does_to_a_key_is_put_right() {
    let pem = PEM.as_str();
    let packed = base64::engine::general_purpose::STANDARD.encode(pem);
    for form in [
        pem.to_owned(),
        pem.replace('\n', "\\n"),
        format!("\"{}\"", pem.replace('\n', "\\n")),
        format!("  '{pem}'\n"),
        pem.replace('\n', "\r\n"),
        pem.replace('\n', " "),
        packed,
    ] {
        assert!(private_key(&form).is_ok(), "{}", &form[..40]);
    }
}

#[test]
fn what_is_no_key_is_told_in_a_sentence_without_it() {
    let body = PEM.lines().nth(1).unwrap();
    for (form, wanted) in [
        (String::new(), KeyError::Empty),
        ("takehome.pem".to_owned(), KeyError::NoPem),
        (
            "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----".to_owned(),
            KeyError::WrongKind("public key".to_owned()),
        ),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----"
                .to_owned(),
            KeyError::WrongKind("`OPENSSH PRIVATE KEY`".to_owned()),
        ),
    ] {
        assert_eq!(private_key(&form).err(), Some(wanted));
    }
    let lines: Vec<&str> = PEM.lines().filter(|line| *line != body).collect();
    let short = lines.join(
        "
",
    );
    let error = private_key(&short).err().unwrap();
    assert!(matches!(error, KeyError::Damaged(_)), "{error}");
    assert!(!error.to_string().contains(body));
}
