//! The queue under random histories: pushes, claims, signs of life, deaths, failures, endings in any
//! order and from workers that are too late. What must hold is asked after every step, on both
//! databases.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use takehome::store::{
    Change, Claimed, Failed, Heartbeat, JobFilter, JobState, JobWork, PullState, ReviewRequest,
    Store,
};
use takehome::worker::{PullRequestRef, ReviewOutcome, Why};

use crate::databases::{Database, START, rules};

const LEASE: Duration = Duration::from_mins(1);
const PULLS: u64 = 3;

#[derive(Clone, Debug)]
enum Step {
    Push(u64),
    /// An event that is older than what is known.
    LatePush(u64),
    Close(u64),
    Claim,
    /// The worker of the nth claim so far does this, be it too late or not.
    Heartbeat(usize),
    Finish(usize),
    Fail(usize),
    Release(usize),
    Wait(u64),
    Reap,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..PULLS).prop_map(Step::Push),
        1 => (0..PULLS).prop_map(Step::LatePush),
        1 => (0..PULLS).prop_map(Step::Close),
        5 => Just(Step::Claim),
        1 => any::<usize>().prop_map(Step::Heartbeat),
        3 => any::<usize>().prop_map(Step::Finish),
        2 => any::<usize>().prop_map(Step::Fail),
        1 => any::<usize>().prop_map(Step::Release),
        2 => (1..90_u64).prop_map(Step::Wait),
        2 => Just(Step::Reap),
    ]
}

fn pull(number: u64) -> PullRequestRef {
    PullRequestRef {
        installation_id: 7,
        repository_id: 70,
        owner: "acme".to_owned(),
        repository: "orders".to_owned(),
        number,
    }
}

/// What the history says so far.
#[derive(Default)]
struct History {
    claims: Vec<Claimed>,
    /// Highest fence of each job: whoever has it may write, if the job runs.
    fences: BTreeMap<i64, i64>,
    /// Head that each pull request was last pushed to.
    heads: BTreeMap<u64, String>,
    pushes: u64,
}

impl History {
    fn state(&mut self, late: bool) -> PullState {
        self.pushes += 1;
        PullState {
            head_sha: format!("{:040x}", self.pushes),
            base_ref: "main".to_owned(),
            said_at: if late {
                START - 1000
            } else {
                START + i64::try_from(self.pushes).unwrap() * 1000
            },
        }
    }

    fn of(&self, at: usize) -> Option<Claimed> {
        let count = self.claims.len();
        (count > 0).then(|| self.claims[at % count].clone())
    }

    fn is_newest(&self, job: &Claimed) -> bool {
        self.fences.get(&job.id) == Some(&job.fence)
    }

    async fn step(&mut self, db: &Database, store: &Store, step: &Step) -> Result<(), String> {
        match step {
            Step::Push(number) | Step::LatePush(number) => {
                let late = matches!(step, Step::LatePush(_)) && self.heads.contains_key(number);
                let state = self.state(late);
                if !late {
                    self.heads.insert(*number, state.head_sha.clone());
                }
                let request = ReviewRequest {
                    pull: pull(*number),
                    state: Some(state),
                    why: Why::Pushed,
                    asked_by: None,
                };
                store.apply(&[Change::Review(request)]).await.unwrap();
            }
            Step::Close(number) => {
                let state = self.state(false);
                self.heads.remove(number);
                let pull = pull(*number);
                store
                    .apply(&[Change::Closed { pull, state }])
                    .await
                    .unwrap();
            }
            Step::Claim => {
                if let Some(job) = store.claim("worker", LEASE).await.unwrap() {
                    let before = self.fences.insert(job.id, job.fence);
                    if before.is_some_and(|before| before >= job.fence) {
                        return Err(format!("the fence of job {} did not grow", job.id));
                    }
                    self.claims.push(job);
                }
            }
            Step::Heartbeat(at) => {
                if let Some(job) = self.of(*at) {
                    let beat = store.heartbeat(&job, LEASE).await.unwrap();
                    if beat != Heartbeat::Lost && !self.is_newest(&job) {
                        return Err(format!("a late worker kept job {}", job.id));
                    }
                }
            }
            Step::Finish(at) => {
                if let Some(job) = self.of(*at) {
                    let ended = match &job.work {
                        JobWork::Review(work) => {
                            let head_sha = work.head_sha.clone().unwrap_or_default();
                            let outcome = ReviewOutcome::Unchanged { head_sha };
                            store.finish(&job, &outcome).await.unwrap()
                        }
                        _ => store.finish_plain(&job).await.unwrap(),
                    };
                    if ended && !self.is_newest(&job) {
                        return Err(format!("a late worker ended job {}", job.id));
                    }
                }
            }
            Step::Fail(at) => {
                if let Some(job) = self.of(*at) {
                    let again = Some(store.now() + 1000);
                    let failed = store.fail(&job, "no luck", again, true).await.unwrap();
                    if failed != Failed::Lost && !self.is_newest(&job) {
                        return Err(format!("a late worker failed job {}", job.id));
                    }
                }
            }
            Step::Release(at) => {
                if let Some(job) = self.of(*at) {
                    let given = store.release(&job).await.unwrap();
                    if given && !self.is_newest(&job) {
                        return Err(format!("a late worker gave job {} back", job.id));
                    }
                }
            }
            Step::Wait(seconds) => db.clock.advance(Duration::from_secs(*seconds)),
            Step::Reap => drop(store.reap().await.unwrap()),
        }
        Ok(())
    }

    /// What must hold at any time.
    async fn check(&self, store: &Store) -> Result<(), String> {
        let filter = JobFilter {
            state: None,
            at_most: 1000,
        };
        let jobs = store.jobs(filter).await.unwrap();
        let mut waiting: BTreeMap<u64, u32> = BTreeMap::new();
        let mut running: BTreeMap<u64, u32> = BTreeMap::new();
        for job in &jobs {
            let number = job.pull_number.unwrap();
            let state = JobState::of(&job.state).unwrap();
            if state == JobState::Running {
                *running.entry(number).or_default() += 1;
                if job.lease_until.is_none() {
                    return Err(format!("job {} runs without a lease", job.id));
                }
            } else if job.lease_until.is_some() {
                return Err(format!("job {} is {} with a lease", job.id, job.state));
            }
            if state == JobState::Ready && job.kind == "review" {
                *waiting.entry(number).or_default() += 1;
            }
            if job.attempts > job.max_attempts {
                return Err(format!("job {} was tried too often", job.id));
            }
        }
        if let Some((number, _)) = running.iter().find(|(_, count)| **count > 1) {
            return Err(format!("two jobs of #{number} run"));
        }
        // A failed job and the push after it: the push takes the place of what waits.
        if let Some((number, count)) = waiting.iter().find(|(_, count)| **count > 2) {
            return Err(format!("{count} reviews of #{number} wait"));
        }
        Ok(())
    }

    /// Whatever came before, healthy workers do all that is left, and every open head was looked at.
    async fn drain(&mut self, db: &Database, store: &Store) -> Result<(), String> {
        for _ in 0..200 {
            db.clock.advance(LEASE * 2);
            store.reap().await.unwrap();
            let Some(job) = store.claim("worker", LEASE).await.unwrap() else {
                break;
            };
            self.claims.push(job);
            let newest = self.claims.len() - 1;
            let job = self.claims[newest].clone();
            self.fences.insert(job.id, job.fence);
            self.step(db, store, &Step::Finish(newest)).await?;
        }
        let stats = store.queue_stats().await.unwrap();
        if stats.ready + stats.running > 0 {
            return Err(format!("stuck: {stats:?}"));
        }
        let filter = JobFilter {
            state: None,
            at_most: 1000,
        };
        let jobs = store.jobs(filter).await.unwrap();
        for (number, head) in &self.heads {
            let looked = jobs.iter().any(|job| {
                job.pull_number == Some(*number)
                    && job.head_sha.as_ref() == Some(head)
                    && matches!(job.state.as_str(), "done" | "dead")
            });
            if !looked {
                return Err(format!("nobody looked at #{number} at {head}: {jobs:#?}"));
            }
        }
        Ok(())
    }
}

async fn live(db: Database, steps: &[Step]) -> Result<(), String> {
    let other = db.second().await;
    let mut history = History::default();
    let mut lived = Ok(());
    for (at, step) in steps.iter().enumerate() {
        // Two processes take turns.
        let store = if at % 2 == 0 { &db.store } else { &other };
        lived = history.step(&db, store, step).await;
        if lived.is_ok() {
            lived = history.check(store).await;
        }
        if lived.is_err() {
            break;
        }
    }
    if lived.is_ok() {
        lived = history.drain(&db, &other).await;
    }
    other.close().await;
    db.finish().await;
    lived
}

fn histories(cases: u32, database: impl AsyncFn() -> Option<Database>) {
    assert!(rules().max_attempts > 1);
    let runtime = Arc::new(tokio::runtime::Runtime::new().unwrap());
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let steps = proptest::collection::vec(any_step(), 1..60);
    let ran = runner.run(&steps, |steps| {
        runtime.block_on(async {
            match database().await {
                Some(db) => live(db, &steps).await.map_err(TestCaseError::fail),
                None => Ok(()),
            }
        })
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
}

#[test]
fn no_history_breaks_the_queue_on_sqlite() {
    histories(48, async || Some(Database::sqlite().await));
}

#[test]
fn no_history_breaks_the_queue_on_postgresql() {
    histories(24, Database::postgres);
}
