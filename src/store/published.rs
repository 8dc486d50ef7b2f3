//! What stands on GitHub because of us: check runs and the one comment of each pull request, by
//! GitHub's ids, stored at once when they are made.

use crate::store::sql::{Row, args};

use super::Store;
use super::error::Result;

/// A check run that we made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRunRecord {
    /// GitHub's id.
    pub id: u64,
    /// The base repository.
    pub repository_id: u64,
    pub pull_number: u64,
    pub head_sha: String,
    /// Ours, by which it can be found when the answer to its making was lost.
    pub external_id: String,
    /// Not completed.
    pub open: bool,
    pub conclusion: Option<String>,
    /// Annotations that GitHub has of the rendering `digest`.
    pub annotations_sent: u32,
    /// Hash of what was last rendered for it; what has not changed is not sent again.
    pub digest: Option<String>,
}

/// Our comment on a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentRecord {
    /// GitHub's id.
    pub id: u64,
    /// Hash of its body.
    pub digest: Option<String>,
}

impl Store {
    /// Writes down a check run, new or changed.
    pub async fn record_check_run(&self, run: &CheckRunRecord) -> Result<()> {
        self.engine
            .execute(
                "INSERT INTO check_runs
                     (id, repository_id, pull_number, head_sha, external_id, open, conclusion,
                      annotations_sent, digest, created_at, changed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
                 ON CONFLICT (id) DO UPDATE SET open = excluded.open,
                     conclusion = excluded.conclusion,
                     annotations_sent = excluded.annotations_sent, digest = excluded.digest,
                     changed_at = excluded.changed_at",
                args![
                    run.id,
                    run.repository_id,
                    run.pull_number,
                    &run.head_sha,
                    &run.external_id,
                    run.open,
                    run.conclusion.clone(),
                    run.annotations_sent,
                    run.digest.clone(),
                    self.now()
                ],
            )
            .await
            .map(drop)
    }

    /// Forgets a check run that is no more (GitHub answered 404).
    pub async fn forget_check_run(&self, id: u64) -> Result<()> {
        self.engine
            .execute("DELETE FROM check_runs WHERE id = $1", args![id])
            .await
            .map(drop)
    }

    /// The newest check run of a pull request at this head.
    pub async fn check_run_at(
        &self,
        repository_id: u64,
        pull_number: u64,
        head_sha: &str,
    ) -> Result<Option<CheckRunRecord>> {
        self.engine
            .first(
                "SELECT * FROM check_runs
                 WHERE repository_id = $1 AND pull_number = $2 AND head_sha = $3
                 ORDER BY id DESC LIMIT 1",
                args![repository_id, pull_number, head_sha],
            )
            .await?
            .map(|row| check_run(&row))
            .transpose()
    }

    /// The newest check run with this external id.
    pub async fn check_run_by_external_id(
        &self,
        repository_id: u64,
        external_id: &str,
    ) -> Result<Option<CheckRunRecord>> {
        self.engine
            .first(
                "SELECT * FROM check_runs WHERE repository_id = $1 AND external_id = $2
                 ORDER BY id DESC LIMIT 1",
                args![repository_id, external_id],
            )
            .await?
            .map(|row| check_run(&row))
            .transpose()
    }

    /// Check runs of a pull request that are not completed, oldest first.
    pub async fn open_check_runs(
        &self,
        repository_id: u64,
        pull_number: u64,
    ) -> Result<Vec<CheckRunRecord>> {
        self.engine
            .rows(
                "SELECT * FROM check_runs
                 WHERE repository_id = $1 AND pull_number = $2 AND open = 1 ORDER BY id",
                args![repository_id, pull_number],
            )
            .await?
            .iter()
            .map(check_run)
            .collect()
    }

    /// All check runs of a pull request, oldest first.
    pub async fn check_runs(
        &self,
        repository_id: u64,
        pull_number: u64,
    ) -> Result<Vec<CheckRunRecord>> {
        self.engine
            .rows(
                "SELECT * FROM check_runs
                 WHERE repository_id = $1 AND pull_number = $2 ORDER BY id",
                args![repository_id, pull_number],
            )
            .await?
            .iter()
            .map(check_run)
            .collect()
    }

    /// Our comment on a pull request, if we made one.
    pub async fn comment(
        &self,
        repository_id: u64,
        pull_number: u64,
    ) -> Result<Option<CommentRecord>> {
        let row = self
            .engine
            .first(
                "SELECT comment_id, comment_digest FROM pulls
                 WHERE repository_id = $1 AND number = $2",
                args![repository_id, pull_number],
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(match row.maybe_id("comment_id")? {
            Some(id) => Some(CommentRecord {
                id,
                digest: row.maybe_text("comment_digest")?,
            }),
            None => None,
        })
    }

    /// Writes down our comment; `None` forgets it (somebody deleted it).
    pub async fn record_comment(
        &self,
        repository_id: u64,
        pull_number: u64,
        comment: Option<&CommentRecord>,
    ) -> Result<()> {
        self.engine
            .execute(
                "INSERT INTO pulls (repository_id, number, state, head_sha, base_ref, said_at,
                     comment_id, comment_digest)
                 VALUES ($1, $2, 'open', '', '', 0, $3, $4)
                 ON CONFLICT (repository_id, number) DO UPDATE SET
                     comment_id = excluded.comment_id, comment_digest = excluded.comment_digest",
                args![
                    repository_id,
                    pull_number,
                    comment.map(|c| c.id),
                    comment.and_then(|c| c.digest.clone())
                ],
            )
            .await
            .map(drop)
    }
}

fn check_run(row: &Row) -> Result<CheckRunRecord> {
    Ok(CheckRunRecord {
        id: row.id("id")?,
        repository_id: row.id("repository_id")?,
        pull_number: row.id("pull_number")?,
        head_sha: row.text("head_sha")?,
        external_id: row.text("external_id")?,
        open: row.flag("open")?,
        conclusion: row.maybe_text("conclusion")?,
        annotations_sent: u32::try_from(row.count("annotations_sent")?).unwrap_or(u32::MAX),
        digest: row.maybe_text("digest")?,
    })
}
