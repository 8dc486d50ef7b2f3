//! `takehome facts PATH`: what was understood about a project, without opinions; for people who
//! wonder why a check spoke or was silent.

use std::path::PathBuf;
use std::sync::Arc;

use takehome_checks::facts::{Facts, render_text, view};

use super::{Failure, Outcome, output};
use crate::report::escape;
use crate::snapshot;

/// Characters shown of one line.
const MAX_CHARS: usize = 2000;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A git checkout, a folder inside one, or a plain folder
    path: PathBuf,
    /// Revision to read; without it, the working tree as it stands
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let checkout =
        snapshot::read_checkout(&args.path, None, args.rev.as_deref()).map_err(Failure::input)?;
    let tree = Arc::new(checkout.head);
    // On a thread of the pool: those have the stack that parsing wants.
    let (facts, ()) = rayon::join(|| Facts::of(tree), || ());
    let text = match args.format {
        Format::Text => render_text(&facts)
            .lines()
            .map(|line| escape::source_line(line, MAX_CHARS) + "\n")
            .collect(),
        Format::Json => {
            serde_json::to_string_pretty(&view(&facts)).map_err(Failure::internal)? + "\n"
        }
    };
    output::write(&text, None)?;
    Ok(Outcome::Done)
}
