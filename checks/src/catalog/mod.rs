//! The checks: a folder per competency, two files per check.
//!
//! A check is a question put to the [`Facts`]; it never walks syntax that the facts have read. Its
//! page (`lost_update_race.md` beside `lost_update_race.rs`) is what people read, and the page's
//! examples are its tests: see `checks/README.md`.

mod answers;
pub(crate) mod lookup_columns;
pub(crate) mod on_request;
mod page;
pub(crate) mod route_words;
pub(crate) mod secret_words;
pub(crate) mod words;

mod c01_serializers;
mod c02_views;
mod c03_access;
mod c04_versioning;
mod c05_lists;
mod c06_schema;
mod c07_secrets;
mod c08_input;
mod c09_audit;
mod c10_tests;
mod c11_pipelines;
mod c12_monitoring;
mod c13_layers;
mod c14_performance;
mod c15_async;
mod c16_orm;
mod c17_transactions;
mod c18_migrations;
mod c19_review;
mod c20_docs;
mod c21_backlog;
mod c22_service_levels;
mod c23_delivery;
mod c24_cost;

pub use answers::{Anchor, Answers, Evidence};
pub use page::{Example, ExampleFile, Page, PageError};

use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::facts::Facts;
use crate::openapi::comparisons::Comparisons;
use crate::source::Changes;

/// What a check needs to see; the words of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One file.
    File,
    /// Facts across files.
    Xfile,
    /// The project as a whole.
    Project,
    /// Base and head.
    Diff,
    /// Commits and the pull request's text.
    Pr,
}

/// A check of the catalogue.
#[derive(Debug)]
pub struct Check {
    /// `DRF631`; stable for ever.
    pub id: &'static str,
    /// `lost-update-race`
    pub name: &'static str,
    pub competency: Competency,
    pub polarity: Polarity,
    /// The usual severity; a single piece of evidence may say otherwise.
    pub severity: Severity,
    /// The highest confidence it may claim.
    pub confidence: Confidence,
    pub scope: Scope,
    /// The page, as Markdown.
    pub page: &'static str,
    /// Checks that say the same with a better cause: where one of them spoke about the same
    /// subject, this one is silent.
    pub yields_to: &'static [&'static str],
    pub run: fn(&Cx<'_>, &mut Answers),
}

/// What a check may ask.
#[derive(Debug)]
pub struct Cx<'a> {
    pub head: &'a Facts,
    /// `None` where a folder is reviewed on its own.
    pub base: Option<&'a Facts>,
    pub changes: &'a Changes,
    /// What changed for clients between base and head.
    pub api: &'a Comparisons,
}

impl Cx<'_> {
    /// The lines of a place in the head tree.
    pub fn anchor(&self, place: crate::python::value::Place) -> Anchor {
        Anchor::at(&self.head.tree, place)
    }

    /// What stands at a place of the head tree; empty where the file was not read.
    pub(crate) fn text(&self, place: crate::python::value::Place) -> &str {
        self.head
            .tree
            .file(place.file)
            .text()
            .and_then(|text| text.get(place.span.start as usize..place.span.end as usize))
            .unwrap_or("")
    }
}

/// Every check, in the order of ids.
pub fn all() -> Vec<&'static Check> {
    let folders = [
        c01_serializers::CHECKS,
        c02_views::CHECKS,
        c03_access::CHECKS,
        c04_versioning::CHECKS,
        c05_lists::CHECKS,
        c06_schema::CHECKS,
        c07_secrets::CHECKS,
        c08_input::CHECKS,
        c09_audit::CHECKS,
        c10_tests::CHECKS,
        c11_pipelines::CHECKS,
        c12_monitoring::CHECKS,
        c13_layers::CHECKS,
        c14_performance::CHECKS,
        c15_async::CHECKS,
        c16_orm::CHECKS,
        c17_transactions::CHECKS,
        c18_migrations::CHECKS,
        c19_review::CHECKS,
        c20_docs::CHECKS,
        c21_backlog::CHECKS,
        c22_service_levels::CHECKS,
        c23_delivery::CHECKS,
        c24_cost::CHECKS,
    ];
    let mut checks: Vec<_> = folders.into_iter().flatten().copied().collect();
    checks.sort_by_key(|check| check.id);
    checks
}

/// The check with this id (`DRF631`, any case) or name.
pub fn find(id_or_name: &str) -> Option<&'static Check> {
    all()
        .into_iter()
        .find(|check| check.id.eq_ignore_ascii_case(id_or_name) || check.name == id_or_name)
}
