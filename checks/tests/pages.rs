//! Runs every check on the examples of its page: a marked line must be found, a good block must be
//! silent. The pages are the tests of the catalogue; this file knows no check by name.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::BTreeSet;
use std::sync::Arc;

use takehome_checks::catalog::{self, Check, Example, Page};
use takehome_checks::source::Tree;
use takehome_checks::{AnalysisInput, analyse};

#[test]
fn every_page_says_what_its_check_does() {
    let mut problems = Vec::new();
    // `TAKEHOME_PAGES=DRF101,DRF103` runs only these, while writing them.
    let wanted = std::env::var("TAKEHOME_PAGES").ok();
    let is_wanted = |id: &str| {
        wanted
            .as_ref()
            .is_none_or(|ids| ids.split(',').any(|one| one == id))
    };
    for check in catalog::all()
        .into_iter()
        .filter(|check| is_wanted(check.id))
    {
        match Page::parse(check.page) {
            Ok(page) => {
                if (page.id.as_str(), page.name.as_str()) != (check.id, check.name) {
                    problems.push(format!(
                        "{}: its page is headed `{} {}`",
                        check.id, page.id, page.name
                    ));
                }
                for example in &page.examples {
                    problems.extend(differences(check, example));
                }
            }
            Err(error) => problems.push(format!("{}: its page, {error}", check.id)),
        }
    }
    assert!(
        problems.is_empty(),
        "{}\n{} problems",
        problems.join("\n"),
        problems.len()
    );
}

#[test]
fn ids_and_names_are_used_once() {
    let mut seen = BTreeSet::new();
    for check in catalog::all() {
        assert!(seen.insert(check.id), "{} is used twice", check.id);
        assert!(seen.insert(check.name), "{} is used twice", check.name);
    }
}

/// What the specification says of each check is what the catalogue says, where it is present.
#[test]
fn the_catalogue_agrees_with_the_specification() {
    let Some(shared) = shared() else { return };
    let text = std::fs::read_to_string(shared.join("spec/checks.json")).unwrap();
    let specified: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let mut problems = Vec::new();
    for check in catalog::all() {
        let Some(wanted) = specified.iter().find(|s| s["id"] == check.id) else {
            problems.push(format!("{} is not in the specification", check.id));
            continue;
        };
        let ours = serde_json::json!({
            "name": check.name, "competency": check.competency, "polarity": check.polarity,
        });
        for key in ["name", "competency", "polarity"] {
            if wanted[key] != ours[key] {
                problems.push(format!(
                    "{}: {key} is {}, specified {}",
                    check.id, ours[key], wanted[key]
                ));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn differences(check: &Check, example: &Example) -> Vec<String> {
    let tree = |base: bool| {
        let files = example.files.iter().filter(move |file| file.base == base);
        Arc::new(Tree::of_texts(
            files.map(|file| (file.path.as_str(), file.text.as_str())),
        ))
    };
    let has_base = example.files.iter().any(|file| file.base);
    let input = AnalysisInput {
        head: tree(false),
        base: has_base.then(|| tree(true)),
        ..AnalysisInput::default()
    };
    let analysis = analyse(&input);
    let mut found = BTreeSet::new();
    for finding in analysis.findings.iter().filter(|f| f.check == check.id) {
        // A finding that stands for several places of one cause marks each of them.
        found.insert((finding.file.clone(), finding.line));
        let same_cause = finding
            .related
            .iter()
            .filter(|place| place.message.is_empty());
        found.extend(same_cause.map(|place| (place.file.clone(), place.line)));
    }
    let wanted: BTreeSet<_> = example
        .files
        .iter()
        .filter(|file| !file.base)
        .flat_map(|file| file.marks.iter().map(|line| (file.path.clone(), *line)))
        .collect();
    let say = |what: &str, places: Vec<&(String, u32)>| {
        places
            .into_iter()
            .map(|(file, line)| format!("{} ({}): {what} {file}:{line}", check.id, example.title))
            .collect::<Vec<_>>()
    };
    let mut problems = say("not found at", wanted.difference(&found).collect());
    problems.extend(say(
        "found, and not marked, at",
        found.difference(&wanted).collect(),
    ));
    if !problems.is_empty() {
        let outcome = analysis.outcomes.iter().find(|o| o.check == check.id);
        problems.push(format!("    outcome: {outcome:?}"));
    }
    problems
}

fn shared() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("TAKEHOME_SHARED").map(std::path::PathBuf::from);
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared"))
        .find(|folder| folder.join("spec").is_dir());
    let found = named.or(beside);
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "CI must have the shared folder beside the repository"
        );
        eprintln!("skipped: there is no shared folder beside the repository");
    }
    found
}
