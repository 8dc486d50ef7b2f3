//! Deliveries: signed, sent over HTTP to the App's hook, recorded as GitHub records them. Sent one
//! after the other in the order of their making; other orders come from faults only.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender},
    time::Instant,
};

use crate::{
    clock::Millis,
    faults::DeliveryFault,
    keys::{signature_1, signature_256},
    shared::Shared,
    world::World,
};

/// How long GitHub keeps a delivery for its list and for redelivery: 3 days.
/// Source: "Redelivering webhooks", GitHub's documentation.
pub(crate) const KEPT: Millis = 3 * 24 * 3_600_000;

/// A delivery that was reordered is sent after the next one, or after this time where none comes.
const REORDER_PATIENCE: Duration = Duration::from_millis(750);

/// One attempt to deliver an event.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Of this attempt.
    pub id: u64,
    /// Of the event: redeliveries keep it.
    pub guid: String,
    /// `pull_request`, `check_run` …
    pub event: String,
    /// `opened`, `rerequested` …
    pub action: Option<String>,
    /// The installation it belongs to.
    pub installation: Option<u64>,
    /// The repository it is about.
    pub repository: Option<u64>,
    /// The exact bytes that were signed.
    pub body: Bytes,
    /// A redelivery of an earlier attempt.
    pub redelivery: bool,
    /// `OK`, or what went wrong; empty while it waits.
    pub status: String,
    /// Status of the hook's answer; 0 where there was none.
    pub status_code: u16,
    /// Seconds until the answer.
    pub duration: f64,
    /// The fault that was put in.
    pub fault: Option<DeliveryFault>,
    pub(crate) delivered_at: Millis,
    /// A delivery that GitHub never made: it stands in no list.
    pub(crate) hidden: bool,
    pub(crate) request_headers: Vec<(String, String)>,
    pub(crate) response_headers: Map<String, Value>,
    pub(crate) response_body: String,
}

impl Delivery {
    /// The payload.
    pub fn payload(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it was answered with a status of success.
    pub fn ok(&self) -> bool {
        self.status == "OK"
    }
}

impl World {
    /// Puts an event into the outbox.
    pub(crate) fn post(
        &mut self,
        event: &str,
        action: Option<&str>,
        installation: Option<u64>,
        repository: Option<u64>,
        body: Vec<u8>,
    ) -> u64 {
        let id = self.id("delivery");
        let guid = self.rng.guid();
        let delivered_at = self.now();
        self.deliveries.insert(
            id,
            Delivery {
                id,
                guid,
                event: event.to_owned(),
                action: action.map(str::to_owned),
                installation,
                repository,
                body: Bytes::from(body),
                redelivery: false,
                status: String::new(),
                status_code: 0,
                duration: 0.0,
                fault: None,
                delivered_at,
                hidden: false,
                request_headers: Vec::new(),
                response_headers: Map::new(),
                response_body: String::new(),
            },
        );
        // The other end lives as long as the simulator.
        let _ = self.outbox.send(id);
        id
    }

    /// Sends an earlier delivery again: a new attempt of the same GUID.
    pub(crate) fn redeliver(&mut self, id: u64) -> Option<u64> {
        let kept_since = self.now() - KEPT;
        let earlier = self
            .deliveries
            .get(&id)
            .filter(|earlier| !earlier.hidden && earlier.delivered_at >= kept_since)?
            .clone();
        let id = self.id("delivery");
        let delivered_at = self.now();
        self.deliveries.insert(
            id,
            Delivery {
                id,
                redelivery: true,
                delivered_at,
                status: String::new(),
                status_code: 0,
                duration: 0.0,
                fault: None,
                request_headers: Vec::new(),
                response_headers: Map::new(),
                response_body: String::new(),
                ..earlier
            },
        );
        let _ = self.outbox.send(id);
        Some(id)
    }

    /// Deliveries that have no answer yet.
    pub(crate) fn undelivered(&self) -> usize {
        self.deliveries
            .values()
            .filter(|delivery| delivery.status.is_empty())
            .count()
    }
}

/// Sends what stands in the outbox until the simulator ends.
pub(crate) async fn run(
    shared: Arc<Shared>,
    client: reqwest::Client,
    mut inbox: UnboundedReceiver<u64>,
    again: UnboundedSender<u64>,
) {
    // The delivery that waits for the next one to overtake it.
    let mut overtaken: Option<u64> = None;
    // Deliveries whose fault has had its turn.
    let mut delayed = std::collections::BTreeSet::new();
    while let Some(id) = inbox.recv().await {
        if overtaken == Some(id) {
            overtaken = None;
        }
        let fault = if delayed.remove(&id) {
            None
        } else {
            let facts = shared
                .world()
                .deliveries
                .get(&id)
                .map(|delivery| (delivery.event.clone(), delivery.redelivery));
            facts.and_then(|(event, redelivery)| shared.faults().for_delivery(&event, redelivery))
        };
        if let Some(delivery) = shared.world().deliveries.get_mut(&id)
            && fault.is_some()
        {
            delivery.fault = fault;
        }
        match fault {
            Some(DeliveryFault::Late { millis }) => {
                delayed.insert(id);
                let again = again.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(millis)).await;
                    let _ = again.send(id);
                });
                continue;
            }
            Some(DeliveryFault::Reordered) if overtaken.is_none() => {
                delayed.insert(id);
                overtaken = Some(id);
                let again = again.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(REORDER_PATIENCE).await;
                    let _ = again.send(id);
                });
                continue;
            }
            Some(DeliveryFault::Lost) => finish(&shared, id, "timed out", 0, 0.0, None),
            Some(DeliveryFault::NeverSent) => {
                if let Some(delivery) = shared.world().deliveries.get_mut(&id) {
                    delivery.hidden = true;
                }
                finish(&shared, id, "never sent", 0, 0.0, None);
            }
            Some(DeliveryFault::Doubled) => {
                send(&shared, &client, id, fault).await;
                send(&shared, &client, id, fault).await;
            }
            _ => {
                let waiting = shared
                    .world()
                    .deliveries
                    .get(&id)
                    .is_some_and(|delivery| delivery.status.is_empty());
                if waiting {
                    send(&shared, &client, id, fault).await;
                }
            }
        }
        if let Some(id) = overtaken.take() {
            delayed.remove(&id);
            send(&shared, &client, id, None).await;
        }
    }
}

async fn send(shared: &Shared, client: &reqwest::Client, id: u64, fault: Option<DeliveryFault>) {
    let prepared = {
        let mut world = shared.world();
        let app = world.app.clone();
        world.deliveries.get_mut(&id).map(|delivery| {
            delivery.request_headers = headers(&app, delivery, fault);
            (
                app.hook_url,
                delivery.request_headers.clone(),
                delivery.body.clone(),
            )
        })
    };
    let Some((hook, headers, body)) = prepared else {
        return;
    };
    let Some(hook) = hook else {
        finish(shared, id, "failed to connect to host", 0, 0.0, None);
        return;
    };
    let mut request = client
        .post(hook)
        .timeout(shared.options.delivery_deadline)
        .body(body);
    for (name, value) in &headers {
        request = request.header(name, value);
    }
    let started = Instant::now();
    let outcome = async {
        let response = request.send().await?;
        let status = response.status();
        let headers: Map<String, Value> = response
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), Value::String(value))
            })
            .collect();
        let text = response.text().await?;
        Ok::<_, reqwest::Error>((status, headers, text))
    }
    .await;
    let seconds = (started.elapsed().as_secs_f64() * 100.0).round() / 100.0;
    match outcome {
        Ok((status, headers, text)) => {
            let code = status.as_u16();
            // GitHub says "OK" for every success and else the reason.
            let word = if status.is_success() {
                "OK".to_owned()
            } else {
                format!("Invalid HTTP Response: {code}")
            };
            finish(shared, id, &word, code, seconds, Some((headers, text)));
        }
        Err(error) if error.is_timeout() => finish(shared, id, "timed out", 0, seconds, None),
        Err(_) => finish(shared, id, "failed to connect to host", 0, seconds, None),
    }
}

fn finish(
    shared: &Shared,
    id: u64,
    status: &str,
    code: u16,
    seconds: f64,
    response: Option<(Map<String, Value>, String)>,
) {
    let mut world = shared.world();
    let now = world.now();
    if let Some(delivery) = world.deliveries.get_mut(&id) {
        status.clone_into(&mut delivery.status);
        delivery.status_code = code;
        delivery.duration = seconds;
        delivery.delivered_at = now;
        if let Some((headers, body)) = response {
            delivery.response_headers = headers;
            delivery.response_body = body.chars().take(10_000).collect();
        }
    }
}

/// The headers of a delivery.
/// Source: parameters of `x-webhooks` in GitHub's OpenAPI description.
fn headers(
    app: &crate::world::App,
    delivery: &Delivery,
    fault: Option<DeliveryFault>,
) -> Vec<(String, String)> {
    let mut headers = vec![
        ("Accept", "*/*".to_owned()),
        ("Content-Type", "application/json".to_owned()),
        ("User-Agent", "GitHub-Hookshot/51m0114".to_owned()),
        ("X-GitHub-Delivery", delivery.guid.clone()),
        ("X-GitHub-Event", delivery.event.clone()),
        ("X-GitHub-Hook-ID", "470001001".to_owned()),
        ("X-GitHub-Hook-Installation-Target-ID", app.id.to_string()),
        (
            "X-GitHub-Hook-Installation-Target-Type",
            "integration".to_owned(),
        ),
    ];
    let secret = match fault {
        Some(DeliveryFault::WrongSignature) => "not the secret of this App",
        _ => app.webhook_secret.as_str(),
    };
    if fault != Some(DeliveryFault::MissingSignature) {
        headers.push(("X-Hub-Signature", signature_1(secret, &delivery.body)));
        if fault != Some(DeliveryFault::Sha1Only) {
            headers.push(("X-Hub-Signature-256", signature_256(secret, &delivery.body)));
        }
    }
    headers
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
