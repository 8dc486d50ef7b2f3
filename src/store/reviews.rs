//! Saved reviews: one per head, merge base, rules and version, whatever how often it was asked for.

use crate::store::sql::{Row, args};

use super::Store;
use super::clock::Millis;
use super::error::Result;

/// What makes two reviews the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewKey {
    /// The base repository.
    pub repository_id: u64,
    pub pull_number: u64,
    pub head_sha: String,
    /// Empty where there was none (unrelated histories).
    pub merge_base: String,
    /// Hash of the effective rules.
    pub rules_hash: String,
    /// Version of the program that judged.
    pub engine_version: String,
}

/// A review to save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReview {
    pub key: ReviewKey,
    /// The whole review as JSON; its shape is `review`'s business.
    pub result: String,
}

/// A saved review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReview {
    pub id: i64,
    pub key: ReviewKey,
    /// Milliseconds since 1970.
    pub created_at: Millis,
    pub result: String,
}

impl Store {
    /// Saves a review; a review of the same key is replaced and keeps its id.
    pub async fn save_review(&self, review: &NewReview) -> Result<i64> {
        let key = &review.key;
        self.retrying(|| async {
            let mut tx = self.engine.begin().await?;
            let id = tx
                .one(
                    "INSERT INTO reviews (repository_id, pull_number, head_sha, merge_base,
                         rules_hash, engine_version, created_at, result)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                     ON CONFLICT (repository_id, pull_number, head_sha, merge_base, rules_hash,
                         engine_version)
                     DO UPDATE SET result = excluded.result, created_at = excluded.created_at
                     RETURNING id",
                    args![
                        key.repository_id,
                        key.pull_number,
                        &key.head_sha,
                        &key.merge_base,
                        &key.rules_hash,
                        &key.engine_version,
                        self.now(),
                        &review.result
                    ],
                )
                .await?
                .int("id")?;
            tx.commit().await?;
            Ok(id)
        })
        .await
    }

    /// The review of exactly this key, if it was done.
    pub async fn find_review(&self, key: &ReviewKey) -> Result<Option<StoredReview>> {
        self.engine
            .first(
                "SELECT * FROM reviews WHERE repository_id = $1 AND pull_number = $2
                     AND head_sha = $3 AND merge_base = $4 AND rules_hash = $5
                     AND engine_version = $6",
                args![
                    key.repository_id,
                    key.pull_number,
                    &key.head_sha,
                    &key.merge_base,
                    &key.rules_hash,
                    &key.engine_version
                ],
            )
            .await?
            .map(|row| stored(&row))
            .transpose()
    }

    /// The review with this id.
    pub async fn review(&self, id: i64) -> Result<Option<StoredReview>> {
        self.engine
            .first("SELECT * FROM reviews WHERE id = $1", args![id])
            .await?
            .map(|row| stored(&row))
            .transpose()
    }

    /// The newest review of a pull request.
    pub async fn latest_review(
        &self,
        repository_id: u64,
        pull_number: u64,
    ) -> Result<Option<StoredReview>> {
        self.engine
            .first(
                "SELECT * FROM reviews WHERE repository_id = $1 AND pull_number = $2
                 ORDER BY created_at DESC, id DESC LIMIT 1",
                args![repository_id, pull_number],
            )
            .await?
            .map(|row| stored(&row))
            .transpose()
    }

    /// The newest review of each pull request, newest first.
    pub async fn latest_reviews(&self, at_most: u32) -> Result<Vec<StoredReview>> {
        self.engine
            .rows(
                "SELECT * FROM reviews a WHERE NOT EXISTS (
                     SELECT 1 FROM reviews b
                     WHERE b.repository_id = a.repository_id AND b.pull_number = a.pull_number
                         AND (b.created_at > a.created_at
                              OR (b.created_at = a.created_at AND b.id > a.id)))
                 ORDER BY created_at DESC, id DESC LIMIT $1",
                args![at_most],
            )
            .await?
            .iter()
            .map(stored)
            .collect()
    }
}

fn stored(row: &Row) -> Result<StoredReview> {
    Ok(StoredReview {
        id: row.int("id")?,
        key: ReviewKey {
            repository_id: row.id("repository_id")?,
            pull_number: row.id("pull_number")?,
            head_sha: row.text("head_sha")?,
            merge_base: row.text("merge_base")?,
            rules_hash: row.text("rules_hash")?,
            engine_version: row.text("engine_version")?,
        },
        created_at: row.int("created_at")?,
        result: row.text("result")?,
    })
}
