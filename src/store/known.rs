//! Installations, repositories and pull requests as events last told of them, by numeric id.

use crate::store::sql::{Row, Tx, args};
use crate::worker::PullRequestRef;

use super::Store;
use super::change::PullState;
use super::clock::Millis;
use super::error::{Result, StoreError};

/// Whether the App may work for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationState {
    Active,
    Suspended,
    Removed,
}

impl InstallationState {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Removed => "removed",
        }
    }

    fn of(word: &str) -> Result<Self> {
        [Self::Active, Self::Suspended, Self::Removed]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| StoreError::Corrupt(format!("installation state `{word}`")))
    }
}

/// An installation as last heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownInstallation {
    pub id: u64,
    /// Login of the account.
    pub account: String,
    pub state: InstallationState,
}

/// A repository as last heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRepository {
    pub id: u64,
    pub installation_id: u64,
    pub owner: String,
    pub name: String,
    /// The installation no longer sees it.
    pub removed: bool,
}

/// A pull request as last heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPull {
    pub repository_id: u64,
    pub number: u64,
    pub open: bool,
    pub head_sha: String,
    pub base_ref: String,
    /// GitHub's `updated_at` of this knowledge.
    pub said_at: Millis,
}

impl Store {
    /// The installation, if an event ever named it.
    pub async fn installation(&self, id: u64) -> Result<Option<KnownInstallation>> {
        self.engine
            .first(
                "SELECT id, account, state FROM installations WHERE id = $1",
                args![id],
            )
            .await?
            .map(|row| installation(&row))
            .transpose()
    }

    /// All installations, by id.
    pub async fn installations(&self) -> Result<Vec<KnownInstallation>> {
        self.engine
            .rows(
                "SELECT id, account, state FROM installations ORDER BY id",
                Vec::new(),
            )
            .await?
            .iter()
            .map(installation)
            .collect()
    }

    /// The repository, if an event ever named it.
    pub async fn repository(&self, id: u64) -> Result<Option<KnownRepository>> {
        self.engine
            .first(
                "SELECT id, installation_id, owner, name, removed FROM repositories WHERE id = $1",
                args![id],
            )
            .await?
            .map(|row| repository(&row))
            .transpose()
    }

    /// Writes down what a repository is called now (GitHub answered 301 and was asked again).
    pub async fn rename_repository(&self, id: u64, owner: &str, name: &str) -> Result<()> {
        self.engine
            .execute(
                "UPDATE repositories SET owner = $2, name = $3, changed_at = $4 WHERE id = $1",
                args![id, owner, name, self.now()],
            )
            .await
            .map(drop)
    }

    /// The pull request, if an event ever named it.
    pub async fn pull(&self, repository_id: u64, number: u64) -> Result<Option<KnownPull>> {
        self.engine
            .first(
                "SELECT repository_id, number, state, head_sha, base_ref, said_at
                 FROM pulls WHERE repository_id = $1 AND number = $2",
                args![repository_id, number],
            )
            .await?
            .map(|row| pull(&row))
            .transpose()
    }

    /// All pull requests, by repository and number.
    pub async fn pulls(&self) -> Result<Vec<KnownPull>> {
        self.engine
            .rows(
                "SELECT repository_id, number, state, head_sha, base_ref, said_at
                 FROM pulls ORDER BY repository_id, number",
                Vec::new(),
            )
            .await?
            .iter()
            .map(pull)
            .collect()
    }
}

fn installation(row: &Row) -> Result<KnownInstallation> {
    Ok(KnownInstallation {
        id: row.id("id")?,
        account: row.text("account")?,
        state: InstallationState::of(&row.text("state")?)?,
    })
}

pub(super) fn repository(row: &Row) -> Result<KnownRepository> {
    Ok(KnownRepository {
        id: row.id("id")?,
        installation_id: row.id("installation_id")?,
        owner: row.text("owner")?,
        name: row.text("name")?,
        removed: row.flag("removed")?,
    })
}

fn pull(row: &Row) -> Result<KnownPull> {
    Ok(KnownPull {
        repository_id: row.id("repository_id")?,
        number: row.id("number")?,
        open: row.text("state")? == "open",
        head_sha: row.text("head_sha")?,
        base_ref: row.text("base_ref")?,
        said_at: row.int("said_at")?,
    })
}

pub(super) async fn remember_installation(
    tx: &mut Tx,
    now: Millis,
    id: u64,
    account: &str,
    state: InstallationState,
) -> Result<()> {
    tx.execute(
        "INSERT INTO installations (id, account, state, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET account = excluded.account, state = excluded.state,
             changed_at = excluded.changed_at",
        args![id, account, state.word(), now],
    )
    .await
    .map(drop)
}

pub(super) async fn remember_repository(
    tx: &mut Tx,
    now: Millis,
    id: u64,
    installation_id: u64,
    owner: &str,
    name: &str,
) -> Result<()> {
    tx.execute(
        "INSERT INTO repositories (id, installation_id, owner, name, removed, changed_at)
         VALUES ($1, $2, $3, $4, 0, $5)
         ON CONFLICT (id) DO UPDATE SET installation_id = excluded.installation_id,
             owner = excluded.owner, name = excluded.name, removed = 0,
             changed_at = excluded.changed_at",
        args![id, installation_id, owner, name, now],
    )
    .await
    .map(drop)
}

pub(super) async fn forget_repository(tx: &mut Tx, now: Millis, id: u64) -> Result<()> {
    tx.execute(
        "UPDATE repositories SET removed = 1, changed_at = $2 WHERE id = $1",
        args![id, now],
    )
    .await
    .map(drop)
}

/// Whether this was news: something GitHub said later stays.
pub(super) async fn remember_pull(
    tx: &mut Tx,
    pull: &PullRequestRef,
    state: &'static str,
    said: &PullState,
) -> Result<bool> {
    let changed = tx
        .execute(
            "INSERT INTO pulls (repository_id, number, state, head_sha, base_ref, said_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (repository_id, number) DO UPDATE SET state = excluded.state,
                 head_sha = excluded.head_sha, base_ref = excluded.base_ref,
                 said_at = excluded.said_at
             WHERE pulls.said_at <= excluded.said_at",
            args![
                pull.repository_id,
                pull.number,
                state,
                &said.head_sha,
                &said.base_ref,
                said.said_at
            ],
        )
        .await?;
    Ok(changed > 0)
}

/// When the next review of this pull request may start: now, or `spacing` after the last one that a
/// push asked for.
pub(super) async fn next_slot(
    tx: &mut Tx,
    pull: &PullRequestRef,
    now: Millis,
    spacing: Millis,
) -> Result<Millis> {
    let last = tx
        .first(
            "SELECT last_enqueued_at FROM pulls WHERE repository_id = $1 AND number = $2",
            args![pull.repository_id, pull.number],
        )
        .await?
        .map(|row| row.int("last_enqueued_at"))
        .transpose()?
        .unwrap_or_default();
    let slot = now
        .max(last.saturating_add(spacing))
        .min(now.saturating_add(spacing));
    tx.execute(
        "UPDATE pulls SET last_enqueued_at = $3 WHERE repository_id = $1 AND number = $2",
        args![pull.repository_id, pull.number, slot],
    )
    .await?;
    Ok(slot)
}
