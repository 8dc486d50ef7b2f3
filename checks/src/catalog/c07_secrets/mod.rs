//! C07: tokens, sessions, secrets and secure settings.

mod account_enumeration;
mod allowed_hosts_wildcard;
mod cors_wide_open;
mod credential_literal;
mod csrf_disabled_with_session_auth;
mod custom_user_model;
mod debug_enabled_in_prod;
mod env_file_committed;
mod hand_rolled_authentication;
mod jwt_crypto_misuse;
mod jwt_lifetime_excessive;
mod jwt_rotation_inert;
mod named_calls;
mod password_flow;
mod password_handled_safely;
mod password_policy_bypassed;
mod password_stored_plaintext;
mod secret_key_literal;
mod secrets_externalised;
mod token_cookie_flags;
mod token_lifecycle_hardened;
mod token_without_expiry;
mod transport_hardening_missing;
mod user_model_hardcoded;

use super::Check;

pub(super) static CHECKS: &[&Check] = &[
    &account_enumeration::CHECK,
    &allowed_hosts_wildcard::CHECK,
    &cors_wide_open::CHECK,
    &credential_literal::CHECK,
    &csrf_disabled_with_session_auth::CHECK,
    &custom_user_model::CHECK,
    &debug_enabled_in_prod::CHECK,
    &env_file_committed::CHECK,
    &hand_rolled_authentication::CHECK,
    &jwt_crypto_misuse::CHECK,
    &jwt_lifetime_excessive::CHECK,
    &jwt_rotation_inert::CHECK,
    &password_handled_safely::CHECK,
    &password_policy_bypassed::CHECK,
    &password_stored_plaintext::CHECK,
    &secret_key_literal::CHECK,
    &secrets_externalised::CHECK,
    &token_cookie_flags::CHECK,
    &token_lifecycle_hardened::CHECK,
    &token_without_expiry::CHECK,
    &transport_hardening_missing::CHECK,
    &user_model_hardcoded::CHECK,
];
