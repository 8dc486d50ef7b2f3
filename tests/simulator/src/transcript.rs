//! The record of every exchange, in memory and as JSON Lines. Credentials are written as a digest:
//! enough to see that two requests used the same token, never the token.

use std::{
    collections::VecDeque,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use http::HeaderMap;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    error::{Result, io},
    http::{Answer, Host, Request},
    keys::sha256_hex,
};

/// Longest answer kept in memory, in bytes; the file keeps it whole.
const KEPT_ANSWER: usize = 16 * 1024;

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exchange {
    /// Counts from 1 over all hosts.
    pub number: u64,
    /// Which host was asked.
    pub host: Host,
    /// `GET`, `POST` …
    pub method: String,
    /// Path as it was sent.
    pub path: String,
    /// Query string as it was sent.
    pub query: String,
    /// Headers by name in lower case; `authorization` is a digest.
    pub request_headers: Map<String, Value>,
    /// JSON where it is JSON, else text.
    pub request_body: Value,
    /// Status of the answer; 0 where none was sent.
    pub status: u16,
    /// Headers of the answer.
    pub response_headers: Map<String, Value>,
    /// JSON where it is JSON, else the number of bytes; null in memory where it is large.
    pub response_body: Value,
    /// The fault that was put in.
    pub fault: Option<String>,
}

/// All exchanges so far.
#[derive(Debug)]
pub(crate) struct Transcript {
    kept: VecDeque<Exchange>,
    keep: usize,
    file: Option<BufWriter<File>>,
    count: u64,
    pub(crate) violations: Vec<Violation>,
    pub(crate) response_violations: Vec<Violation>,
}

/// An exchange that contradicts GitHub's OpenAPI description or a rule beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The exchange's number in the transcript.
    pub exchange: u64,
    /// Method and path.
    pub request: String,
    /// What contradicts, and where.
    pub problem: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exchange {}: {}: {}",
            self.exchange, self.request, self.problem
        )
    }
}

impl Transcript {
    pub(crate) fn new(keep: usize, file: Option<&Path>) -> Result<Self> {
        let file = file
            .map(|path| {
                File::options()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map(BufWriter::new)
                    .map_err(io(format!("open the transcript {}", path.display())))
            })
            .transpose()?;
        Ok(Self {
            kept: VecDeque::new(),
            keep,
            file,
            count: 0,
            violations: Vec::new(),
            response_violations: Vec::new(),
        })
    }

    /// Writes an exchange down; gives its number.
    pub(crate) fn record(
        &mut self,
        request: &Request,
        answer: Option<&Answer>,
        fault: Option<String>,
    ) -> u64 {
        self.count += 1;
        let mut exchange = Exchange {
            number: self.count,
            host: request.host,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.raw_query.clone(),
            request_headers: headers(&request.headers),
            request_body: body(&request.body, request.header("content-type")),
            status: answer.map_or(0, |answer| answer.status),
            response_headers: answer
                .iter()
                .flat_map(|answer| answer.headers.iter())
                .map(|(name, value)| (name.clone(), Value::String(value.clone())))
                .collect(),
            response_body: answer.map_or(Value::Null, |answer| {
                body(&answer.body, answer.header("content-type"))
            }),
            fault,
        };
        if let Some(file) = &mut self.file {
            // A full disk must not change what the tested program sees.
            let _ = serde_json::to_writer(&mut *file, &exchange);
            let _ = file.write_all(b"\n");
            let _ = file.flush();
        }
        if answer.is_some_and(|answer| answer.body.len() > KEPT_ANSWER) {
            exchange.response_body = Value::Null;
        }
        if self.kept.len() >= self.keep {
            self.kept.pop_front();
        }
        self.kept.push_back(exchange);
        self.count
    }

    pub(crate) fn all(&self) -> Vec<Exchange> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn clear(&mut self) {
        self.kept.clear();
        self.violations.clear();
        self.response_violations.clear();
    }
}

fn headers(map: &HeaderMap) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in map {
        let text = if name == "authorization" {
            let text = value.to_str().unwrap_or_default();
            let (scheme, secret) = text.split_once(' ').unwrap_or(("", text));
            let digest = sha256_hex(secret.as_bytes());
            format!("{scheme} sha256:{}", digest.get(..12).unwrap_or_default())
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        match out.get_mut(name.as_str()) {
            // A header that was sent twice is shown twice.
            Some(Value::String(before)) => {
                before.push_str(" | ");
                before.push_str(&text);
            }
            _ => {
                out.insert(name.as_str().to_owned(), Value::String(text));
            }
        }
    }
    out
}

fn body(bytes: &[u8], content_type: Option<&str>) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    let json = content_type.is_some_and(|kind| kind.contains("json"));
    if json && let Ok(value) = serde_json::from_slice(bytes) {
        return mask(value);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if text.len() <= 4 * KEPT_ANSWER => Value::String(text.to_owned()),
        _ => Value::String(format!("({} bytes)", bytes.len())),
    }
}

/// A body without the secrets GitHub hands out.
fn mask(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        for secret in ["token", "pem", "webhook_secret", "client_secret"] {
            if let Some(Value::String(text)) = object.get_mut(secret) {
                let digest = sha256_hex(text.as_bytes());
                *text = format!("sha256:{}", digest.get(..12).unwrap_or_default());
            }
        }
    }
    value
}
