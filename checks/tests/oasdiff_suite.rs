//! oasdiff's own test cases, generated pairs, real histories and the DRF shape table: how often we
//! agree, printed as figures, with a floor under each of them so that a step back fails.
//!
//! The suites lie beside the repository (`shared/suites`); where they are absent the test says so
//! and, in CI, fails. `OPENAPI_SUITE=cases` prints every case of one suite that differs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic, and prints its figures"
)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use takehome_checks::openapi::{
    self, Changes, Date, Files, Level, Options, Stability, diff, rules,
};

/// What must at least agree: by ids; by id, operation and path; by line too.
struct Floor {
    suite: &'static str,
    row: &'static str,
    ids: usize,
    op: usize,
    line: usize,
}

/// What is reached; rows of other rules than ours (`negative`: where oasdiff is blind) count too,
/// because the view per operation is there to be compared.
const FLOORS: &[Floor] = &[
    floor("cases", "required", 457),
    floor("cases", "optional", 49),
    floor("pairs", "required", 378),
    floor("pairs", "optional", 10),
    floor("matrix", "positive", 649),
    floor("matrix", "negative", 435),
    floor("matrix", "shape", 134),
    floor("history", "all", 62),
];

const fn floor(suite: &'static str, row: &'static str, all: usize) -> Floor {
    Floor {
        suite,
        row,
        ids: all,
        op: all,
        line: all,
    }
}

fn shared() -> Option<PathBuf> {
    let found = match std::env::var_os("TAKEHOME_SHARED") {
        Some(path) => Some(PathBuf::from(path)),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .map(|folder| folder.join("shared"))
            .find(|folder| folder.join("suites/oasdiff/cases.json").is_file()),
    };
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "the suites in shared/ are missing"
        );
        println!("skipped: no shared/suites beside the repository");
    }
    found
}

struct Folder(PathBuf);

impl Files for Folder {
    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        std::fs::read_to_string(self.0.join(path))
            .ok()
            .map(Cow::Owned)
    }
}

fn load(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn options(of: &Value) -> Options {
    let text = |key: &str| of.get(key).and_then(Value::as_str);
    let days = |key: &str| of.get(key).and_then(Value::as_i64).unwrap_or(0);
    Options {
        per_operation: true,
        stability: text("stability_level")
            .and_then(Stability::from_name)
            .unwrap_or(Stability::Beta),
        deprecation_days_beta: days("deprecation_days_beta"),
        deprecation_days_stable: days("deprecation_days_stable"),
        // A case without a day of its own does not depend on it.
        today: Date::parse(text("today").unwrap_or("2026-08-20")),
        match_inline_refs: of.get("match_inline_refs") != Some(&Value::Bool(false)),
        versioning_policy: of.get("versioning_policy") == Some(&Value::Bool(true)),
    }
}

fn run(
    folder: &Path,
    base: (&str, &str),
    revision: (&str, &str),
    options: &Options,
) -> Result<Changes, String> {
    let files = Folder(folder.to_owned());
    let read = |(path, text): (&str, &str)| {
        openapi::read(path, text, &files).map_err(|error| error.to_string())
    };
    Ok(diff(&read(base)?, &read(revision)?, options))
}

type OpKey = (String, String, String);

fn op_key(of: &Value) -> OpKey {
    let text = |key: &str| of.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    (text("id"), text("operation").to_uppercase(), text("path"))
}

fn count<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

#[derive(Default)]
struct Figures {
    cases: usize,
    ids: usize,
    op: usize,
    line: usize,
}

struct Judged {
    ids: bool,
    op: bool,
    line: bool,
    report: String,
}

const VERSION_IDS: [&str; 3] = [
    "api-major-version-not-bumped",
    "api-version-decreased",
    "api-version-not-bumped",
];

/// The judgement of the suite's own `run.py`.
fn judge(case: &Value, got: &Result<Changes, String>, versions: bool) -> Judged {
    let scope: Option<Vec<&str>> = case
        .get("scope")
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_str).collect());
    let floor = match case.get("min_level").and_then(Value::as_str) {
        Some("error") => Level::Error,
        Some("warning") => Level::Warning,
        _ => Level::Info,
    };
    let counts = |id: &str| {
        rules::find(id).is_some_and(|rule| rule.level >= floor)
            && !id.starts_with("drf-")
            && scope.as_ref().is_none_or(|scope| scope.contains(&id))
            && (versions || !VERSION_IDS.contains(&id))
    };
    let wanted: Vec<Value> = case["expected"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| counts(e["id"].as_str().unwrap()))
        .cloned()
        .collect();
    let got = match got {
        Ok(changes) => changes,
        Err(why) => {
            return Judged {
                ids: false,
                op: false,
                line: false,
                report: why.clone(),
            };
        }
    };
    let found: Vec<Value> = got
        .changes
        .iter()
        .filter(|c| counts(&c.id))
        .map(|c| serde_json::to_value(c).unwrap())
        .collect();
    let id = |v: &Value| v["id"].as_str().unwrap().to_owned();
    let ids = count(wanted.iter().map(id)) == count(found.iter().map(id));
    let want_ops = count(wanted.iter().map(op_key));
    let got_ops = count(found.iter().map(op_key));
    let line_of = |v: &Value, expected: bool| {
        ["base", "revision"].map(|side| {
            let place = if expected {
                &v[format!("{side}_source")]
            } else {
                &v["source"][side]
            };
            place["line"].as_u64()
        })
    };
    let mut missed = Vec::new();
    for key in want_ops.keys() {
        let of = |list: &[Value], expected: bool| -> Vec<[Option<u64>; 2]> {
            list.iter()
                .filter(|v| op_key(v) == *key)
                .map(|v| line_of(v, expected))
                .collect()
        };
        let (mut have, mut want) = (of(&found, false), of(&wanted, true));
        // Those that ask for more come first, so that a greedy pairing is a largest one.
        want.sort_by_key(|w| std::cmp::Reverse(w.iter().flatten().count()));
        for w in want {
            let fits = have
                .iter()
                .position(|h| w.iter().zip(h).all(|(w, h)| w.is_none() || w == h));
            match fits {
                Some(at) => {
                    have.remove(at);
                }
                None => missed.push(format!("{}: line {w:?}, have {have:?}", key.0)),
            }
        }
    }
    let op = want_ops == got_ops;
    let minus = |a: &BTreeMap<OpKey, usize>, b: &BTreeMap<OpKey, usize>| -> Vec<String> {
        a.iter()
            .filter(|(k, n)| b.get(*k) != Some(n))
            .map(|(k, n)| format!("{n}x {} {} {}", k.0, k.1, k.2))
            .collect()
    };
    Judged {
        ids,
        op,
        line: op && missed.is_empty(),
        report: if op {
            missed.join("; ")
        } else {
            format!(
                "missing {:?}\n      extra   {:?}",
                minus(&want_ops, &got_ops),
                minus(&got_ops, &want_ops)
            )
        },
    }
}

fn print_row(suite: &str, row: &str, figures: &Figures) {
    let share = |n: usize| 100.0 * n as f64 / figures.cases.max(1) as f64;
    println!(
        "{suite:<8} {row:<9} {:>5} cases   ids {:>5} {:>6.2} %   +operation {:>5} {:>6.2} %   +line {:>5} {:>6.2} %",
        figures.cases,
        figures.ids,
        share(figures.ids),
        figures.op,
        share(figures.op),
        figures.line,
        share(figures.line)
    );
}

#[test]
fn agrees_with_oasdiff() {
    let Some(shared) = shared() else { return };
    let suites = shared.join("suites");
    let verbose = std::env::var("OPENAPI_SUITE").unwrap_or_default();
    let mut reached: BTreeMap<(&str, String), Figures> = BTreeMap::new();
    for suite in ["cases", "pairs", "matrix", "history"] {
        let (folder, path) = match suite {
            "history" => {
                let folder = suites.join("spectacular/history");
                let path = folder.join("pairs.json");
                (folder, path)
            }
            _ => (
                suites.join("oasdiff"),
                suites.join(format!("oasdiff/{suite}.json")),
            ),
        };
        if !path.is_file() {
            println!("{suite}: absent");
            continue;
        }
        for mut case in load(&path).as_array().unwrap().clone() {
            if suite == "history" {
                if case["identical"] == Value::Bool(true) || case["findings"].is_null() {
                    continue;
                }
                case["expected"] = case["findings"].clone();
            }
            let [base, revision] = ["base", "revision"].map(|side| match &case[side] {
                Value::String(path) => (
                    path.clone(),
                    std::fs::read_to_string(folder.join(path)).unwrap(),
                ),
                document => (format!("{side}.json"), document.to_string()),
            });
            let mut options = options(case.get("options").unwrap_or(&Value::Null));
            if suite != "cases" {
                options.versioning_policy = false;
            }
            let got = run(
                &folder,
                (&base.0, &base.1),
                (&revision.0, &revision.1),
                &options,
            );
            let judged = judge(&case, &got, options.versioning_policy);
            let row = match suite {
                "matrix" => case["kind"].as_str().unwrap(),
                "history" => "all",
                _ if case["optional"] == Value::Bool(true) => "optional",
                _ => "required",
            };
            let figures = reached.entry((suite, row.to_owned())).or_default();
            figures.cases += 1;
            figures.ids += usize::from(judged.ids);
            figures.op += usize::from(judged.op);
            figures.line += usize::from(judged.line);
            if verbose == suite && !judged.line {
                let text = |key: &str| case[key].as_str().unwrap_or("").to_owned();
                println!(
                    "  {row} #{} {}{} {} {} -> {}\n      {}",
                    case["n"],
                    text("test"),
                    text("name"),
                    text("location"),
                    text("base"),
                    text("revision"),
                    judged.report
                );
            }
        }
    }
    for ((suite, row), figures) in &reached {
        print_row(suite, row, figures);
    }
    for floor in FLOORS {
        if let Some(figures) = reached.get(&(floor.suite, floor.row.to_owned())) {
            assert!(
                figures.ids >= floor.ids && figures.op >= floor.op && figures.line >= floor.line,
                "{} {} fell below its floor",
                floor.suite,
                floor.row
            );
        }
    }
}

#[test]
fn innocent_django_edits_give_no_error() {
    let Some(shared) = shared() else { return };
    let verbose = std::env::var("OPENAPI_SUITE").is_ok_and(|suite| suite == "shapes");
    let table = load(&shared.join("suites/drf-shapes.json"));
    let (mut passed, mut false_errors, mut rows) = (0, 0, 0);
    let mut failed = Vec::new();
    for row in table["rows"].as_array().unwrap() {
        rows += 1;
        let changes = run(
            &shared,
            ("base.yaml", row["base"].as_str().unwrap()),
            ("revision.yaml", row["revision"].as_str().unwrap()),
            &Options::default(),
        )
        .unwrap()
        .changes;
        let list = |key: &str| -> Vec<&str> {
            let values = row[key].as_array().unwrap().iter();
            values.filter_map(Value::as_str).collect()
        };
        let (errors, mut warnings) = (list("errors"), list("warnings"));
        warnings.extend(&errors);
        let mut bad = Vec::new();
        for must in row["must"].as_array().unwrap() {
            let has = |key: &str, value: &str| {
                let mut values = must[key].as_array().unwrap().iter();
                values.any(|v| v == value)
            };
            if !changes
                .iter()
                .any(|c| has("id", &c.id) && has("level", c.level.name()))
            {
                bad.push(format!("no change of {}", must["id"]));
            }
        }
        for change in &changes {
            let wanted = match change.level {
                Level::Error => errors.contains(&change.id.as_str()),
                Level::Warning => warnings.contains(&change.id.as_str()),
                Level::Info => true,
            };
            if !wanted {
                false_errors += usize::from(change.level == Level::Error);
                bad.push(format!(
                    "{} not wanted: {} ({})",
                    change.level.name(),
                    change.id,
                    change.text
                ));
            }
        }
        if let Some(most) = row["max_changes"].as_u64()
            && changes.len() as u64 > most
        {
            bad.push(format!("{} changes, at most {most} wanted", changes.len()));
        }
        if bad.is_empty() {
            passed += 1;
        } else {
            failed.push(format!("{}: {}", row["name"], bad.join("; ")));
        }
        if verbose || !bad.is_empty() {
            let shown = changes
                .iter()
                .map(|c| format!("{} {}", c.level.name(), c.id));
            println!("  {}: {:?}", row["name"], shown.collect::<Vec<_>>());
        }
    }
    println!("shapes   {passed} of {rows} rows, {false_errors} false errors");
    assert_eq!(false_errors, 0, "{failed:#?}");
    assert_eq!(passed, rows, "{failed:#?}");
}
