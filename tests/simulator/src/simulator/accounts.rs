//! Accounts and installations.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Simulator;
use crate::{
    error::{Error, Result, not_found},
    render::View,
    world::{AccountKind, Installation, World},
};

/// Which repositories an installation covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of the account, also those to come.
    All,
    /// These, by id.
    Only(BTreeSet<u64>),
}

pub(super) fn account_id(world: &World, login: &str) -> Result<u64> {
    world
        .account(login)
        .map(|account| account.id)
        .ok_or_else(|| not_found(format!("account {login}")))
}

/// GitHub's rule for logins, so that a name can stand in a path.
fn check_name(name: &str) -> Result<()> {
    let good = !name.is_empty()
        && name.len() <= 100
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if good && !matches!(name, "." | "..") {
        Ok(())
    } else {
        Err(Error::Invalid(format!(
            "{name:?} is no name: only letters, digits, '-', '_' and '.', at most 100"
        )))
    }
}

pub(super) fn free_name(world: &World, login: &str) -> Result<()> {
    check_name(login)?;
    if world.account(login).is_some() {
        return Err(Error::Invalid(format!("the name {login} is taken")));
    }
    Ok(())
}

pub(super) fn repository_name(name: &str) -> Result<()> {
    check_name(name)
}

impl Simulator {
    /// Makes an organisation, and `{login}-admin` who acts for it. Gives the organisation's id.
    ///
    /// # Errors
    /// The name is taken or is none.
    pub fn create_org(&self, login: &str) -> Result<u64> {
        let mut world = self.shared().world();
        free_name(&world, login)?;
        let id = world.add_account(login, AccountKind::Organization);
        let admin = world.add_account(&format!("{login}-admin"), AccountKind::User);
        if let Some(account) = world.accounts.get_mut(&id) {
            account.admin = Some(admin);
        }
        Ok(id)
    }

    /// Makes a person. Gives the account's id.
    ///
    /// # Errors
    /// The name is taken or is none.
    pub fn create_user(&self, login: &str) -> Result<u64> {
        let mut world = self.shared().world();
        free_name(&world, login)?;
        Ok(world.add_account(login, AccountKind::User))
    }

    /// Installs the App with all it asks for on all repositories. Gives the installation's id.
    ///
    /// # Errors
    /// There is no such account.
    pub fn install(&self, login: &str) -> Result<u64> {
        self.install_on(login, Selection::All)
    }

    /// Installs the App on some repositories.
    ///
    /// # Errors
    /// There is no such account.
    pub fn install_on(&self, login: &str, selection: Selection) -> Result<u64> {
        let mut world = self.shared().world();
        let account = account_id(&world, login)?;
        let id = world.id("installation");
        let now = world.now();
        let installation = Installation {
            id,
            account,
            permissions: world.app.permissions.clone(),
            events: world.app.events.clone(),
            selected: match selection {
                Selection::All => None,
                Selection::Only(repositories) => Some(repositories),
            },
            suspended_at: None,
            created_at: now,
            updated_at: now,
        };
        world.installations.insert(id, installation);
        self.tell_installation(&mut world, id, "installation", "created", json!({}));
        Ok(id)
    }

    fn tell_installation(
        &self,
        world: &mut World,
        id: u64,
        event: &str,
        action: &str,
        extra: Value,
    ) {
        let Some(installation) = world.installations.get(&id).cloned() else {
            return;
        };
        let sender = world.admin_of(installation.account);
        let urls = &self.shared().urls;
        let mut body = extra;
        if event == "installation" {
            let view = View::new(world, urls);
            let repositories: Value = world
                .covered(&installation)
                .map(|repository| view.repository_stub(repository))
                .collect();
            if let Some(into) = body.as_object_mut() {
                into.insert("repositories".into(), repositories);
                into.insert("requester".into(), Value::Null);
            }
        }
        world.tell_installation(urls, id, event, action, sender, body);
    }

    fn change_installation(
        &self,
        id: u64,
        action: &str,
        change: impl FnOnce(&mut Installation, crate::clock::Millis),
    ) -> Result<()> {
        let mut world = self.shared().world();
        let now = world.now();
        let installation = world
            .installations
            .get_mut(&id)
            .ok_or_else(|| not_found(format!("installation {id}")))?;
        change(installation, now);
        installation.updated_at = now;
        self.tell_installation(&mut world, id, "installation", action, json!({}));
        Ok(())
    }

    /// Suspends an installation: its tokens and new ones are refused, no more events are sent.
    ///
    /// # Errors
    /// There is no such installation.
    pub fn suspend(&self, installation: u64) -> Result<()> {
        self.change_installation(installation, "suspend", |installation, now| {
            installation.suspended_at = Some(now);
        })
    }

    /// Lifts a suspension.
    ///
    /// # Errors
    /// There is no such installation.
    pub fn unsuspend(&self, installation: u64) -> Result<()> {
        self.change_installation(installation, "unsuspend", |installation, _| {
            installation.suspended_at = None;
        })
    }

    /// Takes the App off an account; its tokens are worthless at once.
    ///
    /// # Errors
    /// There is no such installation.
    pub fn uninstall(&self, installation: u64) -> Result<()> {
        self.change_installation(installation, "deleted", |_, _| {})?;
        let mut world = self.shared().world();
        world.installations.remove(&installation);
        world.revoke_tokens(installation);
        Ok(())
    }

    /// Gives an installation other permissions, as after `new_permissions_accepted`. Tokens that
    /// were minted before keep theirs until they expire.
    ///
    /// # Errors
    /// There is no such installation.
    pub fn set_permissions(&self, installation: u64, permissions: &[(&str, &str)]) -> Result<()> {
        let permissions: BTreeMap<String, String> = permissions
            .iter()
            .map(|(name, level)| ((*name).to_owned(), (*level).to_owned()))
            .collect();
        self.change_installation(
            installation,
            "new_permissions_accepted",
            |installation, _| {
                installation.permissions = permissions;
            },
        )
    }

    /// Changes the repositories that an installation covers.
    ///
    /// # Errors
    /// There is no such installation.
    pub fn select_repositories(&self, installation: u64, repositories: &[u64]) -> Result<()> {
        let mut world = self.shared().world();
        let urls = &self.shared().urls;
        let record = world
            .installations
            .get(&installation)
            .ok_or_else(|| not_found(format!("installation {installation}")))?
            .clone();
        let before = world.covered_ids(&record);
        let after: BTreeSet<u64> = repositories.iter().copied().collect();
        let stubs = |world: &World, ids: Vec<u64>| -> Value {
            let view = View::new(world, urls);
            ids.iter()
                .filter_map(|id| world.repositories.get(id))
                .map(|repository| view.repository_stub(repository))
                .collect()
        };
        if let Some(record) = world.installations.get_mut(&installation) {
            record.selected = Some(after.clone());
        }
        let added: Vec<u64> = after.difference(&before).copied().collect();
        let removed: Vec<u64> = before.difference(&after).copied().collect();
        for (action, ids) in [("added", added), ("removed", removed)] {
            if ids.is_empty() {
                continue;
            }
            let listed = stubs(&world, ids);
            let (plus, minus) = if action == "added" {
                (listed, json!([]))
            } else {
                (json!([]), listed)
            };
            let body = json!({
                "repository_selection": "selected",
                "repositories_added": plus,
                "repositories_removed": minus,
                "requester": null,
            });
            self.tell_installation(
                &mut world,
                installation,
                "installation_repositories",
                action,
                body,
            );
        }
        Ok(())
    }

    /// Renames an account. Its repositories' old names lead to the new ones.
    ///
    /// # Errors
    /// There is no such account, or the new name is taken.
    pub fn rename_account(&self, login: &str, to: &str) -> Result<()> {
        let mut world = self.shared().world();
        let urls = &self.shared().urls;
        let id = account_id(&world, login)?;
        free_name(&world, to)?;
        let former: Vec<(String, u64)> = world
            .repositories
            .values()
            .filter(|repository| repository.owner == id)
            .map(|repository| (world.full_name(repository).to_lowercase(), repository.id))
            .collect();
        world.former_names.extend(former);
        if let Some(account) = world.accounts.get_mut(&id) {
            to.clone_into(&mut account.login);
        }
        let installation = world
            .installations
            .values()
            .find(|i| i.account == id)
            .map(|i| i.id);
        if let Some(installation) = installation {
            let view = View::new(&world, urls);
            let body = json!({
                "account": view.user(Some(id)),
                "organization": view.organization(id),
                "changes": {"login": {"from": login}},
                "target_type": "Organization",
            });
            let sender = world.admin_of(id);
            world.tell_installation(
                urls,
                installation,
                "installation_target",
                "renamed",
                sender,
                body,
            );
        }
        Ok(())
    }

    /// Removes a person: what they wrote stays, without them.
    ///
    /// # Errors
    /// There is no such account.
    pub fn delete_user(&self, login: &str) -> Result<()> {
        let mut world = self.shared().world();
        let id = account_id(&world, login)?;
        for pull in world
            .pulls
            .values_mut()
            .filter(|pull| pull.author == Some(id))
        {
            pull.author = None;
        }
        for comment in world.comments.values_mut() {
            if comment.writer == crate::world::Writer::User(id) {
                comment.writer = crate::world::Writer::Nobody;
            }
        }
        world.accounts.remove(&id);
        Ok(())
    }
}
