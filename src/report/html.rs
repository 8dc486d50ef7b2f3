//! The reviewer's page: one self-contained HTML file without scripts, safe under a content security
//! policy that allows nothing but its own style. Holds everything a reviewer may see.
//!
//! The template escapes whatever it prints; the fields that it prints as they are (`…|safe`) come
//! from [`escape::html_prose`] and the style sheet beside this file.

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use takehome_checks::evidence::{Endpoint, Finding, Polarity, SchemaPart};

use super::sections::{self, place};
use super::{Review, escape, words};
use crate::rubric::{CompetencyResult, SeededState};

/// The style sheet of all pages.
pub const STYLE: &str = include_str!("page.css");

/// Content security policy of a page that holds [`STYLE`] in a `<style>` element: that style, known by
/// its hash, and nothing else.
pub fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, STYLE.as_bytes());
        let hash = base64::engine::general_purpose::STANDARD.encode(digest.as_ref());
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"
        )
    });
    &POLICY
}

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    title: String,
    style: &'static str,
    policy: &'static str,
    tally: String,
    commit: Option<&'a str>,
    head: Option<&'a str>,
    rules: &'a str,
    version: &'a str,
    levels: Vec<LevelRow<'a>>,
    overall: String,
    overall_explanation: String,
    competencies: Vec<Part<'a>>,
    seeded: Vec<(&'static str, String, String, String)>,
    endpoints: Vec<EndpointRow>,
    schema: Option<Schema>,
    before: Vec<Item>,
    not_assessed: Vec<(&'static str, String)>,
    coverage: Vec<String>,
    notes: Vec<String>,
}

struct LevelRow<'a> {
    code: &'static str,
    title: &'a str,
    level: u8,
    bar: String,
    weight: u32,
    strengths: usize,
    gaps: usize,
}

struct Part<'a> {
    code: &'static str,
    title: &'a str,
    question: &'a str,
    level: Option<u8>,
    explanation: String,
    strengths: Vec<Item>,
    gaps: Vec<Item>,
}

impl Part<'_> {
    fn lists(&self) -> [(&'static str, &[Item]); 2] {
        [("Strengths", &self.strengths), ("Gaps", &self.gaps)]
    }
}

struct Item {
    class: &'static str,
    message: String,
    place: String,
    url: Option<String>,
    check: String,
    check_url: Option<String>,
    rank: String,
    others: String,
    ask: String,
}

struct EndpointRow {
    method: String,
    path: String,
    view: String,
    permission: String,
    serializer: Option<String>,
    tests: usize,
}

struct Schema {
    summary: String,
    changes: Vec<Change>,
}

struct Change {
    class: &'static str,
    level: String,
    text: String,
    operations: String,
    id: String,
}

/// The page.
///
/// # Errors
/// None is known: the template writes to memory; the signature leaves the last word to askama.
pub fn html(review: &Review) -> askama::Result<String> {
    let gaps = review.gaps();
    let tally = match sections::tally(&gaps) {
        tally if tally.is_empty() => String::new(),
        tally => format!(" ({tally})"),
    };
    let overall = &review.rubric.overall;
    Page {
        title: escape::visible(review.title.as_deref().unwrap_or("Review"), 200),
        style: STYLE,
        policy: policy(),
        tally: format!(
            "{} · {}{tally}",
            words::count(review.strengths().len(), "strength", "strengths"),
            words::count(gaps.len(), "gap", "gaps"),
        ),
        commit: review.short_head(),
        head: review.head.as_deref(),
        rules: review.short_rules(),
        version: &review.version,
        levels: review
            .rubric
            .competencies
            .iter()
            .filter_map(level_row)
            .collect(),
        overall: overall
            .level
            .map_or("no overall level".to_owned(), |level| {
                format!("{level:.2} of 4")
            }),
        overall_explanation: escape::html_prose(&overall.explanation, 2000),
        competencies: parts(review),
        seeded: seeded(review),
        endpoints: review.analysis.endpoints.iter().map(endpoint_row).collect(),
        schema: review.analysis.schema.as_ref().map(schema),
        before: review
            .preexisting()
            .into_iter()
            .map(|finding| item(review, finding, true))
            .collect(),
        not_assessed: sections::not_assessed(review)
            .into_iter()
            .map(|(reason, results)| (sections::reason(reason), titles(&results)))
            .collect(),
        coverage: coverage(review),
        notes: review
            .notes
            .iter()
            .map(|note| escape::html_prose(note, 2000))
            .collect(),
    }
    .render()
}

fn titles(results: &[&CompetencyResult]) -> String {
    let titles: Vec<&str> = results.iter().map(|result| result.title.as_str()).collect();
    titles.join("; ")
}

fn level_row(result: &CompetencyResult) -> Option<LevelRow<'_>> {
    let level = result.level?;
    Some(LevelRow {
        code: result.competency.code(),
        title: &result.title,
        level,
        bar: (1..=4)
            .map(|at| if at <= level { '■' } else { '□' })
            .collect(),
        weight: result.weight,
        strengths: result.strengths.len(),
        gaps: result.gaps.len(),
    })
}

fn parts(review: &Review) -> Vec<Part<'_>> {
    let findings = review.by_fingerprint();
    let items = |lines: &[crate::rubric::EvidenceLine]| {
        lines
            .iter()
            .filter_map(|line| {
                let finding = findings.get(line.fingerprint.as_str())?;
                Some(item(review, finding, line.counted))
            })
            .collect()
    };
    review
        .rubric
        .competencies
        .iter()
        .filter(|r| r.level.is_some() || !r.strengths.is_empty() || !r.gaps.is_empty())
        .map(|result| Part {
            code: result.competency.code(),
            title: &result.title,
            question: &result.question,
            level: result.level,
            explanation: escape::html_prose(&result.explanation, 2000),
            strengths: items(&result.strengths),
            gaps: items(&result.gaps),
        })
        .collect()
}

fn item(review: &Review, finding: &Finding, counted: bool) -> Item {
    let places = sections::other_places(finding);
    let others: Vec<String> = places
        .iter()
        .take(10)
        .map(|other| place(&escape::visible(&other.file, 200), other.line))
        .collect();
    let left = places.len() - others.len();
    let more = if left > 0 {
        format!(" and {}", words::count(left, "more place", "more places"))
    } else {
        String::new()
    };
    let gap = finding.polarity == Polarity::Gap;
    Item {
        class: if gap {
            words::severity(finding.severity)
        } else {
            "strength"
        },
        message: escape::html_prose(&finding.message, 2000),
        place: place(&escape::visible(&finding.file, 200), finding.line),
        url: review.links.finding(review.head.as_deref(), finding),
        check: format!("{} {}", finding.check, words::check_title(&finding.name)),
        check_url: review.links.check(&finding.check),
        rank: format!(
            "{}, {}{}",
            words::severity(finding.severity),
            words::confidence(finding.confidence),
            if counted { "" } else { ", not counted" }
        ),
        others: format!("{}{more}", others.join(", ")),
        ask: if gap {
            escape::html_prose(&finding.question, 1000)
        } else {
            String::new()
        },
    }
}

fn seeded(review: &Review) -> Vec<(&'static str, String, String, String)> {
    review
        .rubric
        .seeded
        .iter()
        .map(|defect| {
            let state = match defect.state {
                SeededState::Fixed => "fixed",
                SeededState::Left => "left",
                SeededState::Undecided => "undecided",
            };
            (
                state,
                defect.check.clone(),
                escape::visible(&defect.subject, 300),
                escape::html_prose(&defect.explanation, 1000),
            )
        })
        .collect()
}

fn endpoint_row(endpoint: &Endpoint) -> EndpointRow {
    let view = match &endpoint.action {
        Some(action) => format!("{}.{action}", endpoint.view),
        None => endpoint.view.clone(),
    };
    EndpointRow {
        method: escape::visible(&endpoint.method, 20),
        path: escape::visible(&endpoint.path, 200),
        view: escape::visible(&view, 200),
        permission: escape::visible(&endpoint.permission, 200),
        serializer: endpoint
            .serializer
            .as_deref()
            .map(|s| escape::visible(s, 200)),
        tests: endpoint.tests.len(),
    }
}

fn schema(part: &SchemaPart) -> Schema {
    Schema {
        summary: format!(
            "{}, {}, {} (from {}).",
            words::count(
                part.breaking as usize,
                "breaking change",
                "breaking changes"
            ),
            words::count(part.warnings as usize, "warning", "warnings"),
            words::count(part.additions as usize, "addition", "additions"),
            escape::visible(&part.source, 300),
        ),
        changes: part
            .changes
            .iter()
            .map(|change| Change {
                class: match change.level.as_str() {
                    "error" => "high",
                    "warning" => "medium",
                    _ => "info",
                },
                level: escape::visible(&change.level, 20),
                text: escape::html_prose(&change.text, 1000),
                operations: escape::visible(&change.operations.join(", "), 500),
                id: escape::visible(&change.id, 100),
            })
            .collect(),
    }
}

fn coverage(review: &Review) -> Vec<String> {
    let coverage = &review.analysis.coverage;
    let mut lines = Vec::new();
    if coverage.limited {
        lines.push(
            "Less than 60 % of the routes could be resolved; points about the project as a whole \
             are withheld."
                .to_owned(),
        );
    }
    lines.extend(sections::coverage(coverage));
    lines.extend(sections::undecided(review));
    lines.extend(
        coverage
            .notes
            .iter()
            .map(|note| escape::html_prose(note, 1000)),
    );
    lines
}
