//! The comment on the pull request: what the candidate reads. Calm, kind and exact; strengths before
//! gaps; no level unless the organisation wants it shown; no question that an interviewer may ask.

use takehome_checks::evidence::{Finding, Severity};

use super::fit::{Form, fit};
use super::sections::{self, place};
use super::{Review, escape, words};
use crate::rubric::{CompetencyResult, NotAssessed};

/// GitHub takes 65,536 characters; the rest is left to the marker that `publish` adds and to the
/// difference between how we count and how GitHub does.
/// Source: the error body "Body is too long (maximum is 65536 characters)".
pub const MAX_BYTES: usize = 60_000;

/// The comment's body. `levels`: the organisation shows levels to candidates.
pub fn comment(review: &Review, levels: bool) -> String {
    fit(MAX_BYTES, |form| render(review, levels, form))
}

fn render(review: &Review, levels: bool, form: Form) -> String {
    let mut out = opening(review);
    let strengths = review.strengths();
    if !strengths.is_empty() {
        out.push_str("\n#### What stands out\n");
        let shown = strengths.len().min(form.entries);
        let listed: Vec<&Finding> = strengths.iter().take(shown).copied().collect();
        for (competency, findings) in sections::by_competency(&listed) {
            out.push_str(&format!(
                "\n**{}**\n",
                escape::md_text(sections::title(review, competency))
            ));
            for finding in findings {
                out.push_str(&entry(review, finding, form));
            }
        }
        note(
            &mut out,
            sections::showing(shown, strengths.len(), "strengths"),
        );
    }
    gaps(&mut out, review, form);
    if levels {
        out.push_str(&level_table(review));
    }
    out.push_str(&not_assessed(review));
    out.push_str(&read(review, form));
    out.push_str(&footer(review));
    out
}

fn opening(review: &Review) -> String {
    let title = review.title.as_ref().map_or(String::new(), |title| {
        format!(": {}", escape::md_text(&escape::visible(title, 200)))
    });
    let commit = review
        .short_head()
        .map_or("your code".to_owned(), |head| format!("commit `{head}`"));
    format!(
        "### Notes on your pull request{title}\n\nThank you for the time you put into this. \
         takehome has read {commit}; it did not run it. These notes help the people who review your \
         work, and they decide. A note can be wrong: say so in a reply, and it will be read.\n"
    )
}

/// Gaps in three piles, so that the first is short.
fn gaps(out: &mut String, review: &Review, form: Form) {
    let gaps = review.gaps();
    out.push_str("\n#### What to look at again\n");
    if gaps.is_empty() {
        out.push_str("\nNothing was found in what could be judged.\n");
        return;
    }
    let shown = gaps.len().min(form.entries);
    let piles: [(&str, &[Severity]); 3] = [
        ("Worth a first look", &[Severity::Critical, Severity::High]),
        ("Also worth a look", &[Severity::Medium]),
        ("Smaller things", &[Severity::Low, Severity::Info]),
    ];
    for (heading, severities) in piles {
        let pile: Vec<&&Finding> = gaps
            .iter()
            .take(shown)
            .filter(|f| severities.contains(&f.severity))
            .collect();
        if pile.is_empty() {
            continue;
        }
        out.push_str(&format!("\n**{heading}**\n"));
        for finding in pile {
            out.push_str(&entry(review, finding, form));
        }
    }
    note(out, sections::showing(shown, gaps.len(), "points"));
}

/// One bullet: the place, the message, other places, where to read more.
pub(super) fn entry(review: &Review, finding: &Finding, form: Form) -> String {
    let mut text = format!(
        "- {} {}",
        linked_place(review, &finding.file, finding.line, finding.end_line),
        escape::md_prose(&finding.message, form.characters),
    );
    text.push_str(&other_places(review, finding, form));
    text.push_str(&format!(" · {}\n", check_link(review, finding)));
    text
}

pub(super) fn other_places(review: &Review, finding: &Finding, form: Form) -> String {
    if form.places == 0 {
        return String::new();
    }
    let all = sections::other_places(finding);
    if all.is_empty() {
        return String::new();
    }
    let places: Vec<String> = all
        .iter()
        .take(form.places)
        .map(|other| linked_place(review, &other.file, other.line, other.line))
        .collect();
    let left = all.len() - places.len();
    let more = if left > 0 {
        format!(" and {}", words::count(left, "more place", "more places"))
    } else {
        String::new()
    };
    format!(" (see also {}{more})", places.join(", "))
}

/// The place as code, linked to the lines at the reviewed commit where that is known.
pub(super) fn linked_place(review: &Review, file: &str, line: u32, end: u32) -> String {
    let code = escape::md_code(&place(&escape::visible(file, 200), line), usize::MAX / 8);
    match review.links.lines(review.head.as_deref(), file, line, end) {
        // A code span may hold `]`, and a link's text ends at the bracket that closes it.
        Some(url) if balanced(file) => format!("[{code}]({url})"),
        _ => code,
    }
}

/// Code spans bind tighter than brackets, so only an odd name would matter; it goes without a link.
fn balanced(file: &str) -> bool {
    !file.contains(['[', ']', '`', '\\'])
}

/// The check's title and id, linked to its page where the service has one.
pub(super) fn check_link(review: &Review, finding: &Finding) -> String {
    let title = format!(
        "{} {}",
        escape::md_text(&words::check_title(&finding.name)),
        escape::md_text(&finding.check)
    );
    match review.links.check(&finding.check) {
        Some(url) => format!("[{title}]({url})"),
        None => title,
    }
}

/// Levels as a table; only where the organisation shows them.
pub(super) fn level_table(review: &Review) -> String {
    let rated: Vec<_> = review
        .rubric
        .competencies
        .iter()
        .filter_map(|result| result.level.map(|level| (result, level)))
        .collect();
    if rated.is_empty() {
        return String::new();
    }
    let mut out =
        "\n#### Levels\n\n| Competency | Level | What that means |\n|---|---|---|\n".to_owned();
    for (result, level) in rated {
        out.push_str(&format!(
            "| {} | {level} of 4 | {} |\n",
            escape::md_text(&escape::visible(&result.title, 100)),
            escape::md_text(&escape::visible(
                result.description.as_deref().unwrap_or(""),
                600
            )),
        ));
    }
    if let Some(overall) = review.rubric.overall.level {
        out.push_str(&format!("\nOverall: {overall:.2} of 4.\n"));
    }
    out
}

/// What has no level, folded away: it is long, and nobody's fault.
pub(super) fn not_assessed(review: &Review) -> String {
    let groups = sections::not_assessed(review);
    if groups.is_empty() {
        return String::new();
    }
    let count: usize = groups.iter().map(|(_, results)| results.len()).sum();
    format!(
        "\n<details><summary>Not assessed: {count} of {} topics</summary>\n\n{}\n</details>\n",
        review.rubric.competencies.len(),
        not_assessed_list(&groups),
    )
}

pub(super) fn not_assessed_list(groups: &[(NotAssessed, Vec<&CompetencyResult>)]) -> String {
    let mut out = String::new();
    for (reason, results) in groups {
        let titles: Vec<String> = results
            .iter()
            .map(|result| escape::md_text(&escape::visible(&result.title, 100)))
            .collect();
        out.push_str(&format!(
            "- {}: {}\n",
            sections::reason(*reason),
            titles.join("; ")
        ));
    }
    out
}

/// How much of the project could be read, and what could not.
pub(super) fn read(review: &Review, form: Form) -> String {
    let coverage = &review.analysis.coverage;
    let mut lines = sections::coverage(coverage);
    lines.extend(sections::undecided(review));
    if lines.is_empty() && coverage.notes.is_empty() {
        return String::new();
    }
    let mut out = "\n#### How much could be read\n\n".to_owned();
    if coverage.limited {
        out.push_str(
            "Less than 60 % of the routes could be resolved. Points about the project as a whole \
             are withheld.\n\n",
        );
    }
    for line in lines {
        out.push_str(&format!("- {line}\n"));
    }
    let shown = coverage.notes.len().min(form.entries).min(20);
    for text in coverage.notes.iter().take(shown) {
        out.push_str(&format!("- {}\n", escape::md_prose(text, form.characters)));
    }
    note(
        &mut out,
        sections::showing(shown, coverage.notes.len(), "notes"),
    );
    out
}

pub(super) fn footer(review: &Review) -> String {
    let commit = review.head.as_deref().map_or(String::new(), |head| {
        format!("commit {} · ", escape::md_code(head, 64))
    });
    let pages = match &review.links.service {
        Some(_) => "",
        None => " · `takehome explain ID` says more about a note",
    };
    format!(
        "\n---\n<sub>{commit}rules {} · takehome {}{pages}</sub>\n",
        escape::md_code(review.short_rules(), 64),
        escape::md_text(&review.version),
    )
}

pub(super) fn note(out: &mut String, sentence: Option<String>) {
    if let Some(sentence) = sentence {
        out.push_str(&format!("\n{sentence}\n"));
    }
}
