//! `POST /webhooks/github`: takes, verifies, stores, answers; GitHub waits ten seconds at most.
//!
//! | answer | when |
//! |---|---|
//! | 202 | stored, with what it leads to, in one transaction |
//! | 200 | this delivery was stored before; or a ping |
//! | 400 | signed, but without GitHub's headers, or not JSON |
//! | 401 | no signature, or a wrong one |
//! | 408 | the body did not come in time |
//! | 413 | more than [`MAX_BODY_BYTES`] |
//! | 415 | not `application/json` |
//! | 503 | the database or this process cannot take it now; GitHub lists it as failed and the sweep finds it |

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde_json::json;
use tokio::sync::{Notify, Semaphore};

use crate::store::{Accepted, Store};
use crate::web::metrics::Metrics;
use crate::worker::Reviewer;

use super::intent::{PlanSettings, intent};
use super::signature::{Rejection, Secrets};

/// GitHub's cap of a payload (docs: "Webhook events and payloads"); it sends nothing larger.
pub const MAX_BODY_BYTES: usize = 25 * 1024 * 1024;

/// GitHub gives up after ten seconds; by then there must be an answer.
const BODY_TIMEOUT: Duration = Duration::from_secs(8);
const STORE_TIMEOUT: Duration = Duration::from_secs(8);

/// Bodies held in memory at once: with the cap above 800 MiB at the very worst, a few hundred KiB in
/// practice.
const MAX_AT_ONCE: usize = 32;

/// How long a delivery waits for its turn before it is turned away.
const TURN_TIMEOUT: Duration = Duration::from_secs(2);

/// The receiver's parts; cheap to clone.
#[derive(Clone)]
pub struct Receiver {
    pub store: Store,
    pub secrets: Arc<Secrets>,
    pub plan: Arc<PlanSettings>,
    pub reviewer: Arc<dyn Reviewer>,
    /// Woken when the App sees more than before.
    pub reconcile: Arc<Notify>,
    pub metrics: Arc<Metrics>,
    turns: Arc<Semaphore>,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

impl Receiver {
    pub fn new(
        store: Store,
        secrets: Secrets,
        plan: PlanSettings,
        reviewer: Arc<dyn Reviewer>,
        reconcile: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            store,
            secrets: Arc::new(secrets),
            plan: Arc::new(plan),
            reviewer,
            reconcile,
            metrics,
            turns: Arc::new(Semaphore::new(MAX_AT_ONCE)),
        }
    }

    /// The route.
    pub fn router(self) -> Router {
        Router::new()
            .route("/webhooks/github", post(receive))
            .with_state(self)
    }
}

/// What is answered: status, one word for the metrics, a sentence.
struct Answer {
    status: StatusCode,
    outcome: &'static str,
    message: String,
}

impl Answer {
    fn new(status: StatusCode, outcome: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            outcome,
            message: message.into(),
        }
    }
}

async fn receive(State(receiver): State<Receiver>, request: Request) -> Response {
    let began = Instant::now();
    let answer = receiver.take(request).await;
    receiver.metrics.delivery(answer.outcome, began.elapsed());
    let mut response = (answer.status, Json(json!({"message": answer.message}))).into_response();
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("30"));
    }
    response
}

impl Receiver {
    async fn take(&self, request: Request) -> Answer {
        match self.try_take(request).await {
            Ok(answer) | Err(answer) => answer,
        }
    }

    async fn try_take(&self, request: Request) -> Result<Answer, Answer> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(Answer::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "wrong_type",
                "the content type must be application/json; set it in the webhook settings at GitHub",
            ));
        }
        let turn = tokio::time::timeout(TURN_TIMEOUT, self.turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Answer::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "too many deliveries at once",
            ));
        };
        let body = read_body(&parts.headers, body).await?;
        let delivery = self.secrets.verify(&parts.headers, body).map_err(|why| {
            let (status, outcome) = match why {
                Rejection::NoSignature
                | Rejection::MalformedSignature
                | Rejection::WrongSignature => (StatusCode::UNAUTHORIZED, "bad_signature"),
                Rejection::NoEvent | Rejection::NoDelivery => {
                    (StatusCode::BAD_REQUEST, "bad_headers")
                }
            };
            tracing::warn!(outcome, reason = %why, "delivery refused");
            Answer::new(status, outcome, why.to_string())
        })?;
        let intent = intent(&delivery, &self.plan, self.store.now()).map_err(|why| {
            tracing::warn!(github.delivery = delivery.id(), reason = %why, "delivery refused");
            Answer::new(StatusCode::BAD_REQUEST, "not_json", why.to_string())
        })?;
        let accepting = self.store.accept(&intent.delivery, &intent.changes);
        let accepted = match tokio::time::timeout(STORE_TIMEOUT, accepting).await {
            Ok(Ok(accepted)) => accepted,
            Ok(Err(error)) => {
                tracing::error!(github.delivery = delivery.id(), error = %error, "delivery not stored");
                return Err(not_stored());
            }
            Err(_) => {
                tracing::error!(
                    github.delivery = delivery.id(),
                    "delivery not stored in time"
                );
                return Err(not_stored());
            }
        };
        let answer = match &accepted {
            Accepted::Known { .. } => {
                Answer::new(StatusCode::OK, "known", "this delivery was stored before")
            }
            Accepted::Stored(_) if intent.ping => {
                Answer::new(StatusCode::OK, "ping", "takehome is here")
            }
            Accepted::Stored(_) if intent.unreadable => Answer::new(
                StatusCode::ACCEPTED,
                "unreadable",
                "stored, but not understood",
            ),
            Accepted::Stored(_) if intent.delivery.ignored.is_some() => {
                Answer::new(StatusCode::ACCEPTED, "ignored", "stored; leads to nothing")
            }
            Accepted::Stored(applied) => Answer::new(
                StatusCode::ACCEPTED,
                "stored",
                applied
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        };
        if intent.unreadable {
            tracing::error!(
                github.delivery = delivery.id(),
                github.event = delivery.event(),
                reason = intent.delivery.ignored.as_deref(),
                "delivery stored but not understood; after an upgrade replay it"
            );
        } else {
            tracing::info!(
                github.delivery = delivery.id(),
                github.event = delivery.event(),
                github.action = intent.delivery.action.as_deref(),
                outcome = answer.outcome,
                "delivery {}",
                answer.message
            );
        }
        if let Some(installation) = intent.forget {
            self.reviewer.forget_installation(installation);
        }
        if intent.reconcile {
            self.reconcile.notify_one();
        }
        Ok(answer)
    }
}

fn not_stored() -> Answer {
    Answer::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not_stored",
        "the delivery could not be stored; it will be asked for again",
    )
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// The raw body, never more of it than the cap, never longer than the time.
async fn read_body(headers: &HeaderMap, body: Body) -> Result<Bytes, Answer> {
    let too_large = || {
        Answer::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("more than {MAX_BODY_BYTES} bytes"),
        )
    };
    let said: Option<u64> = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    if said.is_some_and(|bytes| bytes > MAX_BODY_BYTES as u64) {
        return Err(too_large());
    }
    let mut stream = body.into_data_stream();
    let read = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|_| {
                Answer::new(
                    StatusCode::BAD_REQUEST,
                    "cut_off",
                    "the body was cut off on its way",
                )
            })?;
            if bytes.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    tokio::time::timeout(BODY_TIMEOUT, read)
        .await
        .unwrap_or_else(|_| {
            Err(Answer::new(
                StatusCode::REQUEST_TIMEOUT,
                "too_slow",
                "the body did not come in time",
            ))
        })
}
