//! The one comment on a pull request: edited in place, made again when somebody deleted it.

use tokio_util::sync::CancellationToken;

use super::{Place, PublishError, Publisher, ROUNDS, digest, unless_cancelled};
use crate::github::types::Comment;
use crate::store::CommentRecord;

impl Publisher {
    /// Makes our comment say this. `look` reads what stands there even where the text is the same as
    /// last time (somebody asked for it again).
    pub async fn comment(
        &self,
        place: &Place,
        text: &str,
        look: bool,
        cancel: &CancellationToken,
    ) -> Result<(), PublishError> {
        let (repository, pull) = (place.repository.id(), place.pull);
        let mark = self.marker.mark(repository, pull);
        let body = format!("{}\n\n{mark}\n", text.trim_end());
        let wanted = digest(body.as_bytes());
        let stored = self.store.comment(repository.0, pull.0).await?;
        if let Some(record) = stored.filter(|_| !look) {
            if record.digest.as_deref() == Some(&wanted) {
                return Ok(());
            }
            if self.edit(place, record.id, &body, cancel).await? {
                return self.record_comment(place, record.id, wanted).await;
            }
            self.store
                .record_comment(repository.0, pull.0, None)
                .await?;
        }
        let mut round = 0;
        let id = loop {
            round += 1;
            match self.find_comment(place, cancel).await? {
                Some(comment) if is_same(&comment, &body) => break comment.id,
                Some(comment) if self.edit(place, comment.id, &body, cancel).await? => {
                    break comment.id;
                }
                _ => {}
            }
            unless_cancelled(cancel)?;
            match place.repository.create_comment(pull, &body).await {
                Ok(comment) => break comment.id,
                Err(error) if error.is_unclear() && round < ROUNDS => {}
                Err(error) => return Err(error.into()),
            }
        };
        self.record_comment(place, id, wanted).await
    }

    async fn record_comment(
        &self,
        place: &Place,
        id: u64,
        digest: String,
    ) -> Result<(), PublishError> {
        let record = CommentRecord {
            id,
            digest: Some(digest),
        };
        let repository = place.repository.id().0;
        self.store
            .record_comment(repository, place.pull.0, Some(&record))
            .await?;
        Ok(())
    }

    /// `false` where the comment is gone. The same edit twice changes nothing.
    async fn edit(
        &self,
        place: &Place,
        id: u64,
        body: &str,
        cancel: &CancellationToken,
    ) -> Result<bool, PublishError> {
        let mut round = 0;
        loop {
            round += 1;
            unless_cancelled(cancel)?;
            match place.repository.update_comment(id, body).await {
                Ok(_) => return Ok(true),
                Err(error) if error.is_not_found() => return Ok(false),
                Err(error) if error.is_unclear() && round < ROUNDS => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Our comment among all of the pull request's: the oldest; others of ours are deleted.
    async fn find_comment(
        &self,
        place: &Place,
        cancel: &CancellationToken,
    ) -> Result<Option<Comment>, PublishError> {
        let mut ours: Vec<Comment> = place
            .repository
            .comments(place.pull)
            .await?
            .into_iter()
            .filter(|comment| self.is_ours(place, comment))
            .collect();
        ours.sort_by_key(|comment| comment.id);
        let mut ours = ours.into_iter();
        let oldest = ours.next();
        for double in ours {
            unless_cancelled(cancel)?;
            place.repository.delete_comment(double.id).await?;
        }
        Ok(oldest)
    }

    /// By authorship first: the mark alone is text that anybody can copy.
    fn is_ours(&self, place: &Place, comment: &Comment) -> bool {
        let app = place.repository.installation().app().id();
        let by_us = comment
            .performed_via_github_app
            .as_ref()
            .is_some_and(|by| by.id == app);
        let text = comment.body.as_deref().unwrap_or_default();
        by_us && self.marker.is_in(text, place.repository.id(), place.pull)
    }
}

/// GitHub gives line ends back as it likes.
fn is_same(comment: &Comment, body: &str) -> bool {
    let standing = comment.body.as_deref().unwrap_or_default();
    standing.replace("\r\n", "\n").trim_end() == body.trim_end()
}
