//! Who did what, and how far recovery has come: small tables with one row per fact.

use serde::Serialize;

use crate::store::sql::args;

use super::Store;
use super::clock::Millis;
use super::error::Result;

/// One line of the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Milliseconds since 1970.
    pub at: Millis,
    /// A GitHub login, `operator`, or the part of the service that acted.
    pub actor: String,
    /// `review.requested`, `job.retried` …
    pub action: String,
    /// `repository 12 #3`, `job 7` …
    pub subject: String,
    pub detail: String,
}

impl Store {
    /// Adds a line to the audit trail.
    pub async fn audit(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<()> {
        self.engine
            .execute(
                "INSERT INTO audit (at, actor, action, subject, detail)
                 VALUES ($1, $2, $3, $4, $5)",
                args![self.now(), actor, action, subject, detail],
            )
            .await
            .map(drop)
    }

    /// The newest lines of the audit trail, newest first.
    pub async fn audit_trail(&self, at_most: u32) -> Result<Vec<AuditEntry>> {
        self.engine
            .rows(
                "SELECT at, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT $1",
                args![at_most],
            )
            .await?
            .iter()
            .map(|row| {
                Ok(AuditEntry {
                    at: row.int("at")?,
                    actor: row.text("actor")?,
                    action: row.text("action")?,
                    subject: row.text("subject")?,
                    detail: row.text("detail")?,
                })
            })
            .collect()
    }

    /// How far a loop has come.
    pub async fn cursor(&self, name: &str) -> Result<Option<String>> {
        self.engine
            .first("SELECT value FROM cursors WHERE name = $1", args![name])
            .await?
            .map(|row| row.text("value"))
            .transpose()
    }

    /// Writes down how far a loop has come.
    pub async fn set_cursor(&self, name: &str, value: &str) -> Result<()> {
        self.engine
            .execute(
                "INSERT INTO cursors (name, value, changed_at) VALUES ($1, $2, $3)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value,
                     changed_at = excluded.changed_at",
                args![name, value, self.now()],
            )
            .await
            .map(drop)
    }

    /// Takes a turn at something that only one process should do at a time and not more often than
    /// `every`: whether it is ours now. The turn is over when the time is.
    pub async fn take_turn(&self, name: &str, every: std::time::Duration) -> Result<bool> {
        let now = self.now();
        let name = format!("turn:{name}");
        let taken = self
            .engine
            .execute(
                "INSERT INTO cursors (name, value, changed_at) VALUES ($1, '', $2)
                 ON CONFLICT (name) DO UPDATE SET changed_at = excluded.changed_at
                 WHERE cursors.changed_at <= $3",
                args![name, now, now.saturating_sub(super::millis(every))],
            )
            .await?;
        Ok(taken > 0)
    }

    /// Counts a redelivery that is about to be asked for; `None` where the cap is reached.
    pub async fn count_redelivery(&self, guid: &str, at_most: u32) -> Result<Option<u64>> {
        let mut tx = self.engine.begin().await?;
        let row = tx
            .first(
                "INSERT INTO redeliveries (guid, asked, asked_at) VALUES ($1, 1, $2)
                 ON CONFLICT (guid) DO UPDATE SET asked = redeliveries.asked + 1,
                     asked_at = excluded.asked_at
                 WHERE redeliveries.asked < $3 RETURNING asked",
                args![guid, self.now(), at_most],
            )
            .await?;
        tx.commit().await?;
        row.map(|row| row.count("asked")).transpose()
    }
}
