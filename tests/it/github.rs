//! The GitHub client on the wire, against a server that follows a script.

mod key;
mod large_trees;
mod limits;
mod names_and_pages;
mod repeats;
mod script;
mod tokens;

pub(crate) use script::PEM;
