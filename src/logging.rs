//! The log of the service: to stderr, as text or as one JSON object per line.
//!
//! Fields have dotted names (`github.delivery`, `job.id`); messages are sentences without values. No
//! secret is ever a field: secrets live in types whose `Debug` does not show them.

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, LogSettings};

/// Starts the log of this process; `false` where it was started before.
pub fn start(settings: &LogSettings) -> bool {
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Text => log.try_init().is_ok(),
        LogFormat::Json => log
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
            .is_ok(),
    }
}
