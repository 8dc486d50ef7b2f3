//! SARIF 2.1.0, for tools that collect results of analysers. Gaps are results of kind `fail`,
//! strengths of kind `pass`; what was there before is marked `unchanged`.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0", sections
//! 3.14 (run), 3.19 (toolComponent), 3.27 (result), 3.49 (reportingDescriptor).

use std::collections::BTreeMap;

use serde::Serialize;
use takehome_checks::catalog;
use takehome_checks::evidence::{Finding, Origin, Polarity, Severity};

use super::{Review, escape, words};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_control_provenance: Vec<VersionControl<'a>>,
    results: Vec<ResultObject<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    semantic_version: &'a str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionControl<'a> {
    repository_uri: &'a str,
    revision_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: String,
    short_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    tags: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultObject<'a> {
    rule_id: &'a str,
    rule_index: usize,
    kind: &'static str,
    level: &'static str,
    message: Message,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    partial_fingerprints: BTreeMap<&'static str, &'a str>,
    baseline_state: &'static str,
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
    end_line: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
}

#[derive(Serialize)]
struct Properties<'a> {
    competency: &'static str,
    severity: &'static str,
    confidence: &'static str,
    question: &'a str,
}

/// Pretty-printed, with a line end.
///
/// # Errors
/// None is known; the signature leaves the last word to `serde_json`.
pub fn sarif(review: &Review) -> serde_json::Result<String> {
    let findings = &review.analysis.findings;
    let mut ids: Vec<&str> = findings.iter().map(|f| f.check.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let rules = ids
        .iter()
        .filter_map(|id| findings.iter().find(|f| f.check == *id))
        .map(|finding| rule(review, finding))
        .collect();
    let version_control = review
        .links
        .repository
        .as_deref()
        .zip(review.head.as_deref())
        .map(|(repository_uri, revision_id)| VersionControl {
            repository_uri,
            revision_id,
        });
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "takehome",
                    semantic_version: &review.version,
                    rules,
                },
            },
            column_kind: "unicodeCodePoints",
            version_control_provenance: version_control.into_iter().collect(),
            results: findings
                .iter()
                .map(|finding| {
                    let index = ids
                        .binary_search(&finding.check.as_str())
                        .unwrap_or_default();
                    result(finding, index)
                })
                .collect(),
        }],
    };
    let mut text = serde_json::to_string_pretty(&log)?;
    text.push('\n');
    Ok(text)
}

fn rule(review: &Review, finding: &Finding) -> Rule {
    let page =
        catalog::find(&finding.check).and_then(|check| catalog::Page::parse(check.page).ok());
    Rule {
        id: finding.check.clone(),
        name: finding.name.clone(),
        short_description: Message {
            text: words::check_title(&finding.name),
        },
        full_description: page.as_ref().map(|page| Message {
            text: page.finds.clone(),
        }),
        help: page.map(|page| Help {
            text: page.why.clone(),
            markdown: page.why,
        }),
        help_uri: review.links.check(&finding.check),
        default_configuration: Configuration {
            level: level(finding.polarity, finding.severity),
        },
        properties: RuleProperties {
            tags: vec![
                finding.competency.code().to_owned(),
                words::polarity(finding.polarity).to_owned(),
            ],
        },
    }
}

fn result(finding: &Finding, rule_index: usize) -> ResultObject<'_> {
    let related = finding
        .related
        .iter()
        .enumerate()
        .map(|(at, place)| Location {
            id: Some(at + 1),
            physical_location: physical(&place.file, place.line, place.line, None),
            logical_locations: Vec::new(),
            message: (!place.message.is_empty()).then(|| Message {
                text: place.message.clone(),
            }),
        });
    ResultObject {
        rule_id: &finding.check,
        rule_index,
        kind: match finding.polarity {
            Polarity::Gap => "fail",
            Polarity::Strength => "pass",
        },
        level: level(finding.polarity, finding.severity),
        message: Message {
            text: finding.message.clone(),
        },
        locations: [Location {
            id: None,
            physical_location: physical(
                &finding.file,
                finding.line,
                finding.end_line,
                finding.column,
            ),
            logical_locations: vec![LogicalLocation {
                fully_qualified_name: &finding.symbol,
            }],
            message: None,
        }],
        related_locations: related.collect(),
        partial_fingerprints: BTreeMap::from([("takehome/v1", finding.fingerprint.as_str())]),
        baseline_state: match finding.origin {
            Origin::Introduced => "new",
            Origin::Preexisting => "unchanged",
        },
        properties: Properties {
            competency: finding.competency.code(),
            severity: words::severity(finding.severity),
            confidence: match finding.confidence {
                takehome_checks::evidence::Confidence::Certain => "certain",
                takehome_checks::evidence::Confidence::High => "high",
                takehome_checks::evidence::Confidence::Medium => "medium",
            },
            question: &finding.question,
        },
    }
}

fn physical(file: &str, line: u32, end: u32, column: Option<u32>) -> PhysicalLocation {
    let start_line = line.max(1);
    PhysicalLocation {
        artifact_location: Artifact {
            uri: escape::url_path(file),
            uri_base_id: "%SRCROOT%",
        },
        region: Region {
            start_line,
            start_column: column.map(|column| column.max(1)),
            end_line: end.max(start_line),
        },
    }
}

/// A result of a kind other than `fail` has the level `none` (SARIF 3.27.10).
fn level(polarity: Polarity, severity: Severity) -> &'static str {
    match (polarity, severity) {
        (Polarity::Strength, _) => "none",
        (Polarity::Gap, Severity::Critical | Severity::High) => "error",
        (Polarity::Gap, Severity::Medium) => "warning",
        (Polarity::Gap, Severity::Low | Severity::Info) => "note",
    }
}
