//! `takehome replay FILE`: sends a recorded delivery to a running service, really signed; or runs the
//! kept input of an analysis that died.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Failure, Outcome, block_on, output};
use crate::settings::SettingsArgs;
use crate::web::metrics::Metrics;
use crate::webhook::{DELIVERY_HEADER, EVENT_HEADER, SIGNATURE_HEADER, Secrets};
use crate::worker::process::{Limits, SeparateProcess};
use crate::worker::wire;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A payload as GitHub sent it; a delivery as GitHub's API gives it (`GET
    /// /app/hook/deliveries/ID`); or a kept `.takehome-input`
    file: PathBuf,
    /// Name of the event, where the file does not say it
    #[arg(long)]
    event: Option<String>,
    /// Id of the delivery; without it a new one, for a known one is not done again
    #[arg(long)]
    id: Option<String>,
    /// Where the service listens
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) fn run(args: Args) -> Result<Outcome, Failure> {
    let bytes = std::fs::read(&args.file).map_err(|error| {
        Failure::usage(format_args!(
            "{} cannot be read: {error}",
            args.file.display()
        ))
    })?;
    if bytes.starts_with(wire::MAGIC) {
        return block_on(analyse(bytes));
    }
    block_on(deliver(args, bytes))
}

/// Runs a kept input as the service would, and prints the analysis.
async fn analyse(input: Vec<u8>) -> Result<Outcome, Failure> {
    wire::decode(&input).map_err(|error| Failure::usage(format_args!("the file: {error}")))?;
    let process = SeparateProcess::new(Limits::default(), Arc::new(Metrics::default()));
    let analysis = process
        .analyse_encoded(&input)
        .await
        .map_err(|death| Failure::internal(anyhow::anyhow!("the analysis died again: {death}")))?;
    let json = serde_json::to_string_pretty(&analysis).map_err(Failure::internal)?;
    output::write(&format!("{json}\n"), None)?;
    Ok(Outcome::Done)
}

async fn deliver(args: Args, bytes: Vec<u8>) -> Result<Outcome, Failure> {
    let json: Value = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::usage(format_args!("{} is no JSON: {error}", args.file.display()))
    })?;
    // As GitHub's API gives a delivery, its payload is a part of it.
    let recorded = json.pointer("/request/payload");
    let body = match recorded {
        Some(payload) => payload.to_string().into_bytes(),
        None => bytes,
    };
    let event = args
        .event
        .or_else(|| {
            recorded?;
            Some(json.get("event")?.as_str()?.to_owned())
        })
        .ok_or_else(|| {
            Failure::usage("the file does not say which event it is; say it with --event NAME")
        })?;
    let secrets = args.settings.secrets().map_err(Failure::input)?;
    let secrets =
        Secrets::new(secrets.iter().map(ExposeSecret::expose_secret)).map_err(Failure::input)?;
    let id = args
        .id
        .unwrap_or_else(|| format!("replay-{}", uuid::Uuid::new_v4()));
    super::trust_certificates();
    let url = format!("{}/webhooks/github", args.url.trim_end_matches('/'));
    let sent = reqwest::Client::new()
        .post(&url)
        .header("content-type", "application/json")
        .header(EVENT_HEADER, &event)
        .header(DELIVERY_HEADER, &id)
        .header(SIGNATURE_HEADER, secrets.sign(&body))
        .body(body)
        .send()
        .await;
    let answer = sent.map_err(|error| {
        Failure::usage(format_args!(
            "nothing answers at {url}: {error}; is `takehome serve` running there? Say where with --url"
        ))
    })?;
    let status = answer.status();
    let said: Value = answer.json().await.unwrap_or_default();
    let said = said
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or("no message");
    if !status.is_success() {
        return Err(Failure::usage(format_args!(
            "the service answered {status}: {said}"
        )));
    }
    output::write(&format!("{id}: {said}\n"), None)?;
    Ok(Outcome::Done)
}
