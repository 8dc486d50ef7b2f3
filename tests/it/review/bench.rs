//! An organisation on the simulator, a candidate's pull request, and the reviewer under test.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use github_simulator::{CheckRun, Comment, Files, Options, Repo, Simulator, files};
use takehome::github::{App, Settings as AppSettings, Timing, private_key};
use takehome::publish::Marker;
use takehome::review::{Analysable, Analyser, AnalysisFailed, GitHubReviewer, InProcess, Settings};
use takehome::store::{QueueRules, Store, SystemClock};
use takehome::worker::{
    Person, PullRequestRef, ReviewError, ReviewJob, ReviewOutcome, Reviewer, Why,
};
use takehome_checks::Analysis;
use takehome_checks::evidence::{Competency, Confidence, Finding, Origin, Polarity, Severity};
use tokio_util::sync::CancellationToken;

pub(super) const MARKER_SECRET: &[u8] = b"a secret that no candidate knows";

pub(super) struct Bench {
    pub(super) github: Simulator,
    pub(super) org: u64,
    pub(super) installation: u64,
    pub(super) repo: Repo,
    pub(super) store: Store,
    pub(super) app: Arc<App>,
    pub(super) reviewer: Arc<GitHubReviewer>,
    /// What the analysis was given, each time.
    pub(super) analysed: Arc<Mutex<Vec<Analysable>>>,
    clock_offset: Arc<AtomicI64>,
    jobs: AtomicI64,
    folder: tempfile::TempDir,
}

/// How the analysis goes.
#[derive(Clone)]
pub(super) enum Answers {
    /// As in the product.
    Real,
    /// So many gaps, one on each line of `app.py`.
    Gaps(usize),
    /// The process died.
    Dies,
}

struct Recording {
    answers: Answers,
    seen: Arc<Mutex<Vec<Analysable>>>,
}

impl Analyser for Recording {
    fn analyse(&self, work: Analysable) -> BoxFuture<'_, Result<Analysis, AnalysisFailed>> {
        self.seen.lock().unwrap().push(work.clone());
        match self.answers {
            Answers::Real => InProcess.analyse(work),
            Answers::Gaps(count) => Box::pin(async move {
                Ok(Analysis {
                    findings: (1..=count).map(gap).collect(),
                    ..Analysis::default()
                })
            }),
            Answers::Dies => Box::pin(async { Err(AnalysisFailed("killed".to_owned())) }),
        }
    }
}

/// A gap on a line of `app.py`.
fn gap(line: usize) -> Finding {
    Finding {
        check: "DRF101".to_owned(),
        name: "serializer-fields-all".to_owned(),
        polarity: Polarity::Gap,
        severity: if line.is_multiple_of(10) {
            Severity::High
        } else {
            Severity::Medium
        },
        confidence: Confidence::Certain,
        competency: Competency::C01,
        message: format!("Gap number {line}."),
        question: "Why?".to_owned(),
        file: "app.py".to_owned(),
        line: line as u32,
        end_line: line as u32,
        column: None,
        symbol: format!("app.line{line}"),
        related: Vec::new(),
        origin: Origin::Introduced,
        fingerprint: format!("{line:016x}"),
    }
}

const TIMING: Timing = Timing {
    connect: Duration::from_secs(2),
    deadline: Duration::from_secs(10),
    between_writes: Duration::from_millis(1),
    backoff: Duration::from_millis(5),
    wait_in_place: Duration::from_secs(3),
};

/// Runs a test; at its end every request must have been one that GitHub's description allows.
pub(super) fn run(answers: Answers, test: impl AsyncFnOnce(&mut Bench)) {
    let github = Simulator::start(Options::default()).unwrap();
    github.create_org("acme").unwrap();
    github.create_user("ada").unwrap();
    let installation = github.install("acme").unwrap();
    let starter = files([
        ("README.md", "# Orders\n"),
        ("manage.py", "import django\n"),
        ("config/settings.py", "INSTALLED_APPS = ['orders']\n"),
        ("config/urls.py", "urlpatterns = []\n"),
        ("orders/models.py", "from django.db import models\n"),
    ]);
    let repo = github.create_repo("acme", "orders", starter).unwrap();
    let org = installation;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder, "first").await;
        let clock_offset = Arc::new(AtomicI64::new(0));
        let offset = Arc::clone(&clock_offset);
        let app = App::new(
            AppSettings {
                api_url: github.api_url().parse().unwrap(),
                app_id: github.app().id,
                private_key: private_key(&github.app().private_key_pem).unwrap(),
                timing: TIMING,
            },
            Arc::new(move || {
                jiff::Timestamp::now()
                    + jiff::SignedDuration::from_secs(offset.load(Ordering::SeqCst))
            }),
        )
        .unwrap();
        let analysed = Arc::default();
        let reviewer = reviewer(&app, &store, answers, &analysed);
        let mut bench = Bench {
            github,
            org,
            installation,
            repo,
            store,
            app,
            reviewer,
            analysed,
            clock_offset,
            jobs: AtomicI64::new(0),
            folder,
        };
        test(&mut bench).await;
        bench.finish();
    });
}

async fn store(folder: &tempfile::TempDir, name: &str) -> Store {
    let url = format!("sqlite://{}", folder.path().join(name).display());
    Store::connect(&url, QueueRules::default(), Arc::new(SystemClock))
        .await
        .unwrap()
}

fn reviewer(
    app: &Arc<App>,
    store: &Store,
    answers: Answers,
    seen: &Arc<Mutex<Vec<Analysable>>>,
) -> Arc<GitHubReviewer> {
    let seen = Arc::clone(seen);
    Arc::new(GitHubReviewer::new(
        Arc::clone(app),
        store.clone(),
        Marker::new([MARKER_SECRET]),
        Arc::new(Recording { answers, seen }),
        Settings {
            rules_repository: ".github".to_owned(),
            public_url: Some("https://takehome.example.org/".to_owned()),
        },
    ))
}

/// The same job, asked for by a person.
pub(super) fn asked_by(mut job: ReviewJob, id: u64, login: &str) -> ReviewJob {
    job.asked_by = Some(Person {
        id,
        login: login.to_owned(),
    });
    job
}

/// What the candidate hands in: more than a few files, so that the archive is used.
pub(super) fn solution() -> Files {
    files([
        ("app.py", "x = 1\n".repeat(200)),
        (
            "orders/serializers.py",
            "from rest_framework import serializers\n".to_owned(),
        ),
        (
            "orders/views.py",
            "from rest_framework import viewsets\n".to_owned(),
        ),
        ("orders/urls.py", "urlpatterns = []\n".to_owned()),
        ("orders/tests.py", "def test_nothing(): pass\n".to_owned()),
    ])
}

impl Bench {
    /// Opens the candidate's pull request from a fork.
    pub(super) fn open(&self) -> u64 {
        self.open_with(solution())
    }

    pub(super) fn open_with(&self, changes: Files) -> u64 {
        let body = "My solution";
        self.github
            .fork_pull_request(self.repo.id, "ada", "Orders", body, "solution", changes)
            .unwrap()
    }

    pub(super) fn head(&self, pull: u64) -> String {
        self.github
            .pull_request(self.repo.id, pull)
            .unwrap()
            .head_sha
    }

    /// A new job, as an event makes one.
    pub(super) fn job(&self, pull: u64, why: Why) -> ReviewJob {
        let (owner, name) = self.repo.full_name.split_once('/').unwrap();
        ReviewJob {
            id: self.jobs.fetch_add(1, Ordering::SeqCst) + 1,
            attempt: 1,
            last_attempt: false,
            pull: PullRequestRef {
                installation_id: self.installation,
                repository_id: self.repo.id,
                owner: owner.to_owned(),
                repository: name.to_owned(),
                number: pull,
            },
            head_sha: None,
            why,
            asked_by: None,
            delivery_id: None,
        }
    }

    pub(super) async fn review(&self, job: ReviewJob) -> Result<ReviewOutcome, ReviewError> {
        self.reviewer.review(job, CancellationToken::new()).await
    }

    /// Reviews a push, and must succeed.
    pub(super) async fn reviewed(&self, pull: u64) -> ReviewOutcome {
        self.review(self.job(pull, Why::Pushed)).await.unwrap()
    }

    /// Attempts a job until it is done, as the pool does.
    pub(super) async fn persist(&self, mut job: ReviewJob) -> ReviewOutcome {
        loop {
            match self.review(job.clone()).await {
                Ok(outcome) => return outcome,
                Err(error) => {
                    assert!(job.attempt < 6, "given up: {error}");
                    assert!(matches!(error, ReviewError::Transient { .. }), "{error:?}");
                    job.attempt += 1;
                }
            }
        }
    }

    /// Another machine with an empty database: nothing of what was published is known.
    pub(super) async fn forget_everything(&mut self, answers: Answers) {
        self.store = store(&self.folder, "second").await;
        self.reviewer = reviewer(&self.app, &self.store, answers, &self.analysed);
    }

    /// The service's clock runs on.
    pub(super) fn wait(&self, seconds: i64) {
        self.clock_offset.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The only check run of a head.
    #[track_caller]
    pub(super) fn only_run(&self, head: &str) -> CheckRun {
        let mut runs = self.github.check_runs(self.repo.id, head);
        assert_eq!(runs.len(), 1, "{runs:#?}");
        runs.remove(0)
    }

    /// The App's only comment.
    #[track_caller]
    pub(super) fn only_comment(&self, pull: u64) -> Comment {
        let mut ours: Vec<Comment> = self
            .github
            .comments(self.repo.id, pull)
            .into_iter()
            .filter(|comment| comment.by_app)
            .collect();
        assert_eq!(ours.len(), 1, "{ours:#?}");
        ours.remove(0)
    }

    /// Requests that change something, since the last time.
    pub(super) fn writes(&self) -> Vec<String> {
        let writes = self
            .github
            .requests()
            .into_iter()
            .filter(|exchange| exchange.method != "GET" && !exchange.path.contains("access_tokens"))
            .map(|exchange| format!("{} {}", exchange.method, exchange.path))
            .collect();
        self.github.clear_requests();
        writes
    }

    /// The organisation's rules file.
    pub(super) fn rules(&self, text: &str) {
        let changes = files([("takehome.yml", text)]);
        match self.github.repo("acme/.github") {
            Ok(repo) => {
                self.github
                    .push(repo.id, &repo.default_branch, "Rules", changes)
                    .unwrap();
            }
            Err(_) => {
                self.github.create_repo("acme", ".github", changes).unwrap();
            }
        }
        // What is remembered is a minute old.
        self.wait(61);
    }

    #[expect(clippy::print_stdout, reason = "a skipped check must be seen")]
    fn finish(&self) {
        let violations = self.github.violations();
        assert!(violations.is_empty(), "{violations:#?}");
        let unchecked = self.github.contract().is_none();
        if unchecked {
            println!("skipped: GitHub's description is not here, requests were not checked");
        }
        assert!(
            !unchecked || std::env::var_os("CI").is_none(),
            "the requests could not be checked: GitHub's description is missing"
        );
    }
}
