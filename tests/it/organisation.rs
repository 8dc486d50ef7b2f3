//! An organisation with an assignment on the simulator, and the real binary that serves it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use github_simulator::{CheckRun, Files, Limits, Options, Repo, Simulator, files};

use crate::databases::Database;
use crate::served::{Served, takehome};

/// A step of a test on a machine that does other things too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// Points in the candidate's first commit: each is one annotation, and they need three batches.
pub(crate) const POINTS: usize = 120;
const LABEL: &str = "takehome reviewed";

fn many_points() -> Files {
    let mut models = "from django.db import models\n".to_owned();
    let mut serializers =
        "from rest_framework import serializers\n\nfrom . import models\n".to_owned();
    for number in 0..POINTS {
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
pub(crate) struct Organisation {
    pub(crate) github: Simulator,
    pub(crate) repo: Repo,
    folder: tempfile::TempDir,
    /// SQLite in the folder, where there is none.
    pub(crate) database: Option<Database>,
}

impl Organisation {
    pub(crate) fn new(database: Option<Database>) -> Self {
        let github = Simulator::start(Options {
            limits: Limits::none(),
            ..Options::default()
        })
        .unwrap();
        github.create_org("acme").unwrap();
        github.create_user("ada").unwrap();
        github.install("acme").unwrap();
        let rules =
            format!("publish:\n  max_annotations: {POINTS}\n  labels:\n    reviewed: {LABEL}\n");
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

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the service and waits until it has looked at what is open.
    pub(crate) async fn start(&self) -> Served {
        let served = Served::start(self.command(&["serve"])).await;
        self.github
            .set_hook_url(format!("{}/webhooks/github", served.url));
        until("the first reconciliation", &served, || async {
            served.log().contains("open pull requests reconciled")
        })
        .await;
        served
    }

    /// The program with settings that lead to this GitHub.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let app = self.github.app();
        let mut command = takehome(self.path(), arguments);
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
        command
    }

    pub(crate) fn open(&self) -> u64 {
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

    pub(crate) fn push(&self, pull: u64) {
        self.github
            .push_to_pull_request(self.repo.id, pull, "More", few_points())
            .unwrap();
    }

    pub(crate) fn head(&self, pull: u64) -> String {
        self.github
            .pull_request(self.repo.id, pull)
            .unwrap()
            .head_sha
    }

    pub(crate) fn runs_at(&self, head: &str) -> Vec<CheckRun> {
        self.github.check_runs(self.repo.id, head)
    }

    pub(crate) async fn until_held(&self, served: &Served) {
        assert!(
            self.github.faults().wait_held(PATIENCE).await,
            "the request was never made\n{}",
            served.log()
        );
    }

    /// Waits until nothing is left to do, and until what should stand stands.
    pub(crate) async fn until_done(&self, served: &Served, pull: u64, closed: bool) {
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
            let runs = self.runs_at(&self.head(pull));
            let completed = runs.iter().all(|run| run.status == "completed");
            let labelled = !self.github.labels(self.repo.id, pull).is_empty();
            completed && (closed || (!runs.is_empty() && labelled))
        })
        .await;
    }

    /// What must hold whenever a review of this many points stands.
    pub(crate) fn check(&self, pull: u64, points: usize) {
        let runs = self.runs_at(&self.head(pull));
        let [run] = runs.as_slice() else {
            panic!("{} check runs: {runs:#?}", runs.len());
        };
        assert_eq!(run.conclusion.as_deref(), Some("neutral"), "{run:#?}");
        assert!(run.text.is_some(), "{run:#?}");
        let once: BTreeSet<String> = run.annotations.iter().map(|a| format!("{a:?}")).collect();
        assert_eq!(once.len(), run.annotations.len(), "{:#?}", run.annotations);
        // Other checks may have their say too, up to the most that the rules allow.
        let ours = once.iter().filter(|text| text.contains("DRF101")).count();
        if points == POINTS {
            assert_eq!(once.len(), POINTS, "{once:#?}");
        } else {
            assert_eq!(ours, points, "{once:#?}");
        }
        let comments = self.github.comments(self.repo.id, pull);
        assert_eq!(comments.len(), 1, "{comments:#?}");
        assert_eq!(self.github.labels(self.repo.id, pull), [LABEL]);
    }
}

pub(crate) async fn until<F: Future<Output = bool>>(
    what: &str,
    served: &Served,
    holds: impl Fn() -> F,
) {
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
