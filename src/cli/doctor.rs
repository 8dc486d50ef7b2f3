//! `takehome doctor`: looks at everything the service needs and says what is wrong, all at once.
//! Changes nothing, except that a new database gets its tables.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{Failure, Outcome, block_on, output};
use crate::settings::{Settings, SettingsArgs};
use crate::web::health::app_warnings;
use crate::web::metrics::Metrics;
use crate::worker::GitHubRecovery;
use crate::{github, service};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    settings: SettingsArgs,
}

/// What was looked at, and what was wrong.
#[derive(Default)]
struct Findings {
    text: String,
    wrong: u32,
}

impl Findings {
    fn good(&mut self, what: impl std::fmt::Display) {
        let _ = writeln!(self.text, "ok     {what}");
    }

    fn wrong(&mut self, what: impl std::fmt::Display) {
        self.wrong += 1;
        let _ = writeln!(self.text, "wrong  {what}");
    }

    fn note(&mut self, what: impl std::fmt::Display) {
        let _ = writeln!(self.text, "note   {what}");
    }
}

pub(super) fn run(args: Args) -> Result<Outcome, Failure> {
    let mut findings = Findings::default();
    match args.settings.resolve() {
        Ok(settings) => block_on(async {
            super::trust_certificates();
            look(&settings, &mut findings).await;
            Ok(())
        })?,
        Err(error) => {
            for problem in &error.0 {
                findings.wrong(problem);
            }
        }
    }
    output::write(&findings.text, None)?;
    if findings.wrong > 0 {
        return Err(Failure::usage(format_args!(
            "{} of these must be put right before the service can work",
            findings.wrong
        )));
    }
    Ok(Outcome::Done)
}

async fn look(settings: &Settings, findings: &mut Findings) {
    findings.good("settings");
    match service::open_store(settings).await {
        Ok(store) => {
            findings.good(format_args!("database: {}", store.database()));
            match store.queue_stats().await {
                Ok(stats) => findings.note(format_args!(
                    "jobs: {} ready, {} running, {} given up",
                    stats.ready, stats.running, stats.dead
                )),
                Err(error) => findings.wrong(error),
            }
            store.close().await;
        }
        Err(error) => findings.wrong(error),
    }
    match service::github_app(settings) {
        Ok(app) => ask_github(app, findings).await,
        Err(error) => findings.wrong(error),
    }
    let analyser = service::analyser(settings, &Arc::new(Metrics::default()));
    match analyser.probe().await {
        Ok(missing) if missing.is_empty() => {
            findings
                .good("analysis: a process of its own, shut off by limits, Landlock and seccomp");
        }
        Ok(missing) => missing.iter().for_each(|what| findings.note(what)),
        Err(death) => findings.wrong(format_args!("analysis: the process died: {death}")),
    }
    if settings.public_url.is_none() {
        findings.note("TAKEHOME_PUBLIC_URL is not set: reviews at GitHub link to no page of ours");
    }
}

async fn ask_github(app: Arc<github::App>, findings: &mut Findings) {
    let recovery: &dyn GitHubRecovery = &app;
    match recovery.identity().await {
        Ok(identity) => {
            findings.good(format_args!(
                "GitHub knows the App: {} (id {})",
                identity.slug, identity.id
            ));
            for warning in app_warnings(&identity) {
                findings.wrong(warning);
            }
        }
        Err(error) => {
            findings.wrong(format_args!("GitHub: {error}"));
            return;
        }
    }
    match recovery.installations().await {
        Ok(installations) if installations.is_empty() => {
            findings.note("the App is installed nowhere yet");
        }
        Ok(installations) => {
            for installation in installations {
                let suspended = if installation.suspended {
                    ", suspended"
                } else {
                    ""
                };
                findings.good(format_args!(
                    "installed at {} (id {}{suspended})",
                    installation.account, installation.id
                ));
            }
        }
        Err(error) => findings.wrong(format_args!("GitHub: {error}")),
    }
}
