//! Pages and endpoints for people and machines: review page, health, metrics.

pub mod health;
pub mod metrics;
pub mod pages;
pub(crate) mod server;
