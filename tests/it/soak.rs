//! Thousands of events with random faults from a printed seed: lost, doubled and late deliveries,
//! requests that fail in every way, a service that is stopped in the middle. At the end the same
//! stands on GitHub as after the same events without faults.
//!
//! `TAKEHOME_SOAK_EVENTS` and `TAKEHOME_SOAK_SEED` choose another run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use github_simulator::{
    Contract, Files, Limits, NewPullRequest, Options, Random, Repo, Simulator, files,
};
use regex::Regex;
use takehome::github::{self, App, Timing, private_key};
use takehome::publish::Marker;
use takehome::review::{GitHubReviewer, InProcess, Settings as ReviewSettings};
use takehome::service::{self, Parts, Service};
use takehome::settings::{Settings, SettingsArgs};

use crate::databases::Database;

/// Pull request events of an ordinary test run.
const EVENTS: usize = 300;
const SEED: u64 = 20_261_123;
const ORGANISATIONS: usize = 4;
const PULLS: usize = 32;
/// Of 1,000 requests and deliveries.
const FAULTS: [u64; 2] = [30, 120];
const LABEL: &str = "takehome reviewed";
const PATIENCE: Duration = Duration::from_mins(4);

/// What somebody does.
#[derive(Clone, Copy, Debug)]
enum Act {
    Open { serializers: u64, draft: bool },
    Push { serializers: u64 },
    ForcePush { serializers: u64 },
    Title(u64),
    Base(&'static str),
    Close,
    Reopen,
    Draft,
    Ready,
}

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

#[derive(Clone, Copy, Default)]
struct Known {
    opened: bool,
    closed: bool,
    draft: bool,
    other_base: bool,
}

/// Who does what, in order. Each act is one event of a pull request. In the end all are open and
/// ready.
fn script(seed: u64, events: usize) -> Vec<(usize, Act)> {
    let mut dice = Dice(seed);
    let mut pulls = [Known::default(); PULLS];
    let mut acts = Vec::new();
    while acts.len() + 2 * PULLS < events {
        let at = dice.below(PULLS as u64) as usize;
        let pull = &mut pulls[at];
        let serializers = 1 + dice.below(60);
        let act = match (*pull, dice.below(100)) {
            (Known { opened: false, .. }, roll) => {
                pull.opened = true;
                pull.draft = roll < 10;
                Act::Open {
                    serializers,
                    draft: pull.draft,
                }
            }
            (Known { closed: true, .. }, _) => {
                pull.closed = false;
                Act::Reopen
            }
            (Known { draft: true, .. }, roll) if roll < 50 => {
                pull.draft = false;
                Act::Ready
            }
            (_, 0..60) => Act::Push { serializers },
            (_, 60..75) => Act::ForcePush { serializers },
            (_, 75..82) => Act::Title(dice.below(1000)),
            (_, 82..89) => {
                pull.other_base = !pull.other_base;
                Act::Base(if pull.other_base { "next" } else { "main" })
            }
            (_, 89..96) => {
                pull.closed = true;
                Act::Close
            }
            (Known { draft: false, .. }, _) => {
                pull.draft = true;
                Act::Draft
            }
            _ => Act::Push { serializers },
        };
        acts.push((at, act));
    }
    for (at, pull) in pulls.iter().enumerate() {
        if !pull.opened {
            continue;
        }
        if pull.closed {
            acts.push((at, Act::Reopen));
        }
        if pull.draft {
            acts.push((at, Act::Ready));
        }
    }
    while acts.len() < events {
        let at = dice.below(PULLS as u64) as usize;
        let serializers = 1 + dice.below(60);
        if pulls[at].opened {
            acts.push((at, Act::Push { serializers }));
        }
    }
    acts
}

fn solution(serializers: u64) -> Files {
    let mut text = "from rest_framework import serializers\n\nfrom . import models\n".to_owned();
    for number in 0..serializers {
        let _ = write!(
            text,
            "\n\nclass Item{number}Serializer(serializers.ModelSerializer):\n    class Meta:\n        \
             model = models.Item\n        fields = '__all__'\n"
        );
    }
    let model = "from django.db import models\n\n\nclass Item(models.Model):\n    name = \
                 models.CharField(max_length=20)\n";
    files([
        ("orders/serializers.py", text),
        ("orders/models.py", model.to_owned()),
    ])
}

/// A GitHub, and the service beside it in this process.
struct World {
    github: Simulator,
    repos: Vec<Repo>,
    /// Numbers of the pull requests that are open, by their place in the script.
    numbers: BTreeMap<usize, u64>,
    settings: Settings,
    service: Option<Service>,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new(database: Option<&Database>) -> Self {
        let github = Simulator::start(Options {
            limits: Limits::none(),
            contract: Contract::Off,
            keep_exchanges: 100,
            ..Options::default()
        })
        .unwrap();
        for number in 0..PULLS {
            github.create_user(&format!("ada{number}")).unwrap();
        }
        let repos = (0..ORGANISATIONS)
            .map(|number| {
                let name = format!("acme{number}");
                github.create_org(&name).unwrap();
                github.install(&name).unwrap();
                let starter = files([
                    ("manage.py", "import django\n".to_owned()),
                    (
                        "config/settings.py",
                        "INSTALLED_APPS = ['orders']\n".to_owned(),
                    ),
                    ("orders/__init__.py", String::new()),
                    (
                        ".github/takehome.yml",
                        format!("publish:\n  labels:\n    reviewed: {LABEL}\n"),
                    ),
                ]);
                let repo = github.create_repo(&name, "orders", starter).unwrap();
                let more = files([("README.md", "# Orders\n")]);
                github.push(repo.id, "next", "Next", more).unwrap();
                repo
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let app = github.app();
        let settings = SettingsArgs {
            listen: Some("127.0.0.1:0".to_owned()),
            data_dir: Some(folder.path().display().to_string()),
            database_url: database.map(|database| database.url.clone()),
            github_app_id: Some(app.id.to_string()),
            github_private_key: Some(app.private_key_pem.clone()),
            github_api_url: Some(github.api_url().to_owned()),
            webhook_secret: Some(app.webhook_secret.clone()),
            workers: Some("6".to_owned()),
            burst_seconds: Some("0".to_owned()),
            drain_seconds: Some("0".to_owned()),
            lease_seconds: Some("10".to_owned()),
            sweep_seconds: Some("5".to_owned()),
            reconcile_seconds: Some("3".to_owned()),
            ..SettingsArgs::default()
        }
        .resolve()
        .unwrap();
        let mut world = Self {
            github,
            repos,
            numbers: BTreeMap::new(),
            settings,
            service: None,
            _folder: folder,
        };
        world.start().await;
        world
    }

    async fn start(&mut self) {
        let store = service::open_store(&self.settings).await.unwrap();
        let app = App::new(
            github::Settings {
                api_url: self.settings.api_url.clone(),
                app_id: self.settings.app_id,
                private_key: private_key(&self.github.app().private_key_pem).unwrap(),
                timing: Timing {
                    connect: Duration::from_secs(2),
                    deadline: Duration::from_secs(10),
                    between_writes: Duration::ZERO,
                    backoff: Duration::from_millis(5),
                    wait_in_place: Duration::from_secs(3),
                },
            },
            github::system_clock(),
        )
        .unwrap();
        let reviewer = GitHubReviewer::new(
            Arc::clone(&app),
            store.clone(),
            Marker::new([b"a secret that no candidate knows".as_slice()]),
            Arc::new(InProcess),
            ReviewSettings {
                rules_repository: ".github".to_owned(),
                public_url: None,
            },
        );
        let mut parts = Parts::of(Arc::new(reviewer));
        parts.recovery = Some(Arc::new(app));
        let service = service::start(&self.settings, store, parts).await.unwrap();
        self.github
            .set_hook_url(format!("http://{}/webhooks/github", service.address()));
        self.service = Some(service);
    }

    async fn stop(&mut self) {
        if let Some(service) = self.service.take() {
            service.stop();
            service.stopped().await;
        }
    }

    fn repo(&self, pull: usize) -> u64 {
        self.repos[pull % ORGANISATIONS].id
    }

    fn act(&mut self, pull: usize, act: Act) {
        let repo = self.repo(pull);
        let number = self.numbers.get(&pull).copied().unwrap_or_default();
        let github = &self.github;
        match act {
            Act::Open { serializers, draft } => {
                let new = NewPullRequest {
                    author: format!("ada{pull}"),
                    title: "Orders".to_owned(),
                    body: String::new(),
                    branch: "solution".to_owned(),
                    base: None,
                    changes: solution(serializers),
                    fork: true,
                    draft,
                };
                let opened = github.open_pull_request(repo, new).unwrap();
                self.numbers.insert(pull, opened.number);
            }
            Act::Push { serializers } => {
                // A second file, so that the same serializers again are a commit all the same.
                let mut changes = solution(serializers);
                changes.extend(files([(
                    "notes.txt",
                    format!("{}\n", github.request_count()),
                )]));
                github
                    .push_to_pull_request(repo, number, "More", changes)
                    .unwrap();
            }
            Act::ForcePush { serializers } => {
                let mut changes = solution(serializers);
                changes.extend(files([(
                    "notes.txt",
                    format!("{}\n", github.request_count()),
                )]));
                github
                    .force_push_pull_request(repo, number, "Once more", changes)
                    .unwrap();
            }
            Act::Title(title) => github
                .edit_title(repo, number, &format!("Orders {title}"))
                .unwrap(),
            Act::Base(branch) => github.edit_base(repo, number, branch).unwrap(),
            Act::Close => github.close(repo, number).unwrap(),
            Act::Reopen => github.reopen(repo, number).unwrap(),
            Act::Draft => github.convert_to_draft(repo, number).unwrap(),
            Act::Ready => github.ready_for_review(repo, number).unwrap(),
        }
    }

    /// Plays the script, and stops the service now and then.
    async fn play(&mut self, script: &[(usize, Act)], random: Option<Random>) {
        let stops = random.is_some();
        self.github.faults().random(random);
        for (at, (pull, act)) in script.iter().enumerate() {
            self.act(*pull, *act);
            if stops && at % 400 == 200 {
                self.stop().await;
            }
            if stops && at % 400 == 210 {
                self.start().await;
            }
            // Reviews have their time: otherwise every push would only displace another.
            tokio::time::sleep(Duration::from_millis(5 + 20 * u64::from(at % 7 == 0))).await;
        }
        self.github.faults().random(None);
        if self.service.is_none() {
            self.start().await;
        }
    }

    /// Waits until there is nothing left to do and every head has its review.
    async fn rest(&self) {
        let began = Instant::now();
        let store = self.service.as_ref().unwrap().store();
        loop {
            let stats = store.queue_stats().await.unwrap();
            assert_eq!(stats.dead, 0, "jobs were given up");
            let missing: Vec<u64> = self
                .numbers
                .iter()
                .filter(|(pull, number)| !self.stands(self.repo(**pull), **number))
                .map(|(_, number)| *number)
                .collect();
            let idle = stats.ready + stats.running == 0 && self.github.undelivered() == 0;
            if idle && missing.is_empty() {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{stats:?}; without review at their heads: {missing:?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn stands(&self, repo: u64, number: u64) -> bool {
        let head = self.github.pull_request(repo, number).unwrap().head_sha;
        self.github
            .check_runs(repo, &head)
            .iter()
            .any(|run| run.conclusion.as_deref() == Some("neutral"))
            && !self.github.labels(repo, number).is_empty()
    }

    /// What people see in the end, without what differs from world to world.
    fn state(&self) -> BTreeMap<usize, String> {
        let differs = Regex::new(r"\b[0-9a-f]{7,40}\b|127\.0\.0\.1:\d+|<!--[^>]*-->").unwrap();
        for repo in &self.repos {
            for run in self.github.all_check_runs(repo.id) {
                assert_eq!(run.status, "completed", "{run:#?}");
            }
        }
        let mut state = BTreeMap::new();
        for (pull, number) in &self.numbers {
            let repo = self.repo(*pull);
            let shown = self.github.pull_request(repo, *number).unwrap();
            let mut text = format!("{:?} open {}\n", shown.labels, shown.open);
            // A review that was stopped and begun again leaves a cancelled run behind. One that was
            // asked for again at the same head (a base that changed once it had ended) leaves an
            // older run; GitHub shows the latest of a name. No review may have two.
            let runs = self.github.check_runs(repo, &shown.head_sha);
            let reviews: BTreeSet<_> = runs.iter().map(|run| &run.external_id).collect();
            assert_eq!(
                reviews.len(),
                runs.len(),
                "a review with two runs: {runs:#?}"
            );
            for run in &runs {
                if run.conclusion.as_deref() == Some("cancelled") {
                    assert!(run.text.is_none(), "{run:#?}");
                }
            }
            let latest = runs
                .iter()
                .filter(|run| run.conclusion.as_deref() != Some("cancelled"))
                .max_by_key(|run| run.id);
            if let Some(run) = latest {
                let _ = writeln!(
                    text,
                    "run {:?} {:?}\n{:?}\n{:?}\n{:#?}",
                    run.conclusion, run.title, run.summary, run.text, run.annotations
                );
            }
            for comment in self.github.comments(repo, *number) {
                let _ = writeln!(text, "comment {} {}", comment.author, comment.body);
            }
            state.insert(*pull, differs.replace_all(&text, "*").into_owned());
        }
        state
    }
}

fn number_of(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

async fn soak(database: impl AsyncFn() -> Option<Database>) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let seed = number_of("TAKEHOME_SOAK_SEED", SEED);
    let events = number_of("TAKEHOME_SOAK_EVENTS", EVENTS as u64) as usize;
    eprintln!("soak: seed {seed}");
    let script = script(seed, events);
    let calm = tokio::spawn(end(script.clone(), None, database().await));
    let random = Random::new(seed, FAULTS[0], FAULTS[1]);
    let faulty = tokio::spawn(end(script, Some(random), database().await));
    let (calm, faulty) = (calm.await.unwrap(), faulty.await.unwrap());
    for (pull, without) in &calm {
        let with = &faulty[pull];
        assert_eq!(
            with, without,
            "seed {seed}, pull request {pull} of the script"
        );
    }
}

/// What stands on a GitHub of its own after these acts.
async fn end(
    script: Vec<(usize, Act)>,
    random: Option<Random>,
    database: Option<Database>,
) -> BTreeMap<usize, String> {
    let faulty = random.is_some();
    let began = Instant::now();
    let mut world = World::new(database.as_ref()).await;
    world.play(&script, random).await;
    let played = began.elapsed();
    world.rest().await;
    let seen = world
        .github
        .deliveries()
        .iter()
        .filter(|delivery| delivery.event == "pull_request" && !delivery.redelivery)
        .count();
    let faults = world.github.faults().fired().len();
    eprintln!(
        "soak: {seen} pull request events, {faults} faults, {} requests, played in {:.1} s, at rest after \
         {:.1} s",
        world.github.request_count(),
        played.as_secs_f64(),
        began.elapsed().as_secs_f64(),
    );
    assert!(seen >= script.len(), "{seen} events");
    assert_eq!(faulty, faults > 0);
    let state = world.state();
    world.stop().await;
    if let Some(database) = database {
        database.finish().await;
    }
    state
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_is_the_same_with_faults_as_without_on_sqlite() {
    soak(async || None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_is_the_same_with_faults_as_without_on_postgresql() {
    let Some(first) = Database::postgres().await else {
        return;
    };
    first.finish().await;
    soak(Database::postgres).await;
}
