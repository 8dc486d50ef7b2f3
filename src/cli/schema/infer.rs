//! `takehome schema infer PATH`: the OpenAPI document that drf-spectacular would write, from the
//! source alone.
//!
//! What is missing or assumed goes to stderr, the document to stdout or a file.

use std::path::PathBuf;
use std::sync::Arc;

use takehome_checks::facts::Facts;
use takehome_checks::openapi::infer::{self, Engine, Given, print};

use crate::cli::{Failure, Outcome, output};
use crate::report::escape;
use crate::snapshot;

/// Characters shown of one note.
const MAX_CHARS: usize = 500;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A git checkout, a folder inside one, or a plain folder
    path: PathBuf,
    /// Revision to read; without it, the working tree as it stands
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Settings module that stands for the project, such as config.settings.local
    #[arg(long, value_name = "MODULE")]
    settings: Option<String>,
    /// Database engine, which decides the bounds of integers (default: that of the settings)
    #[arg(long, value_enum)]
    database: Option<Database>,
    /// Version of Django (default: that of the requirements)
    #[arg(long, value_name = "VERSION", value_parser = major)]
    django: Option<u32>,
    /// Mark what is assumed or unknown (`x-certainty`)
    #[arg(long)]
    certainty: bool,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    #[default]
    Yaml,
    Json,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Database {
    Sqlite,
    Postgresql,
    Mysql,
    Oracle,
}

impl From<Database> for Engine {
    fn from(database: Database) -> Self {
        match database {
            Database::Sqlite => Self::Sqlite,
            Database::Postgresql => Self::Postgresql,
            Database::Mysql => Self::Mysql,
            Database::Oracle => Self::Oracle,
        }
    }
}

/// `4.2`, `5`: the first number counts.
fn major(text: &str) -> Result<u32, String> {
    text.split('.')
        .next()
        .and_then(|first| first.parse().ok())
        .ok_or_else(|| "expected a version like 4.2 or 5".to_owned())
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let checkout =
        snapshot::read_checkout(&args.path, None, args.rev.as_deref()).map_err(Failure::input)?;
    let tree = Arc::new(checkout.head);
    let given = Given {
        engine: args.database.map(Into::into),
        django: args.django,
    };
    // On a thread of the pool: those have the stack that parsing wants.
    let (facts, ()) = rayon::join(
        || Facts::with_settings(tree, args.settings.as_deref()),
        || (),
    );
    if let Some(module) = &args.settings
        && !is_chosen(&facts, module)
    {
        let names: Vec<&str> = facts
            .django
            .settings()
            .profiles()
            .iter()
            .map(|p| &*p.name)
            .collect();
        return Err(Failure::usage(format_args!(
            "--settings {module}: there is no such settings module; found: {}",
            if names.is_empty() {
                "none".to_owned()
            } else {
                escape::visible(&names.join(", "), MAX_CHARS)
            }
        )));
    }
    let inferred = infer::infer(&facts, given);
    for note in &inferred.notes {
        output::note(&format!("note: {}\n", escape::visible(note, MAX_CHARS)));
    }
    let share = inferred.share;
    output::note(&format!(
        "certain: {} % of {} parts ({} assumed, {} unknown)\n",
        share.percent(),
        share.all(),
        share.assumed,
        share.unknown
    ));
    let text = match args.format {
        Format::Yaml => print::yaml(&inferred.document, args.certainty),
        Format::Json => print::json(&inferred.document, args.certainty),
    };
    output::write(&text, args.output.as_deref())?;
    Ok(Outcome::Done)
}

/// Whether the settings that stand for the project are those that were asked for.
fn is_chosen(facts: &Facts, module: &str) -> bool {
    facts.django.settings().prod().is_some_and(|profile| {
        let path = &facts.tree.file(profile.file).path;
        let tail = module.replace('.', "/");
        *profile.name == *module
            || **path == *module
            || [format!("{tail}.py"), format!("{tail}/__init__.py")]
                .iter()
                .any(|end| **path == **end || path.ends_with(&format!("/{end}")))
    })
}
