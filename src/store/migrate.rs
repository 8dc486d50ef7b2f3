//! Brings the tables to this program's version; refuses a database that is newer.
//!
//! Several programs may start at once on one database: each migration runs in one transaction with
//! the version table behind a lock, so one does the work and the others find it done.

use super::clock::Millis;
use super::error::{Result, StoreError};
use super::sql::{Engine, args};

struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

/// In order of their versions, which count from 1 without gaps. Never edit one that was released.
const MIGRATIONS: [Migration; 1] = [Migration {
    version: 1,
    sqlite: include_str!("migrations/sqlite/0001_initial.sql"),
    postgres: include_str!("migrations/postgres/0001_initial.sql"),
}];

/// The version of the tables that this program reads and writes.
pub(super) const KNOWN_VERSION: i64 = 1;

/// Key of PostgreSQL's advisory lock: "takehome" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8386102064428576101)";

pub(super) async fn migrate(engine: &Engine, database: &str, now: Millis) -> Result<()> {
    loop {
        let mut tx = engine.begin().await?;
        if tx.is_postgres() {
            tx.rows(LOCK, Vec::new()).await?;
        }
        tx.script(
            "CREATE TABLE IF NOT EXISTS takehome_migrations (
                 version BIGINT NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)",
        )
        .await?;
        let found = tx
            .one(
                "SELECT coalesce(max(version), 0) AS version FROM takehome_migrations",
                Vec::new(),
            )
            .await?
            .int("version")?;
        if found > KNOWN_VERSION {
            return Err(StoreError::Newer {
                database: database.to_owned(),
                found,
                known: KNOWN_VERSION,
            });
        }
        let Some(next) = MIGRATIONS.iter().find(|m| m.version == found + 1) else {
            return tx.commit().await;
        };
        let script = if tx.is_postgres() {
            next.postgres
        } else {
            next.sqlite
        };
        tx.script(script)
            .await
            .map_err(|error| StoreError::Migration {
                version: next.version,
                reason: error.to_string(),
            })?;
        tx.execute(
            "INSERT INTO takehome_migrations (version, applied_at) VALUES ($1, $2)",
            args![next.version, now],
        )
        .await?;
        tx.commit().await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_from_one() {
        let versions: Vec<i64> = MIGRATIONS.iter().map(|m| m.version).collect();
        let expected: Vec<i64> = (1..=KNOWN_VERSION).collect();
        assert_eq!(versions, expected);
    }

    /// The same tables and columns on both engines, so that one suite of queries fits.
    #[test]
    fn both_dialects_make_the_same_columns() {
        let columns = |sql: &str| -> Vec<String> {
            sql.lines()
                .map(|line| line.split("--").next().unwrap_or_default().trim())
                .filter_map(|line| {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    let first = words.first().filter(|word| !word.starts_with(')'))?;
                    Some(match words.get(1) {
                        Some(_) if line.starts_with("CREATE") => words.get(..3)?.join(" "),
                        Some(_) => (*first).to_owned(),
                        None => return None,
                    })
                })
                .collect()
        };
        for migration in &MIGRATIONS {
            assert_eq!(columns(migration.sqlite), columns(migration.postgres));
        }
    }
}
