//! Requests on the wire: octocrab over one HTTP client, a deadline for each exchange, a limit for
//! each body. Repeats nothing and follows no redirect.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::{AuthState, OctoBody, Octocrab, OctocrabBuilder, auth::AppAuth};

use super::error::{GitHubError, Sent};

/// Most bytes of one JSON answer. GitHub's largest is a tree of 7 MB.
pub const MAX_ANSWER_BYTES: usize = 16 << 20;
/// Most bytes of one packed archive. What is read of a tree is at most 64 MiB unpacked.
pub const MAX_ARCHIVE_BYTES: usize = 64 << 20;
/// The version whose answers the types were written against.
const API_VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("takehome/", env!("CARGO_PKG_VERSION")));

/// One request, without its credentials.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    /// From the base URI, with query.
    pub(super) path: String,
    pub(super) body: Option<Bytes>,
    pub(super) max_bytes: usize,
}

/// One whole answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Who a request is signed by.
pub(super) enum Signed<'t> {
    /// The App itself, by octocrab.
    App,
    /// A header of ours (`Bearer …`).
    Header(&'t HeaderValue),
}

pub(super) struct Transport {
    octocrab: Octocrab,
    /// For archives, which lie on another host and must not see a credential.
    bare: reqwest::Client,
    base: Uri,
    deadline: Duration,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl Transport {
    /// Must be called within a tokio runtime.
    pub(super) fn new(
        base: Uri,
        app: AppAuth,
        connect: Duration,
        deadline: Duration,
    ) -> Result<Self, GitHubError> {
        // A provider that somebody installed before is as good.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let bare = reqwest::Client::builder()
            .connect_timeout(connect)
            .read_timeout(deadline)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build()
            .map_err(|error| GitHubError::Transport {
                operation: "starting the HTTP client".to_owned(),
                sent: Sent::No,
                message: error.without_url().to_string(),
            })?;
        let client = bare.clone();
        let service = tower::service_fn(move |request: Request<OctoBody>| {
            let client = client.clone();
            async move {
                let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))?;
                let answer = client.execute(request).await?;
                Ok::<_, reqwest::Error>(http::Response::<reqwest::Body>::from(answer))
            }
        });
        let octocrab = match OctocrabBuilder::new_empty()
            .with_service(service)
            .with_layer(&BaseUriLayer::new(base.clone()))
            .with_auth(AuthState::App(app))
            .build()
        {
            Ok(octocrab) => octocrab,
            Err(never) => match never {},
        };
        Ok(Self {
            octocrab,
            bare,
            base,
            deadline,
        })
    }

    pub(super) fn base(&self) -> &Uri {
        &self.base
    }

    /// Sends a request to the API and reads the whole answer.
    pub(super) async fn exchange(
        &self,
        outgoing: &Outgoing,
        signed: Signed<'_>,
    ) -> Result<Answer, GitHubError> {
        let operation = operation(outgoing);
        let request = request(outgoing, &operation)?;
        let exchange = async {
            let answer = match signed {
                Signed::App => self.octocrab.execute(request).await,
                Signed::Header(value) => {
                    let mut request = request;
                    request
                        .headers_mut()
                        .insert(header::AUTHORIZATION, value.clone());
                    self.octocrab.send(request).await
                }
            };
            let answer = answer.map_err(|error| transport_error(&operation, &error))?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, outgoing.max_bytes)
                .collect()
                .await
                .map_err(|error| body_error(&operation, &*error))?
                .to_bytes();
            Ok(Answer {
                status: parts.status,
                headers: parts.headers,
                body,
            })
        };
        tokio::time::timeout(self.deadline, exchange)
            .await
            .unwrap_or_else(|_| {
                Err(GitHubError::Transport {
                    operation: operation.clone(),
                    sent: Sent::Maybe,
                    message: format!("no whole answer within {} s", self.deadline.as_secs()),
                })
            })
    }

    /// Downloads from an address GitHub redirected to, without credentials and within a limit.
    pub(super) async fn download(&self, location: &str) -> Result<Bytes, GitHubError> {
        let mut location =
            reqwest::Url::parse(location).map_err(|_| archive_error("GitHub named no address"))?;
        // codeload answers at once; an Enterprise server may redirect once more.
        for _ in 0..3 {
            let secure = location.scheme() == "https" || self.base.scheme_str() == Some("http");
            if !secure {
                return Err(archive_error("the address of the archive is not https"));
            }
            let download = self
                .bare
                .get(location.clone())
                .header(header::USER_AGENT, USER_AGENT);
            let read = async {
                let answer = download.send().await.map_err(download_error)?;
                if answer.status().is_redirection() {
                    let next = answer
                        .headers()
                        .get(header::LOCATION)
                        .and_then(|value| value.to_str().ok())
                        .and_then(|value| location.join(value).ok());
                    return Ok(Err(next));
                }
                if !answer.status().is_success() {
                    return Err(GitHubError::Status {
                        operation: "GET archive".to_owned(),
                        status: answer.status().as_u16(),
                        message: "the archive host refused".to_owned(),
                        request_id: None,
                    });
                }
                let body = reqwest::Body::from(answer);
                Limited::new(body, MAX_ARCHIVE_BYTES)
                    .collect()
                    .await
                    .map(|body| Ok(body.to_bytes()))
                    .map_err(|error| body_error("GET archive", &*error))
            };
            match tokio::time::timeout(self.deadline * 2, read).await {
                Err(_) => return Err(archive_error("the archive did not come in time")),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(Ok(bytes))) => return Ok(bytes),
                Ok(Ok(Err(Some(next)))) => location = next,
                Ok(Ok(Err(None))) => {
                    return Err(archive_error("a redirect of the archive leads nowhere"));
                }
            }
        }
        Err(archive_error("the archive was redirected too often"))
    }
}

fn request(outgoing: &Outgoing, operation: &str) -> Result<Request<OctoBody>, GitHubError> {
    let mut request = Request::builder()
        .method(outgoing.method.clone())
        .uri(outgoing.path.as_str())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT, "application/vnd.github+json")
        .header("x-github-api-version", API_VERSION);
    let body = match &outgoing.body {
        Some(bytes) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            OctoBody::from(bytes.to_vec())
        }
        None => OctoBody::empty(),
    };
    request.body(body).map_err(|error| GitHubError::Transport {
        operation: operation.to_owned(),
        sent: Sent::No,
        message: error.to_string(),
    })
}

/// `GET /repos/acme/shop/pulls/1`, without the query.
pub(super) fn operation(outgoing: &Outgoing) -> String {
    let path = outgoing.path.split('?').next().unwrap_or_default();
    format!("{} {path}", outgoing.method)
}

fn archive_error(message: &str) -> GitHubError {
    GitHubError::Transport {
        operation: "GET archive".to_owned(),
        sent: Sent::Maybe,
        message: message.to_owned(),
    }
}

fn download_error(error: reqwest::Error) -> GitHubError {
    // A private archive's address holds a token in its query.
    archive_error(&chain(&error.without_url()))
}

/// Finds the client's own error behind octocrab's, for whether anything was sent.
fn transport_error(operation: &str, error: &octocrab::Error) -> GitHubError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut client = None;
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref::<reqwest::Error>() {
            client = Some(found);
            break;
        }
        cause = current.source();
    }
    let (sent, message) = match client {
        Some(error) if error.is_connect() => (Sent::No, below(error)),
        Some(error) => (Sent::Maybe, below(error)),
        None => (Sent::Maybe, chain(error)),
    };
    GitHubError::Transport {
        operation: operation.to_owned(),
        sent,
        message,
    }
}

/// The causes of a client's error without its own line, which holds the address.
fn below(error: &reqwest::Error) -> String {
    let kind = if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "timed out"
    } else {
        "the connection broke"
    };
    match std::error::Error::source(error) {
        Some(source) => format!("{kind}: {}", chain(source)),
        None => kind.to_owned(),
    }
}

fn body_error(operation: &str, error: &(dyn std::error::Error + 'static)) -> GitHubError {
    let message = if error.is::<LengthLimitError>() {
        "the answer is larger than allowed".to_owned()
    } else {
        "the answer broke off".to_owned()
    };
    GitHubError::Transport {
        operation: operation.to_owned(),
        sent: Sent::Maybe,
        message,
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
