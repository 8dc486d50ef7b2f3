//! The sockets: reads requests, asks the host's code, and does to connections what a fault says.
//! Knows no endpoint.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use http_body_util::{BodyExt, Limited, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Response,
    body::{Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

use super::{Answer, Host, Request, uri};
use crate::{api, archive, faults::Fault, shared::Shared, transcript::Violation, web};

/// Largest request body: GitHub's own limit for most of its API is far below.
const LARGEST_BODY: usize = 30 << 20;

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A connection that is reset instead of closed once it is told to.
struct Connection {
    stream: TcpStream,
    reset: Arc<AtomicBool>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.load(Ordering::SeqCst) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Serves one host until the runtime ends.
pub(crate) async fn serve(shared: Arc<Shared>, host: Host, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: wait for some to be closed.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let reset = Arc::new(AtomicBool::new(false));
            let connection = Connection {
                stream,
                reset: Arc::clone(&reset),
            };
            let service = service_fn(move |request| {
                let (shared, reset) = (Arc::clone(&shared), Arc::clone(&reset));
                async move {
                    // A client that goes away must not stop what GitHub has begun.
                    let response =
                        tokio::spawn(async move { respond(&shared, host, request).await });
                    response.await.ok().flatten().ok_or_else(|| {
                        reset.store(true, Ordering::SeqCst);
                        io::Error::other("reset by a fault")
                    })
                }
            });
            // An error here is a peer that went away, or a reset that was wanted.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(connection), service)
                .await;
        });
    }
}

/// Binds a port of 127.0.0.1; 0 is any free one. Called inside the runtime that will serve it.
pub(crate) fn bind(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    Ok((TcpListener::from_std(listener)?, address))
}

/// `None` resets the connection.
async fn respond(
    shared: &Arc<Shared>,
    host: Host,
    request: hyper::Request<Incoming>,
) -> Option<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Some(finished(Answer::error(413, "Payload too large"))),
    };
    let raw_query = parts.uri.query().unwrap_or_default().to_owned();
    let request = Request {
        host,
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: uri::query(&raw_query),
        raw_query,
        headers: parts.headers,
        body,
    };
    if host == Host::Web {
        let shared = Arc::clone(shared);
        let answer = blocking(move || web::answer(&shared, &request)).await;
        return Some(finished(answer));
    }

    let path = api::path_with_names(shared, &request.path);
    let fault = shared.faults().for_request(host, &request.method, &path);
    let outcome = with_fault(shared, &request, fault).await;

    let number = shared
        .transcript()
        .record(&request, outcome.as_ref(), fault.map(Fault::name));
    referee(shared, &request, &path, outcome.as_ref(), fault, number);
    shared.exchanges.send_modify(|count| *count += 1);
    if fault == Some(Fault::HoldAfter) {
        hold(shared).await;
    }
    let answer = outcome?;
    match fault {
        Some(Fault::ResetAfter) => None,
        Some(Fault::SlowBody { millis }) => Some(slow(answer, Duration::from_millis(millis))),
        Some(Fault::TruncatedBody) => Some(truncated(answer)),
        _ => Some(finished(answer)),
    }
}

/// The answer to a request with a fault put in; `None` where none is sent.
async fn with_fault(
    shared: &Arc<Shared>,
    request: &Request,
    fault: Option<Fault>,
) -> Option<Answer> {
    match fault {
        Some(Fault::HtmlError { status }) => return Some(front_end_error(status)),
        Some(Fault::ResetBefore) => return None,
        Some(Fault::FreshTokenRefused) => return Some(Answer::bad_credentials()),
        Some(Fault::ExpiredToken) => api::expire_token(shared, request),
        Some(Fault::ForbiddenWithoutReason) => {
            return Some(Answer::json(403, &serde_json::json!({})));
        }
        Some(Fault::SecondaryLimit { retry_after }) => {
            return Some(api::secondary(403, retry_after));
        }
        Some(Fault::TooManyRequests { retry_after }) => {
            return Some(api::secondary(429, retry_after));
        }
        Some(Fault::PrimaryExhausted { reset_in }) => {
            let mut world = shared.world();
            let now = world.now();
            let reset =
                now.saturating_add(i64::try_from(reset_in).unwrap_or(3600).saturating_mul(1000));
            let who = api::bucket_in(&world, request);
            world.buckets.exhaust(&who, now, reset);
        }
        Some(Fault::SlowHeaders { millis }) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        Some(Fault::HoldBefore) => hold(shared).await,
        _ => {}
    }
    let (inner, asked) = (Arc::clone(shared), request.clone());
    let answer = blocking(move || match asked.host {
        Host::Archive => archive::answer(&inner, &asked, fault),
        Host::Api | Host::Web => api::answer(&inner, &asked),
    })
    .await;
    match fault {
        Some(Fault::LostAnswer) => Some(front_end_error(502)),
        _ => Some(answer),
    }
}

/// Waits until faults are released, or the client goes away.
async fn hold(shared: &Shared) {
    struct Held<'s>(&'s Shared);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.0
                .held
                .send_modify(|held| *held = held.saturating_sub(1));
        }
    }
    let mut released = shared.released.subscribe();
    shared.held.send_modify(|held| *held += 1);
    let _held = Held(shared);
    let _ = released.changed().await;
}

async fn blocking(work: impl FnOnce() -> Answer + Send + 'static) -> Answer {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Answer::error(500, "The simulator failed: a handler panicked"))
}

/// The page of GitHub's front ends.
fn front_end_error(status: u16) -> Answer {
    Answer::html(
        status,
        "<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head><body>\
         <p><strong>We had issues producing the response to your request.</strong></p></body></html>\n",
    )
}

/// Holds an exchange against the description and the rules beside it.
fn referee(
    shared: &Shared,
    request: &Request,
    path: &str,
    answer: Option<&Answer>,
    fault: Option<Fault>,
    number: u64,
) {
    let mut problems = Vec::new();
    let mut ours = Vec::new();
    if request.host == Host::Archive {
        if request.header("authorization").is_some() {
            problems.push("credentials were sent to the archive host".to_owned());
        }
    } else {
        if request.header("user-agent").is_none() {
            problems.push("no User-Agent, which GitHub refuses".to_owned());
        }
        for header in [
            "user-agent",
            "accept",
            "x-github-api-version",
            "authorization",
        ] {
            if request.headers.get_all(header).iter().count() > 1 {
                problems.push(format!("header {header} is sent twice"));
            }
        }
        if let Some(contract) = &shared.contract {
            problems.extend(contract.request(request, path));
            if fault.is_none()
                && let Some(answer) = answer
            {
                ours.extend(contract.answer(request, path, answer));
            }
        }
    }
    if problems.is_empty() && ours.is_empty() {
        return;
    }
    let violation = |problem: String| Violation {
        exchange: number,
        request: format!("{} {}", request.method, request.path),
        problem,
    };
    let mut transcript = shared.transcript();
    transcript
        .violations
        .extend(problems.into_iter().map(violation));
    transcript
        .response_violations
        .extend(ours.into_iter().map(violation));
}

fn head(answer: &Answer) -> http::response::Builder {
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        builder = builder.header(name, value);
    }
    builder
}

fn broken() -> Response<Body> {
    let mut response = Response::new(empty());
    *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    response
}

fn empty() -> Body {
    http_body_util::Empty::new()
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

fn frames(pieces: Vec<Result<Bytes, io::Error>>, pause: Duration) -> Body {
    let pieces = stream::iter(pieces).then(move |piece| async move {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        piece.map(Frame::data)
    });
    StreamBody::new(pieces).boxed_unsync()
}

fn finished(answer: Answer) -> Response<Body> {
    let builder = head(&answer);
    let body = Bytes::from(answer.body);
    let body = if answer.chunked {
        frames(vec![Ok(body)], Duration::ZERO)
    } else {
        http_body_util::Full::new(body)
            .map_err(|never: Infallible| match never {})
            .boxed_unsync()
    };
    builder.body(body).unwrap_or_else(|_| broken())
}

fn slow(answer: Answer, pause: Duration) -> Response<Body> {
    let mut builder = head(&answer);
    if !answer.chunked {
        builder = builder.header("content-length", answer.body.len());
    }
    let size = answer.body.len().div_ceil(10).max(1);
    let pieces = answer
        .body
        .chunks(size)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    builder
        .body(frames(pieces, pause))
        .unwrap_or_else(|_| broken())
}

fn truncated(answer: Answer) -> Response<Body> {
    let mut builder = head(&answer);
    if !answer.chunked {
        builder = builder.header("content-length", answer.body.len());
    }
    let half = answer.body.get(..answer.body.len() / 2).unwrap_or_default();
    let pieces = vec![
        Ok(Bytes::copy_from_slice(half)),
        Err(io::Error::other("truncated by a fault")),
    ];
    builder
        .body(frames(pieces, Duration::from_millis(5)))
        .unwrap_or_else(|_| broken())
}
