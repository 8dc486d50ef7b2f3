//! Reviewers and a GitHub for recovery that do what a test tells them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use takehome::worker::{
    AppIdentity, ConcludeJob, DeliveryAttempt, GitHubRecovery, InstallationInfo, OpenPullRequest,
    RecoveryError, ReviewError, ReviewJob, ReviewOutcome, Reviewer, RulesJob,
};
use tokio_util::sync::CancellationToken;

type Answer = BoxFuture<'static, Result<ReviewOutcome, ReviewError>>;
type Script = dyn Fn(ReviewJob, CancellationToken) -> Answer + Send + Sync;

/// Does what its script says and writes down what it was asked.
pub(crate) struct FakeReviewer {
    script: Box<Script>,
    pub log: Mutex<Vec<String>>,
    at_once: AtomicUsize,
    pub most_at_once: AtomicUsize,
}

impl FakeReviewer {
    pub(crate) fn new<F, A>(script: F) -> Arc<Self>
    where
        F: Fn(ReviewJob, CancellationToken) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ReviewOutcome, ReviewError>> + Send + 'static,
    {
        Arc::new(Self {
            script: Box::new(move |job, cancel| Box::pin(script(job, cancel))),
            log: Mutex::default(),
            at_once: AtomicUsize::new(0),
            most_at_once: AtomicUsize::new(0),
        })
    }

    /// Reviews everything at once.
    pub(crate) fn quick() -> Arc<Self> {
        Self::new(|job, _| async move {
            Ok(ReviewOutcome::Reviewed {
                review_id: 1,
                head_sha: job.head_sha.unwrap_or_default(),
            })
        })
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    fn write(&self, line: String) {
        self.log.lock().unwrap().push(line);
    }
}

impl Reviewer for FakeReviewer {
    fn review(
        &self,
        job: ReviewJob,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<ReviewOutcome, ReviewError>> {
        Box::pin(async move {
            let line = format!(
                "review #{} at {} attempt {}",
                job.pull.number,
                job.head_sha.as_deref().unwrap_or("?"),
                job.attempt
            );
            self.write(line);
            let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            let result = (self.script)(job, cancel).await;
            self.at_once.fetch_sub(1, Ordering::SeqCst);
            result
        })
    }

    fn conclude(
        &self,
        job: ConcludeJob,
        _: CancellationToken,
    ) -> BoxFuture<'_, Result<(), ReviewError>> {
        Box::pin(async move {
            self.write(format!("conclude #{}: {:?}", job.pull.number, job.why));
            Ok(())
        })
    }

    fn reload_rules(
        &self,
        job: RulesJob,
        _: CancellationToken,
    ) -> BoxFuture<'_, Result<(), ReviewError>> {
        Box::pin(async move {
            self.write(format!("rules of {}/{}", job.owner, job.repository));
            Ok(())
        })
    }

    fn forget_installation(&self, installation_id: u64) {
        self.write(format!("forget installation {installation_id}"));
    }
}

/// A GitHub that recovery can ask.
#[derive(Default)]
pub(crate) struct FakeGitHub {
    pub attempts: Mutex<Vec<DeliveryAttempt>>,
    pub redelivered: Mutex<Vec<u64>>,
    pub installations: Mutex<Vec<InstallationInfo>>,
    /// By installation; an installation that is missing here fails.
    pub open: Mutex<BTreeMap<u64, Vec<OpenPullRequest>>>,
}

impl GitHubRecovery for FakeGitHub {
    fn deliveries_since(
        &self,
        since: jiff::Timestamp,
    ) -> BoxFuture<'_, Result<Vec<DeliveryAttempt>, RecoveryError>> {
        let mut attempts = self.attempts.lock().unwrap().clone();
        attempts.retain(|attempt| attempt.delivered_at >= since);
        Box::pin(async { Ok(attempts) })
    }

    fn redeliver(&self, attempt_id: u64) -> BoxFuture<'_, Result<(), RecoveryError>> {
        self.redelivered.lock().unwrap().push(attempt_id);
        Box::pin(async { Ok(()) })
    }

    fn installations(&self) -> BoxFuture<'_, Result<Vec<InstallationInfo>, RecoveryError>> {
        let installations = self.installations.lock().unwrap().clone();
        Box::pin(async { Ok(installations) })
    }

    fn open_pull_requests(
        &self,
        installation_id: u64,
    ) -> BoxFuture<'_, Result<Vec<OpenPullRequest>, RecoveryError>> {
        let open = self.open.lock().unwrap().get(&installation_id).cloned();
        Box::pin(async move {
            open.ok_or_else(|| RecoveryError {
                message: "502".to_owned(),
                retry_after: None,
            })
        })
    }

    fn identity(&self) -> BoxFuture<'_, Result<AppIdentity, RecoveryError>> {
        Box::pin(async {
            Ok(AppIdentity {
                id: 1,
                slug: "takehome".to_owned(),
                permissions: BTreeMap::new(),
                events: Vec::new(),
                clock_ahead_seconds: Some(0),
            })
        })
    }
}
