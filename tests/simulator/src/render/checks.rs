//! Check suites, runs, annotations.

use serde_json::{Value, json};

use super::{View, node_id};
use crate::world::{Annotation, CheckRun, CheckSuite, Pull, Repository};

impl View<'_> {
    /// `check-run`.
    pub(crate) fn run(&self, repository: &Repository, run: &CheckRun) -> Value {
        let url = format!("{}/check-runs/{}", self.repo_url(repository), run.id);
        json!({
            "id": run.id,
            "name": run.name,
            "node_id": node_id("CheckRun", run.id),
            "head_sha": run.head_sha,
            "external_id": run.external_id,
            "url": url,
            "html_url": format!("{}/runs/{}", self.repo_html(repository), run.id),
            "details_url": run.details_url.clone().unwrap_or_else(|| "https://example.org/".to_owned()),
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": run.annotations.len(),
                "annotations_url": format!("{url}/annotations"),
            },
            "check_suite": {"id": run.suite},
            "app": self.app(),
            "pull_requests": self.pulls_in_check(repository, &run.head_sha),
        })
    }

    /// `check-run` as webhooks carry it: with its suite written out.
    pub(crate) fn run_in_event(&self, repository: &Repository, run: &CheckRun) -> Value {
        let mut value = self.run(repository, run);
        if let (Some(into), Some(suite)) =
            (value.as_object_mut(), self.world.suites.get(&run.suite))
        {
            let mut suite = self.suite_base(repository, suite);
            if let Some(suite) = suite.as_object_mut() {
                suite.remove("head_commit");
            }
            into.insert("check_suite".into(), suite);
        }
        value
    }

    fn suite_base(&self, repository: &Repository, suite: &CheckSuite) -> Value {
        let (status, conclusion) = self.world.verdict(suite.id);
        let url = format!("{}/check-suites/{}", self.repo_url(repository), suite.id);
        json!({
            "id": suite.id,
            "node_id": node_id("CheckSuite", suite.id),
            "head_branch": suite.head_branch,
            "head_sha": suite.head_sha,
            "status": status,
            "conclusion": conclusion,
            "url": url,
            "before": null,
            "after": suite.head_sha,
            "pull_requests": self.pulls_in_check(repository, &suite.head_sha),
            "app": self.app(),
            "created_at": self.iso(suite.created_at),
            "updated_at": self.iso(suite.updated_at),
            "rerequestable": true,
            "runs_rerequestable": true,
            "latest_check_runs_count": self.world.runs_of(suite.id).count(),
            "check_runs_url": format!("{url}/check-runs"),
            "head_commit": Self::simple_commit(repository, &suite.head_sha),
        })
    }

    /// `check-suite` as webhooks carry it.
    pub(crate) fn suite_in_event(&self, repository: &Repository, suite: &CheckSuite) -> Value {
        self.suite_base(repository, suite)
    }

    /// `check-suite`.
    pub(crate) fn suite(&self, repository: &Repository, suite: &CheckSuite) -> Value {
        let mut value = self.suite_base(repository, suite);
        if let Some(into) = value.as_object_mut() {
            into.insert("repository".into(), self.repository(repository));
        }
        value
    }

    fn pulls_in_check(&self, repository: &Repository, sha: &str) -> Value {
        self.world
            .named_pulls(repository.id, sha)
            .into_iter()
            .map(|pull| self.pull_minimal(repository, pull))
            .collect()
    }

    fn pull_minimal(&self, repository: &Repository, pull: &Pull) -> Value {
        let repo = json!({
            "id": repository.id,
            "url": self.repo_url(repository),
            "name": repository.name,
        });
        json!({
            "url": format!("{}/pulls/{}", self.repo_url(repository), pull.number),
            "id": pull.id,
            "number": pull.number,
            "head": {"ref": pull.head_branch, "sha": pull.head_sha, "repo": repo},
            "base": {"ref": pull.base_branch, "sha": pull.base_sha, "repo": repo},
        })
    }

    /// `check-annotation`.
    pub(crate) fn annotation(
        &self,
        repository: &Repository,
        run: &CheckRun,
        annotation: &Annotation,
    ) -> Value {
        json!({
            "path": annotation.path,
            "blob_href": format!("{}/blob/{}/{}", self.repo_html(repository), run.head_sha, annotation.path),
            "start_line": annotation.start_line,
            "start_column": annotation.start_column,
            "end_line": annotation.end_line,
            "end_column": annotation.end_column,
            "annotation_level": annotation.annotation_level,
            "title": annotation.title,
            "message": annotation.message,
            "raw_details": annotation.raw_details,
        })
    }
}
