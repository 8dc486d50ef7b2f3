//! Pipelines: what runs, when, and whether its failure counts.

use super::commands::{Command, commands};
use super::yaml::{self, Yaml};
use crate::source::FileId;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    GitHub,
    GitLab,
    CircleCi,
    Other,
}

#[derive(Debug)]
pub struct CiFile {
    pub file: FileId,
    pub provider: Provider,
    /// `push`, `pull_request` …; empty where the provider has no such thing or it was not read.
    pub triggers: Vec<String>,
    pub jobs: Vec<CiJob>,
    /// It did not parse, or its provider's language is not read here: absence proves nothing.
    pub opaque: bool,
}

#[derive(Debug)]
pub struct CiJob {
    pub name: String,
    /// From 1.
    pub line: u32,
    /// A reusable workflow (`uses:` on the job).
    pub uses: Option<String>,
    pub advisory: bool,
    pub env: Vec<(String, Option<String>)>,
    /// Images of service containers.
    pub services: Vec<String>,
    pub steps: Vec<CiStep>,
}

#[derive(Debug)]
pub struct CiStep {
    pub name: Option<String>,
    /// `actions/checkout@v4`
    pub uses: Option<String>,
    /// Lines are those of the file.
    pub commands: Vec<Command>,
    /// From 1.
    pub line: u32,
    /// `continue-on-error`, `allow_failure` or `if: false`.
    pub advisory: bool,
}

impl CiFile {
    pub(super) fn opaque(file: FileId, path: &str) -> Self {
        Self {
            file,
            provider: provider(path),
            triggers: Vec::new(),
            jobs: Vec::new(),
            opaque: true,
        }
    }

    /// All commands of all steps.
    pub fn commands(&self) -> impl Iterator<Item = &Command> {
        self.jobs
            .iter()
            .flat_map(|job| &job.steps)
            .flat_map(|step| &step.commands)
    }

    /// Whether it runs for a pull request or a push to it.
    pub fn runs_on_pull_requests(&self) -> bool {
        match self.provider {
            Provider::GitHub => self.triggers.iter().any(|t| {
                matches!(
                    t.as_str(),
                    "pull_request" | "push" | "pull_request_target" | "merge_group"
                )
            }),
            _ => true,
        }
    }
}

fn provider(path: &str) -> Provider {
    if path.starts_with(".github/") {
        Provider::GitHub
    } else if path.ends_with(".gitlab-ci.yml") {
        Provider::GitLab
    } else if path.starts_with(".circleci/") {
        Provider::CircleCi
    } else {
        Provider::Other
    }
}

pub(super) fn read(file: FileId, path: &str, text: &str) -> Result<CiFile, String> {
    let provider = provider(path);
    if provider == Provider::Other {
        return Ok(CiFile::opaque(file, path));
    }
    let document = yaml::read(text)?;
    let root = Yaml::root(&document);
    let (triggers, jobs) = match provider {
        // YAML 1.1 readers take the bare key `on` for true.
        Provider::GitHub => {
            let on = if root.get("on").exists() {
                root.get("on")
            } else {
                root.get("true")
            };
            let jobs = root
                .get("jobs")
                .entries()
                .map(|(name, line, job)| github_job(name, line, job, root.get("env")));
            (on.words(), jobs.collect())
        }
        Provider::GitLab => (Vec::new(), gitlab_jobs(root)),
        _ => (Vec::new(), circleci_jobs(root)),
    };
    Ok(CiFile {
        file,
        provider,
        triggers,
        jobs,
        opaque: false,
    })
}

/// Lines of commands are relative to their text; a block scalar stands where its text begins.
fn script(node: Yaml<'_>, neutered: bool) -> Vec<Command> {
    let Some(text) = node.text() else {
        return Vec::new();
    };
    let first = node.line();
    commands(&text)
        .into_iter()
        .map(|c| Command {
            line: first + c.line - 1,
            neutered: c.neutered || neutered,
            ..c
        })
        .collect()
}

fn github_job(name: String, line: u32, job: Yaml<'_>, global_env: Yaml<'_>) -> CiJob {
    let is_off = |node: Yaml<'_>| {
        node.get("continue-on-error").text().as_deref() == Some("true")
            || node
                .get("if")
                .text()
                .is_some_and(|t| matches!(t.trim(), "false" | "${{ false }}"))
    };
    let advisory = is_off(job);
    let steps = job
        .get("steps")
        .items()
        .map(|step| CiStep {
            name: step.get("name").text(),
            uses: step.get("uses").text(),
            commands: script(step.get("run"), is_off(step) || advisory),
            line: step.line(),
            advisory: is_off(step) || advisory,
        })
        .collect();
    let mut env = global_env.environment();
    env.extend(job.get("env").environment());
    env.extend(
        job.get("steps")
            .items()
            .flat_map(|step| step.get("env").environment()),
    );
    CiJob {
        name,
        line,
        uses: job.get("uses").text(),
        advisory,
        env,
        services: job
            .get("services")
            .entries()
            .filter_map(|(_, _, s)| s.get("image").text().or(s.text()))
            .collect(),
        steps,
    }
}

fn gitlab_jobs(root: Yaml<'_>) -> Vec<CiJob> {
    const RESERVED: [&str; 8] = [
        "stages",
        "variables",
        "default",
        "include",
        "workflow",
        "image",
        "services",
        "cache",
    ];
    root.entries()
        .filter(|(name, _, job)| !RESERVED.contains(&name.as_str()) && job.get("script").exists())
        .map(|(name, line, job)| {
            let advisory = job.get("allow_failure").text().as_deref() == Some("true");
            let parts = ["before_script", "script"]
                .into_iter()
                .map(|key| job.get(key));
            let steps = parts
                .filter(|part| part.exists())
                .map(|part| CiStep {
                    name: None,
                    uses: None,
                    commands: std::iter::once(part)
                        .chain(part.items())
                        .flat_map(|node| script(node, advisory))
                        .collect(),
                    line: part.line(),
                    advisory,
                })
                .collect();
            let mut env = root.get("variables").environment();
            env.extend(job.get("variables").environment());
            let mut services = root.get("services").words();
            services.extend(job.get("services").words());
            CiJob {
                name,
                line,
                uses: None,
                advisory,
                env,
                services,
                steps,
            }
        })
        .collect()
}

fn circleci_jobs(root: Yaml<'_>) -> Vec<CiJob> {
    root.get("jobs")
        .entries()
        .map(|(name, line, job)| CiJob {
            name,
            line,
            uses: None,
            advisory: false,
            env: job.get("environment").environment(),
            services: job
                .get("docker")
                .items()
                .skip(1)
                .filter_map(|d| d.get("image").text())
                .collect(),
            steps: job
                .get("steps")
                .items()
                .map(|step| {
                    let run = step.get("run");
                    let text = if run.get("command").exists() {
                        run.get("command")
                    } else {
                        run
                    };
                    CiStep {
                        name: run.get("name").text(),
                        uses: step.text(),
                        commands: script(text, false),
                        line: step.line(),
                        advisory: false,
                    }
                })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow() {
        let text = "name: ci\non: [push, pull_request]\nenv: {DEBUG: 1}\njobs:\n  test:\n    runs-on: ubuntu-latest\n    services:\n      db: {image: postgres:16}\n    steps:\n      - uses: actions/checkout@v4\n      - name: tests\n        run: |\n          pip install -r requirements.txt\n          pytest -q\n      - run: ruff check . || true\n        continue-on-error: true\n";
        let ci = read(FileId(0), ".github/workflows/ci.yml", text).unwrap();
        assert_eq!(ci.triggers, ["push", "pull_request"]);
        let job = &ci.jobs[0];
        assert_eq!(job.services, ["postgres:16"]);
        assert_eq!(job.env, [("DEBUG".to_owned(), Some("1".to_owned()))]);
        let found: Vec<_> = ci
            .commands()
            .map(|c| (c.program(), c.line, c.neutered))
            .collect();
        assert_eq!(
            found,
            [
                ("pip", 13, false),
                ("pytest", 14, false),
                ("ruff", 15, true)
            ]
        );
        assert!(job.steps[2].advisory);
    }

    #[test]
    fn a_gitlab_pipeline() {
        let text = "stages: [test]\ntest:\n  stage: test\n  allow_failure: true\n  script:\n    - python manage.py test\n";
        let ci = read(FileId(0), ".gitlab-ci.yml", text).unwrap();
        let found: Vec<_> = ci
            .commands()
            .map(|c| (c.runs_tests(), c.line, c.neutered))
            .collect();
        assert_eq!(found, [(true, 6, true)]);
    }

    #[test]
    fn a_broken_file_says_where() {
        let problem =
            read(FileId(0), ".github/workflows/ci.yml", "on: push\njobs: [\n").unwrap_err();
        assert!(problem.starts_with("line "), "{problem}");
    }
}
