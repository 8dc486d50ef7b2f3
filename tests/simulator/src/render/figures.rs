//! Figures of a pull request that need git.

use crate::world::{Pull, Repository, World};

/// Commits, files and lines of a pull request.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) commits: u64,
    pub(crate) additions: u64,
    pub(crate) deletions: u64,
    pub(crate) files: u64,
}

impl Figures {
    /// Counts; a pull request whose commits share no history counts nothing.
    pub(crate) fn from_git(repository: &Repository, pull: &Pull) -> Self {
        let git = &repository.git;
        let Some(base) = git.merge_base(&pull.base_sha, &pull.head_sha) else {
            return Self::default();
        };
        let files = git.diff(&base, &pull.head_sha).unwrap_or_default();
        let commits = git
            .log(Some(&base), &pull.head_sha)
            .map_or(0, |log| log.len());
        Self {
            commits: commits as u64,
            additions: files.iter().map(|file| file.additions).sum(),
            deletions: files.iter().map(|file| file.deletions).sum(),
            files: files.len() as u64,
        }
    }

    /// Counts, once for each pair of commits.
    pub(crate) fn of(world: &mut World, pull: &Pull) -> Self {
        let key = (pull.base_sha.clone(), pull.head_sha.clone());
        if let Some(known) = world.figures.get(&key) {
            return *known;
        }
        let figures = world
            .repositories
            .get(&pull.repository)
            .map(|repository| Self::from_git(repository, pull))
            .unwrap_or_default();
        world.figures.insert(key, figures);
        figures
    }
}
