//! `takehome schema`: API descriptions on this machine, compared; and inferred ([`infer`]).

mod infer;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use takehome_checks::openapi::{self, Api, Date, Files, MAX_BYTES, Options, Stability as Level};

use super::{Failure, Outcome, output};
use crate::report;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say what changed between two OpenAPI files, breaking changes first
    Diff(DiffArgs),
    /// Write the OpenAPI document that drf-spectacular would write, from the source alone
    Infer(infer::Args),
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Markdown,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Stability {
    Draft,
    Alpha,
    #[default]
    Beta,
    Stable,
}

impl From<Stability> for Level {
    fn from(level: Stability) -> Self {
        match level {
            Stability::Draft => Self::Draft,
            Stability::Alpha => Self::Alpha,
            Stability::Beta => Self::Beta,
            Stability::Stable => Self::Stable,
        }
    }
}

#[derive(Debug, clap::Args)]
struct DiffArgs {
    /// The older description (OpenAPI 3.0 or 3.1, YAML or JSON)
    #[arg(value_name = "BASE", required_unless_present = "composed")]
    first: Option<PathBuf>,
    /// The newer description
    #[arg(value_name = "REVISION", required_unless_present = "composed")]
    second: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// One change per operation, schemas as they are written: oasdiff's view
    #[arg(long)]
    per_operation: bool,
    /// Lowest `x-stability-level` that is looked at
    #[arg(long, value_enum, default_value_t)]
    stability_level: Stability,
    /// Least days between deprecation and sunset, for stability beta
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    deprecation_days_beta: u32,
    /// Least days between deprecation and sunset, for stability stable
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    deprecation_days_stable: u32,
    /// The day that sunset dates are compared with (default: today)
    #[arg(long, value_name = "YYYY-MM-DD")]
    today: Option<String>,
    /// Do not pair an inline schema with an equal `$ref` in `oneOf` and `anyOf`
    #[arg(long)]
    no_match_inline_refs: bool,
    /// Also say whether `info.version` fits the changes
    #[arg(long)]
    versioning_policy: bool,
    /// Each side is several files, each with a part of the paths; name them with --base and
    /// --revision
    #[arg(long, requires = "base", requires = "revision", conflicts_with_all = ["first", "second"])]
    composed: bool,
    /// A file of the older side, with --composed
    #[arg(long, value_name = "FILE", requires = "composed", num_args = 1..)]
    base: Vec<PathBuf>,
    /// A file of the newer side, with --composed
    #[arg(long, value_name = "FILE", requires = "composed", num_args = 1..)]
    revision: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    match &args.command {
        Command::Diff(args) => diff(args),
        Command::Infer(args) => infer::run(args),
    }
}

fn diff(args: &DiffArgs) -> Result<Outcome, Failure> {
    let today = match &args.today {
        Some(text) => Date::parse(text).ok_or_else(|| {
            Failure::usage(format_args!(
                "--today {text}: expected a day like 2026-08-10"
            ))
        })?,
        None => {
            let now = now();
            Date::parse(&now)
                .ok_or_else(|| Failure::usage("the clock gives no date; use --today"))?
        }
    };
    let options = Options {
        per_operation: args.per_operation,
        stability: args.stability_level.into(),
        deprecation_days_beta: i64::from(args.deprecation_days_beta),
        deprecation_days_stable: i64::from(args.deprecation_days_stable),
        today: Some(today),
        match_inline_refs: !args.no_match_inline_refs,
        versioning_policy: args.versioning_policy,
    };
    let side = |one: &Option<PathBuf>, several: &[PathBuf]| -> Vec<PathBuf> {
        one.iter().chain(several).cloned().collect()
    };
    let (base, revision) = rayon::join(
        || read_all(&side(&args.first, &args.base)),
        || read_all(&side(&args.second, &args.revision)),
    );
    let (base, revision) = (base?, revision?);
    for api in [&base, &revision] {
        for problem in &api.problems {
            output::note(&format!(
                "note: {}:{}:{}: {}\n",
                report::escape::visible(&problem.path, 300),
                problem.at.line,
                problem.at.column,
                report::escape::visible(&problem.message, 500)
            ));
        }
    }
    let changes = openapi::diff(&base, &revision, &options);
    let text = match args.format {
        Format::Text => report::schema::text(&changes),
        Format::Json => report::schema::json(&changes),
        Format::Markdown => report::schema::markdown(&changes),
    };
    output::write(&text, None)?;
    Ok(Outcome::Done)
}

fn read_all(paths: &[PathBuf]) -> Result<Api, Failure> {
    let apis: Vec<Api> = paths
        .iter()
        .map(|path| read(path))
        .collect::<Result<_, _>>()?;
    openapi::union(apis).map_err(Failure::input)
}

fn read(path: &Path) -> Result<Api, Failure> {
    let name = path.to_string_lossy().replace('\\', "/");
    if path.is_dir() {
        return Err(Failure::usage(format_args!(
            "{name} is a folder; expected an OpenAPI file in YAML or JSON"
        )));
    }
    let text = text_of(path)?;
    let api = openapi::read(&name, &text, &Beside::of(path)).map_err(Failure::input)?;
    // A `$ref` that leads nowhere leaves the comparison with holes: it is told, and compared around.
    Ok(api)
}

/// The text of a file, its size checked before it is read.
fn text_of(path: &Path) -> Result<String, Failure> {
    let name = path.display();
    let wrong = |why: &dyn std::fmt::Display| Failure::usage(format_args!("{name}: {why}"));
    let size = std::fs::metadata(path)
        .map_err(|error| wrong(&error))?
        .len();
    if size > MAX_BYTES as u64 {
        return Err(wrong(&format_args!(
            "the file has {size} bytes, more than the limit of {MAX_BYTES}"
        )));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(&error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = error.as_bytes().get(..at).unwrap_or(&[]);
        let text = String::from_utf8_lossy(before);
        let line = text.matches('\n').count() + 1;
        let column = text
            .rsplit('\n')
            .next()
            .map_or(1, |last| last.chars().count() + 1);
        Failure::usage(format_args!(
            "{name}:{line}:{column}: this is no text in UTF-8; expected YAML or JSON"
        ))
    })
}

/// The files that a `$ref` may reach: those in the folder of the document or the working folder.
struct Beside {
    roots: Vec<PathBuf>,
}

impl Beside {
    fn of(document: &Path) -> Self {
        let folder = match document.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let roots = [folder, PathBuf::from(".")]
            .iter()
            .filter_map(|root| root.canonicalize().ok())
            .collect();
        Self { roots }
    }
}

impl Files for Beside {
    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        let real = Path::new(path).canonicalize().ok()?;
        if !self.roots.iter().any(|root| real.starts_with(root)) {
            return None;
        }
        text_of(&real).ok().map(Cow::Owned)
    }
}

/// The time by the machine's clock, RFC 3339 in UTC.
fn now() -> String {
    jiff::Timestamp::now().to_string()
}
