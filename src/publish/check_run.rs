//! The check run of a head: made at once, filled in batches, ended once.
//!
//! GitHub only adds annotations and never takes one away, so how many stand there is asked after
//! every unclear answer, and a rendering that differs from the one half sent gets a run of its own.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{
    CHECK_NAME, Desired, Place, PublishError, Publisher, ROUNDS, digest, unless_cancelled,
};
use crate::github::types::{
    Action, Annotation, CheckOutput, CheckRun, CheckStatus, Conclusion, CreateCheckRun,
    UpdateCheckRun,
};
use crate::github::{CheckRunQuery, GitHubError, PullNumber, Repository};
use crate::store::CheckRunRecord;
use crate::worker::RERUN_ACTION;

/// Annotations of one request (<https://docs.github.com/rest/checks/runs>).
const BATCH: usize = 50;

/// The button of a finished run.
const RERUN: [Action; 1] = [Action {
    label: "Review again",
    description: "Read this commit again, from scratch",
    identifier: RERUN_ACTION,
}];

/// A check run that stands.
#[derive(Clone, Debug)]
pub struct Run {
    pub record: CheckRunRecord,
    /// Its page, for links from older runs.
    pub html_url: Option<String>,
}

/// How a run ends that has no review: a title and a calm sentence.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    pub conclusion: Conclusion,
    pub title: &'a str,
    /// Markdown.
    pub summary: &'a str,
}

impl Publisher {
    /// Makes the check run of a job, or finds the one that an earlier attempt of it made.
    pub async fn begin(
        &self,
        place: &Place,
        job: i64,
        now: Timestamp,
        cancel: &CancellationToken,
    ) -> Result<Run, PublishError> {
        let external_id = format!("pull-{}/job-{job}", place.pull);
        self.begin_as(place, &external_id, now, cancel).await
    }

    async fn begin_as(
        &self,
        place: &Place,
        external_id: &str,
        now: Timestamp,
        cancel: &CancellationToken,
    ) -> Result<Run, PublishError> {
        let repository = place.repository.id().0;
        self.adopt_forgotten(place, external_id).await?;
        if let Some(record) = self
            .store
            .check_run_by_external_id(repository, external_id)
            .await?
            .filter(|record| record.head_sha == place.head.as_str())
        {
            if let Some(run) = place.repository.check_run(record.id).await? {
                return Ok(Run {
                    record,
                    html_url: run.html_url,
                });
            }
            self.store.forget_check_run(record.id).await?;
        }
        // From here on a run may stand that nobody wrote down; the next attempt looks for it.
        let intent = intent(place);
        let known_intent = self.store.cursor(&intent).await?;
        let meant = format!("{} {external_id}", place.head);
        let mut look = known_intent.as_deref() == Some(meant.as_str());
        if !look {
            self.store.set_cursor(&intent, &meant).await?;
        }
        let mut round = 0;
        let run = loop {
            round += 1;
            if look && let Some(run) = find(place, external_id).await? {
                break run;
            }
            unless_cancelled(cancel)?;
            let created = place
                .repository
                .create_check_run(&CreateCheckRun {
                    name: CHECK_NAME,
                    head_sha: place.head.as_str(),
                    external_id,
                    status: CheckStatus::InProgress,
                    details_url: None,
                    started_at: now,
                    output: CheckOutput {
                        title: "Reading the code",
                        summary: "The review of this commit has begun. Nothing is run; it takes \
                                  seconds.",
                        text: None,
                        annotations: &[],
                    },
                })
                .await;
            match created {
                Ok(run) => break run,
                Err(error) if error.is_unclear() && round < ROUNDS => look = true,
                // "No commit found for SHA: …"
                Err(GitHubError::Status {
                    status: 422,
                    message,
                    ..
                }) if message.to_ascii_lowercase().contains("commit") => {
                    return Err(PublishError::CommitGone(place.head.clone()));
                }
                Err(error) => return Err(error.into()),
            }
        };
        let record = self.write_down(place, external_id, &run).await?;
        self.store.set_cursor(&intent, "").await?;
        Ok(Run {
            record,
            html_url: run.html_url,
        })
    }

    /// A job before this one may have died between making a run and writing it down.
    async fn adopt_forgotten(&self, place: &Place, external_id: &str) -> Result<(), PublishError> {
        let intent = intent(place);
        let Some(meant) = self.store.cursor(&intent).await? else {
            return Ok(());
        };
        let Some((head, other)) = meant.split_once(' ') else {
            return Ok(());
        };
        let Some(head) = crate::github::CommitSha::parse(head).filter(|_| other != external_id)
        else {
            return Ok(());
        };
        let before = Place {
            head,
            ..place.clone()
        };
        let known = self
            .store
            .check_run_by_external_id(place.repository.id().0, other)
            .await?;
        if known.is_none() {
            match find(&before, other).await {
                Ok(Some(run)) => {
                    self.write_down(&before, other, &run).await?;
                }
                Ok(None) => {}
                // The older commit may be gone with everything on it.
                Err(PublishError::GitHub(error)) if matches!(error.status(), Some(404 | 422)) => {}
                Err(error) => return Err(error),
            }
        }
        self.store.set_cursor(&intent, "").await?;
        Ok(())
    }

    async fn write_down(
        &self,
        place: &Place,
        external_id: &str,
        run: &CheckRun,
    ) -> Result<CheckRunRecord, PublishError> {
        let record = CheckRunRecord {
            id: run.id,
            repository_id: place.repository.id().0,
            pull_number: place.pull.0,
            head_sha: place.head.to_string(),
            external_id: external_id.to_owned(),
            open: !run.is_completed(),
            conclusion: run.conclusion.clone(),
            // Of a run that was found: of which rendering, nobody knows any more.
            annotations_sent: u32::try_from(run.output.annotations_count).unwrap_or(u32::MAX),
            digest: None,
        };
        self.store.record_check_run(&record).await?;
        Ok(record)
    }

    /// Sends the annotations and ends the run. Answers the run that stands in the end: a new one,
    /// where the old one held annotations of another rendering.
    pub async fn complete(
        &self,
        place: &Place,
        run: Run,
        desired: &Desired,
        now: Timestamp,
        cancel: &CancellationToken,
    ) -> Result<Run, PublishError> {
        let wanted = rendering_digest(desired);
        let mut run = run;
        if run.record.digest.as_deref() == Some(&wanted) && !run.record.open {
            return Ok(run); // it stands already
        }
        let mut standing = self.standing(place, &run).await?;
        let other_rendering = run.record.digest.as_deref() != Some(&wanted);
        if (other_rendering && standing > 0) || !run.record.open {
            let external_id = format!("{}/{}", run.record.external_id, short(&wanted));
            let fresh = self.begin_as(place, &external_id, now, cancel).await?;
            self.end_superseded(place, &run, &fresh, now, cancel)
                .await?;
            run = fresh;
            if run.record.digest.as_deref() == Some(&wanted) && !run.record.open {
                return Ok(run);
            }
            standing = self.standing(place, &run).await?;
        }
        // Before the first annotation: what GitHub's count speaks of.
        if run.record.digest.as_deref() != Some(&wanted) {
            run.record.digest = Some(wanted);
            run.record.annotations_sent = standing as u32;
            self.store.record_check_run(&run.record).await?;
        }

        let annotations = &desired.check_run.annotations;
        let mut sent = standing.min(annotations.len());
        loop {
            unless_cancelled(cancel)?;
            let rest = annotations.get(sent..).unwrap_or_default();
            let batch = rest.get(..BATCH.min(rest.len())).unwrap_or_default();
            let is_last = batch.len() == rest.len();
            let change = change(desired, batch, is_last, now);
            self.update(place, &run, &change, sent, is_last).await?;
            sent += batch.len();
            run.record.annotations_sent = sent as u32;
            if is_last {
                run.record.open = false;
                run.record.conclusion = Some(desired.conclusion.as_str().to_owned());
            }
            self.store.record_check_run(&run.record).await?;
            if is_last {
                return Ok(run);
            }
        }
    }

    /// How many annotations GitHub has of a run.
    async fn standing(&self, place: &Place, run: &Run) -> Result<usize, PublishError> {
        if run.record.digest.is_none() {
            // Nothing was sent since it was made or found.
            return Ok(run.record.annotations_sent as usize);
        }
        let run = place.repository.check_run(run.record.id).await?;
        Ok(run.map_or(0, |run| run.output.annotations_count as usize))
    }

    /// One PATCH, looked after: `before` annotations stood there.
    async fn update(
        &self,
        place: &Place,
        run: &Run,
        change: &UpdateCheckRun<'_>,
        before: usize,
        completes: bool,
    ) -> Result<(), PublishError> {
        let batch = change.output.as_ref().map_or(0, |o| o.annotations.len());
        for round in 1.. {
            let error = match place
                .repository
                .update_check_run(run.record.id, change)
                .await
            {
                Ok(_) => return Ok(()),
                Err(error) if error.is_unclear() && round < ROUNDS => error,
                Err(error) => return Err(error.into()),
            };
            let Some(now) = place.repository.check_run(run.record.id).await? else {
                return Err(error.into());
            };
            let arrived = now.output.annotations_count as usize >= before + batch;
            if arrived && (!completes || now.is_completed()) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Ends the runs of older heads (and older runs of this one), with a link to the newer.
    pub async fn supersede_older(
        &self,
        place: &Place,
        newer: &Run,
        now: Timestamp,
        cancel: &CancellationToken,
    ) -> Result<(), PublishError> {
        let repository = place.repository.id().0;
        let open = self.store.open_check_runs(repository, place.pull.0).await?;
        for record in open.into_iter().filter(|r| r.id != newer.record.id) {
            let older = Run {
                record,
                html_url: None,
            };
            self.end_superseded(place, &older, newer, now, cancel)
                .await?;
        }
        Ok(())
    }

    async fn end_superseded(
        &self,
        place: &Place,
        older: &Run,
        newer: &Run,
        now: Timestamp,
        cancel: &CancellationToken,
    ) -> Result<(), PublishError> {
        if !older.record.open {
            return Ok(());
        }
        let short_head = place.head.short();
        let link = match &newer.html_url {
            Some(url) => format!("[the review of `{short_head}`]({url})"),
            None => format!("the review of `{short_head}`"),
        };
        let summary = format!("A newer review has taken the place of this one: see {link}.");
        let ending = Ending {
            conclusion: Conclusion::Cancelled,
            title: "A newer review has taken its place",
            summary: &summary,
        };
        self.end(
            &place.repository,
            older.record.clone(),
            &ending,
            now,
            cancel,
        )
        .await
    }

    /// Ends every open run of a pull request.
    pub async fn end_all(
        &self,
        repository: &Repository,
        pull: PullNumber,
        ending: &Ending<'_>,
        now: Timestamp,
        cancel: &CancellationToken,
    ) -> Result<(), PublishError> {
        for record in self
            .store
            .open_check_runs(repository.id().0, pull.0)
            .await?
        {
            self.end(repository, record, ending, now, cancel).await?;
        }
        Ok(())
    }

    /// Ends a run without a review. Sending it twice changes nothing.
    pub async fn end(
        &self,
        repository: &Repository,
        mut record: CheckRunRecord,
        ending: &Ending<'_>,
        now: Timestamp,
        cancel: &CancellationToken,
    ) -> Result<(), PublishError> {
        let change = UpdateCheckRun {
            status: Some(CheckStatus::Completed),
            conclusion: Some(ending.conclusion),
            completed_at: Some(now),
            details_url: None,
            output: Some(CheckOutput {
                title: ending.title,
                summary: ending.summary,
                text: None,
                annotations: &[],
            }),
            actions: &RERUN,
        };
        let mut round = 0;
        loop {
            round += 1;
            unless_cancelled(cancel)?;
            match repository.update_check_run(record.id, &change).await {
                Ok(_) => break,
                Err(error) if error.is_not_found() => {
                    self.store.forget_check_run(record.id).await?;
                    return Ok(());
                }
                Err(error) if error.is_unclear() && round < ROUNDS => {}
                Err(error) => return Err(error.into()),
            }
        }
        record.open = false;
        record.conclusion = Some(ending.conclusion.as_str().to_owned());
        self.store.record_check_run(&record).await?;
        Ok(())
    }
}

/// Our run with this external id on a head; the oldest, should there be several.
async fn find(place: &Place, external_id: &str) -> Result<Option<CheckRun>, PublishError> {
    let query = CheckRunQuery {
        head: &place.head,
        name: CHECK_NAME,
    };
    let runs: Result<Vec<CheckRun>, GitHubError> = place.repository.check_runs(query).await;
    Ok(runs?
        .into_iter()
        .filter(|run| run.external_id.as_deref() == Some(external_id))
        .min_by_key(|run| run.id))
}

fn change<'d>(
    desired: &'d Desired,
    batch: &'d [Annotation],
    is_last: bool,
    now: Timestamp,
) -> UpdateCheckRun<'d> {
    let report = &desired.check_run;
    let text = Some(report.text.as_str()).filter(|text| is_last && !text.is_empty());
    UpdateCheckRun {
        status: is_last.then_some(CheckStatus::Completed),
        conclusion: is_last.then_some(desired.conclusion),
        completed_at: is_last.then_some(now),
        details_url: desired.details_url.as_deref(),
        output: Some(CheckOutput {
            title: &report.title,
            summary: &report.summary,
            text,
            annotations: batch,
        }),
        actions: if is_last { &RERUN } else { &[] },
    }
}

fn rendering_digest(desired: &Desired) -> String {
    let report = &desired.check_run;
    let annotations = serde_json::to_string(&report.annotations).unwrap_or_default();
    let parts = [
        report.title.as_str(),
        &report.summary,
        &report.text,
        &annotations,
        desired.conclusion.as_str(),
    ];
    digest(parts.join("\0").as_bytes())
}

/// Name of the note that a run is being made.
fn intent(place: &Place) -> String {
    format!("making-check-run:{}:{}", place.repository.id(), place.pull)
}

fn short(digest: &str) -> &str {
    digest.get(..8).unwrap_or(digest)
}
