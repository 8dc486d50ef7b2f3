//! Receives, verifies and parses webhooks. Hands on nothing unverified.
//!
//! [`receiver`] speaks HTTP, [`signature`] makes a [`VerifiedDelivery`] of signed bytes, [`intent`]
//! says what an event means, in the store's language. [`payload`] is the only place that knows how
//! GitHub writes an event.

mod intent;
mod payload;
mod receiver;
mod signature;

pub use intent::{Intent, NotJson, PlanSettings, intent};
pub use receiver::{MAX_BODY_BYTES, Receiver};
pub use signature::{
    DELIVERY_HEADER, EVENT_HEADER, MIN_SECRET_BYTES, Rejection, SIGNATURE_HEADER, SecretError,
    Secrets, TARGET_HEADER, VerifiedDelivery,
};
