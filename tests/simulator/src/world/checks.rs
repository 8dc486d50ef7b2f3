//! Check suites and runs: which suite a run belongs to, which pull requests GitHub names in it.

use super::{CheckRun, CheckSuite, Pull, World};

impl World {
    /// The App's suite of a commit, made where it is missing.
    pub(crate) fn suite(&mut self, repository: u64, head_sha: &str) -> u64 {
        if let Some(suite) = self
            .suites
            .values()
            .find(|suite| suite.repository == repository && suite.head_sha == head_sha)
        {
            return suite.id;
        }
        let head_branch = self.branch_at(repository, head_sha);
        let id = self.id("suite");
        let now = self.now();
        self.suites.insert(
            id,
            CheckSuite {
                id,
                repository,
                head_sha: head_sha.to_owned(),
                head_branch,
                created_at: now,
                updated_at: now,
            },
        );
        id
    }

    /// The branch of the repository itself that stands at a commit: none for a fork's commit.
    fn branch_at(&self, repository: u64, sha: &str) -> Option<String> {
        if let Some(pull) = self.named_pulls(repository, sha).into_iter().next() {
            return Some(pull.head_branch.clone());
        }
        let repository = self.repositories.get(&repository)?;
        let branches = repository.git.references(&repository.branches).ok()?;
        branches
            .into_iter()
            .find_map(|(branch, commit)| (commit == sha).then_some(branch))
    }

    /// The pull requests that GitHub lists in a check of this commit: open ones whose head is a
    /// branch of the same repository. Those of forks are left out.
    /// Source: GitHub's OpenAPI description, "check-run".
    pub(crate) fn named_pulls(&self, repository: u64, sha: &str) -> Vec<&Pull> {
        self.pulls_of(repository)
            .filter(|pull| {
                pull.open && pull.head_sha == sha && pull.head_repository == Some(repository)
            })
            .collect()
    }

    /// Runs of a suite by ascending id.
    pub(crate) fn runs_of(&self, suite: u64) -> impl Iterator<Item = &CheckRun> {
        self.runs.values().filter(move |run| run.suite == suite)
    }

    /// A suite's status and conclusion, from its runs.
    pub(crate) fn verdict(&self, suite: u64) -> (String, Option<String>) {
        let mut any = false;
        let mut worst: Option<(usize, String)> = None;
        for run in self.runs_of(suite) {
            any = true;
            let Some(conclusion) = run.conclusion.as_deref() else {
                return (run.status.clone(), None);
            };
            let weight = [
                "skipped",
                "neutral",
                "success",
                "stale",
                "cancelled",
                "timed_out",
                "action_required",
                "failure",
            ]
            .iter()
            .position(|word| *word == conclusion)
            .unwrap_or(0);
            if worst.as_ref().is_none_or(|(most, _)| weight > *most) {
                worst = Some((weight, conclusion.to_owned()));
            }
        }
        if any {
            (
                "completed".to_owned(),
                worst.map(|(_, conclusion)| conclusion),
            )
        } else {
            ("queued".to_owned(), None)
        }
    }
}
