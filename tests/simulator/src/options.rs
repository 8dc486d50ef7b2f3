//! What a simulator is started with. Never read from a file or, but for `TAKEHOME_SHARED`, the
//! environment: a test says what it wants.

use std::{path::PathBuf, time::Duration};

/// Where GitHub's OpenAPI description is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Contract {
    /// `suites/github/openapi-slice.json` in `TAKEHOME_SHARED`, else in the first folder `shared`
    /// that stands in the package's folder or above it. Nothing is checked where there is none
    /// (see [`Simulator::contract`](crate::Simulator::contract)).
    #[default]
    Find,
    /// This file. Starting fails if it cannot be read.
    File(PathBuf),
    /// Requests are not checked.
    Off,
}

/// Rate limits, per installation.
/// Source: "Rate limits for the REST API", GitHub's documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests per hour.
    pub primary_per_hour: u64,
    /// Requests under way at once; more are refused with a secondary limit.
    pub concurrent: Option<u32>,
    /// Points per minute (1 for a read, 5 for a write).
    pub points_per_minute: Option<u64>,
    /// Requests that make content (comments, check runs, labels …) per minute.
    pub content_per_minute: Option<u64>,
    /// Requests that make content per hour.
    pub content_per_hour: Option<u64>,
}

impl Limits {
    /// The limits of github.com.
    pub fn github() -> Self {
        Self {
            primary_per_hour: 5_000,
            concurrent: Some(100),
            points_per_minute: Some(900),
            content_per_minute: Some(80),
            content_per_hour: Some(500),
        }
    }

    /// No limits: for load and soak runs.
    pub fn none() -> Self {
        Self {
            primary_per_hour: 1_000_000_000,
            concurrent: None,
            points_per_minute: None,
            content_per_minute: None,
            content_per_hour: None,
        }
    }
}

/// How a simulator is started. `Options::default()` is github.com on ephemeral ports of 127.0.0.1.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed of every random choice (tokens, GUIDs, random faults).
    pub seed: u64,
    /// Ports of the API, the archive host and the web pages; 0 is any free one.
    pub ports: [u16; 3],
    /// The App's id.
    pub app_id: u64,
    /// The App's name; its bot is `{slug}[bot]`.
    pub app_slug: String,
    /// Secret of the App's webhook.
    pub webhook_secret: String,
    /// PEM of the App's RSA key; made at start where not given.
    pub private_key_pem: Option<String>,
    /// Where deliveries go; may be set later.
    pub hook_url: Option<String>,
    /// Rate limits.
    pub limits: Limits,
    /// Deliveries without an answer after this long have failed. GitHub waits 10 seconds.
    pub delivery_deadline: Duration,
    /// The App hears its own writes (`check_run` created, `issue_comment` created by the bot …), as
    /// on GitHub.
    pub echo: bool,
    /// Installation tokens of the older form, 40 characters; else the long stateless form that
    /// GitHub began to issue in April 2026.
    pub short_tokens: bool,
    /// An installation's token reads public repositories it is not installed on. Sources disagree
    /// about GitHub; `false` is the stricter reading.
    pub public_readable: bool,
    /// GitHub's OpenAPI description for checking requests.
    pub contract: Contract,
    /// Every exchange is appended to this file, one JSON object a line.
    pub transcript: Option<PathBuf>,
    /// Exchanges kept in memory; older ones are dropped, the file keeps all.
    pub keep_exchanges: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            ports: [0, 0, 0],
            app_id: 1_001,
            app_slug: "takehome".to_owned(),
            webhook_secret: "a-webhook-secret-of-the-simulator".to_owned(),
            private_key_pem: None,
            hook_url: None,
            limits: Limits::github(),
            delivery_deadline: Duration::from_secs(10),
            echo: true,
            short_tokens: false,
            public_readable: false,
            contract: Contract::Find,
            transcript: None,
            keep_exchanges: 5_000,
        }
    }
}
