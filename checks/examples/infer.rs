//! `infer PATH [SETTINGS [ENGINE [DJANGO]]]`: the inferred OpenAPI document of a plain folder as JSON,
//! for measuring inference without building the service. `infer --all INDEX FOLDER OUT` does it for
//! every project of an index of the suite, from checkouts in FOLDER to OUT/NAME.json. `takehome
//! schema infer` is what people use.

use std::path::Path;
use std::sync::Arc;

use takehome_checks::facts::Facts;
use takehome_checks::openapi::infer::{Engine, Given, infer};
use takehome_checks::source::{Entry, EntryKind, Tree};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it prints its result"
)]
fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(16 << 20)
        .build()?;
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--all", index, folder, out, rest @ ..] => {
            let index: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(index)?)?;
            std::fs::create_dir_all(out)?;
            for project in index.as_array().into_iter().flatten() {
                let text = |key: &str| project.get(key).and_then(|v| v.as_str()).unwrap_or("");
                let name = text("name");
                if rest.first().is_some_and(|only| !name.contains(only)) {
                    continue;
                }
                let mut root = Path::new(folder).join(name);
                if !root.is_dir() {
                    eprintln!("{name}: no checkout");
                    continue;
                }
                if text("manage_dir") != "." {
                    root = root.join("");
                }
                let document = pool.install(|| {
                    one(
                        &root,
                        Some(text("settings")),
                        text("database_engine"),
                        text("django"),
                    )
                })?;
                std::fs::write(Path::new(out).join(format!("{name}.json")), document)?;
            }
        }
        [path, rest @ ..] => {
            let at = |index: usize| rest.get(index).copied().unwrap_or("");
            let settings = rest.first().copied();
            let document = pool.install(|| one(Path::new(path), settings, at(1), at(2)))?;
            println!("{document}");
        }
        [] => return Err("usage: infer PATH [SETTINGS [ENGINE [DJANGO]]]".into()),
    }
    Ok(())
}

#[allow(clippy::print_stderr, reason = "notes are for the person who measures")]
fn one(root: &Path, settings: Option<&str>, engine: &str, django: &str) -> Result<String, Failure> {
    let facts = Facts::with_settings(Arc::new(read(root)?), settings.filter(|s| !s.is_empty()));
    let given = Given {
        engine: Engine::parse(engine),
        django: django
            .split('.')
            .next()
            .and_then(|major| major.parse().ok()),
    };
    let inferred = infer(&facts, given);
    for note in &inferred.notes {
        eprintln!("{}: {note}", root.display());
    }
    Ok(serde_json::to_string_pretty(
        &inferred.document.to_value(true),
    )?)
}

fn read(root: &Path) -> std::io::Result<Tree> {
    let mut entries = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() && entry.file_name() != ".git" {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                let name = path.strip_prefix(root).map_err(std::io::Error::other)?;
                entries.push(Entry {
                    path: name.to_string_lossy().replace('\\', "/"),
                    kind: EntryKind::File,
                    bytes: Some(std::fs::read(&path)?.into()),
                });
            }
        }
    }
    Ok(Tree::new(entries))
}
