//! The check run: title, summary, text and annotations, within GitHub's limits. It does not say how
//! the run concludes; that is the organisation's rules' matter.
//!
//! Candidates see their check runs, so levels are in the text only where the organisation shows them.
//! Limits: <https://docs.github.com/rest/checks/runs> and its OpenAPI description.

use serde::{Deserialize, Serialize};
use takehome_checks::evidence::{Finding, Severity};

use super::fit::{Form, fit};
use super::{Review, comment, escape, sections, words};
use crate::config::Publish;

/// `output.summary` and `output.text`: 65,535 characters each. Kept a little below, for GitHub
/// counts characters in its own way.
pub const MAX_TEXT_BYTES: usize = 65_000;
/// `annotations[].title`
pub const MAX_TITLE_CHARS: usize = 255;
/// `annotations[].message` and `raw_details`: 64 KB each; ours are for people.
pub const MAX_MESSAGE_CHARS: usize = 4_000;
/// Places listed in the details of one annotation.
const MAX_DETAIL_PLACES: usize = 20;

/// What stands in a check run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRun {
    pub title: String,
    /// Markdown.
    pub summary: String,
    /// Markdown.
    pub text: String,
    /// Weightiest first; all of them, to be sent in batches.
    pub annotations: Vec<Annotation>,
}

/// One annotation; the fields are GitHub's, the texts are plain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    pub path: String,
    /// From 1.
    pub start_line: u32,
    pub end_line: u32,
    /// From 1; GitHub takes columns only where both lines are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_column: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
    pub annotation_level: AnnotationLevel,
    pub title: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_details: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationLevel {
    Notice,
    Warning,
    Failure,
}

/// Renders the check run under what the organisation publishes.
pub fn check_run(review: &Review, publish: &Publish) -> CheckRun {
    let annotations = annotations(review, publish);
    CheckRun {
        title: title(review),
        summary: fit(MAX_TEXT_BYTES, |form| {
            summary(review, annotations.len(), form)
        }),
        text: fit(MAX_TEXT_BYTES, |form| {
            text(review, publish.candidate_scores, form)
        }),
        annotations,
    }
}

fn title(review: &Review) -> String {
    let title = sections::headline(review.strengths().len(), review.gaps().len());
    let mut chars = title.chars();
    chars.next().map_or(String::new(), |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}

fn summary(review: &Review, annotated: usize, form: Form) -> String {
    let (strengths, gaps) = (review.strengths(), review.gaps());
    let mut out = String::new();
    out.push_str(&format!(
        "In what this pull request adds: {}",
        sections::headline(strengths.len(), gaps.len())
    ));
    let tally = sections::tally(&gaps);
    if !tally.is_empty() {
        out.push_str(&format!(" ({tally})"));
    }
    out.push_str(
        ". The code was read, not run. What the program could not resolve is counted below and \
         never scored; people decide.\n",
    );
    comment::note(
        &mut out,
        sections::showing(annotated, gaps.len(), "points beside the code"),
    );
    out.push_str(&comment::not_assessed(review));
    out.push_str(&comment::read(review, form));
    out.push_str(&comment::footer(review));
    out
}

fn text(review: &Review, levels: bool, form: Form) -> String {
    let mut out = String::new();
    for (heading, findings, what) in [
        ("What stands out", review.strengths(), "strengths"),
        ("What to look at again", review.gaps(), "points"),
    ] {
        if findings.is_empty() {
            continue;
        }
        out.push_str(&format!("\n### {heading}\n"));
        let shown = findings.len().min(form.entries);
        let listed: Vec<&Finding> = findings.iter().take(shown).copied().collect();
        for (competency, group) in sections::by_competency(&listed) {
            out.push_str(&format!(
                "\n**{}**\n",
                escape::md_text(sections::title(review, competency))
            ));
            for finding in group {
                out.push_str(&comment::entry(review, finding, form));
            }
        }
        comment::note(&mut out, sections::showing(shown, findings.len(), what));
    }
    if out.is_empty() {
        out.push_str("\nNothing was found that takehome speaks of.\n");
    }
    if levels {
        out.push_str(&comment::level_table(review));
    }
    out.trim_start().to_owned()
}

fn annotations(review: &Review, publish: &Publish) -> Vec<Annotation> {
    let fails_from = publish.fail_on.severity();
    let mut gaps = review.gaps();
    gaps.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| (&a.file, a.line, &a.check).cmp(&(&b.file, b.line, &b.check)))
    });
    gaps.into_iter()
        .take(publish.max_annotations as usize)
        .map(|finding| annotation(review, finding, fails_from))
        .collect()
}

fn annotation(review: &Review, finding: &Finding, fails_from: Option<Severity>) -> Annotation {
    let start_line = finding.line.max(1);
    let end_line = finding.end_line.max(start_line);
    let column = finding.column.filter(|_| start_line == end_line);
    let more = match review.links.check(&finding.check) {
        Some(url) => url,
        None => format!("takehome explain {}", finding.check),
    };
    Annotation {
        path: finding.file.clone(),
        start_line,
        end_line,
        start_column: column,
        end_column: column,
        annotation_level: level(finding.severity, fails_from),
        title: escape::visible(
            &format!("{} ({})", words::check_title(&finding.name), finding.check),
            MAX_TITLE_CHARS - 1,
        ),
        message: format!(
            "{}\n\nMore: {more}",
            escape::visible(&finding.message, MAX_MESSAGE_CHARS)
        ),
        raw_details: details(finding),
    }
}

/// Red is for what makes the run fail under the organisation's rules, and for nothing else.
fn level(severity: Severity, fails_from: Option<Severity>) -> AnnotationLevel {
    match severity {
        s if fails_from.is_some_and(|from| s >= from) => AnnotationLevel::Failure,
        Severity::Critical | Severity::High | Severity::Medium => AnnotationLevel::Warning,
        Severity::Low | Severity::Info => AnnotationLevel::Notice,
    }
}

fn details(finding: &Finding) -> Option<String> {
    if finding.related.is_empty() {
        return None;
    }
    let mut lines: Vec<String> = finding
        .related
        .iter()
        .take(MAX_DETAIL_PLACES)
        .map(|other| {
            let place = sections::place(&escape::visible(&other.file, 300), other.line);
            match escape::visible(&other.message, 300) {
                message if message.is_empty() => place,
                message => format!("{place}: {message}"),
            }
        })
        .collect();
    lines.extend(sections::showing(
        lines.len(),
        finding.related.len(),
        "places",
    ));
    Some(lines.join("\n"))
}
