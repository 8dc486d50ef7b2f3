//! The organisation's rules as they last were without mistakes.

use crate::store::sql::args;

use super::Store;
use super::error::Result;

/// A rules file that could be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoodRules {
    /// Commit of the rules repository.
    pub commit: String,
    /// Path in it.
    pub path: String,
    pub text: String,
    /// Hash of the text.
    pub hash: String,
    /// Why the newest version is not used, where it is not; in words for reviewers.
    pub problem: Option<String>,
}

impl Store {
    /// The last good rules of a scope (`installation:12`).
    pub async fn good_rules(&self, scope: &str) -> Result<Option<GoodRules>> {
        let row = self
            .engine
            .first(
                "SELECT commit_sha, path, text, hash, problem FROM good_rules WHERE scope = $1",
                args![scope],
            )
            .await?;
        row.map(|row| {
            Ok(GoodRules {
                commit: row.text("commit_sha")?,
                path: row.text("path")?,
                text: row.text("text")?,
                hash: row.text("hash")?,
                problem: row.maybe_text("problem")?,
            })
        })
        .transpose()
    }

    /// Writes down rules without mistakes; they take the place of the last ones.
    pub async fn save_good_rules(&self, scope: &str, rules: &GoodRules) -> Result<()> {
        self.engine
            .execute(
                "INSERT INTO good_rules (scope, commit_sha, path, text, hash, problem, changed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)
                 ON CONFLICT (scope) DO UPDATE SET commit_sha = excluded.commit_sha,
                     path = excluded.path, text = excluded.text, hash = excluded.hash,
                     problem = excluded.problem, changed_at = excluded.changed_at",
                args![
                    scope,
                    &rules.commit,
                    &rules.path,
                    &rules.text,
                    &rules.hash,
                    rules.problem.clone(),
                    self.now()
                ],
            )
            .await
            .map(drop)
    }

    /// Writes down that the newest rules are broken; the last good ones stay. `false` where there
    /// are none.
    pub async fn note_broken_rules(&self, scope: &str, problem: &str) -> Result<bool> {
        let changed = self
            .engine
            .execute(
                "UPDATE good_rules SET problem = $2, changed_at = $3 WHERE scope = $1",
                args![scope, problem, self.now()],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Forgets the rules of a scope: the file was deleted on purpose.
    pub async fn forget_rules(&self, scope: &str) -> Result<()> {
        self.engine
            .execute("DELETE FROM good_rules WHERE scope = $1", args![scope])
            .await
            .map(drop)
    }
}
