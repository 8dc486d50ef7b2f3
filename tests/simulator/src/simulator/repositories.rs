//! Repositories: made, pushed to, renamed, transferred, archived, deleted.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Simulator,
    accounts::{account_id, repository_name},
    views::{self, Repo},
};
use crate::{
    error::{Error, Result, not_found},
    files::Files,
    git::{Author, Git, NewCommit},
    render::View,
    world::{Mergeable, Repository, World},
};

/// Time of the first commit of every repository, 2026-01-05 09:00:00 UTC: commit ids must not depend
/// on when a test runs. Each further commit is a minute later.
const FIRST_COMMIT: i64 = 1_767_603_600;
/// GitHub lists this many commits of a push.
const MOST_PUSHED: usize = 2_048;

/// A repository to be made.
#[derive(Debug, Clone)]
pub struct NewRepository {
    /// Only those who are let in can see it.
    pub private: bool,
    /// Its default branch.
    pub default_branch: String,
}

impl Default for NewRepository {
    fn default() -> Self {
        Self {
            private: true,
            default_branch: "main".to_owned(),
        }
    }
}

/// Makes a commit in a repository, on the clock of its network.
pub(super) fn commit(
    world: &mut World,
    repository: u64,
    reference: &str,
    parents: &[String],
    author: u64,
    message: &str,
    changes: &Files,
) -> Result<String> {
    let login = world.login(author).to_owned();
    let root = world.repository(repository)?.fork_of.unwrap_or(repository);
    let made = world.repositories.get(&root).map_or(0, |root| root.commits);
    let git = world.repository(repository)?.git.clone();
    let sha = git.commit(&NewCommit {
        reference,
        parents,
        message: &format!("{message}\n"),
        author: Author {
            email: format!("{login}@users.noreply.github.com"),
            name: login,
            at: FIRST_COMMIT + 60 * made,
        },
        changes,
    })?;
    if let Some(root) = world.repositories.get_mut(&root) {
        root.commits += 1;
    }
    let now = world.now();
    world.repository_mut(repository)?.pushed_at = now;
    Ok(sha)
}

pub(super) fn add_repository(
    world: &mut World,
    owner: u64,
    name: &str,
    git: Git,
    branches: Option<String>,
    new: &NewRepository,
    fork_of: Option<u64>,
) -> u64 {
    let id = world.id("repository");
    let now = world.now();
    let branches = branches.unwrap_or_else(|| format!("refs/forks/{id}/heads/"));
    world.repositories.insert(
        id,
        Repository {
            id,
            owner,
            name: name.to_owned(),
            private: new.private,
            archived: false,
            fork_of,
            default_branch: new.default_branch.clone(),
            git,
            branches,
            labels: BTreeMap::new(),
            collaborators: BTreeMap::new(),
            next_number: 1,
            commits: 0,
            deleted: false,
            created_at: now,
            pushed_at: now,
        },
    );
    id
}

impl Simulator {
    /// Makes a private repository with one commit of these files on `main`; none of no files.
    ///
    /// # Errors
    /// There is no such owner, the name is taken, or git refuses the files.
    pub fn create_repo(&self, owner: &str, name: &str, files: Files) -> Result<Repo> {
        self.create_repo_with(owner, name, files, &NewRepository::default())
    }

    /// Makes a repository as described.
    ///
    /// # Errors
    /// There is no such owner, the name is taken, or git refuses the files.
    pub fn create_repo_with(
        &self,
        owner: &str,
        name: &str,
        files: Files,
        new: &NewRepository,
    ) -> Result<Repo> {
        let mut world = self.shared().world();
        let owner_id = account_id(&world, owner)?;
        repository_name(name)?;
        if world.named(owner, name).is_some() {
            return Err(Error::Invalid(format!("the name {owner}/{name} is taken")));
        }
        let folder = self
            .folder()
            .join(format!("{:06}.git", world.repositories.len() + 1));
        let git = Git::init(folder)?;
        let id = add_repository(
            &mut world,
            owner_id,
            name,
            git,
            Some("refs/heads/".to_owned()),
            new,
            None,
        );
        world
            .former_names
            .remove(&format!("{owner}/{name}").to_lowercase());
        if !files.is_empty() {
            let author = world.admin_of(owner_id);
            let reference = format!("refs/heads/{}", new.default_branch);
            commit(
                &mut world,
                id,
                &reference,
                &[],
                author,
                "Initial commit",
                &files,
            )?;
        }
        let sender = world.admin_of(owner_id);
        world.tell(
            &self.shared().urls,
            id,
            "repository",
            Some("created"),
            sender,
            json!({}),
        );
        views::repo(&world, self.web_url(), id)
    }

    /// A repository by its name now.
    ///
    /// # Errors
    /// There is none.
    pub fn repo(&self, full_name: &str) -> Result<Repo> {
        let world = self.shared().world();
        let id = full_name
            .split_once('/')
            .and_then(|(owner, name)| world.named(owner, name))
            .map(|repository| repository.id)
            .ok_or_else(|| not_found(format!("repository {full_name}")))?;
        views::repo(&world, self.web_url(), id)
    }

    /// A repository by its id.
    ///
    /// # Errors
    /// There is none.
    pub fn repo_by_id(&self, id: u64) -> Result<Repo> {
        views::repo(&self.shared().world(), self.web_url(), id)
    }

    /// Commits changes to a branch, which is made from the default branch where it is missing, and
    /// tells of the push. Open pull requests from that branch move along. Gives the commit's id.
    ///
    /// # Errors
    /// There is no such repository, or git refuses the files.
    pub fn push(&self, repo: u64, branch: &str, message: &str, changes: Files) -> Result<String> {
        let mut world = self.shared().world();
        let record = world.repository(repo)?.clone();
        let author = world.admin_of(record.owner);
        let reference = format!("{}{branch}", record.branches);
        let before = record.git.resolve(&reference);
        let parent = before.clone().or_else(|| {
            record
                .git
                .resolve(&format!("{}{}", record.branches, record.default_branch))
        });
        let parents: Vec<String> = parent.into_iter().collect();
        let after = commit(
            &mut world, repo, &reference, &parents, author, message, &changes,
        )?;
        self.tell_push(
            &mut world,
            repo,
            branch,
            before.as_deref(),
            &after,
            author,
            false,
        )?;
        self.moved(&mut world, repo, branch, &after, author)?;
        Ok(after)
    }

    /// Tells of a push to a branch of the repository itself.
    pub(super) fn tell_push(
        &self,
        world: &mut World,
        repo: u64,
        branch: &str,
        before: Option<&str>,
        after: &str,
        sender: u64,
        forced: bool,
    ) -> Result<()> {
        const NOTHING: &str = "0000000000000000000000000000000000000000";
        let record = world.repository(repo)?.clone();
        if record.fork_of.is_some() {
            // The App is not installed on forks.
            return Ok(());
        }
        let log = record.git.log(before, after)?;
        let html = format!("{}/{}", self.web_url(), world.full_name(&record));
        let listed: Vec<Value> = log
            .iter()
            .take(MOST_PUSHED)
            .map(|entry| {
                let parent = entry.parents.first().map(String::as_str);
                let changed = parent.and_then(|parent| record.git.diff(parent, &entry.sha).ok());
                let of = |status: &[&str]| -> Vec<String> {
                    changed
                        .iter()
                        .flatten()
                        .filter(|file| status.contains(&file.status))
                        .map(|file| file.path.clone())
                        .collect()
                };
                json!({
                    "id": entry.sha,
                    "tree_id": entry.tree,
                    "distinct": true,
                    "message": entry.message,
                    "timestamp": crate::clock::iso(entry.at * 1000),
                    "url": format!("{html}/commit/{}", entry.sha),
                    "author": {"name": entry.name, "email": entry.email, "username": entry.name},
                    "committer": {"name": entry.name, "email": entry.email, "username": entry.name},
                    "added": of(&["added", "renamed", "copied"]),
                    "removed": of(&["removed"]),
                    "modified": of(&["modified", "changed"]),
                })
            })
            .collect();
        let login = world.login(sender).to_owned();
        let body = json!({
            "ref": format!("refs/heads/{branch}"),
            "before": before.unwrap_or(NOTHING),
            "after": after,
            "created": before.is_none(),
            "deleted": false,
            "forced": forced,
            "base_ref": null,
            "compare": format!("{html}/compare/{}...{after}", before.unwrap_or(NOTHING)),
            "head_commit": listed.last(),
            "commits": listed,
            "pusher": {"name": login, "email": format!("{login}@users.noreply.github.com")},
        });
        let urls = &self.shared().urls;
        world.tell(urls, repo, "push", None, sender, body);
        let suite = world.suite(repo, after);
        world.tell_suite(urls, suite, "requested", sender);
        Ok(())
    }

    /// Gives a person a permission: `admin`, `maintain`, `write`, `triage`, `read` or `none`.
    ///
    /// # Errors
    /// There is no such repository or person, or no such permission.
    pub fn set_collaborator(&self, repo: u64, login: &str, permission: &str) -> Result<()> {
        let mut world = self.shared().world();
        let user = account_id(&world, login)?;
        let collaborators = &mut world.repository_mut(repo)?.collaborators;
        match permission {
            "none" => {
                collaborators.remove(&user);
            }
            "admin" | "maintain" | "write" | "triage" | "read" => {
                collaborators.insert(user, permission.to_owned());
            }
            other => return Err(Error::Invalid(format!("there is no permission {other:?}"))),
        }
        Ok(())
    }

    /// Makes a repository public or private.
    ///
    /// # Errors
    /// There is no such repository.
    pub fn set_private(&self, repo: u64, private: bool) -> Result<()> {
        let mut world = self.shared().world();
        let record = world.repository_mut(repo)?;
        if record.private == private {
            return Ok(());
        }
        record.private = private;
        let sender = world
            .repository(repo)
            .map(|record| world.admin_of(record.owner))?;
        let action = if private { "privatized" } else { "publicized" };
        world.tell(
            &self.shared().urls,
            repo,
            "repository",
            Some(action),
            sender,
            json!({}),
        );
        Ok(())
    }

    /// Renames a repository: the old name answers with 301 and 307 from now on.
    ///
    /// # Errors
    /// There is no such repository, or the name is taken.
    pub fn rename(&self, repo: u64, name: &str) -> Result<()> {
        let mut world = self.shared().world();
        repository_name(name)?;
        let record = world.repository(repo)?;
        let (former, from, owner) = (world.full_name(record), record.name.clone(), record.owner);
        if world.named(world.login(owner), name).is_some() {
            return Err(Error::Invalid(format!("the name {name} is taken")));
        }
        world.former_names.insert(former.to_lowercase(), repo);
        name.clone_into(&mut world.repository_mut(repo)?.name);
        let current = world
            .repository(repo)
            .map(|record| world.full_name(record))?;
        world.former_names.remove(&current.to_lowercase());
        let sender = world.admin_of(owner);
        let body = json!({"changes": {"repository": {"name": {"from": from}}}});
        world.tell(
            &self.shared().urls,
            repo,
            "repository",
            Some("renamed"),
            sender,
            body,
        );
        Ok(())
    }

    /// Transfers a repository; only the receiving account's installation hears of it.
    ///
    /// # Errors
    /// There is no such repository or account, or the name is taken there.
    pub fn transfer(&self, repo: u64, to: &str) -> Result<()> {
        let mut world = self.shared().world();
        let urls = &self.shared().urls;
        let to = account_id(&world, to)?;
        let record = world.repository(repo)?;
        let (former, from, name) = (world.full_name(record), record.owner, record.name.clone());
        if world.named(world.login(to), &name).is_some() {
            return Err(Error::Invalid(format!("the name {name} is taken there")));
        }
        world.former_names.insert(former.to_lowercase(), repo);
        world.repository_mut(repo)?.owner = to;
        let view = View::new(&world, urls);
        let organization = view.organization(from);
        let owner = if organization.is_null() {
            json!({"user": view.user(Some(from))})
        } else {
            json!({"organization": organization})
        };
        let sender = world.admin_of(to);
        let body = json!({"changes": {"owner": {"from": owner}}});
        world.tell(urls, repo, "repository", Some("transferred"), sender, body);
        Ok(())
    }

    /// Archives a repository: it can be read, not written.
    ///
    /// # Errors
    /// There is no such repository.
    pub fn archive(&self, repo: u64) -> Result<()> {
        let mut world = self.shared().world();
        world.repository_mut(repo)?.archived = true;
        let sender = world
            .repository(repo)
            .map(|record| world.admin_of(record.owner))?;
        world.tell(
            &self.shared().urls,
            repo,
            "repository",
            Some("archived"),
            sender,
            json!({}),
        );
        Ok(())
    }

    /// Deletes a repository.
    ///
    /// # Errors
    /// There is no such repository.
    pub fn delete_repo(&self, repo: u64) -> Result<()> {
        let mut world = self.shared().world();
        let sender = world
            .repository(repo)
            .map(|record| world.admin_of(record.owner))?;
        world.tell(
            &self.shared().urls,
            repo,
            "repository",
            Some("deleted"),
            sender,
            json!({}),
        );
        world.repository_mut(repo)?.deleted = true;
        Ok(())
    }

    /// Moves open pull requests from a branch along with it.
    pub(super) fn moved(
        &self,
        world: &mut World,
        repo: u64,
        branch: &str,
        after: &str,
        sender: u64,
    ) -> Result<()> {
        let of_branch: Vec<(u64, u64, String)> = world
            .pulls
            .values()
            .filter(|pull| {
                pull.open && pull.head_repository == Some(repo) && pull.head_branch == branch
            })
            .map(|pull| (pull.repository, pull.number, pull.head_sha.clone()))
            .collect();
        for (base, number, before) in of_branch {
            super::pulls::set_head(world, base, number, after)?;
            let body = json!({"before": before, "after": after});
            world.tell_pull(
                &self.shared().urls,
                base,
                number,
                "synchronize",
                sender,
                body,
            );
        }
        // A base branch that moves sends no event, but mergeability must be computed anew.
        for pull in world.pulls.values_mut() {
            if pull.repository == repo && pull.base_branch == branch {
                pull.mergeable = Mergeable::Unknown;
            }
        }
        Ok(())
    }
}
