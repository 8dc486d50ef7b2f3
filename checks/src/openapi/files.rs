//! Schema files that a project commits: found, read, and compared between base and head.

use std::sync::Arc;

use super::changes::{Change, Changes};
use super::diff::{Options, diff};
use super::lower::{ReadError, read};
use super::model::Api;
use super::rules::Level;
use crate::evidence::{SchemaChange, SchemaPart};
use crate::source::{FileId, SourceFile, Tree};

/// Schema files of one tree that are read; a project has one or two.
const MAX_FILES: usize = 10;
/// Bytes in which the key `openapi` or `swagger` must stand.
const HEAD: usize = 4_096;

/// The paths of files that say they are an OpenAPI description, in order.
pub fn find(tree: &Tree) -> Vec<&SourceFile> {
    tree.files()
        .map(|(_, file)| file)
        .filter(|file| is_schema(file))
        .take(MAX_FILES)
        .collect()
}

fn is_schema(file: &SourceFile) -> bool {
    let name = file.name().to_ascii_lowercase();
    if ![".yml", ".yaml", ".json"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        return false;
    }
    let Some(text) = file.text() else {
        return false;
    };
    let head: String = text.chars().take(HEAD).collect();
    let head = head.trim_start_matches('\u{feff}').trim_start();
    if head.starts_with('{') {
        return head.contains("\"openapi\"") && text.contains("\"paths\"");
    }
    head.lines()
        .any(|line| line.trim_end().starts_with("openapi:"))
        && text.lines().any(|line| line.starts_with("paths:"))
}

/// The schema files of one tree, read.
#[derive(Debug, Default)]
pub struct Committed {
    /// The API's own file is the first of its files.
    pub apis: Vec<(FileId, Api)>,
    pub errors: Vec<ReadError>,
}

/// Reads every schema file of a tree.
pub fn committed(tree: &Tree) -> Committed {
    let mut found = Committed::default();
    for file in find(tree) {
        if let (Some(id), Some(text)) = (tree.find(&file.path), file.text()) {
            match read(&file.path, text, tree) {
                Ok(api) => found.apis.push((id, api)),
                Err(error) => found.errors.push(error),
            }
        }
    }
    found
}

/// A schema file that stands in base and head.
#[derive(Debug)]
pub struct Comparison {
    pub path: Arc<str>,
    pub base: Api,
    pub head: Api,
    pub changes: Changes,
}

/// Compares every schema file that both trees have; with the files that could not be read.
pub fn compare(base: &Tree, head: &Tree) -> (Vec<Comparison>, Vec<ReadError>) {
    let (mut comparisons, mut errors) = (Vec::new(), Vec::new());
    for file in find(head) {
        let Some(old) = base.get(&file.path) else {
            continue;
        };
        let (Some(new_text), Some(old_text)) = (file.text(), old.text()) else {
            continue;
        };
        if old.blob == file.blob {
            continue;
        }
        let sides = (
            read(&file.path, old_text, base),
            read(&file.path, new_text, head),
        );
        match sides {
            (Ok(old), Ok(new)) => {
                let changes = diff(&old, &new, &Options::default());
                comparisons.push(Comparison {
                    path: Arc::clone(&file.path),
                    base: old,
                    head: new,
                    changes,
                });
            }
            (old, new) => errors.extend(old.err().into_iter().chain(new.err())),
        }
    }
    (comparisons, errors)
}

/// The part of an analysis that tells how the committed schema changed; `None` where no schema file
/// stands in both trees and changed.
pub fn schema_part(base: &Tree, head: &Tree) -> Option<SchemaPart> {
    let (comparisons, _) = compare(base, head);
    let first = comparisons.first()?;
    let mut part = SchemaPart {
        source: first.path.to_string(),
        ..SchemaPart::default()
    };
    for comparison in &comparisons {
        for change in &comparison.changes.changes {
            match change.level {
                Level::Error => part.breaking += 1,
                Level::Warning => part.warnings += 1,
                Level::Info => part.additions += 1,
            }
            part.changes.push(told(change));
        }
    }
    part.changes
        .sort_by_key(|change| match change.level.as_str() {
            "error" => 0,
            "warning" => 1,
            _ => 2,
        });
    Some(part)
}

fn told(change: &Change) -> SchemaChange {
    let place = change.source.revision.as_ref();
    SchemaChange {
        id: change.id.clone(),
        level: change.level.name().to_owned(),
        text: change.text.clone(),
        operations: change
            .operations
            .iter()
            .map(|at| format!("{} {}", at.operation, at.path))
            .collect(),
        file: place.map(|place| place.file.clone()),
        line: place.map(|place| place.line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /a/:\n    get:\n      \
                        responses:\n        '200': {description: ok}\n  /b/:\n    get:\n      \
                        responses:\n        '200': {description: ok}\n";

    #[test]
    fn a_committed_schema_is_found_and_compared() {
        let head = BASE.replace("  /b/:", "  /c/d/:");
        let base = Tree::of_texts([("docs/schema.yml", BASE), ("app.yml", "openapi: x\n")]);
        let head = Tree::of_texts([("docs/schema.yml", head.as_str())]);
        assert_eq!(find(&base).len(), 1);
        let part = schema_part(&base, &head).unwrap();
        assert_eq!(part.source, "docs/schema.yml");
        assert_eq!((part.breaking, part.additions), (1, 1));
        assert_eq!(part.changes[0].operations, ["GET /b/"]);
        assert!(schema_part(&base, &base).is_none());
    }

    #[test]
    fn a_broken_schema_is_told_not_fatal() {
        let base = Tree::of_texts([("schema.yml", BASE)]);
        let broken = format!("{BASE}  x: [\n");
        let head = Tree::of_texts([("schema.yml", broken.as_str())]);
        let (comparisons, errors) = compare(&base, &head);
        assert!(comparisons.is_empty());
        assert_eq!(errors.len(), 1);
    }
}
