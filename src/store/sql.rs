//! Two engines behind one way of asking: statements with `$1` work on both, so every query of the
//! store is written once. Knows no table.

use sqlx::postgres::{PgArguments, PgPool, PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqlitePool, SqliteRow};
use sqlx::{Row as _, Transaction};

use super::error::{Result, StoreError};

/// A pool of connections. SQLite has one writer, so that its transactions queue here and not in
/// `SQLITE_BUSY`, and readers beside it.
#[derive(Clone, Debug)]
pub(super) enum Engine {
    Sqlite { write: SqlitePool, read: SqlitePool },
    Postgres(PgPool),
}

/// A value to bind. The kind is told even of a missing one, for PostgreSQL wants the type of NULL.
#[derive(Clone, Debug)]
pub(super) enum Arg {
    Int(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// The arguments of a statement, from values of any type that [`Arg`] can be made from.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::sql::Arg::from($value)),*] };
}
pub(super) use args;

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<u64> for Arg {
    fn from(value: u64) -> Self {
        Self::Int(Some(id(value)))
    }
}

impl From<u32> for Arg {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<Option<i64>> for Arg {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<Option<u64>> for Arg {
    fn from(value: Option<u64>) -> Self {
        Self::Int(value.map(id))
    }
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(Some(text(value)))
    }
}

impl From<&String> for Arg {
    fn from(value: &String) -> Self {
        Self::Text(Some(text(value)))
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(Some(text(&value)))
    }
}

impl From<Option<&str>> for Arg {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(text))
    }
}

impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::Text(value.as_deref().map(text))
    }
}

impl From<Option<&[u8]>> for Arg {
    fn from(value: Option<&[u8]>) -> Self {
        Self::Bytes(value.map(<[u8]>::to_vec))
    }
}

/// An id of GitHub as the databases hold it. None is beyond 2^63; one that were is clamped, so that
/// it can never meet another's row by wrapping.
fn id(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// PostgreSQL refuses U+0000 in text; a login or branch with one must not cost the delivery.
fn text(value: &str) -> String {
    if value.contains('\0') {
        value.replace('\0', "\u{fffd}")
    } else {
        value.to_owned()
    }
}

/// One row of an answer.
#[derive(Debug)]
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! getters {
    ($($name:ident -> $type:ty),* $(,)?) => {
        impl Row {
            $(pub(super) fn $name(&self, column: &str) -> Result<$type> {
                let value = match self {
                    Self::Sqlite(row) => row.try_get::<$type, _>(column),
                    Self::Postgres(row) => row.try_get::<$type, _>(column),
                };
                value.map_err(|error| StoreError::Corrupt(format!("column {column}: {error}")))
            })*
        }
    };
}
getters! {
    int -> i64,
    maybe_int -> Option<i64>,
    text -> String,
    maybe_text -> Option<String>,
    maybe_bytes -> Option<Vec<u8>>,
}

impl Row {
    /// An id of GitHub.
    pub(super) fn id(&self, column: &str) -> Result<u64> {
        positive(column, self.int(column)?)
    }

    pub(super) fn maybe_id(&self, column: &str) -> Result<Option<u64>> {
        self.maybe_int(column)?
            .map(|value| positive(column, value))
            .transpose()
    }

    pub(super) fn flag(&self, column: &str) -> Result<bool> {
        Ok(self.int(column)? != 0)
    }

    /// A count.
    pub(super) fn count(&self, column: &str) -> Result<u64> {
        positive(column, self.int(column)?)
    }
}

fn positive(column: &str, value: i64) -> Result<u64> {
    u64::try_from(value)
        .map_err(|_| StoreError::Corrupt(format!("column {column} is negative: {value}")))
}

fn bind_sqlite(
    sql: &'static str,
    args: Vec<Arg>,
) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
    args.into_iter()
        .fold(sqlx::query(sql), |query, arg| match arg {
            Arg::Int(value) => query.bind(value),
            Arg::Text(value) => query.bind(value),
            Arg::Bytes(value) => query.bind(value),
        })
}

fn bind_postgres(
    sql: &'static str,
    args: Vec<Arg>,
) -> sqlx::query::Query<'static, Postgres, PgArguments> {
    args.into_iter()
        .fold(sqlx::query(sql), |query, arg| match arg {
            Arg::Int(value) => query.bind(value),
            Arg::Text(value) => query.bind(value),
            Arg::Bytes(value) => query.bind(value),
        })
}

impl Engine {
    /// A transaction that writes. On SQLite it takes the lock at once: a transaction that reads
    /// first and writes later fails with `SQLITE_BUSY` whatever the time-out is.
    pub(super) async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Rows of a statement that only reads.
    pub(super) async fn rows(&self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Sqlite { read, .. } => {
                let rows = bind_sqlite(sql, args).fetch_all(read).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(pool) => {
                let rows = bind_postgres(sql, args).fetch_all(pool).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    /// The first row of a statement that only reads.
    pub(super) async fn first(&self, sql: &'static str, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// One writing statement in a transaction of its own; rows it changed.
    pub(super) async fn execute(&self, sql: &'static str, args: Vec<Arg>) -> Result<u64> {
        Ok(match self {
            Self::Sqlite { write, .. } => {
                bind_sqlite(sql, args).execute(write).await?.rows_affected()
            }
            Self::Postgres(pool) => bind_postgres(sql, args)
                .execute(pool)
                .await?
                .rows_affected(),
        })
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A transaction that writes; dropped without [`Tx::commit`] it leaves nothing behind.
#[derive(Debug)]
pub(super) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(super) async fn rows(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Sqlite(tx) => {
                let rows = bind_sqlite(sql, args).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(tx) => {
                let rows = bind_postgres(sql, args).fetch_all(&mut **tx).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    pub(super) async fn first(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Option<Row>> {
        Ok(self.rows(sql, args).await?.into_iter().next())
    }

    /// The one row of a statement that must have one (`… RETURNING id`).
    pub(super) async fn one(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<Row> {
        self.first(sql, args)
            .await?
            .ok_or_else(|| StoreError::Corrupt(format!("no row came back from: {sql}")))
    }

    /// Rows that were changed.
    pub(super) async fn execute(&mut self, sql: &'static str, args: Vec<Arg>) -> Result<u64> {
        Ok(match self {
            Self::Sqlite(tx) => bind_sqlite(sql, args)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
            Self::Postgres(tx) => bind_postgres(sql, args)
                .execute(&mut **tx)
                .await?
                .rows_affected(),
        })
    }

    /// Several statements without arguments (a migration).
    pub(super) async fn script(&mut self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Self::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    pub(super) async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}
