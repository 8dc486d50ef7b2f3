//! From files to effective rules. Pure: the caller reads the files and keeps the last good version.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use serde_json::Value;

use super::layer::Stack;
use super::meaning;
use super::problem::{Problem, Weight};
use super::rules::Rules;
use super::shape::{Shaped, shape};
use super::yaml::{self, Kind, MAX_PROBLEMS, Spot};
use super::{Layer, Loaded, Source};

/// The rubric and the other defaults, as they stand in `config/`.
const DEFAULTS: [(&str, &str); 2] = [
    (
        "config/rubric.yaml",
        include_str!("../../config/rubric.yaml"),
    ),
    (
        "config/takehome.yml",
        include_str!("../../config/takehome.yml"),
    ),
];

/// The lowest layer, read once.
static DEFAULT: LazyLock<(Stack, Vec<Problem>)> = LazyLock::new(|| {
    let mut stack = Stack::default();
    let mut problems = Vec::new();
    for (name, text) in DEFAULTS {
        let source = Source::new(name, text);
        let shaped = read(&source, Layer::Default, &mut problems);
        stack.add(name, Layer::Default, &shaped, &mut problems);
    }
    (stack, problems)
});

/// Lays the organisation's file and the repository's over the defaults.
///
/// Every problem of both files is told. A value that cannot be used is left out, and the layer below
/// stands. Where the organisation's file has an error and a last good version is known, that one is
/// used as a whole: half of an organisation's rules are nobody's rules.
pub fn load(
    organisation: Option<&Source>,
    repository: Option<&Source>,
    last_good: Option<&str>,
) -> Loaded {
    let mut stack = DEFAULT.0.clone();
    let mut problems = Vec::new();
    let mut used_last_good = false;
    if let Some(source) = organisation {
        let mut own = Vec::new();
        let mut shaped = read(source, Layer::Organisation, &mut own);
        let mut name = source.name.clone();
        let broken = own.iter().any(|problem| problem.weight == Weight::Error);
        if let (true, Some(text)) = (broken, last_good) {
            name = format!("{name} (last good version)");
            // It was good once; what a newer takehome does not accept of it is told as well.
            shaped = read(
                &Source::new(name.as_str(), text),
                Layer::Organisation,
                &mut own,
            );
            used_last_good = true;
        }
        stack.add(&name, Layer::Organisation, &shaped, &mut own);
        sort(&mut own);
        problems.extend(own);
    }
    if let Some(source) = repository {
        let mut own = Vec::new();
        let shaped = read(source, Layer::Repository, &mut own);
        stack.add(&source.name, Layer::Repository, &shaped, &mut own);
        sort(&mut own);
        problems.extend(own);
    }
    finish(stack, problems, used_last_good)
}

/// What a file says on its own, and every problem in it.
fn read(source: &Source, layer: Layer, problems: &mut Vec<Problem>) -> Shaped {
    let name = source.name.as_str();
    if !source.decoded {
        let start = source.text().find('\u{fffd}').unwrap_or(0);
        let before = source.text().get(..start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(line_start..).unwrap_or("").chars().count();
        let spot = Spot {
            start,
            end: start + '\u{fffd}'.len_utf8(),
            line: before.matches('\n').count() as u32 + 1,
            column: column as u32 + 1,
        };
        let mut problem = spot.problem(name, "", "the file is not UTF-8");
        problem.expected = Some("save it as UTF-8; the whole file is left out until then".into());
        problems.push(problem);
        return Shaped::default();
    }
    let Some(root) = yaml::read(name, source.text(), problems) else {
        return Shaped::default();
    };
    let mut own = Vec::new();
    let mut shaped = shape(name, &root, &mut own);
    let names_version =
        matches!(&root.kind, Kind::Map(members) if members.iter().any(|m| m.key == "version"));
    if names_version && !shaped.value.contains_key("version") {
        // In another version every key may mean something else.
        own.retain(|problem| problem.key == "version");
        problems.extend(own);
        return Shaped::default();
    }
    meaning::examine(name, layer, &mut shaped, &mut own);
    problems.extend(own);
    shaped
}

/// By place; more than [`MAX_PROBLEMS`] are counted in a last one.
fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by(|a, b| {
        (&a.file, a.line, a.column, &a.message).cmp(&(&b.file, b.line, b.column, &b.message))
    });
    problems.dedup();
    let more = problems.len().saturating_sub(MAX_PROBLEMS);
    if let (Some(last), 1..) = (problems.get(MAX_PROBLEMS).cloned(), more) {
        problems.truncate(MAX_PROBLEMS);
        problems.push(Problem {
            message: format!("{more} more problems follow from here on"),
            expected: None,
            suggestion: None,
            ..last
        });
    }
}

fn finish(stack: Stack, mut problems: Vec<Problem>, used_last_good: bool) -> Loaded {
    let (rules, sources) = match effective(&stack) {
        Ok(rules) => (rules, stack.sources),
        Err(error) => {
            // The shape was checked, so this is a bug of ours; nobody's review may suffer from it.
            let message = format!("the rules could not be put together: {error}");
            let mut problem = Spot::START.problem("takehome", "", message);
            problem.expected = Some("the built-in rules are used; please report this".into());
            problems.push(problem);
            (defaults(), DEFAULT.0.sources.clone())
        }
    };
    let hash = hash(&rules);
    Loaded {
        rules,
        problems,
        sources,
        hash,
        used_last_good,
    }
}

fn effective(stack: &Stack) -> Result<Rules, serde_json::Error> {
    serde_json::from_value(Value::Object(stack.value.clone()))
}

#[expect(
    clippy::expect_used,
    reason = "the built-in files are part of the program, and a test reads them"
)]
fn defaults() -> Rules {
    effective(&DEFAULT.0).expect("config/rubric.yaml and config/takehome.yml are complete")
}

impl Default for Rules {
    /// The built-in rules: `config/rubric.yaml` and `config/takehome.yml`.
    fn default() -> Self {
        defaults()
    }
}

/// SHA-256 over the effective rules as JSON; the order of keys is defined by the types.
fn hash(rules: &Rules) -> String {
    let bytes = serde_json::to_vec(rules).unwrap_or_default();
    hex::encode(digest::digest(&digest::SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_files_are_complete_and_free_of_problems() {
        let errors: Vec<String> = DEFAULT
            .1
            .iter()
            .filter(|problem| problem.weight == Weight::Error)
            .map(Problem::to_string)
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        effective(&DEFAULT.0).unwrap();
    }
}
