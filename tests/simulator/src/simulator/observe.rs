//! What can be seen: checks, comments, labels, deliveries, exchanges, violations; and waiting for
//! them.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::{
    Simulator,
    views::{self, CheckRun, Comment},
};
use crate::{
    deliveries::Delivery,
    error::{Result, not_found},
    transcript::{Exchange, Violation},
    world::Annotation,
};

impl Simulator {
    /// Check runs of a commit by ascending id; older runs of the same name included.
    pub fn check_runs(&self, repo: u64, sha: &str) -> Vec<CheckRun> {
        let world = self.shared().world();
        world
            .runs
            .values()
            .filter(|run| run.repository == repo && run.head_sha == sha)
            .map(|run| views::run(&world, self.web_url(), run))
            .collect()
    }

    /// All check runs of a repository by ascending id.
    pub fn all_check_runs(&self, repo: u64) -> Vec<CheckRun> {
        let world = self.shared().world();
        world
            .runs
            .values()
            .filter(|run| run.repository == repo)
            .map(|run| views::run(&world, self.web_url(), run))
            .collect()
    }

    /// Annotations of a check run, in the order they arrived.
    pub fn annotations(&self, run: u64) -> Vec<Annotation> {
        self.shared()
            .world()
            .runs
            .get(&run)
            .map(|run| run.annotations.clone())
            .unwrap_or_default()
    }

    /// Comments of a pull request by ascending id.
    pub fn comments(&self, repo: u64, number: u64) -> Vec<Comment> {
        let world = self.shared().world();
        world
            .comments_of(repo, number)
            .map(|comment| views::comment(&world, comment))
            .collect()
    }

    /// Names of a pull request's labels.
    pub fn labels(&self, repo: u64, number: u64) -> Vec<String> {
        let world = self.shared().world();
        world
            .pull(repo, number)
            .map(|pull| pull.labels.clone())
            .unwrap_or_default()
    }

    /// Reactions of the App to a comment, for instance `eyes`.
    pub fn reactions(&self, comment: u64) -> Vec<String> {
        let world = self.shared().world();
        world
            .reactions
            .values()
            .filter(|reaction| reaction.comment == comment)
            .map(|reaction| reaction.content.clone())
            .collect()
    }

    /// Deliveries by ascending id, those GitHub never made included.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared().world().deliveries.values().cloned().collect()
    }

    /// Sends a delivery again. Gives the new attempt's id.
    ///
    /// # Errors
    /// There is no such delivery, or it is more than three days old.
    pub fn redeliver(&self, delivery: u64) -> Result<u64> {
        self.shared()
            .world()
            .redeliver(delivery)
            .ok_or_else(|| not_found(format!("delivery {delivery} of the last three days")))
    }

    /// Sends any event with any payload, really signed: for what no action makes.
    pub fn deliver(&self, event: &str, payload: &serde_json::Value) -> u64 {
        let action = payload.get("action").and_then(serde_json::Value::as_str);
        let installation = payload
            .pointer("/installation/id")
            .and_then(serde_json::Value::as_u64);
        let repository = payload
            .pointer("/repository/id")
            .and_then(serde_json::Value::as_u64);
        let body = payload.to_string().into_bytes();
        self.shared()
            .world()
            .post(event, action, installation, repository, body)
    }

    /// Sends GitHub's `ping`.
    pub fn ping(&self) -> u64 {
        let (id, url) = {
            let world = self.shared().world();
            (world.app.id, world.app.hook_url.clone().unwrap_or_default())
        };
        self.deliver(
            "ping",
            &serde_json::json!({
                "zen": "Keep it logically awesome.",
                "hook_id": 470_001_001,
                "hook": {
                    "type": "App",
                    "id": 470_001_001,
                    "name": "web",
                    "active": true,
                    "events": super::default_events(),
                    "config": {"content_type": "json", "url": url, "insecure_ssl": "0", "secret": "********"},
                    "updated_at": "2026-01-05T09:00:00Z",
                    "created_at": "2026-01-05T09:00:00Z",
                    "app_id": id,
                    "deliveries_url": format!("{}/app/hook/deliveries", self.api_url()),
                },
            }),
        )
    }

    /// Exchanges with the API and the archive host, oldest first.
    pub fn requests(&self) -> Vec<Exchange> {
        self.shared().transcript().all()
    }

    /// How many exchanges there were.
    pub fn request_count(&self) -> u64 {
        self.shared().transcript().count()
    }

    /// Forgets exchanges and violations so far; counting goes on.
    pub fn clear_requests(&self) {
        self.shared().transcript().clear();
    }

    /// Requests that contradict GitHub's OpenAPI description, credentials sent to the archive host,
    /// headers sent twice. Empty is good; but see [`Self::contract`].
    pub fn violations(&self) -> Vec<Violation> {
        self.shared().transcript().violations.clone()
    }

    /// The simulator's own answers that contradict the description.
    pub fn response_violations(&self) -> Vec<Violation> {
        self.shared().transcript().response_violations.clone()
    }

    /// The file of the OpenAPI description that requests are held against; `None` where there is
    /// none, and [`Self::violations`] then only knows the rules beside it.
    pub fn contract(&self) -> Option<&std::path::Path> {
        self.shared()
            .contract
            .as_ref()
            .map(|contract| contract.file.as_path())
    }

    /// Deliveries that wait for an answer.
    pub fn undelivered(&self) -> usize {
        self.shared().world().undelivered()
    }

    /// Waits until no delivery waits for an answer. `false` after `limit`.
    pub async fn settled(&self, limit: Duration) -> bool {
        self.until(limit, |simulator| simulator.undelivered() == 0)
            .await
    }

    /// Waits until something holds, looking at every exchange and every few milliseconds. `false`
    /// after `limit`.
    pub async fn until(&self, limit: Duration, holds: impl Fn(&Self) -> bool) -> bool {
        let end = Instant::now() + limit;
        let mut exchanges = self.shared().exchanges.subscribe();
        loop {
            if holds(self) {
                return true;
            }
            if Instant::now() >= end {
                return false;
            }
            let _ = timeout(Duration::from_millis(20), exchanges.changed()).await;
        }
    }

    /// [`Self::until`] for callers that are not asynchronous.
    pub fn wait_until(&self, limit: Duration, holds: impl Fn(&Self) -> bool) -> bool {
        let end = std::time::Instant::now() + limit;
        loop {
            if holds(self) {
                return true;
            }
            if std::time::Instant::now() >= end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
