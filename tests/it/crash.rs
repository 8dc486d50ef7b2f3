//! The crash matrix: the real binary is killed by SIGKILL at every step of a review that can be seen
//! from outside, just before GitHub does it and just after, and started again. What stands on GitHub
//! in the end must be what stands there without a crash.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use github_simulator::{CheckRun, Fault, Files, Limits, Options, Repo, Rule, Simulator, files};

use crate::databases::Database;
use crate::served::{Served, takehome};

/// Cases at once, on each database.
const AT_ONCE: usize = 4;
/// A step of a case on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(90);
/// Classes in the candidate's files: each is one annotation, and they need three batches.
const CLASSES: usize = 120;
const LABEL: &str = "takehome reviewed";

/// What happens to the pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// It is opened.
    Opened,
    /// It was reviewed, and gets another commit.
    Pushed,
    /// It gets another commit while its first one is reviewed.
    Moved,
    /// It is closed while it is reviewed.
    Closed,
    /// It is opened while the service is down, and GitHub's delivery fails.
    OpenedWhileDown,
}

/// One crash: the service is killed while GitHub holds this request back.
#[derive(Clone, Copy, Debug)]
struct Case {
    story: Story,
    step: &'static str,
    method: &'static str,
    path: &'static str,
    nth: u64,
    fault: Fault,
}

const PULL: &str = "/repos/*/*/pulls/*";
const COMPARE: &str = "/repos/*/*/compare/*";
const RUNS: &str = "/repos/*/*/check-runs";
const RUN: &str = "/repos/*/*/check-runs/*";
const COMMENTS: &str = "/repos/*/*/issues/*/comments";
const COMMENT: &str = "/repos/*/*/issues/comments/*";
const LABELS: &str = "/repos/*/*/issues/*/labels";
const ARCHIVE: &str = "/*/*/legacy.tar.gz/**";

fn matrix() -> Vec<Case> {
    use Story::{Closed, Moved, Opened, OpenedWhileDown, Pushed};
    let mut cases = Vec::new();
    let mut add = |story, step, method, path, nth, fault| {
        cases.push(Case {
            story,
            step,
            method,
            path,
            nth,
            fault,
        });
    };
    // Reads: nothing changes on GitHub, so before and after are the same.
    for (step, path) in [("delivery stored", PULL), ("trees read", ARCHIVE)] {
        add(Opened, step, "GET", path, 1, Fault::HoldBefore);
    }
    for fault in [Fault::HoldBefore, Fault::HoldAfter] {
        add(Opened, "check run created", "POST", RUNS, 1, fault);
        add(Opened, "first batch", "PATCH", RUN, 1, fault);
        add(Opened, "second batch", "PATCH", RUN, 2, fault);
        add(Opened, "last batch, completed", "PATCH", RUN, 3, fault);
        add(Opened, "comment created", "POST", COMMENTS, 1, fault);
        add(Opened, "label set", "POST", LABELS, 1, fault);
        add(Pushed, "check run created", "POST", RUNS, 1, fault);
        add(Pushed, "completed", "PATCH", RUN, 1, fault);
        add(Pushed, "comment edited", "PATCH", COMMENT, 1, fault);
        add(Moved, "second check run created", "POST", RUNS, 1, fault);
        add(Moved, "older check run ended", "PATCH", RUN, 1, fault);
        add(Closed, "check run ended", "PATCH", RUN, 1, fault);
    }
    add(OpenedWhileDown, "down", "GET", PULL, 1, Fault::HoldBefore);
    cases
}

fn many_points() -> Files {
    let mut models = "from django.db import models\n".to_owned();
    let mut serializers =
        "from rest_framework import serializers\n\nfrom . import models\n".to_owned();
    for number in 0..CLASSES {
        let _ = write!(
            models,
            "\n\nclass Item{number}(models.Model):\n    name = models.CharField(max_length=20)\n"
        );
        let _ = write!(
            serializers,
            "\n\nclass Item{number}Serializer(serializers.ModelSerializer):\n    class Meta:\n        \
             model = models.Item{number}\n        fields = '__all__'\n"
        );
    }
    files([
        ("orders/models.py", models),
        ("orders/serializers.py", serializers),
    ])
}

fn few_points() -> Files {
    let serializers = "from rest_framework import serializers\n\nfrom . import models\n\n\n\
                       class ItemSerializer(serializers.ModelSerializer):\n    class Meta:\n        \
                       model = models.Item1\n        fields = '__all__'\n";
    files([("orders/serializers.py", serializers)])
}

/// A GitHub with an assignment, and the service's folder and database.
struct Bench {
    github: Simulator,
    repo: Repo,
    folder: tempfile::TempDir,
    database: Option<Database>,
}

impl Bench {
    fn new(database: Option<Database>) -> Self {
        let github = Simulator::start(Options {
            limits: Limits::none(),
            ..Options::default()
        })
        .unwrap();
        github.create_org("acme").unwrap();
        github.create_user("ada").unwrap();
        github.install("acme").unwrap();
        let rules =
            format!("publish:\n  max_annotations: {CLASSES}\n  labels:\n    reviewed: {LABEL}\n");
        let starter = files([
            ("manage.py", "import django\n".to_owned()),
            (
                "config/settings.py",
                "INSTALLED_APPS = ['orders']\n".to_owned(),
            ),
            ("orders/__init__.py", String::new()),
            (".github/takehome.yml", rules),
        ]);
        let repo = github.create_repo("acme", "orders", starter).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.pem"), github.app().private_key_pem).unwrap();
        Self {
            github,
            repo,
            folder,
            database,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the service and waits until it has looked at what is open.
    async fn start(&self) -> Served {
        let app = self.github.app();
        let mut command = takehome(self.path(), &["serve"]);
        command
            .env("TAKEHOME_GITHUB_APP_ID", app.id.to_string())
            .env(
                "TAKEHOME_GITHUB_PRIVATE_KEY_FILE",
                self.path().join("key.pem"),
            )
            .env("TAKEHOME_GITHUB_API_URL", self.github.api_url())
            .env("TAKEHOME_WEBHOOK_SECRET", app.webhook_secret)
            .env("TAKEHOME_GITHUB_WRITE_PAUSE_MS", "0")
            .env("TAKEHOME_WORKERS", "2")
            .env("TAKEHOME_BURST_SECONDS", "0")
            .env("TAKEHOME_LEASE_SECONDS", "2")
            .env("TAKEHOME_RECONCILE_SECONDS", "2");
        if let Some(database) = &self.database {
            command.env("TAKEHOME_DATABASE_URL", &database.url);
        }
        let served = Served::start(command).await;
        self.github
            .set_hook_url(format!("{}/webhooks/github", served.url));
        until("the first reconciliation", &served, || async {
            served.log().contains("open pull requests reconciled")
        })
        .await;
        served
    }

    fn open(&self) -> u64 {
        self.github
            .fork_pull_request(
                self.repo.id,
                "ada",
                "Orders",
                "My solution",
                "solution",
                many_points(),
            )
            .unwrap()
    }

    fn push(&self, pull: u64) {
        self.github
            .push_to_pull_request(self.repo.id, pull, "More", few_points())
            .unwrap();
    }

    fn head(&self, pull: u64) -> String {
        self.github
            .pull_request(self.repo.id, pull)
            .unwrap()
            .head_sha
    }

    fn runs(&self, head: &str) -> Vec<CheckRun> {
        self.github.check_runs(self.repo.id, head)
    }

    async fn until_held(&self, served: &Served) {
        assert!(
            self.github.faults().wait_held(PATIENCE).await,
            "the request was never made\n{}",
            served.log()
        );
    }

    /// Waits until nothing is left to do, and until what should stand stands.
    async fn until_done(&self, served: &Served, pull: u64, closed: bool) {
        until("the end", served, || async {
            assert_eq!(
                served.figure("takehome_queue_jobs{state=\"dead\"}").await,
                Some(0.0)
            );
            for state in ["ready", "running"] {
                let name = format!("takehome_queue_jobs{{state=\"{state}\"}}");
                if served.figure(&name).await != Some(0.0) {
                    return false;
                }
            }
            let runs = self.runs(&self.head(pull));
            let completed = runs.iter().all(|run| run.status == "completed");
            let labelled = !self.github.labels(self.repo.id, pull).is_empty();
            completed && (closed || (!runs.is_empty() && labelled))
        })
        .await;
    }

    /// What must hold whenever a review of this many points stands.
    fn check(&self, pull: u64, points: usize) {
        let runs = self.runs(&self.head(pull));
        let [run] = runs.as_slice() else {
            panic!("{} check runs: {runs:#?}", runs.len());
        };
        assert_eq!(run.conclusion.as_deref(), Some("neutral"), "{run:#?}");
        assert!(run.text.is_some(), "{run:#?}");
        let places: BTreeSet<(String, u64)> = run
            .annotations
            .iter()
            .map(|annotation| (annotation.path.clone(), annotation.start_line))
            .collect();
        assert_eq!((run.annotations.len(), places.len()), (points, points));
        let comments = self.github.comments(self.repo.id, pull);
        assert_eq!(comments.len(), 1, "{comments:#?}");
        assert_eq!(self.github.labels(self.repo.id, pull), [LABEL]);
    }
}

async fn until<F: Future<Output = bool>>(what: &str, served: &Served, holds: impl Fn() -> F) {
    let began = Instant::now();
    while !holds().await {
        assert!(
            began.elapsed() < PATIENCE,
            "{what} never came\n{}",
            served.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn crash(case: Case, database: Option<Database>) {
    let bench = Bench::new(database);
    let github = &bench.github;
    let rule = Rule::new(case.method, case.path, case.fault).nth(case.nth);
    let mut served = bench.start().await;
    if case.story == Story::OpenedWhileDown {
        served.kill();
        let pull = bench.open();
        assert!(github.settled(PATIENCE).await);
        let served = bench.start().await;
        bench.until_done(&served, pull, false).await;
        bench.check(pull, CLASSES);
        return finish(bench, served).await;
    }

    // Up to the crash.
    let mut older = None;
    let pull = match case.story {
        Story::Opened | Story::OpenedWhileDown => {
            github.faults().add(rule);
            bench.open()
        }
        Story::Pushed => {
            let pull = bench.open();
            bench.until_done(&served, pull, false).await;
            bench.check(pull, CLASSES);
            github.faults().add(rule);
            bench.push(pull);
            pull
        }
        Story::Moved | Story::Closed => {
            // The review is under way and takes its time.
            let slow = Fault::SlowHeaders { millis: 5_000 };
            github.faults().add(Rule::new("GET", COMPARE, slow));
            let pull = bench.open();
            until("the comparison", &served, || async {
                !github.faults().fired().is_empty()
            })
            .await;
            older = Some(bench.head(pull));
            github.faults().add(rule);
            if case.story == Story::Moved {
                bench.push(pull);
            } else {
                github.close(bench.repo.id, pull).unwrap();
            }
            pull
        }
    };
    bench.until_held(&served).await;
    let delivered: Vec<u64> = github
        .deliveries()
        .iter()
        .filter(|delivery| delivery.event == "pull_request")
        .map(|delivery| delivery.id)
        .collect();
    served.kill();
    github.faults().clear();

    // After it. GitHub may deliver what it delivered before.
    let served = bench.start().await;
    for delivery in delivered {
        github.redeliver(delivery).unwrap();
    }
    let closed = case.story == Story::Closed;
    bench.until_done(&served, pull, closed).await;
    assert!(github.settled(PATIENCE).await);
    bench.until_done(&served, pull, closed).await;
    match case.story {
        Story::Opened => bench.check(pull, CLASSES),
        Story::Pushed | Story::Moved => bench.check(pull, 1),
        Story::Closed | Story::OpenedWhileDown => {}
    }
    if let Some(head) = older {
        let runs = bench.runs(&head);
        let [run] = runs.as_slice() else {
            panic!("{} check runs: {runs:#?}", runs.len());
        };
        assert_eq!(run.conclusion.as_deref(), Some("cancelled"), "{run:#?}");
        assert!(run.annotations.is_empty(), "{run:#?}");
        if case.story == Story::Moved {
            let newer = bench.runs(&bench.head(pull)).remove(0);
            assert!(run.summary.as_ref().unwrap().contains(&newer.html_url));
        } else {
            assert!(github.comments(bench.repo.id, pull).is_empty());
        }
    }
    finish(bench, served).await;
}

async fn finish(bench: Bench, mut served: Served) {
    let violations = bench.github.violations();
    assert!(violations.is_empty(), "{violations:#?}");
    served.kill();
    if let Some(database) = bench.database {
        database.finish().await;
    }
}

/// Runs all cases, a few at a time, and tells of every one that failed.
async fn run(database: impl AsyncFn() -> Option<Database>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let only = std::env::var("CRASH").unwrap_or_default();
    let mut cases = Vec::new();
    for case in matrix() {
        let name = format!("{:?}: {} ({})", case.story, case.step, case.fault.name());
        if name.contains(&only) {
            cases.push((name, case, database().await));
        }
    }
    let outcomes: Vec<(String, Result<(), tokio::task::JoinError>)> = futures::stream::iter(cases)
        .map(|(name, case, database)| async move {
            let done = tokio::spawn(crash(case, database)).await;
            (name, done)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let failed: Vec<&String> = outcomes
        .iter()
        .filter(|(_, done)| done.is_err())
        .map(|(name, _)| name)
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} crashes were not survived: {failed:#?}",
        failed.len(),
        outcomes.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_review_survives_a_crash_at_every_step_on_sqlite() {
    run(async || None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_review_survives_a_crash_at_every_step_on_postgresql() {
    let Some(first) = Database::postgres().await else {
        return;
    };
    first.finish().await;
    run(Database::postgres).await;
}
