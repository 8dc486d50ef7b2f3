//! The handle: starts the hosts, tells their addresses, ends them. What a test or the demo can do to
//! this GitHub is in the modules below, by subject.

mod accounts;
mod faults;
mod observe;
mod pulls;
mod repositories;
mod talk;
mod views;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::Duration,
};

use tokio::{runtime::Runtime, sync::mpsc};

pub use accounts::Selection;
pub use faults::Faults;
pub use pulls::NewPullRequest;
pub use repositories::NewRepository;
pub use views::{AppIdentity, CheckRun, Comment, PullRequest, Repo};

use crate::{
    clock::Clock,
    contract::ContractCheck,
    deliveries,
    error::{Error, Result, io},
    http::{Host, server},
    keys::AppKey,
    limits::Buckets,
    options::Options,
    render::Urls,
    shared::Shared,
    transcript::Transcript,
    world::{App, World},
};

/// A GitHub on this machine. It has threads of its own, so its methods can be called from anywhere;
/// they take a few milliseconds where git has work to do. Dropping it ends it and removes its files.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    /// `None` in a handle that the hosts themselves use.
    runtime: Option<Runtime>,
}

impl Simulator {
    /// Starts the three hosts on 127.0.0.1.
    ///
    /// # Errors
    /// A port is taken, the key or the OpenAPI description cannot be read, or no temporary folder
    /// can be made.
    pub fn start(options: Options) -> Result<Self> {
        // Fails where a provider was installed before: then that one is used.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::Builder::new()
            .prefix("github-simulator-")
            .tempdir()
            .map_err(io("make a temporary folder"))?;
        let key = match &options.private_key_pem {
            Some(pem) => AppKey::from_pem(pem)?,
            None => AppKey::shared()?,
        };
        let contract = ContractCheck::load(&options.contract)?;
        let transcript = Transcript::new(options.keep_exchanges, options.transcript.as_deref())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("github-simulator")
            .enable_all()
            .build()
            .map_err(io("start threads"))?;
        let [api_port, archive_port, web_port] = options.ports;
        // Sockets belong to the threads that serve them.
        let threads = runtime.enter();
        let bind = |what: &'static str, port: u16| {
            server::bind(port).map_err(io(format!("listen on port {port} for the {what}")))
        };
        let (api, api_at) = bind("API", api_port)?;
        let (archive, archive_at) = bind("archives", archive_port)?;
        let (web, web_at) = bind("pages", web_port)?;
        drop(threads);
        let urls = Urls {
            api: format!("http://{api_at}"),
            archive: format!("http://{archive_at}"),
            web: format!("http://{web_at}"),
        };
        let (outbox, inbox) = mpsc::unbounded_channel();
        let app = App {
            id: options.app_id,
            slug: options.app_slug.clone(),
            name: options.app_slug.clone(),
            key,
            webhook_secret: options.webhook_secret.clone(),
            hook_url: options.hook_url.clone(),
            permissions: default_permissions(),
            events: default_events(),
            bot: 0,
            owner: 0,
            created_at: Clock::default().now(),
            echo: options.echo,
        };
        let buckets = Buckets::new(options.limits.clone());
        let world = World::new(app, options.seed, buckets, outbox.clone());
        let shared = Arc::new(Shared::new(
            options, urls, world, transcript, contract, folder,
        ));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            // The hook's process may be another one the next time.
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| Error::Invalid(format!("HTTP client for deliveries: {error}")))?;
        for (host, listener) in [(Host::Api, api), (Host::Archive, archive), (Host::Web, web)] {
            runtime.spawn(server::serve(Arc::clone(&shared), host, listener));
        }
        runtime.spawn(deliveries::run(Arc::clone(&shared), client, inbox, outbox));
        Ok(Self {
            shared,
            runtime: Some(runtime),
        })
    }

    /// Address of the API, for instance `http://127.0.0.1:40123`; for `TAKEHOME_GITHUB_API_URL`.
    pub fn api_url(&self) -> &str {
        &self.shared.urls.api
    }

    /// Address of the archive host.
    pub fn archive_url(&self) -> &str {
        &self.shared.urls.archive
    }

    /// Address of the pages for people; the admin API is below `/_simulator`.
    pub fn web_url(&self) -> &str {
        &self.shared.urls.web
    }

    /// What the App was given when it was registered.
    pub fn app(&self) -> AppIdentity {
        let world = self.shared.world();
        AppIdentity {
            id: world.app.id,
            slug: world.app.slug.clone(),
            private_key_pem: world.app.key.pem.clone(),
            webhook_secret: world.app.webhook_secret.clone(),
        }
    }

    /// Sets where deliveries go. Without a hook, deliveries fail as if its host were down.
    pub fn set_hook_url(&self, url: impl Into<String>) {
        self.shared.world().app.hook_url = Some(url.into());
    }

    /// Takes the hook away.
    pub fn clear_hook_url(&self) {
        self.shared.world().app.hook_url = None;
    }

    /// Sets the secret that deliveries are signed with.
    pub fn set_webhook_secret(&self, secret: impl Into<String>) {
        self.shared.world().app.webhook_secret = secret.into();
    }

    /// A code for `POST /app-manifests/{code}/conversions`, good once and for an hour.
    pub fn create_manifest_code(&self) -> String {
        let mut world = self.shared.world();
        let code = world.rng.letters(40).to_lowercase();
        let expires_at = world.now() + 3_600_000;
        world.manifest_codes.insert(code.clone(), expires_at);
        code
    }

    /// Lets time pass: tokens, rate windows, links and deliveries grow older by `by`. Times shown to
    /// the client stay in the client's clock.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.world().clock.advance(by);
    }

    /// Lets GitHub's clock run ahead of the client's by this many seconds (negative: behind).
    pub fn set_clock_skew(&self, seconds: i64) {
        self.shared.world().clock.skew(seconds);
    }

    /// Changes the rate limits.
    pub fn set_limits(&self, limits: crate::Limits) {
        self.shared.world().buckets.set_limits(limits);
    }

    /// The folder of the bare repositories.
    pub fn folder(&self) -> &Path {
        self.shared.folder.path()
    }

    /// The same GitHub for the admin API; dropping it ends nothing.
    pub(crate) fn within(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            runtime: None,
        }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // May be dropped inside another runtime, where waiting is not allowed.
            runtime.shutdown_background();
            // Connections may hold the folder for a moment longer than the process lives.
            let _ = std::fs::remove_dir_all(self.shared.folder.path());
        }
    }
}

/// The permissions that the App asks for.
pub(crate) fn default_permissions() -> BTreeMap<String, String> {
    [
        ("checks", "write"),
        ("contents", "read"),
        ("issues", "read"),
        ("metadata", "read"),
        ("pull_requests", "write"),
    ]
    .into_iter()
    .map(|(name, level)| (name.to_owned(), level.to_owned()))
    .collect()
}

/// The events that the App subscribes to.
pub(crate) fn default_events() -> BTreeSet<String> {
    [
        "check_run",
        "check_suite",
        "issue_comment",
        "pull_request",
        "push",
        "repository",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect()
}
