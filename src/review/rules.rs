//! The rules of a pull request: the organisation's file and the one of the base branch.
//!
//! The organisation's file is remembered for a minute and read again when its repository is pushed
//! to. Its last good version is kept in the store, so that a slip in it, or trouble in reaching it,
//! stops no review and shows candidates nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::config::{self, Loaded, Source, Weight};
use crate::github::{GitHubError, Installation, InstallationId, Repository};
use crate::store::{GoodRules, Store, StoreError};

/// Name of the organisation's file, at the root of its rules repository.
pub(super) const ORGANISATION_FILE: &str = "takehome.yml";
/// Name of the repository's own file.
pub(super) const REPOSITORY_FILE: &str = ".github/takehome.yml";
/// Other processes hear of a push only by asking again.
const REMEMBERED_SECONDS: i64 = 60;

#[derive(Debug, thiserror::Error)]
pub(super) enum RulesError {
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The organisation's file as it was last read.
#[derive(Clone, Debug)]
struct OrganisationFile {
    source: Option<Source>,
    /// Why it could not be read now, for reviewers.
    trouble: Option<String>,
}

#[derive(Debug)]
pub(super) struct RulesReader {
    store: Store,
    /// Name of the organisation's rules repository.
    repository: String,
    remembered: Mutex<BTreeMap<InstallationId, (Timestamp, OrganisationFile)>>,
}

/// The rules of one review, and what reviewers should know about how they were read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) loaded: Loaded,
    pub(super) notes: Vec<String>,
}

impl RulesReader {
    pub(super) fn new(store: Store, repository: String) -> Self {
        Self {
            store,
            repository,
            remembered: Mutex::default(),
        }
    }

    /// Reads the rules of a pull request against `base_branch`. The candidate's head is not even
    /// known here.
    pub(super) async fn read(
        &self,
        repository: &Repository,
        owner: &str,
        base_branch: &str,
    ) -> Result<Read, RulesError> {
        let installation = repository.installation();
        let organisation = self.organisation(installation, owner, false).await?;
        let last_good = self.store.good_rules(&scope(installation.id())).await?;
        let last_good = last_good.as_ref().map(|good| good.text.as_str());

        let own = repository.file(REPOSITORY_FILE, Some(base_branch)).await?;
        let (owner, name) = repository.names();
        let own = own.map(|(bytes, _)| {
            Source::new(
                format!("{owner}/{name}:{REPOSITORY_FILE}@{base_branch}"),
                bytes,
            )
        });
        Ok(Read {
            loaded: config::load(organisation.source.as_ref(), own.as_ref(), last_good),
            notes: organisation.trouble.into_iter().collect(),
        })
    }

    /// The organisation's rules repository was pushed to: reads its file now.
    pub(super) async fn reload(
        &self,
        installation: &std::sync::Arc<Installation>,
        owner: &str,
    ) -> Result<(), RulesError> {
        self.organisation(installation, owner, true).await.map(drop)
    }

    pub(super) fn forget(&self, installation: InstallationId) {
        self.remembered().remove(&installation);
    }

    async fn organisation(
        &self,
        installation: &std::sync::Arc<Installation>,
        owner: &str,
        again: bool,
    ) -> Result<OrganisationFile, RulesError> {
        let now = installation.app().now();
        let known = self.remembered().get(&installation.id()).cloned();
        if let Some((at, file)) = known.filter(|_| !again)
            && now.as_second() - at.as_second() < REMEMBERED_SECONDS
        {
            return Ok(file);
        }
        let file = match self.fetch(installation, owner).await {
            Ok(file) => file,
            Err(RulesError::GitHub(error)) => {
                // Better yesterday's rules than none, and no review at all only without either.
                let scope = scope(installation.id());
                let Some(good) = self.store.good_rules(&scope).await? else {
                    return Err(error.into());
                };
                return Ok(OrganisationFile {
                    source: Some(self.source(owner, good.text.into_bytes())),
                    trouble: Some(format!(
                        "The organisation's rules could not be read just now ({error}); their last \
                         good version was used."
                    )),
                });
            }
            Err(error) => return Err(error),
        };
        self.remembered()
            .insert(installation.id(), (now, file.clone()));
        Ok(file)
    }

    async fn fetch(
        &self,
        installation: &std::sync::Arc<Installation>,
        owner: &str,
    ) -> Result<OrganisationFile, RulesError> {
        let scope = scope(installation.id());
        let found = installation
            .find_repository(owner, &self.repository)
            .await?;
        let Some((repository, _)) = found else {
            // Never there, or out of reach now: the two must not be confused.
            let last = self.store.good_rules(&scope).await?;
            return Ok(OrganisationFile {
                trouble: last.as_ref().map(|_| {
                    format!(
                        "The App cannot see `{owner}/{}` any more; the last good version of the \
                         organisation's rules was used.",
                        self.repository
                    )
                }),
                source: last.map(|good| self.source(owner, good.text.into_bytes())),
            });
        };
        let Some((bytes, blob)) = repository.file(ORGANISATION_FILE, None).await? else {
            self.store.forget_rules(&scope).await?;
            return Ok(OrganisationFile {
                source: None,
                trouble: None,
            });
        };
        let source = self.source(owner, bytes);
        let alone = config::load(Some(&source), None, None);
        let error = alone
            .problems
            .iter()
            .find(|problem| problem.weight == Weight::Error);
        match error {
            Some(problem) => {
                self.store
                    .note_broken_rules(&scope, &problem.to_string())
                    .await?;
            }
            None => {
                let good = GoodRules {
                    commit: blob,
                    path: ORGANISATION_FILE.to_owned(),
                    text: source.text().to_owned(),
                    hash: alone.hash,
                    problem: None,
                };
                self.store.save_good_rules(&scope, &good).await?;
            }
        }
        Ok(OrganisationFile {
            source: Some(source),
            trouble: None,
        })
    }

    fn source(&self, owner: &str, bytes: Vec<u8>) -> Source {
        Source::new(
            format!("{owner}/{}:{ORGANISATION_FILE}", self.repository),
            bytes,
        )
    }

    fn remembered(
        &self,
    ) -> std::sync::MutexGuard<'_, BTreeMap<InstallationId, (Timestamp, OrganisationFile)>> {
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn scope(installation: InstallationId) -> String {
    format!("installation:{installation}")
}
