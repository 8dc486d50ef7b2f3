//! `takehome review PATH`: the review of a checkout or folder on this machine, without GitHub.

use std::path::PathBuf;
use std::sync::Arc;

use takehome_checks::evidence::{Origin, Polarity, Severity};
use takehome_checks::{AnalysisInput, analyse};

use super::{Failure, Outcome, config, output};
use crate::report::{self, Links, Review};
use crate::review::assemble::{self, Circumstances};
use crate::snapshot;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A git checkout, a folder inside one, or a plain folder
    path: PathBuf,
    /// Revision the candidate started from; without it, everything counts as the candidate's
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Revision to review; without it, the working tree as it stands
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// Rules to review under (`takehome.yml`); without it, the built-in rules
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the review to a file instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// End with exit code 1 when the candidate introduced a gap of this severity or worse
    #[arg(long, value_name = "SEVERITY", value_enum)]
    fail_on: Option<FailOn>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Markdown,
    Sarif,
    Html,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

impl From<FailOn> for Severity {
    fn from(word: FailOn) -> Self {
        match word {
            FailOn::Critical => Self::Critical,
            FailOn::High => Self::High,
            FailOn::Medium => Self::Medium,
            FailOn::Low => Self::Low,
            FailOn::Info => Self::Info,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let organisation = args.config.as_deref().map(config::source).transpose()?;
    let loaded = crate::config::load(organisation.as_ref(), None, None);
    let sources: Vec<_> = organisation.iter().collect();
    config::refuse_errors(&loaded.problems, &sources)?;
    output::progress(format_args!("Reading {} …", args.path.display()));
    let checkout = snapshot::read_checkout(&args.path, args.base.as_deref(), args.head.as_deref())
        .map_err(Failure::input)?;
    output::progress(format_args!("Analysing {} files …", checkout.head.len()));
    let head = Arc::new(checkout.head);
    let analysis = analyse(&AnalysisInput {
        head: Arc::clone(&head),
        base: checkout.base.map(Arc::new),
        rules: loaded.rules.check_rules(),
    });
    let review = assemble::review(
        analysis,
        Circumstances {
            head: checkout.head_commit.as_deref(),
            base: checkout.base_commit.as_deref(),
            rules: &loaded,
            notes: checkout.notes,
            links: Links::default(),
        },
    );
    let text = match args.format {
        Format::Text => report::text::text(&review, Some(&head)),
        Format::Json => report::json::json(&review).map_err(Failure::internal)?,
        Format::Markdown => report::markdown::markdown(&review),
        Format::Sarif => report::sarif::sarif(&review).map_err(Failure::internal)?,
        Format::Html => report::html::html(&review).map_err(Failure::internal)?,
    };
    output::write(&text, args.output.as_deref())?;
    Ok(verdict(&review, args.fail_on.map(Severity::from)))
}

/// Only gaps that the candidate introduced count.
fn verdict(review: &Review, fail_on: Option<Severity>) -> Outcome {
    let found = fail_on.is_some_and(|from| {
        review.analysis.findings.iter().any(|finding| {
            finding.polarity == Polarity::Gap
                && finding.origin == Origin::Introduced
                && finding.severity >= from
        })
    });
    if found {
        Outcome::Findings
    } else {
        Outcome::Done
    }
}
