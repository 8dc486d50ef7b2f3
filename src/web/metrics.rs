//! The service in figures, for Prometheus. Counts what this process did; what is true of the whole
//! database (queue depth) is read when it is asked for and is the same on every process.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::store::{Millis, QueueStats};

type Labels<const N: usize> = [(&'static str, String); N];

/// Names and meanings of all figures; one per process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    deliveries: Family<Labels<1>, Counter>,
    delivery_seconds: Histogram,
    jobs: Family<Labels<2>, Counter>,
    job_seconds: Family<Labels<1>, Histogram>,
    job_wait_seconds: Histogram,
    queue: Family<Labels<1>, Gauge>,
    oldest_due_seconds: Gauge<f64, AtomicU64>,
    leases: Gauge,
    analysis_deaths: Family<Labels<1>, Counter>,
    stages: Family<Labels<1>, Histogram>,
    recovery: Family<Labels<2>, Counter>,
    budget: Family<Labels<1>, Gauge>,
}

fn seconds() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0,
    ])
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("takehome");
        let deliveries = Family::default();
        registry.register(
            "webhook_deliveries",
            "Webhook deliveries by what became of them",
            deliveries.clone(),
        );
        let delivery_seconds = seconds();
        registry.register_with_unit(
            "webhook_answer",
            "Time from a delivery's headers to its answer",
            Unit::Seconds,
            delivery_seconds.clone(),
        );
        let jobs = Family::default();
        registry.register(
            "jobs",
            "Jobs this process ended, by kind and how they ended",
            jobs.clone(),
        );
        let job_seconds = Family::<Labels<1>, Histogram>::new_with_constructor(seconds);
        registry.register_with_unit(
            "job_duration",
            "Time from the claim of a job to its end, by kind",
            Unit::Seconds,
            job_seconds.clone(),
        );
        let job_wait_seconds = seconds();
        registry.register_with_unit(
            "job_wait",
            "Time from when a job was due to its claim",
            Unit::Seconds,
            job_wait_seconds.clone(),
        );
        let queue = Family::default();
        registry.register(
            "queue_jobs",
            "Jobs in the database by state (of all processes)",
            queue.clone(),
        );
        let oldest_due_seconds = Gauge::default();
        registry.register_with_unit(
            "queue_oldest_due",
            "How long the job waits that is due longest (of all processes)",
            Unit::Seconds,
            oldest_due_seconds.clone(),
        );
        let leases = Gauge::default();
        registry.register("leases", "Jobs this process runs now", leases.clone());
        let analysis_deaths = Family::default();
        registry.register(
            "analysis_deaths",
            "Analysis processes that died, by how",
            analysis_deaths.clone(),
        );
        let stages = Family::<Labels<1>, Histogram>::new_with_constructor(seconds);
        registry.register_with_unit(
            "review_stage",
            "Duration of the stages of a review",
            Unit::Seconds,
            stages.clone(),
        );
        let recovery = Family::default();
        registry.register(
            "recovery",
            "What the sweep of deliveries and the reconciliation did",
            recovery.clone(),
        );
        let budget = Family::default();
        registry.register(
            "github_budget_remaining",
            "Requests an installation may still make in this hour",
            budget.clone(),
        );
        Self {
            registry,
            deliveries,
            delivery_seconds,
            jobs,
            job_seconds,
            job_wait_seconds,
            queue,
            oldest_due_seconds,
            leases,
            analysis_deaths,
            stages,
            recovery,
            budget,
        }
    }
}

impl Metrics {
    /// A delivery was answered.
    pub fn delivery(&self, outcome: &'static str, took: Duration) {
        self.deliveries
            .get_or_create(&[("outcome", outcome.to_owned())])
            .inc();
        self.delivery_seconds.observe(took.as_secs_f64());
    }

    /// A job was claimed so long after it was due.
    pub fn job_claimed(&self, waited: Duration) {
        self.job_wait_seconds.observe(waited.as_secs_f64());
        self.leases.inc();
    }

    /// A job was ended, given back or given up.
    pub fn job_ended(&self, kind: &'static str, outcome: &'static str, took: Duration) {
        self.leases.dec();
        self.jobs
            .get_or_create(&[("kind", kind.to_owned()), ("outcome", outcome.to_owned())])
            .inc();
        self.job_seconds
            .get_or_create(&[("kind", kind.to_owned())])
            .observe(took.as_secs_f64());
    }

    /// An analysis process died (`timeout`, `memory`, `signal`, `exit`, `answer`).
    pub fn analysis_died(&self, how: &'static str) {
        self.analysis_deaths
            .get_or_create(&[("how", how.to_owned())])
            .inc();
    }

    /// A stage of a review (`snapshot`, `analysis`, `publish` …) took so long.
    pub fn stage(&self, stage: &'static str, took: Duration) {
        self.stages
            .get_or_create(&[("stage", stage.to_owned())])
            .observe(took.as_secs_f64());
    }

    /// Recovery did something (`sweep`/`redelivered`, `reconcile`/`queued` …), so often.
    pub fn recovered(&self, by: &'static str, what: &'static str, times: u64) {
        self.recovery
            .get_or_create(&[("loop", by.to_owned()), ("outcome", what.to_owned())])
            .inc_by(times);
    }

    /// What GitHub last said about the budget of an installation.
    pub fn budget(&self, installation_id: u64, remaining: u64) {
        self.budget
            .get_or_create(&[("installation", installation_id.to_string())])
            .set(i64::try_from(remaining).unwrap_or(i64::MAX));
    }

    /// The queue of the database as it is now.
    pub fn queue(&self, stats: &QueueStats, now: Millis) {
        for (state, jobs) in [
            ("ready", stats.ready),
            ("due", stats.due),
            ("running", stats.running),
            ("dead", stats.dead),
        ] {
            self.queue
                .get_or_create(&[("state", state.to_owned())])
                .set(i64::try_from(jobs).unwrap_or(i64::MAX));
        }
        let oldest = stats.oldest_due.map_or(0, |due| now.saturating_sub(due));
        self.oldest_due_seconds.set(oldest as f64 / 1000.0);
    }

    /// OpenMetrics text.
    ///
    /// # Errors
    /// Never in practice: the writer is a string.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
