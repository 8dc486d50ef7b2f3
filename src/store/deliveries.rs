//! Deliveries: each stored once, in one transaction with what it changes.

use crate::store::sql::{Row, args};

use super::change::{Applied, Change};
use super::clock::Millis;
use super::error::Result;
use super::{Store, queue};

/// A delivery to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// `X-GitHub-Delivery`: the same when GitHub delivers again.
    pub id: String,
    pub event: String,
    pub action: Option<String>,
    pub installation_id: Option<u64>,
    pub repository_id: Option<u64>,
    /// Why nothing is made of it, where nothing is.
    pub ignored: Option<String>,
    /// The body, kept so that it can be replayed; `None` where nobody would.
    pub payload: Option<Vec<u8>>,
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// New; what became of each change, in order.
    Stored(Vec<Applied>),
    /// Known before; nothing was changed, except that jobs of it that had been given up run again.
    Known { revived: u64 },
}

/// A stored delivery, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDelivery {
    pub id: String,
    pub event: String,
    pub action: Option<String>,
    pub received_at: Millis,
    /// What was made of it, in words.
    pub outcome: String,
    pub payload: Option<Vec<u8>>,
}

impl Store {
    /// Stores a delivery and applies its changes, all or nothing.
    pub async fn accept(&self, delivery: &NewDelivery, changes: &[Change]) -> Result<Accepted> {
        let accepted = self
            .retrying(|| self.accept_once(delivery, changes))
            .await?;
        self.wake();
        Ok(accepted)
    }

    async fn accept_once(&self, delivery: &NewDelivery, changes: &[Change]) -> Result<Accepted> {
        let now = self.now();
        let mut tx = self.engine.begin().await?;
        let new = tx
            .execute(
                "INSERT INTO deliveries
                     (id, event, action, installation_id, repository_id, received_at, outcome, payload)
                 VALUES ($1, $2, $3, $4, $5, $6, '', $7) ON CONFLICT (id) DO NOTHING",
                args![
                    &delivery.id,
                    &delivery.event,
                    delivery.action.clone(),
                    delivery.installation_id,
                    delivery.repository_id,
                    now,
                    delivery.payload.as_deref()
                ],
            )
            .await?;
        if new == 0 {
            let revived = queue::revive_dead_jobs(&mut tx, now, &delivery.id).await?;
            tx.commit().await?;
            return Ok(Accepted::Known { revived });
        }
        let mut applied = Vec::with_capacity(changes.len());
        for change in changes {
            applied
                .push(queue::apply(&mut tx, &self.rules, now, Some(&delivery.id), change).await?);
        }
        let outcome = match &delivery.ignored {
            Some(why) => format!("ignored: {why}"),
            None if applied.is_empty() => "noted".to_owned(),
            None => applied
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; "),
        };
        tx.execute(
            "UPDATE deliveries SET outcome = $2 WHERE id = $1",
            args![&delivery.id, outcome],
        )
        .await?;
        queue::notify(&mut tx).await?;
        tx.commit().await?;
        Ok(Accepted::Stored(applied))
    }

    /// Applies changes that no delivery brought (reconciliation).
    pub async fn apply(&self, changes: &[Change]) -> Result<Vec<Applied>> {
        let applied = self
            .retrying(|| async {
                let mut tx = self.engine.begin().await?;
                let mut applied = Vec::with_capacity(changes.len());
                for change in changes {
                    applied
                        .push(queue::apply(&mut tx, &self.rules, self.now(), None, change).await?);
                }
                queue::notify(&mut tx).await?;
                tx.commit().await?;
                Ok(applied)
            })
            .await?;
        self.wake();
        Ok(applied)
    }

    /// Whether this delivery arrived.
    pub async fn delivery(&self, id: &str) -> Result<Option<StoredDelivery>> {
        self.engine
            .first(
                "SELECT id, event, action, received_at, outcome, payload
                 FROM deliveries WHERE id = $1",
                args![id],
            )
            .await?
            .map(stored)
            .transpose()
    }

    /// The newest deliveries, newest first, without their payloads.
    pub async fn recent_deliveries(&self, at_most: u32) -> Result<Vec<StoredDelivery>> {
        self.engine
            .rows(
                "SELECT id, event, action, received_at, outcome, NULL AS payload
                 FROM deliveries ORDER BY received_at DESC, id LIMIT $1",
                args![at_most],
            )
            .await?
            .into_iter()
            .map(|row| {
                Ok(StoredDelivery {
                    id: row.text("id")?,
                    event: row.text("event")?,
                    action: row.maybe_text("action")?,
                    received_at: row.int("received_at")?,
                    outcome: row.text("outcome")?,
                    payload: None,
                })
            })
            .collect()
    }

    /// Forgets deliveries received before this time, and finished jobs and redelivery counters that
    /// are older. Reviews and what was published stay. Returns how many deliveries went.
    ///
    /// Must be earlier than GitHub's window of redelivery (3 days, 7 on Enterprise servers), for a
    /// forgotten delivery that comes again counts as new.
    pub async fn forget_before(&self, time: Millis) -> Result<u64> {
        let mut tx = self.engine.begin().await?;
        let gone = tx
            .execute("DELETE FROM deliveries WHERE received_at < $1", args![time])
            .await?;
        tx.execute(
            "DELETE FROM jobs WHERE finished_at < $1 AND state IN ('done', 'superseded', 'cancelled')",
            args![time],
        )
        .await?;
        tx.execute("DELETE FROM redeliveries WHERE asked_at < $1", args![time])
            .await?;
        tx.commit().await?;
        Ok(gone)
    }
}

fn stored(row: Row) -> Result<StoredDelivery> {
    Ok(StoredDelivery {
        id: row.text("id")?,
        event: row.text("event")?,
        action: row.maybe_text("action")?,
        received_at: row.int("received_at")?,
        outcome: row.text("outcome")?,
        payload: row.maybe_bytes("payload")?,
    })
}
