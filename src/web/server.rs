//! The HTTP server: accepts connections and gives each a time to send its headers. Ends well: on
//! shutdown it takes no new connection and lets open requests finish for a while. Knows no route.

use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// For a request's headers, and for the next request on a connection that is kept open. GitHub sends
/// its headers at once; a proxy in front takes a connection up again when one was closed.
const HEADERS_WITHIN: Duration = Duration::from_secs(15);

/// After shutdown was asked for, open requests may take this long: GitHub waits ten seconds for an
/// answer.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// After an error of the machine's (too many open files), before the next try.
const AFTER_ERROR: Duration = Duration::from_millis(500);

/// Serves until `shutdown`, and a little longer for what is under way.
pub(crate) async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(AFTER_ERROR).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = builder
            .serve_connection(TokioIo::new(stream), service)
            .into_owned();
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = %error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(LAST_REQUESTS, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still open when the server ended");
    }
}
