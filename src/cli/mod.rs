//! The command line: parses arguments, calls the rooms, prints. Holds no logic.
//!
//! One file per command, each with an `Args` and a `run` that answers [`Outcome`] or [`Failure`].
//! A new command is a file here and a line in [`Command`] and in [`dispatch`].

mod checks;
mod config;
mod demo;
mod doctor;
mod explain;
mod facts;
mod jobs;
mod output;
mod replay;
mod review;
mod schema;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Stack of the main thread and of every thread that analyses, in bytes. Deeply nested sources cost
/// stack in proportion to their depth, which the parser bounds; 16 MiB holds the bound in a debug
/// build several times over.
pub const STACK_BYTES: usize = 16 << 20;

/// The command did what it was asked to.
pub const DONE: u8 = 0;
/// There are findings at or above `--fail-on`.
pub const FINDINGS: u8 = 1;
/// Wrong usage or input: the person at the keyboard can put it right.
pub const WRONG_INPUT: u8 = 2;
/// Our own fault, or the machine's.
pub const INTERNAL_ERROR: u8 = 3;

/// Reviews Django REST Framework take-home pull requests without running them.
#[derive(Debug, Parser)]
#[command(
    name = "takehome",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 findings at or above --fail-on, 2 wrong usage or input, 3 internal error."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Review a checkout or folder on this machine
    Review(review::Args),
    /// Try it all on this machine: a simulated GitHub, the service, two candidates
    Demo(demo::Args),
    /// Print the page of a check: what it finds, why it matters, examples, a question to ask
    Explain(explain::Args),
    /// List the checks
    Checks(checks::Args),
    /// Show what is understood about a project: settings, models, serializers, routes
    Facts(facts::Args),
    /// Check rules files, and see which value comes from where
    Config(config::Args),
    /// API descriptions: infer one from the source, or say what changed between two
    Schema(schema::Args),
    /// Run the service
    Serve(serve::Args),
    /// Look at everything the service needs and say what is wrong
    Doctor(doctor::Args),
    /// Send a recorded delivery to the service again, or run the kept input of an analysis
    Replay(replay::Args),
    /// Look at the queue of the service
    Jobs(jobs::Args),
    /// The process that analyses one review
    #[command(name = crate::worker::process::COMMAND, hide = true)]
    AnalyseWorker(crate::worker::cell::CellArgs),
}

/// How a command that worked ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Findings at or above `--fail-on`.
    Findings,
}

/// Why a command did not work.
#[derive(Debug)]
pub enum Failure {
    /// Wrong usage or input.
    Input(anyhow::Error),
    Internal(anyhow::Error),
}

impl Failure {
    /// Wrong usage or input; the text says what was wrong, where, and what to do.
    pub fn input(error: impl Into<anyhow::Error>) -> Self {
        Self::Input(error.into())
    }

    /// Wrong usage or input, in one sentence.
    pub fn usage(message: impl std::fmt::Display) -> Self {
        Self::Input(anyhow::anyhow!("{message}"))
    }

    pub fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// Parses the process's arguments, runs the command and tells what went wrong on stderr.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` are errors of clap's that go to stdout and end well.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() {
                WRONG_INPUT
            } else {
                DONE
            });
        }
    };
    // Shuts itself off before it makes a thread.
    if let Command::AnalyseWorker(args) = cli.command {
        return crate::worker::cell::main(args);
    }
    // Analysis runs on rayon's threads; there is one pool and this is the first to ask for it.
    let _ = rayon::ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .build_global();
    ExitCode::from(match dispatch(cli.command) {
        Ok(Outcome::Done) => DONE,
        Ok(Outcome::Findings) => FINDINGS,
        Err(failure) => {
            if output::is_broken_pipe(&failure) {
                return ExitCode::from(DONE);
            }
            output::tell(&failure);
            match failure {
                Failure::Input(_) => WRONG_INPUT,
                Failure::Internal(_) => INTERNAL_ERROR,
            }
        }
    })
}

fn dispatch(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Review(args) => review::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Facts(args) => facts::run(&args),
        Command::Checks(args) => checks::run(&args),
        Command::Config(args) => config::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Serve(args) => serve::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Jobs(args) => jobs::run(args),
        Command::AnalyseWorker(_) => Ok(Outcome::Done),
    }
}

/// Makes the one implementation of TLS that is linked known to the libraries that want to choose.
pub(crate) fn trust_certificates() {
    // Fails only where it was done before.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Opens the service's database for a command beside it.
async fn open(url: &secrecy::SecretString) -> Result<crate::store::Store, Failure> {
    use secrecy::ExposeSecret as _;
    crate::store::Store::connect(
        url.expose_secret(),
        crate::store::QueueRules::default(),
        std::sync::Arc::new(crate::store::SystemClock),
    )
    .await
    .map_err(Failure::input)
}

/// Runs an asynchronous command to its end.
///
/// # Errors
/// Where the machine gives no threads.
pub fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(Failure::internal)?
        .block_on(future)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_commands_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
