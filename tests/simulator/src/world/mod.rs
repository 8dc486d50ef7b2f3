//! Everything this GitHub knows, and the rules that keep it whole: accounts, installations,
//! repositories, pull requests, checks, comments, tokens. Git objects stand elsewhere ([`crate::git`]);
//! nothing here speaks HTTP.

mod checks;
mod records;

use std::collections::{BTreeMap, BTreeSet};

pub use records::Annotation;
pub(crate) use records::*;

use crate::{
    clock::{Clock, Millis},
    error::{Result, not_found},
    limits::Buckets,
    render::Figures,
    rng::Rng,
};

/// The state of one GitHub.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
    pub(crate) app: App,
    pub(crate) accounts: BTreeMap<u64, Account>,
    pub(crate) installations: BTreeMap<u64, Installation>,
    pub(crate) repositories: BTreeMap<u64, Repository>,
    /// Former full names in lower case, and the repository that bore them.
    pub(crate) former_names: BTreeMap<String, u64>,
    /// By repository and number.
    pub(crate) pulls: BTreeMap<(u64, u64), Pull>,
    pub(crate) comments: BTreeMap<u64, Comment>,
    pub(crate) reviews: BTreeMap<u64, Review>,
    pub(crate) reactions: BTreeMap<u64, Reaction>,
    pub(crate) suites: BTreeMap<u64, CheckSuite>,
    pub(crate) runs: BTreeMap<u64, CheckRun>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) archive_links: BTreeMap<String, ArchiveLink>,
    pub(crate) deliveries: BTreeMap<u64, crate::deliveries::Delivery>,
    pub(crate) manifest_codes: BTreeMap<String, Millis>,
    pub(crate) buckets: Buckets,
    /// By base and head commit.
    pub(crate) figures: BTreeMap<(String, String), Figures>,
    /// Deliveries that wait to be sent.
    pub(crate) outbox: tokio::sync::mpsc::UnboundedSender<u64>,
    ids: BTreeMap<&'static str, u64>,
}

impl World {
    pub(crate) fn new(
        app: App,
        seed: u64,
        buckets: Buckets,
        outbox: tokio::sync::mpsc::UnboundedSender<u64>,
    ) -> Self {
        let mut world = Self {
            clock: Clock::default(),
            rng: Rng::new(seed),
            app,
            accounts: BTreeMap::new(),
            installations: BTreeMap::new(),
            repositories: BTreeMap::new(),
            former_names: BTreeMap::new(),
            pulls: BTreeMap::new(),
            comments: BTreeMap::new(),
            reviews: BTreeMap::new(),
            reactions: BTreeMap::new(),
            suites: BTreeMap::new(),
            runs: BTreeMap::new(),
            tokens: BTreeMap::new(),
            archive_links: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            manifest_codes: BTreeMap::new(),
            buckets,
            figures: BTreeMap::new(),
            outbox,
            ids: BTreeMap::new(),
        };
        let bot = format!("{}[bot]", world.app.slug);
        world.app.bot = world.add_account(&bot, AccountKind::Bot);
        let owner = world.add_account("app-owner", AccountKind::Organization);
        world.app.owner = owner;
        world.app.created_at = world.now();
        world
    }

    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    /// The next id of a kind. Check runs and comments start above 32 bits, as GitHub's do.
    pub(crate) fn id(&mut self, kind: &'static str) -> u64 {
        let first = match kind {
            "account" => 50_000_000,
            "installation" => 70_000_000,
            "repository" => 600_000_000,
            "pull" => 1_900_000_000,
            "comment" => 4_800_000_000,
            "review" => 5_200_000_000,
            "label" => 8_000_000_000,
            "delivery" => 21_000_000_000,
            "suite" => 40_000_000_000,
            "run" => 30_000_000_000,
            _ => 1_000_000,
        };
        let next = self.ids.entry(kind).or_insert(first);
        *next += 1;
        *next
    }

    pub(crate) fn add_account(&mut self, login: &str, kind: AccountKind) -> u64 {
        let id = self.id("account");
        self.accounts.insert(
            id,
            Account {
                id,
                login: login.to_owned(),
                kind,
                admin: None,
            },
        );
        id
    }

    pub(crate) fn account(&self, login: &str) -> Option<&Account> {
        self.accounts
            .values()
            .find(|account| account.login.eq_ignore_ascii_case(login))
    }

    pub(crate) fn login(&self, id: u64) -> &str {
        self.accounts
            .get(&id)
            .map_or("ghost", |account| account.login.as_str())
    }

    pub(crate) fn full_name(&self, repository: &Repository) -> String {
        format!("{}/{}", self.login(repository.owner), repository.name)
    }

    pub(crate) fn repository(&self, id: u64) -> Result<&Repository> {
        self.repositories
            .get(&id)
            .filter(|repository| !repository.deleted)
            .ok_or_else(|| not_found(format!("repository {id}")))
    }

    pub(crate) fn repository_mut(&mut self, id: u64) -> Result<&mut Repository> {
        self.repositories
            .get_mut(&id)
            .filter(|repository| !repository.deleted)
            .ok_or_else(|| not_found(format!("repository {id}")))
    }

    /// The repository of this name now.
    pub(crate) fn named(&self, owner: &str, name: &str) -> Option<&Repository> {
        let owner = self.account(owner)?.id;
        self.repositories
            .values()
            .find(|r| r.owner == owner && !r.deleted && r.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn pull(&self, repository: u64, number: u64) -> Result<&Pull> {
        self.pulls
            .get(&(repository, number))
            .ok_or_else(|| not_found(format!("pull request {number} in repository {repository}")))
    }

    pub(crate) fn pull_mut(&mut self, repository: u64, number: u64) -> Result<&mut Pull> {
        self.pulls
            .get_mut(&(repository, number))
            .ok_or_else(|| not_found(format!("pull request {number} in repository {repository}")))
    }

    /// The installation that covers a repository, suspended ones included.
    pub(crate) fn installation_for(&self, repository: &Repository) -> Option<&Installation> {
        self.installations.values().find(|installation| {
            installation.account == repository.owner && installation.covers(repository.id)
        })
    }

    /// Repositories an installation may see.
    pub(crate) fn covered<'w>(
        &'w self,
        installation: &'w Installation,
    ) -> impl Iterator<Item = &'w Repository> {
        self.repositories
            .values()
            .filter(|r| !r.deleted && r.owner == installation.account && installation.covers(r.id))
    }

    /// Open or closed pull requests of a repository, newest first.
    pub(crate) fn pulls_of(&self, repository: u64) -> impl Iterator<Item = &Pull> {
        self.pulls
            .range((repository, 0)..=(repository, u64::MAX))
            .rev()
            .map(|(_, pull)| pull)
    }

    /// Comments of an issue or pull request by ascending id.
    pub(crate) fn comments_of(
        &self,
        repository: u64,
        number: u64,
    ) -> impl Iterator<Item = &Comment> {
        self.comments
            .values()
            .filter(move |comment| comment.repository == repository && comment.number == number)
    }

    /// A user's permission on a repository: `admin`, `write`, `read` or `none`.
    pub(crate) fn permission<'r>(&self, repository: &'r Repository, user: u64) -> &'r str {
        if repository.owner == user || self.admin_of(repository.owner) == user {
            return "admin";
        }
        repository.collaborators.get(&user).map_or(
            if repository.private { "none" } else { "read" },
            String::as_str,
        )
    }

    /// Who acts for an account: an organisation's first administrator, else the account itself.
    pub(crate) fn admin_of(&self, account: u64) -> u64 {
        self.accounts
            .get(&account)
            .and_then(|account| account.admin)
            .unwrap_or(account)
    }

    /// GitHub's `author_association`.
    pub(crate) fn association(&self, repository: &Repository, user: Option<u64>) -> &'static str {
        let Some(user) = user else { return "NONE" };
        if repository.owner == user {
            "OWNER"
        } else if self.admin_of(repository.owner) == user {
            "MEMBER"
        } else if repository.collaborators.contains_key(&user) {
            "COLLABORATOR"
        } else {
            "NONE"
        }
    }

    /// The label of that name, made with GitHub's default colour where it is missing.
    pub(crate) fn ensure_label(&mut self, repository: u64, name: &str) -> Result<()> {
        let id = self.id("label");
        let repository = self.repository_mut(repository)?;
        repository
            .labels
            .entry(name.to_lowercase())
            .or_insert_with(|| Label {
                id,
                name: name.to_owned(),
                color: "ededed".to_owned(),
                description: None,
            });
        Ok(())
    }

    /// Drops every token of an installation.
    pub(crate) fn revoke_tokens(&mut self, installation: u64) {
        self.tokens
            .retain(|_, token| token.installation != installation);
    }

    /// Ids of the repositories of an installation.
    pub(crate) fn covered_ids(&self, installation: &Installation) -> BTreeSet<u64> {
        self.covered(installation)
            .map(|repository| repository.id)
            .collect()
    }
}
