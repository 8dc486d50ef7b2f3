//! Puts the service together and runs it: store, receiver, pool, recovery, pages. Holds no logic of
//! its own; `takehome serve`, `takehome demo` and tests start it through here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::github;
use crate::publish::Marker;
use crate::review::{self, GitHubReviewer};
use crate::settings::Settings;
use crate::store::{QueueRules, Store, SystemClock};
use crate::web::health::{Health, app_warnings};
use crate::web::metrics::Metrics;
use crate::web::pages::{self, Pages, ReviewAccess};
use crate::web::server;
use crate::webhook::{PlanSettings, Receiver, Secrets};
use crate::worker::pool::{self, PoolSettings};
use crate::worker::process::{Limits, SeparateProcess};
use crate::worker::recover::{self, RecoverySettings};
use crate::worker::{GitHubRecovery, Reviewer};

/// How often GitHub is asked who the App is, for `/readyz`.
const IDENTITY_EVERY: Duration = Duration::from_mins(10);

/// What differs between the real service and a test of it.
pub struct Parts {
    pub reviewer: Arc<dyn Reviewer>,
    /// Without it nothing is swept or reconciled.
    pub recovery: Option<Arc<dyn GitHubRecovery>>,
    /// Pages beside the receiver and the probes.
    pub pages: Router,
    pub metrics: Arc<Metrics>,
    /// Fills in figures that are kept elsewhere, before they are written out.
    pub refresh_metrics: Arc<dyn Fn(&Metrics) + Send + Sync>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl Parts {
    /// Parts for a reviewer, without recovery and pages.
    pub fn of(reviewer: Arc<dyn Reviewer>) -> Self {
        Self {
            reviewer,
            recovery: None,
            pages: Router::new(),
            metrics: Arc::default(),
            refresh_metrics: Arc::new(|_| {}),
        }
    }
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    store: Store,
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Service {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Asks it to stop; [`Self::stopped`] waits for it.
    pub fn stop(&self) {
        self.shutdown.cancel();
    }

    /// Waits until it has drained and stopped.
    pub async fn stopped(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(error = %error, "a part of the service ended badly");
            }
        }
        self.store.close().await;
    }
}

/// Opens the database of these settings.
///
/// # Errors
/// [`crate::store::StoreError`], with a sentence for the operator.
pub async fn open_store(settings: &Settings) -> crate::store::Result<Store> {
    let rules = QueueRules {
        max_attempts: settings.max_attempts,
        burst_spacing: settings.burst_spacing,
        ..QueueRules::default()
    };
    Store::connect(
        settings.database_url.expose_secret(),
        rules,
        Arc::new(SystemClock),
    )
    .await
}

/// The client of the App of these settings.
///
/// # Errors
/// Where no connection can be set up (no certificates).
pub fn github_app(settings: &Settings) -> Result<Arc<github::App>, github::GitHubError> {
    github::App::new(
        github::Settings {
            api_url: settings.api_url.clone(),
            app_id: settings.app_id,
            private_key: settings.private_key.clone(),
            timing: github::Timing {
                between_writes: settings.write_pause,
                ..github::Timing::default()
            },
        },
        github::system_clock(),
    )
}

/// The analysis in a process of its own.
pub fn analyser(settings: &Settings, metrics: &Arc<Metrics>) -> SeparateProcess {
    let limits = Limits {
        time: settings.analysis_time,
        memory: settings.analysis_memory,
    };
    let mut analyser = SeparateProcess::new(limits, Arc::clone(metrics));
    if let Some(folder) = &settings.deaths {
        analyser = analyser.keeping(folder);
    }
    if let Some(program) = &settings.analysis_program {
        analyser = analyser.with_program(program);
    }
    analyser
}

/// The parts of the real service: GitHub, and the analysis in a process of its own.
///
/// # Errors
/// As [`github_app`].
pub fn real_parts(settings: &Settings, store: &Store) -> Result<Parts, github::GitHubError> {
    let metrics = Arc::new(Metrics::default());
    let app = github_app(settings)?;
    let marker = Marker::new(
        settings
            .webhook_secrets
            .iter()
            .map(|secret| secret.expose_secret().as_bytes()),
    );
    let analyser = analyser(settings, &metrics);
    let reviewer = GitHubReviewer::new(
        Arc::clone(&app),
        store.clone(),
        marker,
        Arc::new(analyser),
        review::Settings {
            rules_repository: settings.rules_repository.clone(),
            public_url: settings.public_url.clone(),
        },
    )
    .measured_by(Arc::clone(&metrics));
    let budgets = Arc::clone(&app);
    Ok(Parts {
        reviewer: Arc::new(reviewer),
        recovery: Some(Arc::new(app)),
        pages: pages::routes(Pages {
            store: store.clone(),
            reviews: match &settings.reviewers_password {
                Some(password) => ReviewAccess::Password(password.clone()),
                None => ReviewAccess::Off,
            },
        }),
        metrics,
        refresh_metrics: Arc::new(move |metrics| {
            for (installation, budget) in budgets.budgets() {
                metrics.budget(installation.0, budget.remaining);
            }
        }),
    })
}

/// Starts the service; it runs until [`Service::stop`].
///
/// # Errors
/// A secret that cannot be used, an address that cannot be listened on.
pub async fn start(settings: &Settings, store: Store, parts: Parts) -> anyhow::Result<Service> {
    let secrets = Secrets::new(
        settings
            .webhook_secrets
            .iter()
            .map(ExposeSecret::expose_secret),
    )?;
    let listener = TcpListener::bind(&settings.listen).await.map_err(|error| {
        anyhow::anyhow!(
            "cannot listen on {}: {error}; is another program there? Choose another address \
                 with TAKEHOME_LISTEN",
            settings.listen
        )
    })?;
    let address = listener.local_addr()?;
    let shutdown = CancellationToken::new();
    let reconcile = Arc::new(Notify::new());
    let metrics = Arc::clone(&parts.metrics);
    let health = Health::new(
        store.clone(),
        Arc::clone(&metrics),
        shutdown.clone(),
        parts.refresh_metrics,
    );
    let receiver = Receiver::new(
        store.clone(),
        secrets,
        PlanSettings {
            app_id: settings.app_id,
            rules_repository: settings.rules_repository.clone(),
        },
        Arc::clone(&parts.reviewer),
        Arc::clone(&reconcile),
        Arc::clone(&metrics),
    );
    let router = parts
        .pages
        .merge(receiver.router())
        .merge(health.clone().router())
        .layer(CatchPanicLayer::new())
        .layer(TraceLayer::new_for_http());

    let mut tasks = Vec::new();
    tasks.push(tokio::spawn(server::serve(
        listener,
        router,
        shutdown.clone(),
    )));
    let pool = pool::run(
        store.clone(),
        parts.reviewer,
        PoolSettings {
            workers: settings.workers,
            name: format!("{}-{}", host(), std::process::id()),
            lease: settings.lease,
            drain: settings.drain,
            ..PoolSettings::default()
        },
        Arc::clone(&metrics),
        shutdown.clone(),
    );
    let probe = health.clone();
    tasks.push(tokio::spawn(async move {
        pool.await;
        probe.pool_ended();
    }));
    if let Some(recovery) = parts.recovery {
        tasks.push(tokio::spawn(watch_identity(
            Arc::clone(&recovery),
            health,
            shutdown.clone(),
        )));
        tasks.push(tokio::spawn(recover::run(
            store.clone(),
            recovery,
            RecoverySettings {
                sweep_every: settings.sweep_every,
                reconcile_every: settings.reconcile_every,
                ..RecoverySettings::default()
            },
            reconcile,
            metrics,
            shutdown.clone(),
        )));
    }
    tracing::info!(address = %address, database = store.database(), workers = settings.workers, "takehome serves");
    Ok(Service {
        address,
        store,
        shutdown,
        tasks,
    })
}

/// Starts the service and runs it until `shutdown`.
///
/// # Errors
/// As [`start`].
pub async fn run(
    settings: &Settings,
    store: Store,
    parts: Parts,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let service = start(settings, store, parts).await?;
    shutdown.cancelled().await;
    tracing::info!("stopping: no new work, running reviews may end");
    service.stop();
    service.stopped().await;
    tracing::info!("stopped");
    Ok(())
}

/// Asks GitHub now and then who the App is, and tells what is wrong with it.
async fn watch_identity(
    github: Arc<dyn GitHubRecovery>,
    health: Health,
    shutdown: CancellationToken,
) {
    let watch = async {
        let mut told = Vec::new();
        loop {
            let identity = github.identity().await;
            match &identity {
                Ok(app) => {
                    let warnings = app_warnings(app);
                    if warnings != told {
                        for warning in &warnings {
                            tracing::warn!("{warning}");
                        }
                        told = warnings;
                    }
                }
                Err(error) => tracing::error!(error = %error, "GitHub does not know the App"),
            }
            health.set_identity(identity);
            tokio::time::sleep(IDENTITY_EVERY).await;
        }
    };
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = watch => {}
    }
}

/// This machine's name, for operators who look at leases.
fn host() -> String {
    std::env::var("HOSTNAME")
        .ok()
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "takehome".to_owned())
}
