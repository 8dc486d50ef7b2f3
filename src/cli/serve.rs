//! `takehome serve`: runs the service until SIGTERM or Ctrl-C.

use tokio_util::sync::CancellationToken;

use super::{Failure, Outcome, block_on};
use crate::settings::{Settings, SettingsArgs};
use crate::{logging, service};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
}

pub(super) fn run(args: Args) -> Result<Outcome, Failure> {
    let settings = args.settings.resolve().map_err(Failure::input)?;
    logging::start(&settings.log);
    block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<Outcome, Failure> {
    super::trust_certificates();
    let store = service::open_store(&settings)
        .await
        .map_err(Failure::input)?;
    let parts = service::real_parts(&settings, &store).map_err(Failure::internal)?;
    let analyser = service::analyser(&settings, &parts.metrics);
    match analyser.probe().await {
        Ok(missing) => {
            for what in missing {
                tracing::warn!("{what}");
            }
        }
        Err(death) => {
            return Err(Failure::internal(anyhow::anyhow!(
                "the process for analyses does not work: {death}; is TAKEHOME_ANALYSIS_MEMORY_MIB \
                 too small?"
            )));
        }
    }
    let shutdown = CancellationToken::new();
    let asked = shutdown.clone();
    let service = service::run(&settings, store, parts, shutdown);
    tokio::pin!(service);
    tokio::select! {
        ended = &mut service => return ended.map(|()| Outcome::Done).map_err(Failure::input),
        () = asked_to_stop() => asked.cancel(),
    }
    tokio::select! {
        ended = &mut service => ended.map(|()| Outcome::Done).map_err(Failure::input),
        () = asked_to_stop() => Err(Failure::internal(anyhow::anyhow!(
            "stopped at the second signal without draining; running reviews are taken over when \
             their leases run out"
        ))),
    }
}

/// SIGTERM or Ctrl-C.
async fn asked_to_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
