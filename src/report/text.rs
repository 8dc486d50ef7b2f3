//! The review for a terminal: the order of a compiler's output, the worst last line first. Holds
//! everything a reviewer may see. Colour is in the text; whoever prints it takes it out where the
//! reader is no terminal.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use takehome_checks::evidence::{Finding, SchemaPart, Severity};
use takehome_checks::source::Tree;

use super::excerpt::{self, Excerpt};
use super::sections::{self, place};
use super::{Review, escape, words};
use crate::rubric::CompetencyResult;

const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const GREEN: &str = "\u{1b}[32m";
const RED: &str = "\u{1b}[31m";
const PLAIN: &str = "\u{1b}[0m";

/// Places shown besides the first.
const MAX_PLACES: usize = 5;
/// Endpoints, notes and schema changes shown; the JSON has them all.
const MAX_ROWS: usize = 40;

/// The whole review; with the head's tree, findings show their lines.
pub fn text(review: &Review, tree: Option<&Tree>) -> String {
    let mut out = String::new();
    strengths(&mut out, review);
    gaps(&mut out, review, tree);
    preexisting(&mut out, review);
    endpoints(&mut out, review);
    if let Some(schema) = &review.analysis.schema {
        schema_part(&mut out, schema);
    }
    levels(&mut out, review);
    not_assessed(&mut out, review);
    read(&mut out, review);
    for note in &review.notes {
        line(
            &mut out,
            &format!("{DIM}note:{PLAIN} {}", escape::visible(note, 1000)),
        );
    }
    footer(&mut out, review);
    out
}

fn heading(out: &mut String, title: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    line(out, &format!("{BOLD}{title}{PLAIN}"));
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn strengths(out: &mut String, review: &Review) {
    let strengths = review.strengths();
    if strengths.is_empty() {
        return;
    }
    heading(out, "What stands out");
    for (competency, group) in sections::by_competency(&strengths) {
        line(
            out,
            &format!("  {competency} {}", sections::title(review, competency)),
        );
        for finding in group {
            line(
                out,
                &format!(
                    "    {GREEN}+{PLAIN} {} {DIM}{} {}{PLAIN}",
                    escape::visible(&finding.message, 600),
                    place(&escape::visible(&finding.file, 200), finding.line),
                    finding.check,
                ),
            );
        }
    }
}

fn gaps(out: &mut String, review: &Review, tree: Option<&Tree>) {
    let gaps = review.gaps();
    heading(out, "Gaps");
    if gaps.is_empty() {
        line(out, "  Nothing was found in what could be judged.");
        return;
    }
    for finding in gaps {
        out.push('\n');
        out.push_str(&snippet(finding, tree));
    }
}

/// One finding as a compiler shows it.
fn snippet(finding: &Finding, tree: Option<&Tree>) -> String {
    let level = match finding.severity {
        Severity::Critical => Level::ERROR.with_name("critical"),
        Severity::High => Level::ERROR.with_name("high"),
        Severity::Medium => Level::WARNING.with_name("medium"),
        Severity::Low => Level::NOTE.with_name("low"),
        Severity::Info => Level::INFO.with_name("info"),
    };
    let title = escape::visible(&finding.message, 600);
    let excerpt = tree.and_then(|tree| excerpt::excerpt(tree, finding));
    let path = escape::visible(&finding.file, 200);
    let (source, span) = excerpt.as_ref().map_or_else(Default::default, marked);
    let group = level
        .primary_title(title.as_str())
        .id(finding.check.as_str());
    let mut group: Group<'_> = match &excerpt {
        Some(excerpt) => group.element(
            Snippet::source(source.as_str())
                .line_start(excerpt.first as usize)
                .path(path.as_str())
                .annotation(AnnotationKind::Primary.span(span)),
        ),
        None => group.element(
            Origin::path(path.as_str())
                .line(finding.line as usize)
                .char_column(finding.column.unwrap_or(1) as usize),
        ),
    };
    let mut notes = Vec::new();
    if excerpt.as_ref().is_some_and(|e| e.more) {
        notes.push(("note", format!("it goes on to line {}", finding.end_line)));
    }
    let shown = finding.related.len().min(MAX_PLACES);
    for other in finding.related.iter().take(shown) {
        let at = place(&escape::visible(&other.file, 200), other.line);
        notes.push((
            "see",
            match escape::visible(&other.message, 200) {
                message if message.is_empty() => at,
                message => format!("{at}: {message}"),
            },
        ));
    }
    if let Some(sentence) = sections::showing(shown, finding.related.len(), "places") {
        notes.push(("see", sentence));
    }
    if !finding.question.is_empty() {
        notes.push(("ask", escape::visible(&finding.question, 600)));
    }
    for (name, note) in &notes {
        group = group.element(Level::NOTE.with_name(*name).message(note.as_str()));
    }
    let mut text = Renderer::styled()
        .decor_style(DecorStyle::Ascii)
        .render(&[group]);
    text.push('\n');
    text
}

/// The lines as one text, and what is underlined: the first line without its indentation.
fn marked(excerpt: &Excerpt) -> (String, std::ops::Range<usize>) {
    let text = excerpt.lines.join("\n");
    let first = excerpt.lines.first().map_or("", String::as_str);
    let start = first.len() - first.trim_start().len();
    (text, start..first.trim_end().len().max(start))
}

fn preexisting(out: &mut String, review: &Review) {
    let before = review.preexisting();
    if before.is_empty() {
        return;
    }
    heading(out, "There before (not the candidate's, not counted)");
    for finding in before.iter().take(MAX_ROWS) {
        line(
            out,
            &format!(
                "  {} {} {DIM}{} {}{PLAIN}",
                words::severity(finding.severity),
                escape::visible(&finding.message, 300),
                place(&escape::visible(&finding.file, 200), finding.line),
                finding.check,
            ),
        );
    }
    more(
        out,
        before.len().min(MAX_ROWS),
        before.len(),
        "gaps that were there before",
    );
}

fn endpoints(out: &mut String, review: &Review) {
    let endpoints = &review.analysis.endpoints;
    if endpoints.is_empty() {
        return;
    }
    heading(out, "Endpoints");
    let rows: Vec<(String, String, String, usize)> = endpoints
        .iter()
        .take(MAX_ROWS)
        .map(|endpoint| {
            (
                escape::visible(&endpoint.method, 10),
                escape::visible(&endpoint.path, 60),
                escape::visible(&endpoint.permission, 60),
                endpoint.tests.len(),
            )
        })
        .collect();
    let width = rows
        .iter()
        .map(|row| row.1.chars().count())
        .max()
        .unwrap_or(0);
    for (method, path, permission, tests) in rows {
        line(
            out,
            &format!(
                "  {method:<6} {path:<width$}  {permission}  {DIM}{}{PLAIN}",
                match tests {
                    0 => "no test".to_owned(),
                    n => words::count(n, "test", "tests"),
                }
            ),
        );
    }
    more(
        out,
        endpoints.len().min(MAX_ROWS),
        endpoints.len(),
        "endpoints",
    );
}

fn schema_part(out: &mut String, schema: &SchemaPart) {
    heading(out, "Changes of the API");
    line(
        out,
        &format!(
            "  {}, {}, {} (from {})",
            words::count(
                schema.breaking as usize,
                "breaking change",
                "breaking changes"
            ),
            words::count(schema.warnings as usize, "warning", "warnings"),
            words::count(schema.additions as usize, "addition", "additions"),
            escape::visible(&schema.source, 200),
        ),
    );
    for change in schema.changes.iter().take(MAX_ROWS) {
        let operations: Vec<String> = change
            .operations
            .iter()
            .take(3)
            .map(|operation| escape::visible(operation, 100))
            .collect();
        line(
            out,
            &format!(
                "  {:<7} {} {DIM}{} {}{PLAIN}",
                escape::visible(&change.level, 10),
                escape::visible(&change.text, 400),
                operations.join(", "),
                escape::visible(&change.id, 100),
            ),
        );
    }
    more(
        out,
        schema.changes.len().min(MAX_ROWS),
        schema.changes.len(),
        "changes",
    );
}

fn levels(out: &mut String, review: &Review) {
    heading(out, "Levels");
    let rated: Vec<&CompetencyResult> = review
        .rubric
        .competencies
        .iter()
        .filter(|result| result.level.is_some())
        .collect();
    let width = rated
        .iter()
        .map(|r| r.title.chars().count())
        .max()
        .unwrap_or(0);
    for result in rated {
        let level = result.level.unwrap_or(0);
        let bar: String = (1..=4)
            .map(|at| if at <= level { '■' } else { '□' })
            .collect();
        line(
            out,
            &format!(
                "  {} {:<width$}  {bar} {level} of 4  {GREEN}+{}{PLAIN} {RED}-{}{PLAIN}",
                result.competency,
                escape::visible(&result.title, 100),
                result.strengths.len(),
                result.gaps.len(),
            ),
        );
        line(
            out,
            &format!(
                "      {DIM}{}{PLAIN}",
                escape::visible(&result.explanation, 600)
            ),
        );
    }
    let overall = &review.rubric.overall;
    let level = overall
        .level
        .map_or("none".to_owned(), |level| format!("{level:.2} of 4"));
    line(
        out,
        &format!(
            "  {BOLD}Overall {level}{PLAIN}  {}",
            escape::visible(&overall.explanation, 600)
        ),
    );
    for defect in &review.rubric.seeded {
        line(
            out,
            &format!(
                "  Seeded {} {}: {}",
                escape::visible(&defect.check, 20),
                escape::visible(&defect.subject, 200),
                escape::visible(&defect.explanation, 400)
            ),
        );
    }
}

fn not_assessed(out: &mut String, review: &Review) {
    let groups = sections::not_assessed(review);
    if groups.is_empty() {
        return;
    }
    heading(out, "Not assessed");
    for (reason, results) in groups {
        let titles: Vec<String> = results
            .iter()
            .map(|result| escape::visible(&result.title, 100))
            .collect();
        line(
            out,
            &format!("  {}: {}", sections::reason(reason), titles.join("; ")),
        );
    }
}

fn read(out: &mut String, review: &Review) {
    let coverage = &review.analysis.coverage;
    heading(out, "How much could be read");
    if coverage.limited {
        line(
            out,
            "  Less than 60 % of the routes could be resolved; points about the project as a whole \
             are withheld.",
        );
    }
    for sentence in sections::coverage(coverage)
        .into_iter()
        .chain(sections::undecided(review))
    {
        line(out, &format!("  {sentence}"));
    }
    for note in coverage.notes.iter().take(MAX_ROWS) {
        line(out, &format!("  {}", escape::visible(note, 600)));
    }
    more(
        out,
        coverage.notes.len().min(MAX_ROWS),
        coverage.notes.len(),
        "notes",
    );
}

fn footer(out: &mut String, review: &Review) {
    let gaps = review.gaps();
    let tally = match sections::tally(&gaps) {
        tally if tally.is_empty() => String::new(),
        tally => format!(" ({tally})"),
    };
    out.push('\n');
    line(
        out,
        &format!(
            "{BOLD}{}, {}{tally}{PLAIN}",
            words::count(review.strengths().len(), "strength", "strengths"),
            words::count(gaps.len(), "gap", "gaps"),
        ),
    );
    let commit = review
        .short_head()
        .map_or(String::new(), |head| format!("commit {head} · "));
    line(
        out,
        &format!(
            "{DIM}{commit}rules {} · takehome {} · `takehome explain ID` tells more{PLAIN}",
            review.short_rules(),
            review.version
        ),
    );
}

fn more(out: &mut String, shown: usize, all: usize, what: &str) {
    if let Some(sentence) = sections::showing(shown, all, what) {
        line(out, &format!("  {sentence}"));
    }
}
