//! A GitHub that runs on this machine: for takehome's tests and its demo.
//!
//! Real sockets (API, archive host and pages on ports of their own), real bare git repositories, the
//! App's JWT verified, tokens that expire, permissions, rate limits, GitHub's limits in GitHub's own
//! words, events that follow from what changes, signed deliveries, and [faults](Fault) on demand.
//! Every request is held against GitHub's OpenAPI description where that is at hand
//! ([`Simulator::contract`]); [`Simulator::violations`] must be empty at the end of a test.
//!
//! It is no GitHub Enterprise, has no GraphQL, no user tokens and no Actions; `README.md` beside this
//! crate says what is simulated, what is not, and every fault by its name.
//!
//! ```
//! use github_simulator::{Fault, Options, Simulator, files};
//!
//! # fn main() -> github_simulator::Result<()> {
//! let github = Simulator::start(Options::default())?;
//! github.create_org("acme")?;
//! github.create_user("ada")?;
//! github.install("acme")?;
//! let repo = github.create_repo("acme", "notes", files([("README.md", "# Notes\n")]))?;
//!
//! // Where the program under test listens; without it, deliveries fail as if it were down.
//! // github.set_hook_url("http://127.0.0.1:3000/webhooks/github");
//!
//! // The first check run is made, but the answer is lost on its way.
//! github.faults().fail("POST", "/repos/*/*/check-runs", 1, Fault::LostAnswer);
//!
//! let changes = files([("notes/models.py", "class Note: ...\n")]);
//! let number = github.fork_pull_request(repo.id, "ada", "Add notes", "My solution", "solution", changes)?;
//! let pull = github.pull_request(repo.id, number)?;
//!
//! // … the program under test works …
//! assert!(github.check_runs(repo.id, &pull.head_sha).is_empty());
//! assert!(github.violations().is_empty());
//! # Ok(())
//! # }
//! ```

#![recursion_limit = "256"] // the JSON of a pull request is one long macro call

mod api;
mod archive;
mod clock;
mod contract;
mod deliveries;
mod error;
mod events;
mod faults;
mod files;
mod git;
mod http;
mod keys;
mod limits;
mod options;
mod render;
mod rng;
mod shared;
mod simulator;
mod transcript;
mod web;
mod world;

pub use crate::http::Host;
pub use deliveries::Delivery;
pub use error::{Error, Result};
pub use faults::{DeliveryFault, DeliveryRule, Fault, Random, Rule};
pub use files::{File, Files, files, files_in};
pub use options::{Contract, Limits, Options};
pub use simulator::{
    AppIdentity, CheckRun, Comment, Faults, NewPullRequest, NewRepository, PullRequest, Repo,
    Selection, Simulator,
};
pub use transcript::{Exchange, Violation};
pub use world::Annotation;
