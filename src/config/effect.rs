//! What the rules mean for the other rooms: the part that the analysis obeys, the globs, compiled.

use globset::{GlobSet, GlobSetBuilder};
use takehome_checks::catalog::{self, Check};
use takehome_checks::engine::CheckRules;
use takehome_checks::evidence::{Competency, Polarity, Severity};

use super::meaning;
use super::rules::{AuthExpectation, Database, DeployExpectation, Profile, Rules};

/// Gaps that are no more than a remark where the brief asks for no authentication: the
/// specification names the flag for DRF161, the others rest on the same policy.
const AUTH_NONE: [&str; 4] = ["DRF161", "DRF162", "DRF163", "DRF402"];
/// Gaps that are no more than a remark where nothing is deployed.
const DEPLOY_NONE: [&str; 7] = [
    "DRF302", "DRF303", "DRF310", "DRF431", "DRF438", "DRF668", "DRF669",
];

impl Rules {
    /// What the assignment asks of a competency.
    pub fn profile(&self, competency: Competency) -> Profile {
        self.rubric
            .competencies
            .get(&competency)
            .map_or(Profile::OutOfScope, |rules| rules.profile)
    }

    /// The part of the rules that the analysis obeys: checks of competencies that are out of scope
    /// do not run, of a bonus only those for strengths.
    pub fn check_rules(&self) -> CheckRules {
        let silent = |check: &&Check| match self.profile(check.competency) {
            Profile::Expected => false,
            Profile::Bonus => check.polarity == Polarity::Gap,
            Profile::OutOfScope => true,
        };
        let seeded = |id: &str| self.assignment.seeded_defects.iter().any(|d| d.check == id);
        let mut off: Vec<String> = catalog::all()
            .into_iter()
            .filter(silent)
            .map(|check| check.id.to_owned())
            // Whoever seeds a defect asks for it, whatever the profile says.
            .filter(|id| !seeded(id))
            .chain(self.checks.off.iter().cloned())
            .collect();
        off.sort();
        off.dedup();
        let mut severity = self.checks.severity.clone();
        let mut remark = |ids: &[&str]| {
            for id in ids {
                severity.entry((*id).to_owned()).or_insert(Severity::Info);
            }
        };
        if self.assignment.auth == AuthExpectation::None {
            remark(&AUTH_NONE);
        }
        if self.assignment.deploy == DeployExpectation::None {
            remark(&DEPLOY_NONE);
        }
        CheckRules { off, severity }
    }

    /// Paths that a candidate must leave as they are.
    pub fn protected(&self) -> GlobSet {
        globs(&self.assignment.protected)
    }

    /// Files that belong to the starter whatever the history says.
    pub fn starter_paths(&self) -> GlobSet {
        globs(&self.assignment.starter.paths)
    }

    /// The database engine for which the API's schema is inferred where the source does not say.
    pub fn schema_database(&self) -> Option<Database> {
        self.schema.database.or(self.assignment.database)
    }
}

/// Patterns were checked when the file was read; one that does not compile matches nothing.
fn globs(patterns: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for glob in patterns
        .iter()
        .filter_map(|pattern| meaning::glob(pattern).ok())
    {
        builder.add(glob);
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
}
