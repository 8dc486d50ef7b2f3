//! takehome: reviews take-home pull requests written in Django REST Framework, without running them.
//!
//! The way of one event is in `ARCHITECTURE.md`: [`webhook`] → [`store`] → [`worker`] → [`review`]
//! (with [`snapshot`], [`config`] and the pure crate `takehome-checks`) → [`rubric`] → [`report`] →
//! [`publish`]; [`web`] shows people what happened, [`cli`] starts it all.

pub mod cli;
pub mod config;
pub mod demo;
pub mod github;
pub mod logging;
pub mod publish;
pub mod report;
pub mod review;
pub mod rubric;
pub mod service;
pub mod settings;
pub mod snapshot;
pub mod store;
pub mod web;
pub mod webhook;
pub mod worker;
