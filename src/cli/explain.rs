//! `takehome explain DRF631`: the page of a check, as it lies beside its code.

use takehome_checks::catalog::{self, Check};

use super::{Failure, Outcome, output};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Id or name of the check, for example `DRF631` or `lost-update-race`
    #[arg(value_name = "ID")]
    check: String,
}

pub(super) fn run(args: &Args) -> Result<Outcome, Failure> {
    let check = catalog::find(&args.check).ok_or_else(|| unknown(&args.check))?;
    output::write(&styled(check), None)?;
    Ok(Outcome::Done)
}

/// The page with its headings marked, and the check's rank under the first.
fn styled(check: &Check) -> String {
    let mut text = String::new();
    for (at, line) in check.page.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("# ").filter(|_| at == 0) {
            text.push_str(&format!("\u{1b}[1m{heading}\u{1b}[0m\n"));
            text.push_str(&format!(
                "{} · {} · {} {}\n",
                crate::report::words::polarity(check.polarity),
                crate::report::words::severity(check.severity),
                check.competency,
                check.competency.title(),
            ));
        } else if let Some(heading) = line.strip_prefix("## ") {
            text.push_str(&format!("\u{1b}[1m{heading}\u{1b}[0m\n"));
        } else {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn unknown(asked: &str) -> Failure {
    let wanted = asked.to_ascii_lowercase();
    let near = catalog::all()
        .into_iter()
        .flat_map(|check| [check.id, check.name])
        .map(|known| (similarity(&known.to_ascii_lowercase(), &wanted), known))
        .filter(|(ratio, _)| *ratio > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
    let hint = near.map_or(String::new(), |(_, known)| {
        format!(" Did you mean `{known}`?")
    });
    Failure::usage(format_args!(
        "there is no check `{asked}`.{hint} `takehome checks` lists them all."
    ))
}

fn similarity(a: &str, b: &str) -> f32 {
    similar::TextDiff::from_chars(a, b).ratio()
}
