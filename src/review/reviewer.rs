//! The reviewer that workers call: one method per kind of job.

use std::sync::Arc;

use futures::future::BoxFuture;
use takehome_checks::Analysis;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::analyser::{Analysable, Analyser};
use super::assemble::{self, Circumstances};
use super::rules::{Read, RulesReader};
use super::stage::Stage;
use super::stop::{Stop, refused, superseded};
use crate::github::types::{Conclusion, PullRequest};
use crate::github::{App, CommitSha, InstallationId, PullNumber, RepoId, Repository};
use crate::publish::{Desired, Ending, Marker, Place, Publisher, Run};
use crate::report::{self, Links, Review};
use crate::snapshot::{Blobs, Snapshot, read_commit};
use crate::store::{NewReview, ReviewKey, Store};
use crate::web::metrics::Metrics;
use crate::worker::{
    ConcludeJob, ConcludeWhy, Person, PullRequestRef, ReviewError, ReviewJob, ReviewOutcome,
    Reviewer, RulesJob,
};

/// What an operator sets for reviews.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the organisation's rules repository (`.github`).
    pub rules_repository: String,
    /// Where people reach this service.
    pub public_url: Option<String>,
}

/// Reviews pull requests on GitHub.
pub struct GitHubReviewer {
    app: Arc<App>,
    store: Store,
    publisher: Publisher,
    rules: RulesReader,
    analyser: Arc<dyn Analyser>,
    metrics: Arc<Metrics>,
    public_url: Option<String>,
}

impl std::fmt::Debug for GitHubReviewer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHubReviewer")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

impl GitHubReviewer {
    pub fn new(
        app: Arc<App>,
        store: Store,
        marker: Marker,
        analyser: Arc<dyn Analyser>,
        settings: Settings,
    ) -> Self {
        Self {
            publisher: Publisher::new(store.clone(), marker),
            rules: RulesReader::new(store.clone(), settings.rules_repository),
            public_url: settings.public_url,
            metrics: Arc::default(),
            analyser,
            store,
            app,
        }
    }

    /// Where the durations of its stages are counted.
    #[must_use]
    pub fn measured_by(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = metrics;
        self
    }
}

/// The trees of a review and the commits they are of.
struct Trees {
    head: Snapshot,
    base: Option<Snapshot>,
    notes: Vec<String>,
}

impl GitHubReviewer {
    async fn run(
        &self,
        job: &ReviewJob,
        cancel: &CancellationToken,
    ) -> Result<ReviewOutcome, Stop> {
        let repository = self.repository(&job.pull);
        repository.installation().ensure_budget()?;
        if let Some(person) = &job.asked_by {
            self.ensure_may_ask(&repository, person).await?;
        }
        let number = PullNumber(job.pull.number);
        let pull = self.pull(&repository, number).await?;
        if !pull.is_open() {
            return Err(refused("the pull request is closed"));
        }
        if pull.draft && !job.is_forced() {
            return Err(refused("the pull request is a draft"));
        }
        let head = pull.head.sha.clone();
        let place = Place {
            repository,
            pull: number,
            head: head.clone(),
        };

        // What was finished and not asked for again costs no write.
        if !job.is_forced() && self.is_finished(&place).await? {
            let rules = self.rules_of(&place, &pull).await?;
            let (base, _) = self.base_commit(&place, &pull, &rules).await?;
            let key = key(&place, base.as_ref(), &rules);
            if self.store.find_review(&key).await?.is_some() {
                return Ok(ReviewOutcome::Unchanged {
                    head_sha: head.to_string(),
                });
            }
        }

        let plan = self.plan(job, &place, &pull, cancel);
        let (run, rules, base) = Box::pin(Stage::Plan.of(&self.metrics, plan)).await?;
        let key = key(&place, base.as_ref(), &rules);

        let (review, review_id) = match self.saved(&key, job).await? {
            Some(saved) => saved,
            None => {
                let review =
                    Box::pin(self.make(&place, &pull, base.as_ref(), &rules, &run, cancel)).await?;
                let result = serde_json::to_string(&review)
                    .map_err(|error| Stop::Failed(ReviewError::permanent(error.to_string())))?;
                let id = self.store.save_review(&NewReview { key, result }).await?;
                (review, id)
            }
        };
        self.ensure_current(&place, &run, cancel).await?;
        let details_url = self
            .public_url
            .as_deref()
            .map(|url| format!("{}/reviews/{review_id}", url.trim_end_matches('/')));
        let desired = Desired {
            check_run: report::check_run::check_run(&review, &rules.loaded.rules.publish),
            conclusion: assemble::conclusion(&review, &rules.loaded.rules),
            details_url,
        };
        let publish = async {
            let now = self.app.now();
            let run = self
                .publisher
                .complete(&place, run, &desired, now, cancel)
                .await?;
            self.publish_beside(&place, &pull, &review, &rules, job.is_forced(), cancel)
                .await?;
            let published = run.record.id.to_string();
            Ok::<_, Stop>(
                self.store
                    .set_cursor(&finished_note(&place), &published)
                    .await?,
            )
        };
        Stage::Publish.of(&self.metrics, publish).await?;
        Ok(ReviewOutcome::Reviewed {
            review_id,
            head_sha: head.to_string(),
        })
    }

    /// Opens the check run, ends older ones, reads the rules and finds the base.
    async fn plan(
        &self,
        job: &ReviewJob,
        place: &Place,
        pull: &PullRequest,
        cancel: &CancellationToken,
    ) -> Result<(Run, Read, Option<CommitSha>), Stop> {
        let now = self.app.now();
        let run = self.publisher.begin(place, job.id, now, cancel).await?;
        self.publisher
            .supersede_older(place, &run, now, cancel)
            .await?;
        let mut rules = unless(cancel, self.rules_of(place, pull)).await?;
        let (base, note) = unless(cancel, self.base_commit(place, pull, &rules)).await?;
        rules.notes.extend(note);
        Ok((run, rules, base))
    }

    /// Snapshot, analysis, rubric.
    async fn make(
        &self,
        place: &Place,
        pull: &PullRequest,
        base: Option<&CommitSha>,
        rules: &Read,
        run: &Run,
        cancel: &CancellationToken,
    ) -> Result<Review, Stop> {
        let trees = unless(cancel, self.trees(place, base));
        let trees = Box::pin(Stage::Snapshot.of(&self.metrics, trees)).await?;
        let mut notes = rules.notes.clone();
        notes.extend(trees.notes);
        notes.extend(assemble::protected_note(
            trees.base.as_ref(),
            &trees.head,
            &rules.loaded.rules.protected(),
        ));
        let work = Analysable {
            head: trees.head,
            base: trees.base,
            rules: rules.loaded.rules.check_rules(),
        };
        let analysis = self.analyse(place, work, run, cancel);
        let analysis = Stage::Analysis.of(&self.metrics, analysis).await?;
        Ok(assemble::review(
            analysis,
            Circumstances {
                head: Some(place.head.as_str()),
                base: base.map(CommitSha::as_str),
                rules: &rules.loaded,
                notes,
                links: self.links(pull),
            },
        ))
    }

    async fn trees(&self, place: &Place, base: Option<&CommitSha>) -> Result<Trees, Stop> {
        let mut known = Blobs::default();
        let head = read_commit(&place.repository, &place.head, &mut known).await?;
        let mut notes = head.notes.clone();
        let base = match base {
            Some(commit) => Some(read_commit(&place.repository, commit, &mut known).await?),
            None => {
                notes.push(
                    "Head and base have no common commit; everything counts as the candidate's."
                        .to_owned(),
                );
                None
            }
        };
        if let Some(base) = &base {
            notes.extend(base.notes.iter().map(|note| format!("Base: {note}")));
        }
        Ok(Trees { head, base, notes })
    }

    /// Where the analysis dies, the check run says so at once and without blame.
    async fn analyse(
        &self,
        place: &Place,
        work: Analysable,
        run: &Run,
        cancel: &CancellationToken,
    ) -> Result<Analysis, Stop> {
        let analysed = async { Ok(self.analyser.analyse(work).await) };
        let error = match unless(cancel, analysed).await? {
            Ok(analysis) => return Ok(analysis),
            Err(error) => error,
        };
        tracing::error!(error = %error, "a review could not be analysed");
        let ending = Ending {
            conclusion: Conclusion::Neutral,
            title: "This commit could not be analysed",
            summary: "The program that reads the code stopped before it was done. That is a fault \
                      of ours and says nothing about the code. The people who review this pull \
                      request read it without these notes.",
        };
        let record = run.record.clone();
        self.publisher
            .end(&place.repository, record, &ending, self.app.now(), cancel)
            .await?;
        Err(Stop::Failed(ReviewError::permanent(error.to_string())))
    }

    /// What stands beside the check run: the comment and the labels.
    async fn publish_beside(
        &self,
        place: &Place,
        pull: &PullRequest,
        review: &Review,
        rules: &Read,
        forced: bool,
        cancel: &CancellationToken,
    ) -> Result<(), Stop> {
        let publish = &rules.loaded.rules.publish;
        if publish.candidate_comment {
            let text = report::comment::comment(review, publish.candidate_scores);
            self.publisher.comment(place, &text, forced, cancel).await?;
        }
        let limited = review.analysis.coverage.limited;
        self.publisher
            .labels(place, &publish.labels, &pull.labels, limited, cancel)
            .await?;
        Ok(())
    }

    /// The pull request again, just before it is written to: its head may have moved.
    async fn ensure_current(
        &self,
        place: &Place,
        run: &Run,
        cancel: &CancellationToken,
    ) -> Result<(), Stop> {
        let pull = self.pull(&place.repository, place.pull).await?;
        if pull.head.sha != place.head {
            return Err(superseded(&place.head));
        }
        if !pull.is_open() {
            let record = run.record.clone();
            self.publisher
                .end(&place.repository, record, &CLOSED, self.app.now(), cancel)
                .await?;
            return Err(refused("the pull request was closed while its review ran"));
        }
        Ok(())
    }

    /// Whether a review of this head stands with everything beside its check run.
    async fn is_finished(&self, place: &Place) -> Result<bool, Stop> {
        let run = self
            .store
            .check_run_at(place.repository.id().0, place.pull.0, place.head.as_str())
            .await?;
        let Some(run) = run.filter(|run| !run.open) else {
            return Ok(false);
        };
        let finished = self.store.cursor(&finished_note(place)).await?;
        Ok(finished == Some(run.id.to_string()))
    }

    /// The review of exactly this, if it was done and only its publishing failed.
    async fn saved(&self, key: &ReviewKey, job: &ReviewJob) -> Result<Option<(Review, i64)>, Stop> {
        // Who asks again wants it read again; a second attempt of the same asking does not.
        if job.is_forced() && job.attempt <= 1 {
            return Ok(None);
        }
        let Some(stored) = self.store.find_review(key).await? else {
            return Ok(None);
        };
        Ok(serde_json::from_str(&stored.result)
            .ok()
            .map(|review| (review, stored.id)))
    }

    async fn rules_of(&self, place: &Place, pull: &PullRequest) -> Result<Read, Stop> {
        let (owner, _) = place.repository.names();
        let read = self
            .rules
            .read(&place.repository, &owner, &pull.base.branch)
            .await?;
        Ok(read)
    }

    /// The merge base, or the starter that the rules name; with a note where they name none that
    /// is there.
    async fn base_commit(
        &self,
        place: &Place,
        pull: &PullRequest,
        rules: &Read,
    ) -> Result<(Option<CommitSha>, Option<String>), Stop> {
        let mut note = None;
        if let Some(starter) = rules.loaded.rules.assignment.starter.git_ref.as_deref() {
            match place.repository.compare(starter, &place.head).await {
                Ok(Some(comparison)) => return Ok((Some(comparison.base_commit.sha), None)),
                Ok(None) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
            note = Some(format!(
                "The rules name the starter `{starter}`, which this repository does not have; the \
                 merge base was used."
            ));
        }
        let base = pull.base.sha.as_str();
        match place.repository.compare(base, &place.head).await {
            Ok(comparison) => Ok((comparison.map(|c| c.merge_base_commit.sha), note)),
            // The head was rewritten and cleared away.
            Err(error) if matches!(error.status(), Some(404 | 422)) => Err(superseded(&place.head)),
            Err(error) => Err(error.into()),
        }
    }

    async fn pull(&self, repository: &Repository, number: PullNumber) -> Result<PullRequest, Stop> {
        match repository.pull(number).await {
            Ok(pull) => Ok(pull),
            Err(error) if error.is_not_found() || error.status() == Some(451) => {
                Err(Stop::With(ReviewOutcome::Gone {
                    reason: error.to_string(),
                }))
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn ensure_may_ask(&self, repository: &Repository, person: &Person) -> Result<(), Stop> {
        let permission = repository.permission(&person.login).await?;
        let may = permission.as_ref().is_some_and(|held| {
            // The login may have passed to somebody else since.
            let same = held.user.as_ref().is_none_or(|user| user.id == person.id);
            same && matches!(held.permission.as_str(), "admin" | "write" | "maintain")
        });
        if may {
            Ok(())
        } else {
            Err(refused(
                "who asked for the review has no write permission in the repository",
            ))
        }
    }

    fn repository(&self, pull: &PullRequestRef) -> Repository {
        self.app
            .installation(InstallationId(pull.installation_id))
            .repository(RepoId(pull.repository_id), &pull.owner, &pull.repository)
    }

    fn links(&self, pull: &PullRequest) -> Links {
        Links {
            repository: pull
                .html_url
                .rsplit_once("/pull/")
                .map(|(repository, _)| repository.to_owned()),
            service: self.public_url.clone(),
        }
    }

    async fn end_open_runs(
        &self,
        job: &ConcludeJob,
        cancel: &CancellationToken,
    ) -> Result<(), Stop> {
        let repository = self.repository(&job.pull);
        let ending = match &job.why {
            ConcludeWhy::Closed => CLOSED,
            ConcludeWhy::GivenUp(_) => GIVEN_UP,
        };
        let number = PullNumber(job.pull.number);
        self.publisher
            .end_all(&repository, number, &ending, self.app.now(), cancel)
            .await?;
        Ok(())
    }
}

/// Name of the note that says which check run was the last to be published with its comment and
/// labels.
fn finished_note(place: &Place) -> String {
    format!("published:{}:{}", place.repository.id(), place.pull)
}

/// What makes this review the same as another.
fn key(place: &Place, base: Option<&CommitSha>, rules: &Read) -> ReviewKey {
    ReviewKey {
        repository_id: place.repository.id().0,
        pull_number: place.pull.0,
        head_sha: place.head.to_string(),
        merge_base: base.map(ToString::to_string).unwrap_or_default(),
        rules_hash: rules.loaded.hash.clone(),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

const CLOSED: Ending<'static> = Ending {
    conclusion: Conclusion::Cancelled,
    title: "The pull request was closed",
    summary: "The pull request was closed before its review was done. Reopening it begins a new one.",
};

const GIVEN_UP: Ending<'static> = Ending {
    conclusion: Conclusion::Neutral,
    title: "This commit could not be reviewed",
    summary: "The automatic review could not be finished. That is trouble of ours and says nothing \
              about the code. The people who review this pull request read it without these notes; \
              they can ask for a new attempt with the button \"Review again\".",
};

/// The work, unless the job is cancelled first. Only for work that writes nothing.
async fn unless<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, Stop>>,
) -> Result<T, Stop> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Stop::Failed(ReviewError::Cancelled)),
        done = work => done,
    }
}

impl Reviewer for GitHubReviewer {
    fn review(
        &self,
        job: ReviewJob,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<ReviewOutcome, ReviewError>> {
        let span = tracing::info_span!(
            "review",
            job.id = job.id,
            github.repository_id = job.pull.repository_id,
            github.pull_number = job.pull.number,
            github.delivery_id = job.delivery_id.as_deref(),
        );
        Box::pin(
            async move {
                match Box::pin(self.run(&job, &cancel)).await {
                    Ok(outcome) | Err(Stop::With(outcome)) => Ok(outcome),
                    Err(Stop::Failed(error)) => Err(error),
                }
            }
            .instrument(span),
        )
    }

    fn conclude(
        &self,
        job: ConcludeJob,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<(), ReviewError>> {
        Box::pin(async move {
            match self.end_open_runs(&job, &cancel).await {
                // Gone with the repository or the installation: nothing is open any more.
                Ok(()) | Err(Stop::With(_)) => Ok(()),
                Err(Stop::Failed(error)) => Err(error),
            }
        })
    }

    fn reload_rules(
        &self,
        job: RulesJob,
        _cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<(), ReviewError>> {
        Box::pin(async move {
            let installation = self.app.installation(InstallationId(job.installation_id));
            match self.rules.reload(&installation, &job.owner).await {
                Ok(()) => Ok(()),
                Err(error) => match Stop::from(error) {
                    Stop::With(_) => Ok(()),
                    Stop::Failed(error) => Err(error),
                },
            }
        })
    }

    fn forget_installation(&self, installation_id: u64) {
        let id = InstallationId(installation_id);
        self.app.forget(id);
        self.rules.forget(id);
    }
}
