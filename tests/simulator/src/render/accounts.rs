//! Accounts, the App, installations.

use serde_json::{Value, json};

use super::{View, node_id};
use crate::world::{AccountKind, Installation};

impl View<'_> {
    /// `simple-user`, or null where the account is gone.
    pub(crate) fn user(&self, id: Option<u64>) -> Value {
        let Some(account) = id.and_then(|id| self.world.accounts.get(&id)) else {
            return Value::Null;
        };
        let login = &account.login;
        let api = format!("{}/users/{login}", self.urls.api);
        let html = match account.kind {
            AccountKind::Bot => format!("{}/apps/{}", self.urls.web, self.world.app.slug),
            AccountKind::User | AccountKind::Organization => format!("{}/{login}", self.urls.web),
        };
        json!({
            "login": login,
            "id": account.id,
            "node_id": node_id("User", account.id),
            "avatar_url": format!("{}/_simulator/avatars/{}", self.urls.web, account.id),
            "gravatar_id": "",
            "url": api,
            "html_url": html,
            "followers_url": format!("{api}/followers"),
            "following_url": format!("{api}/following{{/other_user}}"),
            "gists_url": format!("{api}/gists{{/gist_id}}"),
            "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{api}/subscriptions"),
            "organizations_url": format!("{api}/orgs"),
            "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events{{/privacy}}"),
            "received_events_url": format!("{api}/received_events"),
            "type": account.kind.word(),
            "user_view_type": "public",
            "site_admin": false,
        })
    }

    /// `organization` as webhooks carry it, or null where the account is a person.
    pub(crate) fn organization(&self, id: u64) -> Value {
        let Some(account) = self
            .world
            .accounts
            .get(&id)
            .filter(|account| account.kind == AccountKind::Organization)
        else {
            return Value::Null;
        };
        let api = format!("{}/orgs/{}", self.urls.api, account.login);
        json!({
            "login": account.login,
            "id": account.id,
            "node_id": node_id("Organization", account.id),
            "url": api,
            "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events"),
            "hooks_url": format!("{api}/hooks"),
            "issues_url": format!("{api}/issues"),
            "members_url": format!("{api}/members{{/member}}"),
            "public_members_url": format!("{api}/public_members{{/member}}"),
            "avatar_url": format!("{}/_simulator/avatars/{}", self.urls.web, account.id),
            "description": null,
        })
    }

    /// `integration`.
    pub(crate) fn app(&self) -> Value {
        let app = &self.world.app;
        json!({
            "id": app.id,
            "client_id": format!("Iv23li{:014}", app.id),
            "slug": app.slug,
            "node_id": node_id("Integration", app.id),
            "owner": self.user(Some(app.owner)),
            "name": app.name,
            "description": "",
            "external_url": "https://example.org/",
            "html_url": format!("{}/apps/{}", self.urls.web, app.slug),
            "created_at": self.iso(app.created_at),
            "updated_at": self.iso(app.created_at),
            "permissions": app.permissions,
            "events": app.events,
        })
    }

    /// `installation`.
    pub(crate) fn installation(&self, installation: &Installation) -> Value {
        let kind = self
            .world
            .accounts
            .get(&installation.account)
            .map_or("Organization", |account| account.kind.word());
        let app = &self.world.app;
        json!({
            "id": installation.id,
            "client_id": format!("Iv23li{:014}", app.id),
            "account": self.user(Some(installation.account)),
            "repository_selection": selection(installation),
            "access_tokens_url": format!("{}/app/installations/{}/access_tokens", self.urls.api, installation.id),
            "repositories_url": format!("{}/installation/repositories", self.urls.api),
            "html_url": format!(
                "{}/organizations/{}/settings/installations/{}",
                self.urls.web, self.world.login(installation.account), installation.id
            ),
            "app_id": app.id,
            "app_slug": app.slug,
            "target_id": installation.account,
            "target_type": kind,
            "permissions": installation.permissions,
            "events": installation.events,
            "created_at": self.iso(installation.created_at),
            "updated_at": self.iso(installation.updated_at),
            "single_file_name": null,
            "has_multiple_single_files": false,
            "single_file_paths": [],
            "suspended_by": if installation.suspended_at.is_some() {
                self.user(Some(installation.account))
            } else {
                Value::Null
            },
            "suspended_at": installation.suspended_at.map(|at| self.iso(at)),
        })
    }
}

/// `all` or `selected`.
pub(crate) fn selection(installation: &Installation) -> &'static str {
    if installation.selected.is_some() {
        "selected"
    } else {
        "all"
    }
}
