//! What people say and click on a pull request: comments, labels, "Re-run", a check run's buttons.

use serde_json::json;

use super::{Simulator, accounts::account_id};
use crate::{
    error::{Result, not_found},
    world::{Comment, Writer},
};

impl Simulator {
    /// Comments as a person. Gives the comment's id.
    ///
    /// # Errors
    /// There is no such pull request or person.
    pub fn comment(&self, repo: u64, number: u64, user: &str, body: &str) -> Result<u64> {
        let mut world = self.shared().world();
        let user = account_id(&world, user)?;
        world.pull(repo, number)?;
        let id = world.id("comment");
        let now = world.now();
        world.comments.insert(
            id,
            Comment {
                id,
                repository: repo,
                number,
                writer: Writer::User(user),
                body: body.to_owned(),
                created_at: now,
                updated_at: now,
            },
        );
        world.tell_comment(&self.shared().urls, id, "created", user, json!({}));
        Ok(id)
    }

    /// Removes a comment, whoever wrote it.
    ///
    /// # Errors
    /// There is no such comment.
    pub fn delete_comment(&self, comment: u64) -> Result<()> {
        let mut world = self.shared().world();
        let repository = world
            .comments
            .get(&comment)
            .map(|comment| comment.repository)
            .ok_or_else(|| not_found(format!("comment {comment}")))?;
        let sender = world
            .repository(repository)
            .map(|record| world.admin_of(record.owner))?;
        world.tell_comment(&self.shared().urls, comment, "deleted", sender, json!({}));
        world.comments.remove(&comment);
        Ok(())
    }

    /// Puts a label on as a person of the organisation.
    ///
    /// # Errors
    /// There is no such pull request.
    pub fn add_label(&self, repo: u64, number: u64, name: &str) -> Result<()> {
        self.shared().world().ensure_label(repo, name)?;
        self.change_pull(
            repo,
            number,
            "labeled",
            json!({"label": {"name": name}}),
            |pull, _| {
                if !pull
                    .labels
                    .iter()
                    .any(|other| other.eq_ignore_ascii_case(name))
                {
                    pull.labels.push(name.to_owned());
                }
            },
        )
    }

    /// Takes a label off as a person of the organisation.
    ///
    /// # Errors
    /// There is no such pull request.
    pub fn remove_label(&self, repo: u64, number: u64, name: &str) -> Result<()> {
        self.change_pull(
            repo,
            number,
            "unlabeled",
            json!({"label": {"name": name}}),
            |pull, _| {
                pull.labels
                    .retain(|other| !other.eq_ignore_ascii_case(name));
            },
        )
    }

    /// Clicks "Re-run" on a check run.
    ///
    /// # Errors
    /// There is no such run or person.
    pub fn rerequest(&self, run: u64, user: &str) -> Result<()> {
        self.click(run, user, "rerequested", json!({}))
    }

    /// Clicks a check run's own button.
    ///
    /// # Errors
    /// There is no such run, person or button.
    pub fn request_action(&self, run: u64, user: &str, identifier: &str) -> Result<()> {
        let known = self.shared().world().runs.get(&run).is_some_and(|run| {
            run.actions
                .iter()
                .any(|action| action.identifier == identifier)
        });
        if !known {
            return Err(not_found(format!("button {identifier} on check run {run}")));
        }
        let extra = json!({"requested_action": {"identifier": identifier}});
        self.click(run, user, "requested_action", extra)
    }

    fn click(&self, run: u64, user: &str, action: &str, extra: serde_json::Value) -> Result<()> {
        let mut world = self.shared().world();
        let user = account_id(&world, user)?;
        if !world.runs.contains_key(&run) {
            return Err(not_found(format!("check run {run}")));
        }
        world.tell_run(&self.shared().urls, run, action, user, extra);
        Ok(())
    }

    /// Clicks "Re-run all checks" on a suite.
    ///
    /// # Errors
    /// There is no such suite or person.
    pub fn rerequest_suite(&self, suite: u64, user: &str) -> Result<()> {
        let mut world = self.shared().world();
        let user = account_id(&world, user)?;
        if !world.suites.contains_key(&suite) {
            return Err(not_found(format!("check suite {suite}")));
        }
        world.tell_suite(&self.shared().urls, suite, "rerequested", user);
        Ok(())
    }
}
