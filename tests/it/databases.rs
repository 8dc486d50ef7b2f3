//! Stores for tests: SQLite in a temporary folder, PostgreSQL in a schema of its own.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use takehome::store::{ManualClock, QueueRules, Store};

/// 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600_000;

/// A database that is empty at first and gone at the end.
pub(crate) struct Database {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub url: String,
    /// Schema to drop and the server it is on.
    schema: Option<(String, String)>,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) fn rules() -> QueueRules {
    QueueRules {
        max_attempts: 3,
        max_age: Duration::from_hours(1),
        burst_spacing: Duration::from_secs(3),
    }
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/deep/er/takehome.db", folder.path().display());
        let clock = Arc::new(ManualClock::at(START));
        let store = Store::connect(&url, rules(), clock.clone()).await.unwrap();
        Self {
            store,
            clock,
            url,
            schema: None,
            _folder: Some(folder),
        }
    }

    /// `None` where no server answers; in CI that is a failure.
    pub(crate) async fn postgres() -> Option<Self> {
        let server = std::env::var("TAKEHOME_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
        let connecting =
            tokio::time::timeout(Duration::from_secs(10), PgConnection::connect(&server));
        let mut connection = match connecting.await {
            Ok(Ok(connection)) => connection,
            other => {
                assert!(
                    std::env::var_os("CI").is_none(),
                    "CI must have PostgreSQL for these tests: {other:?}"
                );
                eprintln!("skipped: no PostgreSQL answers at 127.0.0.1:5432");
                return None;
            }
        };
        let schema = format!("takehome_{}", uuid::Uuid::new_v4().simple());
        sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}")))
            .execute(&mut connection)
            .await
            .unwrap();
        let url = format!("{server}?options=-csearch_path%3D{schema}");
        let clock = Arc::new(ManualClock::at(START));
        let store = Store::connect(&url, rules(), clock.clone()).await.unwrap();
        Some(Self {
            store,
            clock,
            url,
            schema: Some((server, schema)),
            _folder: None,
        })
    }

    /// Another process on the same database.
    pub(crate) async fn second(&self) -> Store {
        Store::connect(&self.url, rules(), self.clock.clone())
            .await
            .unwrap()
    }

    pub(crate) async fn finish(self) {
        self.store.close().await;
        if let Some((server, schema)) = self.schema {
            let mut connection = PgConnection::connect(&server).await.unwrap();
            sqlx::query(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE")))
                .execute(&mut connection)
                .await
                .unwrap();
        }
    }
}

/// Each test once per database.
macro_rules! on_both_databases {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let db = $crate::databases::Database::sqlite().await;
                super::$test(&db).await;
                db.finish().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(db) = $crate::databases::Database::postgres().await {
                    super::$test(&db).await;
                    db.finish().await;
                }
            })*
        }
    };
}
pub(crate) use on_both_databases;
