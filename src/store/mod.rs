//! Deliveries, jobs with leases, reviews, what was published, audit trail. Does not know GitHub's types.
//!
//! SQLite (one file, write-ahead log, `synchronous=FULL`, for we answer 202 only for what a power
//! cut cannot take) or PostgreSQL (any number of `serve` processes), chosen by the URL. All queries
//! are written once, in a dialect both understand ([`sql`]); where they must differ the difference
//! stands in the statement's own file. The time is asked from a [`Clock`] that is passed in.

mod audit;
mod change;
mod clock;
mod deliveries;
mod error;
mod jobs;
mod known;
mod migrate;
mod published;
mod queue;
mod reviews;
mod rules;
mod sql;

use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::watch;

pub use audit::AuditEntry;
pub use change::{Applied, Change, PullState, ReviewRequest};
pub use clock::{Clock, ManualClock, Millis, SystemClock, millis};
pub use deliveries::{Accepted, NewDelivery, StoredDelivery};
pub use error::{Result, StoreError};
pub use jobs::{
    Cancel, Claimed, Failed, Heartbeat, JobFilter, JobKind, JobState, JobWork, QueueStats,
    StoredJob,
};
pub use known::{InstallationState, KnownInstallation, KnownPull, KnownRepository};
pub use published::{CheckRunRecord, CommentRecord};
pub use reviews::{NewReview, ReviewKey, StoredReview};
pub use rules::GoodRules;

use sql::Engine;

/// How long a statement waits for a connection before the database counts as unreachable. GitHub
/// waits ten seconds for the answer to a delivery.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long SQLite waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections of one process to PostgreSQL. Its default allows 100 in all.
const POSTGRES_CONNECTIONS: u32 = 16;

/// Readers beside SQLite's one writer.
const SQLITE_READERS: u32 = 4;

/// Name of PostgreSQL's notification that there is work.
const CHANNEL: &str = "takehome_jobs";

/// Rules of the queue that hold for every job of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueRules {
    /// Attempts before a job is given up. Waits that GitHub asked for are not counted.
    pub max_attempts: u32,
    /// Age at which a job that still waits for GitHub is given up.
    pub max_age: Duration,
    /// At least this long between the starts of two reviews of one pull request that pushes asked
    /// for: a burst of pushes is one review.
    pub burst_spacing: Duration,
}

impl Default for QueueRules {
    fn default() -> Self {
        Self {
            max_attempts: 6,
            max_age: Duration::from_hours(24),
            burst_spacing: Duration::from_secs(3),
        }
    }
}

/// The database of the service. Cheap to clone; all clones share the pool.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
    clock: Arc<dyn Clock>,
    rules: QueueRules,
    /// Without password.
    database: Arc<str>,
    /// Counts up when there is news for workers: a job to run, a running job to stop.
    news: watch::Sender<u64>,
}

impl Store {
    /// Opens the database of this URL (`sqlite://…`, `postgres://…`), makes or upgrades its tables.
    ///
    /// # Errors
    /// [`StoreError::BadUrl`], [`StoreError::Unreachable`], [`StoreError::Newer`],
    /// [`StoreError::Migration`].
    pub async fn connect(url: &str, rules: QueueRules, clock: Arc<dyn Clock>) -> Result<Self> {
        let (engine, database) = open(url).await?;
        migrate::migrate(&engine, &database, clock.now()).await?;
        Ok(Self {
            engine,
            clock,
            rules,
            database: database.into(),
            news: watch::Sender::new(0),
        })
    }

    /// The database in words, without its password.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether several processes may share it.
    pub fn is_shared(&self) -> bool {
        self.engine.is_postgres()
    }

    /// The time by the store's clock, milliseconds since 1970.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Reads one row, to see whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.engine
            .first("SELECT 1 AS one", Vec::new())
            .await
            .map(drop)
    }

    /// Closes all connections after what is under way.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// Changes whenever there may be work to claim or a running job to stop. Other processes' news
    /// come through [`Self::listen`]; news may be lost, so workers also look by themselves.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// PostgreSQL: listens for other processes' jobs until dropped; after a lost connection it
    /// begins again. SQLite: returns at once.
    pub async fn listen(&self) {
        let Engine::Postgres(pool) = &self.engine else {
            return;
        };
        loop {
            if let Err(error) = self.listen_once(pool).await {
                tracing::warn!(error = %error, "listening for jobs stopped, polling goes on");
            }
            tokio::time::sleep(ACQUIRE_TIMEOUT).await;
        }
    }

    async fn listen_once(&self, pool: &sqlx::PgPool) -> Result<()> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        loop {
            // A lost connection comes as `None`: there may have been news meanwhile.
            listener.try_recv().await?;
            self.wake();
        }
    }

    /// Tells this process's workers that there is news.
    fn wake(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    /// Runs one transaction, again when it and another stood in each other's way.
    async fn retrying<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        /// Deadlocks between two deliveries are rare and end at once; more in a row are a bug.
        const TRIES: usize = 5;
        let mut last = attempt().await;
        for _ in 1..TRIES {
            match &last {
                Err(error) if error.is_conflict() || error.is_unique_violation() => {}
                _ => break,
            }
            last = attempt().await;
        }
        last
    }
}

async fn open(url: &str) -> Result<(Engine, String)> {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" => open_sqlite(url).await,
        "postgres" | "postgresql" => open_postgres(url).await,
        _ => Err(StoreError::BadUrl(format!("it begins with `{scheme}`"))),
    }
}

async fn open_sqlite(url: &str) -> Result<(Engine, String)> {
    let options: SqliteConnectOptions = url
        .parse()
        .map_err(|error: sqlx::Error| StoreError::BadUrl(error.to_string()))?;
    let file = options.get_filename().to_path_buf();
    if file.as_os_str().is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
        return Err(StoreError::BadUrl(
            "a database in memory loses deliveries; name a file".to_owned(),
        ));
    }
    let database = format!("SQLite file {}", file.display());
    let unreachable = |reason: String| StoreError::Unreachable {
        database: database.clone(),
        reason,
    };
    if let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await.map_err(|error| {
            unreachable(format!(
                "its folder {} cannot be made: {error}",
                folder.display()
            ))
        })?;
    }
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .disable_statement_logging();
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await
        .map_err(|error| unreachable(error.to_string()))?;
    let read = SqlitePoolOptions::new()
        .max_connections(SQLITE_READERS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.pragma("query_only", "ON"))
        .await
        .map_err(|error| unreachable(error.to_string()))?;
    Ok((Engine::Sqlite { write, read }, database))
}

async fn open_postgres(url: &str) -> Result<(Engine, String)> {
    let options: PgConnectOptions = url
        .parse()
        .map_err(|error: sqlx::Error| StoreError::BadUrl(error.to_string()))?;
    let database = format!(
        "PostgreSQL {} on {}:{}",
        options.get_database().unwrap_or("(default)"),
        options.get_host(),
        options.get_port()
    );
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(
            options
                .application_name("takehome")
                .disable_statement_logging(),
        )
        .await
        .map_err(|error| StoreError::Unreachable {
            database: database.clone(),
            reason: match error {
                sqlx::Error::PoolTimedOut => format!(
                    "no answer within {} seconds; is it running, and are host and port right?",
                    ACQUIRE_TIMEOUT.as_secs()
                ),
                other => other.to_string(),
            },
        })?;
    Ok((Engine::Postgres(pool), database))
}
