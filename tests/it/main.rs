//! Tests of the whole program through its public doors, one module per part.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that fails says where"
)]

mod binary;
mod cli;
mod config;
mod config_command;
#[cfg(target_os = "linux")]
mod crash;
mod databases;
mod demo;
mod fakes;
mod github;
mod load;
#[cfg(target_os = "linux")]
mod organisation;
mod pages;
mod process;
mod queue;
mod review;
mod rubric;
mod schema_diff;
mod schema_infer;
#[cfg(target_os = "linux")]
mod served;
#[cfg(target_os = "linux")]
mod service;
mod shared;
mod snapshot;
mod soak;
mod store;
mod webhook;
mod worker;
