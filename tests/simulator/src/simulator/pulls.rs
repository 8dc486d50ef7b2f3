//! Pull requests, as people open, push to, edit, close and merge them.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    NewRepository, Simulator,
    accounts::account_id,
    repositories::{add_repository, commit},
    views::{self, PullRequest},
};
use crate::{
    error::{Error, Result, not_found},
    files::Files,
    world::{Mergeable, Pull, World},
};

/// A pull request to be opened.
#[derive(Debug, Clone)]
pub struct NewPullRequest {
    /// Login of its author.
    pub author: String,
    /// Its title.
    pub title: String,
    /// Its description, in Markdown.
    pub body: String,
    /// The branch its commits stand on.
    pub branch: String,
    /// The branch it is to be merged into; `None` for the default branch.
    pub base: Option<String>,
    /// What its commit changes.
    pub changes: Files,
    /// From a fork of the author's; else from a branch of the repository itself.
    pub fork: bool,
    /// A draft.
    pub draft: bool,
}

/// Sets a pull request's head, as after a push.
pub(super) fn set_head(world: &mut World, repo: u64, number: u64, sha: &str) -> Result<()> {
    let record = world.repository(repo)?;
    let pull = world.pull(repo, number)?;
    let base = record
        .git
        .resolve(&format!("{}{}", record.branches, pull.base_branch));
    record.git.set(&format!("refs/pull/{number}/head"), sha)?;
    let now = world.now();
    let pull = world.pull_mut(repo, number)?;
    sha.clone_into(&mut pull.head_sha);
    if let Some(base) = base {
        pull.base_sha = base;
    }
    pull.mergeable = Mergeable::Unknown;
    pull.updated_at = now;
    Ok(())
}

impl Simulator {
    /// Opens a pull request from a fork of `user`, with one commit of these changes on top of the
    /// default branch. Gives its number.
    ///
    /// # Errors
    /// There is no such repository or person, or git refuses the files.
    pub fn fork_pull_request(
        &self,
        repo: u64,
        user: &str,
        title: &str,
        body: &str,
        branch: &str,
        changes: Files,
    ) -> Result<u64> {
        let pull = self.open_pull_request(
            repo,
            NewPullRequest {
                author: user.to_owned(),
                title: title.to_owned(),
                body: body.to_owned(),
                branch: branch.to_owned(),
                base: None,
                changes,
                fork: true,
                draft: false,
            },
        )?;
        Ok(pull.number)
    }

    /// Opens a pull request.
    ///
    /// # Errors
    /// There is no such repository, person or base branch, or git refuses the files.
    pub fn open_pull_request(&self, repo: u64, new: NewPullRequest) -> Result<PullRequest> {
        let mut world = self.shared().world();
        let author = account_id(&world, &new.author)?;
        let record = world.repository(repo)?.clone();
        let base_branch = new.base.unwrap_or_else(|| record.default_branch.clone());
        let base_sha = record
            .git
            .resolve(&format!("{}{base_branch}", record.branches))
            .ok_or_else(|| not_found(format!("branch {base_branch} in {}", record.name)))?;
        let head_repo = if new.fork {
            fork(&mut world, repo, author)?
        } else {
            repo
        };
        let head = world.repository(head_repo)?;
        let reference = format!("{}{}", head.branches, new.branch);
        let before = record.git.resolve(&reference);
        let parents = [before.clone().unwrap_or_else(|| base_sha.clone())];
        let head_sha = commit(
            &mut world,
            head_repo,
            &reference,
            &parents,
            author,
            &new.title,
            &new.changes,
        )?;
        if !new.fork {
            self.tell_push(
                &mut world,
                repo,
                &new.branch,
                before.as_deref(),
                &head_sha,
                author,
                false,
            )?;
        }
        let id = world.id("pull");
        let now = world.now();
        let record = world.repository_mut(repo)?;
        let number = record.next_number;
        record.next_number += 1;
        record
            .git
            .set(&format!("refs/pull/{number}/head"), &head_sha)?;
        let head_owner = world.repository(head_repo)?.owner;
        let pull = Pull {
            id,
            repository: repo,
            number,
            title: new.title,
            body: new.body,
            author: Some(author),
            open: true,
            merged: false,
            draft: new.draft,
            head_repository: Some(head_repo),
            head_owner: Some(head_owner),
            head_branch: new.branch,
            head_sha,
            base_branch,
            base_sha,
            labels: Vec::new(),
            reviewers: BTreeSet::new(),
            mergeable: Mergeable::Unknown,
            created_at: now,
            updated_at: now,
            closed_at: None,
        };
        world.pulls.insert((repo, number), pull);
        world.tell_pull(
            &self.shared().urls,
            repo,
            number,
            "opened",
            author,
            json!({}),
        );
        Ok(views::pull(
            &world,
            self.web_url(),
            world.pull(repo, number)?,
        ))
    }

    /// A pull request.
    ///
    /// # Errors
    /// There is none.
    pub fn pull_request(&self, repo: u64, number: u64) -> Result<PullRequest> {
        let world = self.shared().world();
        Ok(views::pull(
            &world,
            self.web_url(),
            world.pull(repo, number)?,
        ))
    }

    /// Commits changes on top of a pull request's head. Gives the commit's id.
    ///
    /// # Errors
    /// There is no such pull request, its fork is deleted, or git refuses the files.
    pub fn push_to_pull_request(
        &self,
        repo: u64,
        number: u64,
        message: &str,
        changes: Files,
    ) -> Result<String> {
        self.new_head(repo, number, message, &changes, false)
    }

    /// Replaces a pull request's commits by one on top of its merge base.
    ///
    /// # Errors
    /// As for a push.
    pub fn force_push_pull_request(
        &self,
        repo: u64,
        number: u64,
        message: &str,
        changes: Files,
    ) -> Result<String> {
        self.new_head(repo, number, message, &changes, true)
    }

    fn new_head(
        &self,
        repo: u64,
        number: u64,
        message: &str,
        changes: &Files,
        force: bool,
    ) -> Result<String> {
        let mut world = self.shared().world();
        let pull = world.pull(repo, number)?.clone();
        let record = world.repository(repo)?.clone();
        let head_repo = pull
            .head_repository
            .ok_or_else(|| Error::Invalid("the fork of this pull request is deleted".to_owned()))?;
        let sender = pull.author.unwrap_or_else(|| world.admin_of(record.owner));
        let parent = if force {
            record
                .git
                .merge_base(&pull.base_sha, &pull.head_sha)
                .ok_or_else(|| Error::Invalid("no merge base to start from".to_owned()))?
        } else {
            pull.head_sha.clone()
        };
        let reference = format!(
            "{}{}",
            world.repository(head_repo)?.branches,
            pull.head_branch
        );
        let after = commit(
            &mut world,
            head_repo,
            &reference,
            &[parent],
            sender,
            message,
            changes,
        )?;
        if head_repo == repo {
            self.tell_push(
                &mut world,
                repo,
                &pull.head_branch,
                Some(&pull.head_sha),
                &after,
                sender,
                force,
            )?;
        }
        self.moved(&mut world, head_repo, &pull.head_branch, &after, sender)?;
        if !pull.open {
            // A closed pull request does not follow its branch.
            return Ok(after);
        }
        Ok(after)
    }

    pub(super) fn change_pull(
        &self,
        repo: u64,
        number: u64,
        action: &str,
        extra: serde_json::Value,
        change: impl FnOnce(&mut Pull, crate::clock::Millis),
    ) -> Result<()> {
        let mut world = self.shared().world();
        let now = world.now();
        let pull = world.pull_mut(repo, number)?;
        change(pull, now);
        pull.updated_at = now;
        let author = pull.author;
        let owner = world.repository(repo)?.owner;
        let sender = author.unwrap_or_else(|| world.admin_of(owner));
        world.tell_pull(&self.shared().urls, repo, number, action, sender, extra);
        Ok(())
    }

    /// Closes a pull request without merging it.
    ///
    /// # Errors
    /// There is no such pull request.
    pub fn close(&self, repo: u64, number: u64) -> Result<()> {
        self.change_pull(repo, number, "closed", json!({}), |pull, now| {
            pull.open = false;
            pull.closed_at = Some(now);
        })
    }

    /// Merges a pull request: it is closed, and its base branch moves to a merge commit.
    ///
    /// # Errors
    /// There is no such pull request, or it has conflicts.
    pub fn merge(&self, repo: u64, number: u64) -> Result<()> {
        {
            let mut world = self.shared().world();
            let pull = world.pull(repo, number)?.clone();
            let record = world.repository(repo)?.clone();
            let reference = format!("{}{}", record.branches, pull.base_branch);
            let tip = record.git.resolve(&reference).unwrap_or_default();
            if !record.git.merges(&tip, &pull.head_sha) {
                return Err(Error::Invalid("the pull request has conflicts".to_owned()));
            }
            let base = record
                .git
                .merge_base(&tip, &pull.head_sha)
                .unwrap_or_default();
            let changes = record.git.changes(&base, &pull.head_sha)?;
            let author = world.admin_of(record.owner);
            let parents = [tip.clone(), pull.head_sha.clone()];
            let message = format!("Merge pull request #{number}");
            let after = commit(
                &mut world, repo, &reference, &parents, author, &message, &changes,
            )?;
            self.tell_push(
                &mut world,
                repo,
                &pull.base_branch,
                Some(&tip),
                &after,
                author,
                false,
            )?;
        }
        self.change_pull(repo, number, "closed", json!({}), |pull, now| {
            pull.open = false;
            pull.merged = true;
            pull.closed_at = Some(now);
        })
    }

    /// Opens a closed pull request again, with the head its branch has now.
    ///
    /// # Errors
    /// There is no such pull request.
    pub fn reopen(&self, repo: u64, number: u64) -> Result<()> {
        {
            let mut world = self.shared().world();
            let pull = world.pull(repo, number)?.clone();
            let head = pull
                .head_repository
                .and_then(|id| world.repositories.get(&id))
                .cloned();
            if let Some(head) = head
                && let Some(tip) = head
                    .git
                    .resolve(&format!("{}{}", head.branches, pull.head_branch))
            {
                set_head(&mut world, repo, number, &tip)?;
            }
        }
        self.change_pull(repo, number, "reopened", json!({}), |pull, _| {
            pull.open = true;
            pull.closed_at = None;
        })
    }

    /// Turns a draft into an ordinary pull request.
    ///
    /// # Errors
    /// There is no such pull request.
    pub fn ready_for_review(&self, repo: u64, number: u64) -> Result<()> {
        self.change_pull(repo, number, "ready_for_review", json!({}), |pull, _| {
            pull.draft = false;
        })
    }

    /// Turns a pull request into a draft.
    ///
    /// # Errors
    /// There is no such pull request.
    pub fn convert_to_draft(&self, repo: u64, number: u64) -> Result<()> {
        self.change_pull(repo, number, "converted_to_draft", json!({}), |pull, _| {
            pull.draft = true;
        })
    }

    /// Gives a pull request another title.
    ///
    /// # Errors
    /// There is no such pull request.
    pub fn edit_title(&self, repo: u64, number: u64, title: &str) -> Result<()> {
        let from = self.pull_request(repo, number)?.title;
        let extra = json!({"changes": {"title": {"from": from}}});
        self.change_pull(repo, number, "edited", extra, |pull, _| {
            title.clone_into(&mut pull.title);
        })
    }

    /// Retargets a pull request to another base branch.
    ///
    /// # Errors
    /// There is no such pull request or branch.
    pub fn edit_base(&self, repo: u64, number: u64, branch: &str) -> Result<()> {
        let before = self.pull_request(repo, number)?;
        let tip = {
            let world = self.shared().world();
            let record = world.repository(repo)?;
            record
                .git
                .resolve(&format!("{}{branch}", record.branches))
                .ok_or_else(|| not_found(format!("branch {branch}")))?
        };
        let extra = json!({
            "changes": {"base": {"ref": {"from": before.base_branch}, "sha": {"from": before.base_sha}}}
        });
        self.change_pull(repo, number, "edited", extra, |pull, _| {
            branch.clone_into(&mut pull.base_branch);
            pull.base_sha = tip;
            pull.mergeable = Mergeable::Unknown;
        })
    }

    /// Deletes the fork that a pull request comes from: `head.repo` is null from now on. Its commits
    /// stay in the base repository.
    ///
    /// # Errors
    /// There is no such pull request, or it comes from no fork.
    pub fn delete_fork(&self, repo: u64, number: u64) -> Result<()> {
        let mut world = self.shared().world();
        let fork = world
            .pull(repo, number)?
            .head_repository
            .filter(|head| *head != repo)
            .ok_or_else(|| Error::Invalid("the pull request comes from no fork".to_owned()))?;
        world.repository_mut(fork)?.deleted = true;
        for pull in world.pulls.values_mut() {
            if pull.head_repository == Some(fork) {
                pull.head_repository = None;
            }
        }
        Ok(())
    }
}

/// The fork of a person, made where it is missing: it shares the store of objects, as on GitHub.
fn fork(world: &mut World, of: u64, owner: u64) -> Result<u64> {
    let stands = world.repositories.values().find(|repository| {
        repository.fork_of == Some(of) && repository.owner == owner && !repository.deleted
    });
    if let Some(fork) = stands {
        return Ok(fork.id);
    }
    let record = world.repository(of)?.clone();
    let new = NewRepository {
        private: record.private,
        default_branch: record.default_branch.clone(),
    };
    let login = world.login(owner).to_owned();
    let mut name = record.name.clone();
    let mut tries = 1;
    while world.named(&login, &name).is_some() {
        name = format!("{}-{tries}", record.name);
        tries += 1;
    }
    let id = add_repository(
        world,
        owner,
        &name,
        record.git.clone(),
        None,
        &new,
        Some(of),
    );
    let tip = record
        .git
        .resolve(&format!("{}{}", record.branches, record.default_branch));
    if let Some(tip) = tip {
        record.git.set(
            &format!("refs/forks/{id}/heads/{}", record.default_branch),
            &tip,
        )?;
    }
    Ok(id)
}
