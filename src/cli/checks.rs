//! `takehome checks`: the catalogue, as a table for people or as JSON for programs.

use takehome_checks::catalog::{self, Check, Page};

use super::{Failure, Outcome, output};
use crate::report::words;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How to print the list
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let checks = catalog::all();
    let text = match args.format {
        Format::Text => table(&checks),
        Format::Json => json(&checks)?,
    };
    output::write(&text, None)?;
    Ok(Outcome::Done)
}

fn table(checks: &[&Check]) -> String {
    let mut text = String::new();
    let mut competency = None;
    let mut sorted = checks.to_vec();
    sorted.sort_by_key(|check| (check.competency, check.id));
    for check in sorted {
        if competency.replace(check.competency) != Some(check.competency) {
            text.push_str(&format!(
                "\n\u{1b}[1m{} {}\u{1b}[0m\n",
                check.competency,
                check.competency.title()
            ));
        }
        text.push_str(&format!(
            "  {}  {:<10} {:<9} {}\n",
            check.id,
            words::polarity(check.polarity),
            words::severity(check.severity),
            check.name,
        ));
    }
    text.push_str(&format!(
        "\n{}. `takehome explain ID` prints the page of one.\n",
        words::count(checks.len(), "check", "checks")
    ));
    text.trim_start().to_owned()
}

/// One entry of the list; a promise like the JSON of `review`.
#[derive(serde::Serialize)]
struct Entry {
    id: &'static str,
    name: &'static str,
    competency: takehome_checks::evidence::Competency,
    polarity: takehome_checks::evidence::Polarity,
    severity: takehome_checks::evidence::Severity,
    confidence: takehome_checks::evidence::Confidence,
    scope: catalog::Scope,
    finds: String,
    question: String,
}

fn json(checks: &[&Check]) -> Result<String, Failure> {
    let entries: Vec<Entry> = checks
        .iter()
        .map(|check| {
            let page = Page::parse(check.page).ok();
            Entry {
                id: check.id,
                name: check.name,
                competency: check.competency,
                polarity: check.polarity,
                severity: check.severity,
                confidence: check.confidence,
                scope: check.scope,
                finds: page.as_ref().map(|p| p.finds.clone()).unwrap_or_default(),
                question: page.map(|p| p.ask).unwrap_or_default(),
            }
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&entries).map_err(Failure::internal)?;
    text.push('\n');
    Ok(text)
}
