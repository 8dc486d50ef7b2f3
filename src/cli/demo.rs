//! `takehome demo`: a GitHub on this machine, the service, two candidates, their reviews.
//!
//! The whole way is real: events are signed and delivered over HTTP, stored, reviewed, published.
//! Only GitHub is simulated. Nothing leaves the machine, and nothing stays on it.

use std::time::{Duration, Instant};

use github_simulator::{CheckRun, Limits, Options, PullRequest, Simulator, files};
use takehome_checks::source::Tree;
use tokio::net::TcpListener;

use super::{Failure, Outcome, output};
use crate::demo::{CANDIDATES, Candidate, RULES, STARTER};
use crate::report::{self, Review};
use crate::service::{self, Service};
use crate::settings::SettingsArgs;
use crate::web::pages::{self, Pages, ReviewAccess};

/// Login of the sample organisation.
const ORGANISATION: &str = "kestrel-goods";
/// Its assignment.
const ASSIGNMENT: &str = "orders-assignment";
/// Both reviews take a second or two; a machine under load may take longer.
const PATIENCE: Duration = Duration::from_mins(2);
/// Between two looks at whether the reviews are there.
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// End once both reviews stand and were looked at: exit code 0, or 3 if anything is missing
    #[arg(long)]
    once: bool,
    /// Port of the service; without it 3000, or any free one where that is taken
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    super::block_on(demo(args))
}

async fn demo(args: &Args) -> Result<Outcome, Failure> {
    super::trust_certificates();
    output::progress(format_args!("Starting a GitHub on this machine …"));
    let github = Simulator::start(Options {
        limits: Limits::none(),
        ..Options::default()
    })
    .map_err(Failure::internal)?;
    let folder = tempfile::tempdir()?;
    let service = serve(args, &github, folder.path()).await?;
    let address = format!("http://{}", service.address());
    github.set_hook_url(format!("{address}/webhooks/github"));

    output::progress(format_args!("Two candidates open pull requests …"));
    let pulls = open(&github).map_err(Failure::internal)?;
    let shown = show(&github, &service, &pulls, &address).await;
    if shown.is_ok() && !args.once {
        output::write("\nCtrl-C ends the demo.\n", None)?;
        tokio::signal::ctrl_c().await?;
    }
    service.stop();
    service.stopped().await;
    shown.map(|()| Outcome::Done)
}

/// The service, as `takehome serve` starts it, with the settings that lead to the simulator.
async fn serve(
    args: &Args,
    github: &Simulator,
    folder: &std::path::Path,
) -> Result<Service, Failure> {
    let app = github.app();
    let listen = free_address(args.port).await?;
    let settings = SettingsArgs {
        public_url: Some(format!("http://{listen}")),
        listen: Some(listen),
        data_dir: Some(folder.display().to_string()),
        github_app_id: Some(app.id.to_string()),
        github_private_key: Some(app.private_key_pem.clone()),
        github_api_url: Some(github.api_url().to_owned()),
        github_write_pause_ms: Some("0".to_owned()),
        webhook_secret: Some(app.webhook_secret.clone()),
        burst_seconds: Some("0".to_owned()),
        ..SettingsArgs::default()
    }
    .resolve()
    .map_err(Failure::internal)?;
    let store = service::open_store(&settings)
        .await
        .map_err(Failure::internal)?;
    let mut parts = service::real_parts(&settings, &store).map_err(Failure::internal)?;
    parts.pages = pages::routes(Pages {
        store: store.clone(),
        // It listens on this machine only, and the candidates are ours.
        reviews: ReviewAccess::Open,
    });
    service::start(&settings, store, parts)
        .await
        .map_err(Failure::internal)
}

/// An address of this machine: the service must know it before it listens, for its links.
async fn free_address(port: Option<u16>) -> Result<String, Failure> {
    let wanted = TcpListener::bind(("127.0.0.1", port.unwrap_or(3000))).await;
    let listener = match (wanted, port) {
        (Ok(listener), _) => listener,
        (Err(_), None) => TcpListener::bind(("127.0.0.1", 0)).await?,
        (Err(error), Some(port)) => {
            return Err(Failure::usage(format_args!(
                "port {port} cannot be used: {error}; name another with --port, or leave it out"
            )));
        }
    };
    Ok(listener.local_addr()?.to_string())
}

/// The organisation with its rules and assignment, and the candidates' pull requests.
fn open(github: &Simulator) -> github_simulator::Result<Vec<(Candidate, PullRequest)>> {
    github.create_org(ORGANISATION)?;
    github.create_repo(ORGANISATION, ".github", files([("takehome.yml", RULES)]))?;
    let assignment =
        github.create_repo(ORGANISATION, ASSIGNMENT, files(STARTER.iter().copied()))?;
    github.install(ORGANISATION)?;
    let mut pulls = Vec::new();
    for candidate in CANDIDATES {
        github.create_user(candidate.login)?;
        github.set_collaborator(assignment.id, candidate.login, "read")?;
        let number = github.fork_pull_request(
            assignment.id,
            candidate.login,
            candidate.title,
            candidate.body,
            candidate.branch,
            files(candidate.files.iter().copied()),
        )?;
        pulls.push((candidate, github.pull_request(assignment.id, number)?));
    }
    Ok(pulls)
}

/// Waits for the reviews, prints them and where to look at them, and checks that all is there.
async fn show(
    github: &Simulator,
    service: &Service,
    pulls: &[(Candidate, PullRequest)],
    address: &str,
) -> Result<(), Failure> {
    let mut addresses = String::from("\nLook at it in a browser:\n");
    for (candidate, pull) in pulls {
        let run = finished(github, pull).await?;
        let (id, review) = saved(service, pull).await?;
        let tree = Tree::of_texts(
            STARTER
                .iter()
                .filter(|(path, _)| !candidate.files.iter().any(|(own, _)| own == path))
                .chain(candidate.files)
                .copied(),
        );
        output::write(
            &format!(
                "\u{1b}[1m━━ {ORGANISATION}/{ASSIGNMENT}#{} {} ({})\u{1b}[0m\n\n{}\n\
                 Check run: {}, {} beside the code\n\n",
                pull.number,
                candidate.title,
                candidate.login,
                report::text::text(&review, Some(&tree)),
                run.title.as_deref().unwrap_or("without title"),
                report::words::count(run.annotations.len(), "note", "notes"),
            ),
            None,
        )?;
        addresses.push_str(&format!(
            "  pull request {}   {}\n  reviewers' page  {address}/reviews/{id}\n",
            pull.number, pull.html_url
        ));
    }
    for (what, path) in [
        ("all reviews", "/reviews"),
        ("checks", "/checks"),
        ("health", "/healthz"),
    ] {
        let url = format!("{address}{path}");
        answers(&url).await?;
        addresses.push_str(&format!("  {what:<16} {url}\n"));
    }
    for (_, pull) in pulls {
        answers(&pull.html_url).await?;
    }
    if let Some(violation) = github.violations().first() {
        return Err(missing(format!(
            "a request to GitHub was not as GitHub's description asks: {violation:?}"
        )));
    }
    output::write(&addresses, None)
}

/// The check run of this pull request once it is completed and the comment stands too.
async fn finished(github: &Simulator, pull: &PullRequest) -> Result<CheckRun, Failure> {
    let end = Instant::now() + PATIENCE;
    loop {
        let runs = github.check_runs(pull.repo, &pull.head_sha);
        let comments = github.comments(pull.repo, pull.number);
        if let [run] = runs.as_slice()
            && run.status == "completed"
            && comments.iter().any(|comment| comment.by_app)
        {
            return match run.conclusion.as_deref() {
                Some("neutral") if run.summary.as_ref().is_some_and(|s| !s.is_empty()) => {
                    Ok(run.clone())
                }
                conclusion => Err(missing(format!(
                    "the check run of pull request {} ended as {conclusion:?}: {:?}",
                    pull.number, run.title
                ))),
            };
        }
        if Instant::now() > end {
            return Err(missing(format!(
                "after {} s pull request {} has {} and {}",
                PATIENCE.as_secs(),
                pull.number,
                report::words::count(runs.len(), "check run", "check runs"),
                report::words::count(comments.len(), "comment", "comments"),
            )));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The saved review of a pull request, and its number in the store.
async fn saved(service: &Service, pull: &PullRequest) -> Result<(i64, Review), Failure> {
    let stored = service
        .store()
        .latest_review(pull.repo, pull.number)
        .await
        .map_err(Failure::internal)?
        .ok_or_else(|| {
            missing(format!(
                "no review of pull request {} was saved",
                pull.number
            ))
        })?;
    let review = serde_json::from_str(&stored.result).map_err(Failure::internal)?;
    Ok((stored.id, review))
}

/// A page must be there.
async fn answers(url: &str) -> Result<(), Failure> {
    let answer = reqwest::get(url).await.map_err(Failure::internal)?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(missing(format!("{url} answers {status}"))),
    }
}

fn missing(what: String) -> Failure {
    Failure::Internal(anyhow::anyhow!("{what}"))
}
