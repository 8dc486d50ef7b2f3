//! `takehome config`: problems of rules files with line and column, and where each value comes from.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{Failure, Outcome, output};
use crate::config::{Explained, Problem, Source, Weight, explain, load, render};

/// Bytes of a file that are read; a rules file is refused long before.
const MAX_BYTES: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell every problem of rules files, with line and column
    Check(CheckArgs),
    /// Print every effective value and where it comes from
    Explain(ExplainArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// Files to check
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check the files as those of repositories under this organisation's file
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct ExplainArgs {
    /// Only this key and what is below it, such as `publish` or `rubric.competencies.C03`
    key: Option<String>,
    /// The organisation's file
    #[arg(long, value_name = "FILE")]
    organisation: Option<PathBuf>,
    /// The file on the base branch of a repository
    #[arg(long, value_name = "FILE")]
    repository: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Check(args) => check(args),
        Command::Explain(args) => show(args),
    }
}

fn check(args: &CheckArgs) -> Result<Outcome, Failure> {
    let organisation = args.organisation.as_deref().map(source).transpose()?;
    let mut text = String::new();
    let mut errors = 0;
    for file in &args.files {
        let file = source(file)?;
        let mut problems = match &organisation {
            Some(above) => load(Some(above), Some(&file), None).problems,
            None => load(Some(&file), None, None).problems,
        };
        problems.retain(|problem| problem.file == file.name);
        errors += count_errors(&problems);
        if problems.is_empty() {
            text.push_str(&format!("{}: no problem\n", file.name));
        }
        text.push_str(&render(&problems, &[&file], true));
    }
    output::write(&text, None)?;
    finish(errors)
}

fn show(args: &ExplainArgs) -> Result<Outcome, Failure> {
    let organisation = args.organisation.as_deref().map(source).transpose()?;
    let repository = args.repository.as_deref().map(source).transpose()?;
    let loaded = load(organisation.as_ref(), repository.as_ref(), None);
    let mut values = explain(&loaded);
    if let Some(key) = &args.key {
        let below = format!("{key}.");
        values.retain(|value| value.key == *key || value.key.starts_with(&below));
        if values.is_empty() {
            return Err(Failure::usage(format_args!(
                "there is no key `{key}`. `takehome config explain` lists them all."
            )));
        }
    }
    let text = match args.format {
        Format::Json => format!(
            "{:#}\n",
            serde_json::json!({ "hash": loaded.hash, "values": values })
        ),
        Format::Text => {
            let lines: Vec<String> = values.iter().map(Explained::to_string).collect();
            format!("# rules {}\n{}\n", loaded.hash, lines.join("\n"))
        }
    };
    output::write(&text, None)?;
    let sources: Vec<&Source> = organisation.iter().chain(&repository).collect();
    refuse_errors(&loaded.problems, &sources)?;
    Ok(Outcome::Done)
}

/// Reads a rules file.
///
/// # Errors
/// It cannot be read.
pub(super) fn source(path: &Path) -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|error| {
            Failure::usage(format_args!("{} cannot be read: {error}", path.display()))
        })?;
    Ok(Source::new(path.display().to_string(), bytes))
}

/// Shows the problems where one of them is an error.
///
/// # Errors
/// Wrong input, after the problems were shown.
pub(super) fn refuse_errors(problems: &[Problem], sources: &[&Source]) -> Result<(), Failure> {
    let errors = count_errors(problems);
    if errors > 0 {
        output::note(&render(problems, sources, true));
    }
    finish(errors).map(|_| ())
}

fn count_errors(problems: &[Problem]) -> usize {
    let errors = problems.iter().filter(|p| p.weight == Weight::Error);
    errors.count()
}

fn finish(errors: usize) -> Result<Outcome, Failure> {
    match errors {
        0 => Ok(Outcome::Done),
        1 => Err(Failure::usage("the rules have one problem")),
        n => Err(Failure::usage(format_args!("the rules have {n} problems"))),
    }
}
