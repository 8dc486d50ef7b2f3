//! Runs the simulator alone, for looking at it and for tests in other languages.

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::Parser;
use github_simulator::{Contract, Limits, Options, Simulator};

/// A GitHub that runs on this machine: API, archive host and pages on ports of 127.0.0.1.
///
/// It starts empty; fill it by its admin API, below /_simulator on the address of the pages. It ends
/// with Ctrl-C and leaves nothing behind.
#[derive(Debug, Parser)]
#[command(name = "github-simulator", version)]
struct Arguments {
    /// Port of the API; 0 is any free one
    #[arg(long, default_value_t = 0)]
    api_port: u16,
    /// Port of the archive host; 0 is any free one
    #[arg(long, default_value_t = 0)]
    archive_port: u16,
    /// Port of the pages and the admin API; 0 is any free one
    #[arg(long, default_value_t = 0)]
    web_port: u16,
    /// Seed of tokens, GUIDs and random faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Id of the simulated App
    #[arg(long, default_value_t = 1_001)]
    app_id: u64,
    /// Secret that deliveries are signed with
    #[arg(
        long,
        env = "GITHUB_SIMULATOR_WEBHOOK_SECRET",
        default_value = "a-webhook-secret-of-the-simulator"
    )]
    webhook_secret: String,
    /// Where deliveries go
    #[arg(long)]
    hook_url: Option<String>,
    /// File for the App's private key (PEM), made new at every start
    #[arg(long)]
    private_key_out: Option<PathBuf>,
    /// GitHub's OpenAPI description; found in a folder "shared" where not given
    #[arg(long)]
    contract: Option<PathBuf>,
    /// Appends every exchange to this file, one JSON object a line
    #[arg(long)]
    transcript: Option<PathBuf>,
    /// No rate limits
    #[arg(long)]
    no_limits: bool,
}

fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let simulator = Simulator::start(Options {
        seed: arguments.seed,
        ports: [
            arguments.api_port,
            arguments.archive_port,
            arguments.web_port,
        ],
        app_id: arguments.app_id,
        webhook_secret: arguments.webhook_secret,
        hook_url: arguments.hook_url,
        contract: arguments.contract.map_or(Contract::Find, Contract::File),
        transcript: arguments.transcript,
        limits: if arguments.no_limits {
            Limits::none()
        } else {
            Limits::github()
        },
        ..Options::default()
    })?;
    if let Some(path) = &arguments.private_key_out {
        std::fs::write(path, simulator.app().private_key_pem)
            .with_context(|| format!("write the private key to {}", path.display()))?;
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "API      {}", simulator.api_url())?;
    writeln!(out, "archives {}", simulator.archive_url())?;
    writeln!(out, "pages    {}/", simulator.web_url())?;
    writeln!(out, "admin    {}/_simulator", simulator.web_url())?;
    writeln!(
        out,
        "App      {} (id {})",
        simulator.app().slug,
        simulator.app().id
    )?;
    match simulator.contract() {
        Some(file) => writeln!(out, "contract {}", file.display())?,
        None => writeln!(
            out,
            "contract none found: requests are not held against GitHub's description"
        )?,
    }
    out.flush()?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(tokio::signal::ctrl_c())?;
    drop(simulator);
    Ok(())
}
