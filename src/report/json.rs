//! The JSON of `takehome review`: a promise to other programs. Fields are added; none is renamed or
//! removed without a new [`FORMAT`].

use serde::Serialize;
use takehome_checks::evidence::{CheckOutcome, Coverage, Endpoint, Finding, SchemaPart};

use super::Review;
use crate::rubric::RubricResult;

/// Version of this format.
pub const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    takehome: &'a str,
    head: Option<&'a str>,
    base: Option<&'a str>,
    rules: &'a str,
    findings: &'a [Finding],
    rubric: &'a RubricResult,
    schema: Option<&'a SchemaPart>,
    endpoints: &'a [Endpoint],
    coverage: &'a Coverage,
    outcomes: &'a [CheckOutcome],
    notes: &'a [String],
}

/// Pretty-printed, with a line end.
///
/// # Errors
/// None is known: every part is serialisable; the signature leaves the last word to `serde_json`.
pub fn json(review: &Review) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(&Document {
        version: FORMAT,
        takehome: &review.version,
        head: review.head.as_deref(),
        base: review.base.as_deref(),
        rules: &review.rules_hash,
        findings: &review.analysis.findings,
        rubric: &review.rubric,
        schema: review.analysis.schema.as_ref(),
        endpoints: &review.analysis.endpoints,
        coverage: &review.analysis.coverage,
        outcomes: &review.analysis.outcomes,
        notes: &review.notes,
    })?;
    text.push('\n');
    Ok(text)
}
