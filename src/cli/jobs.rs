//! `takehome jobs`: looks at the queue and tries again what was given up. Works beside a running
//! service, on its database.

use std::fmt::Write as _;

use clap::Subcommand;

use super::{Failure, Outcome, block_on, output};
use crate::settings::SettingsArgs;
use crate::store::{JobFilter, JobState, Store, StoredJob};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List jobs, newest first
    List {
        /// Only jobs in this state: ready, running, done, dead, superseded, cancelled
        #[arg(long, value_parser = state)]
        state: Option<JobState>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// `text` or `json`
        #[arg(long, default_value = "text", value_parser = ["text", "json"])]
        format: String,
    },
    /// Show all that is known of a job
    Show { id: i64 },
    /// Run a job again that was given up, or at once one that waits
    Retry { id: i64 },
    /// List the jobs that were given up
    Dead,
}

fn state(word: &str) -> Result<JobState, String> {
    JobState::of(word).ok_or_else(|| {
        let words: Vec<&str> = JobState::ALL.iter().map(|state| state.word()).collect();
        format!("it is one of {}", words.join(", "))
    })
}

pub(super) fn run(args: Args) -> Result<Outcome, Failure> {
    let url = args.settings.database().map_err(Failure::input)?;
    block_on(async {
        let store = super::open(&url).await?;
        let text = act(&store, &args.command).await;
        store.close().await;
        output::write(&text?, None)?;
        Ok(Outcome::Done)
    })
}

async fn act(store: &Store, command: &Command) -> Result<String, Failure> {
    match command {
        Command::List {
            state,
            limit,
            format,
        } => list(store, *state, *limit, format == "json").await,
        Command::Dead => list(store, Some(JobState::Dead), 1000, false).await,
        Command::Show { id } => {
            let job = store.job(*id).await.map_err(Failure::internal)?;
            let job = job.ok_or_else(|| no_job(*id))?;
            let json = serde_json::to_string_pretty(&job).map_err(Failure::internal)?;
            Ok(format!("{json}\n"))
        }
        Command::Retry { id } => {
            let was = store.retry(*id).await.map_err(Failure::internal)?;
            match was.ok_or_else(|| no_job(*id))? {
                JobState::Dead | JobState::Ready => {
                    let subject = format!("job {id}");
                    store
                        .audit("operator", "job.retried", &subject, "takehome jobs retry")
                        .await
                        .map_err(Failure::internal)?;
                    Ok(format!("job {id} runs as soon as a worker is free\n"))
                }
                JobState::Running => Err(Failure::usage(format_args!("job {id} is running"))),
                state => Err(Failure::usage(format_args!(
                    "job {id} is {}: there is nothing to try again. To review a pull request \
                     again, press \"Re-run\" on its check or comment `/takehome review`.",
                    state.word()
                ))),
            }
        }
    }
}

fn no_job(id: i64) -> Failure {
    Failure::usage(format_args!(
        "there is no job {id}; `takehome jobs list` shows those there are"
    ))
}

async fn list(
    store: &Store,
    state: Option<JobState>,
    at_most: u32,
    json: bool,
) -> Result<String, Failure> {
    let jobs = store
        .jobs(JobFilter { state, at_most })
        .await
        .map_err(Failure::internal)?;
    if json {
        let json = serde_json::to_string_pretty(&jobs).map_err(Failure::internal)?;
        return Ok(format!("{json}\n"));
    }
    if jobs.is_empty() {
        return Ok(match state {
            Some(state) => format!("no job is {}\n", state.word()),
            None => "there are no jobs\n".to_owned(),
        });
    }
    let mut text = String::new();
    for job in &jobs {
        let _ = writeln!(text, "{}", line(job));
    }
    Ok(text)
}

/// `12  dead        review    acme/orders#3  attempt 6/6  502 …`
fn line(job: &StoredJob) -> String {
    let place = match (&job.repository, job.pull_number) {
        (Some(name), Some(number)) => format!("{name}#{number}"),
        (Some(name), None) => name.clone(),
        (None, _) => format!("repository {}", job.repository_id),
    };
    let said = match job.state.as_str() {
        "dead" | "ready" => job.last_error.as_deref(),
        _ => job.note.as_deref(),
    };
    let time = jiff::Timestamp::from_millisecond(job.created_at)
        .map(|time| time.strftime("%F %T").to_string())
        .unwrap_or_default();
    format!(
        "{:>6}  {time}  {:<10}  {:<8}  {place}  attempt {}/{}  {}",
        job.id,
        job.state,
        job.kind,
        job.attempts,
        job.max_attempts,
        said.unwrap_or_default()
    )
    .trim_end()
    .to_owned()
}
