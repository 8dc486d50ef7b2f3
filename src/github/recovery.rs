//! What the sweep and the reconciliation ask of GitHub.

use std::sync::Arc;

use futures::future::BoxFuture;
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::app::{App, AppInfo};
use super::error::GitHubError;
use super::ids::{InstallationId, RepoId};
use super::types::User;
use crate::worker::{
    AppIdentity, DeliveryAttempt, GitHubRecovery, InstallationInfo, OpenPullRequest,
    PullRequestRef, RecoveryError,
};

#[derive(Deserialize)]
struct Delivery {
    id: u64,
    guid: String,
    delivered_at: Timestamp,
    #[serde(default)]
    redelivery: bool,
    #[serde(default)]
    status: String,
    #[serde(default)]
    status_code: u16,
    #[serde(default)]
    event: String,
    #[serde(default)]
    action: Option<String>,
}

#[derive(Deserialize)]
struct Place {
    id: u64,
    #[serde(default)]
    account: Option<User>,
    #[serde(default)]
    suspended_at: Option<Value>,
}

impl From<GitHubError> for RecoveryError {
    fn from(error: GitHubError) -> Self {
        Self {
            retry_after: error.retry_after(),
            message: error.to_string(),
        }
    }
}

/// The App, for recovery.
impl GitHubRecovery for Arc<App> {
    fn deliveries_since(
        &self,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<DeliveryAttempt>, RecoveryError>> {
        Box::pin(async move {
            let newest_first = self
                .read_pages(
                    "/app/hook/deliveries?per_page=100",
                    |delivery: &Delivery| delivery.delivered_at >= since,
                )
                .await?;
            Ok(newest_first
                .into_iter()
                .map(|delivery| DeliveryAttempt {
                    id: delivery.id,
                    guid: delivery.guid,
                    delivered_at: delivery.delivered_at,
                    redelivery: delivery.redelivery,
                    status: delivery.status,
                    status_code: delivery.status_code,
                    event: delivery.event,
                    action: delivery.action,
                })
                .collect())
        })
    }

    fn redeliver(&self, attempt_id: u64) -> BoxFuture<'_, Result<(), RecoveryError>> {
        Box::pin(async move {
            let path = format!("/app/hook/deliveries/{attempt_id}/attempts");
            self.call(Method::POST, &path, None).await?;
            Ok(())
        })
    }

    fn installations(&self) -> BoxFuture<'_, Result<Vec<InstallationInfo>, RecoveryError>> {
        Box::pin(async move {
            let places: Vec<Place> = self
                .read_pages("/app/installations?per_page=100", |_| true)
                .await?;
            Ok(places
                .into_iter()
                .map(|place| InstallationInfo {
                    id: place.id,
                    account: place
                        .account
                        .map(|account| account.login)
                        .unwrap_or_default(),
                    suspended: place.suspended_at.is_some_and(|at| !at.is_null()),
                })
                .collect())
        })
    }

    fn open_pull_requests(
        &self,
        installation_id: u64,
    ) -> BoxFuture<'_, Result<Vec<OpenPullRequest>, RecoveryError>> {
        Box::pin(async move {
            let installation = self.installation(InstallationId(installation_id));
            let mut open = Vec::new();
            for info in installation.repositories().await? {
                let Some((owner, name)) = info.names().filter(|_| !info.archived) else {
                    continue;
                };
                let repository = installation.repository(RepoId(info.id), owner, name);
                for pull in repository.open_pulls().await? {
                    open.push(OpenPullRequest {
                        pull: PullRequestRef {
                            installation_id,
                            repository_id: info.id,
                            owner: owner.to_owned(),
                            repository: name.to_owned(),
                            number: pull.number,
                        },
                        head_sha: pull.head.sha.to_string(),
                        base_ref: pull.base.branch,
                        draft: pull.draft,
                        updated_at: pull.updated_at.unwrap_or(Timestamp::UNIX_EPOCH),
                    });
                }
            }
            Ok(open)
        })
    }

    fn identity(&self) -> BoxFuture<'_, Result<AppIdentity, RecoveryError>> {
        Box::pin(async move {
            let (info, answer): (AppInfo, _) = self.read("/app").await?;
            Ok(AppIdentity {
                id: info.id,
                slug: info.slug.unwrap_or_default(),
                permissions: info
                    .permissions
                    .into_iter()
                    .filter_map(|(name, access)| Some((name, access.as_str()?.to_owned())))
                    .collect(),
                events: info.events,
                clock_ahead_seconds: self.clock_ahead(&answer),
            })
        })
    }
}
