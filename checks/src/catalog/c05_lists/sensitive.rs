//! Columns that a client should neither search nor order by. Judges nothing.

/// Parts of names of secrets.
const SECRETS: [&str; 10] = [
    "password",
    "passwd",
    "secret",
    "token",
    "otp",
    "api_key",
    "pin_code",
    "ssn",
    "cvv",
    "card_number",
];
/// Names of what identifies a person.
const PERSONAL: [&str; 8] = [
    "email",
    "phone",
    "phone_number",
    "mobile",
    "address",
    "date_of_birth",
    "birth_date",
    "national_id",
];

/// A password, a key, a code.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRETS.iter().any(|part| name.contains(part))
}

/// An address of a person.
pub(super) fn is_personal(name: &str) -> bool {
    PERSONAL.contains(&name.to_lowercase().as_str())
}
