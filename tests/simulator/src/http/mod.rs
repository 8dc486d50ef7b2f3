//! Requests and answers, apart from sockets: what the API, the archive host and the pages are
//! written against. The sockets are in [`server`].

mod answer;
pub(crate) mod server;
pub(crate) mod uri;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

pub(crate) use answer::{Answer, Reply};

/// Which of the three hosts was asked.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Host {
    /// `api.github.com`.
    Api,
    /// `codeload.github.com`.
    Archive,
    /// `github.com`, for people, and the simulator's own admin API.
    Web,
}

/// A request, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) host: Host,
    pub(crate) method: String,
    /// Path as it was sent, without the query.
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Segments of the path, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| uri::decode(segment, false))
            .collect()
    }

    /// The body as JSON; an empty body is an empty object.
    pub(crate) fn json(&self) -> Result<Value, serde_json::Error> {
        if self.body.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        serde_json::from_slice(&self.body)
    }

    pub(crate) fn is_write(&self) -> bool {
        !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}
