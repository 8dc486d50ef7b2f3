//! What can go wrong with the store, in sentences for operators; never with a password in them.

/// What went wrong, and whether trying again helps ([`StoreError::is_transient`]).
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL is neither `sqlite:` nor `postgres:`, or cannot be parsed.
    #[error(
        "the database URL is not understood: {0}; write sqlite:///path/to/takehome.db or \
         postgres://user:password@host:5432/database"
    )]
    BadUrl(String),
    /// No connection, at start or later.
    #[error("the database {database} cannot be reached: {reason}")]
    Unreachable { database: String, reason: String },
    /// Another program, or a newer version of this one, has made the tables.
    #[error(
        "the database {database} was written by a newer takehome (its tables are version {found}, \
         this program knows {known}); start the newer program, or restore a backup from before \
         the upgrade"
    )]
    Newer {
        database: String,
        found: i64,
        known: i64,
    },
    /// A migration was refused; nothing of it stays.
    #[error("migration {version} of the database failed and was rolled back: {reason}")]
    Migration { version: i64, reason: String },
    /// A row holds something this program cannot have written.
    #[error("a stored value cannot be read: {0}")]
    Corrupt(String),
    /// Anything else the database said.
    #[error("the database refused: {0}")]
    Database(#[source] sqlx::Error),
}

impl StoreError {
    /// The same statement may succeed a moment later (a deadlock, a busy file, a lost connection).
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Database(error) => is_conflict(error) || is_connection(error),
            _ => false,
        }
    }

    /// A statement broke a uniqueness rule.
    pub(super) fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Two transactions stood in each other's way; the database undid this one.
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Database(error) if is_conflict(error))
    }
}

/// PostgreSQL: 40001 serialization failure, 40P01 deadlock; SQLite: 5 busy, 6 locked (and their
/// extended codes 261, 262, 517, 518 …, whose low byte is the same).
fn is_conflict(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else {
        return false;
    };
    let Some(code) = error.code() else {
        return false;
    };
    match code.as_ref() {
        "40001" | "40P01" => true,
        code => code
            .parse::<u32>()
            .is_ok_and(|n| code.len() < 5 && matches!(n & 0xff, 5 | 6)),
    }
}

fn is_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // 57P0x: the server is shutting down or starting; 53300: too many connections.
        sqlx::Error::Database(e) => e
            .code()
            .is_some_and(|code| code.starts_with("57P") || code == "53300"),
        _ => false,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Shorthand of this module.
pub type Result<T> = std::result::Result<T, StoreError>;
