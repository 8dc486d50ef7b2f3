//! The reviewer's text in Markdown: levels with their evidence, questions to ask, endpoints, schema
//! changes, coverage. Holds everything a reviewer may see, so it is never shown to a candidate.

use takehome_checks::evidence::{Endpoint, Finding, SchemaPart};

use super::fit::Form;
use super::sections;
use super::{Review, comment, escape, words};
use crate::rubric::{CompetencyResult, SeededState};

/// The whole review.
pub fn markdown(review: &Review) -> String {
    let mut out = heading(review);
    out.push_str(&levels(review));
    for result in &review.rubric.competencies {
        out.push_str(&competency(review, result));
    }
    out.push_str(&seeded(review));
    out.push_str(&endpoints(&review.analysis.endpoints));
    if let Some(schema) = &review.analysis.schema {
        out.push_str(&schema_part(review, schema));
    }
    out.push_str(&preexisting(review));
    let groups = sections::not_assessed(review);
    if !groups.is_empty() {
        out.push_str("\n## Not assessed\n\n");
        out.push_str(&comment::not_assessed_list(&groups));
    }
    out.push_str(&comment::read(review, Form::FULL).replace("\n#### ", "\n## "));
    out.push_str(&notes(review));
    out.push_str(&comment::footer(review));
    out
}

fn heading(review: &Review) -> String {
    let title = review.title.as_deref().unwrap_or("Review");
    let gaps = review.gaps();
    let tally = match sections::tally(&gaps) {
        tally if tally.is_empty() => String::new(),
        tally => format!(" ({tally})"),
    };
    format!(
        "# {}\n\n{} · {}{tally}\n",
        escape::md_text(&escape::visible(title, 200)),
        words::count(review.strengths().len(), "strength", "strengths"),
        words::count(gaps.len(), "gap", "gaps"),
    )
}

fn levels(review: &Review) -> String {
    let overall = &review.rubric.overall;
    let mut out = "\n## Levels\n\n| Competency | Level | Weight | Strengths | Gaps |\n|---|---|---|---|---|\n".to_owned();
    for result in &review.rubric.competencies {
        let Some(level) = result.level else { continue };
        out.push_str(&format!(
            "| {} {} | {level} of 4 | {} | {} | {} |\n",
            result.competency,
            escape::md_text(&escape::visible(&result.title, 100)),
            result.weight,
            result.strengths.len(),
            result.gaps.len(),
        ));
    }
    let level = overall
        .level
        .map_or("no overall level".to_owned(), |level| {
            format!("{level:.2} of 4")
        });
    out.push_str(&format!(
        "\nOverall: {level}. {}\n",
        escape::md_prose(&overall.explanation, 1000)
    ));
    out
}

fn competency(review: &Review, result: &CompetencyResult) -> String {
    if result.level.is_none() && result.strengths.is_empty() && result.gaps.is_empty() {
        return String::new();
    }
    let findings = review.by_fingerprint();
    let level = result.level.map_or("not assessed".to_owned(), |level| {
        format!("level {level} of 4")
    });
    let mut out = format!(
        "\n## {} {}: {level}\n\n_{}_\n\n{}\n",
        result.competency,
        escape::md_text(&escape::visible(&result.title, 100)),
        escape::md_text(&escape::visible(&result.question, 300)),
        escape::md_prose(&result.explanation, 2000),
    );
    for (name, lines) in [("Strengths", &result.strengths), ("Gaps", &result.gaps)] {
        if lines.is_empty() {
            continue;
        }
        out.push_str(&format!("\n**{name}**\n\n"));
        for line in lines {
            let Some(finding) = findings.get(line.fingerprint.as_str()) else {
                continue;
            };
            out.push_str(&evidence(review, finding, line.counted));
        }
    }
    out
}

/// A bullet for reviewers: severity, confidence, and the question to ask.
fn evidence(review: &Review, finding: &Finding, counted: bool) -> String {
    let rank = format!(
        "{}, {}{}",
        words::severity(finding.severity),
        words::confidence(finding.confidence),
        if counted { "" } else { ", not counted" },
    );
    let mut out = format!(
        "- {} {}{} · {} ({rank})\n",
        comment::linked_place(review, &finding.file, finding.line, finding.end_line),
        escape::md_prose(&finding.message, 2000),
        comment::other_places(
            review,
            finding,
            Form {
                places: 10,
                ..Form::FULL
            }
        ),
        comment::check_link(review, finding),
    );
    if finding.polarity == takehome_checks::evidence::Polarity::Gap && !finding.question.is_empty()
    {
        out.push_str(&format!(
            "  - Ask: {}\n",
            escape::md_prose(&finding.question, 1000)
        ));
    }
    out
}

fn seeded(review: &Review) -> String {
    if review.rubric.seeded.is_empty() {
        return String::new();
    }
    let mut out = "\n## Defects of the starter\n\n".to_owned();
    for defect in &review.rubric.seeded {
        let state = match defect.state {
            SeededState::Fixed => "fixed",
            SeededState::Left => "left",
            SeededState::Undecided => "undecided",
        };
        out.push_str(&format!(
            "- **{state}** {} {}: {}\n",
            escape::md_text(&defect.check),
            escape::md_code(&defect.subject, 300),
            escape::md_prose(&defect.explanation, 1000),
        ));
    }
    out
}

fn endpoints(endpoints: &[Endpoint]) -> String {
    if endpoints.is_empty() {
        return String::new();
    }
    let mut out = "\n## Endpoints\n\n| Method | Path | View | Permission | Serializer | Tests |\n|---|---|---|---|---|---|\n".to_owned();
    for endpoint in endpoints {
        let view = match &endpoint.action {
            Some(action) => format!("{}.{action}", endpoint.view),
            None => endpoint.view.clone(),
        };
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            escape::md_text(&endpoint.method),
            escape::md_cell_code(&endpoint.path, 200),
            escape::md_cell_code(&view, 200),
            escape::md_cell_code(&endpoint.permission, 200),
            escape::md_cell_code(endpoint.serializer.as_deref().unwrap_or(""), 200),
            endpoint.tests.len(),
        ));
    }
    out
}

fn schema_part(review: &Review, schema: &SchemaPart) -> String {
    let mut out = format!(
        "\n## Changes of the API\n\n{}, {}, {} (from {}).\n",
        words::count(
            schema.breaking as usize,
            "breaking change",
            "breaking changes"
        ),
        words::count(schema.warnings as usize, "warning", "warnings"),
        words::count(schema.additions as usize, "addition", "additions"),
        escape::md_code(&schema.source, 300),
    );
    if !schema.changes.is_empty() {
        out.push('\n');
    }
    for change in &schema.changes {
        let place = match (&change.file, change.line) {
            (Some(file), Some(line)) => {
                format!(" {}", comment::linked_place(review, file, line, line))
            }
            _ => String::new(),
        };
        let operations: Vec<String> = change
            .operations
            .iter()
            .take(5)
            .map(|operation| escape::md_code(operation, 200))
            .collect();
        let more = change.operations.len() - operations.len();
        out.push_str(&format!(
            "- **{}** {}{place} ({}{}) {}\n",
            escape::md_text(&change.level),
            escape::md_prose(&change.text, 1000),
            operations.join(", "),
            if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            },
            escape::md_code(&change.id, 100),
        ));
    }
    out
}

fn preexisting(review: &Review) -> String {
    let before = review.preexisting();
    if before.is_empty() {
        return String::new();
    }
    let mut out =
        "\n## There before\n\nGaps that the candidate did not write; none counts.\n\n".to_owned();
    for finding in before {
        out.push_str(&comment::entry(
            review,
            finding,
            Form {
                places: 5,
                ..Form::FULL
            },
        ));
    }
    out
}

fn notes(review: &Review) -> String {
    if review.notes.is_empty() {
        return String::new();
    }
    let mut out = "\n## Notes for reviewers\n\n".to_owned();
    for text in &review.notes {
        out.push_str(&format!("- {}\n", escape::md_prose(text, 2000)));
    }
    out
}
