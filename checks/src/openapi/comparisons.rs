//! What a pull request changes for clients: its committed schema files, before and after.
//!
//! Made once per analysis; the checks and the summary read the same comparisons.

use std::sync::Arc;

use super::changes::{Change, Changes};
use super::diff::{Options, diff};
use super::files::find;
use super::lower::{ReadError, read};
use super::model::Api;
use super::rules::Level;
use crate::evidence::{SchemaChange, SchemaPart};
use crate::facts::Facts;
use crate::source::Tree;

/// Where the two descriptions that were compared come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file that stands in base and head; its path.
    Committed(Arc<str>),
}

impl Source {
    /// `inferred`, or the path of a committed file.
    pub fn name(&self) -> &str {
        match self {
            Self::Committed(path) => path,
        }
    }
}

/// An API before and after.
#[derive(Debug)]
pub struct Comparison {
    pub source: Source,
    pub base: Api,
    pub head: Api,
    pub changes: Changes,
}

/// All comparisons of one pull request.
#[derive(Debug, Default)]
pub struct Comparisons {
    pub all: Vec<Comparison>,
    /// Files that could not be read.
    pub errors: Vec<ReadError>,
}

impl Comparisons {
    /// Compares two trees; nothing where there is no base.
    pub fn of(base: Option<&Facts>, head: &Facts) -> Self {
        let mut found = Self::default();
        if let Some(base) = base {
            found.committed(&base.tree, &head.tree);
        }
        found
    }

    fn committed(&mut self, base: &Tree, head: &Tree) {
        for file in find(head) {
            let Some(old) = base.get(&file.path).filter(|old| old.blob != file.blob) else {
                continue;
            };
            let (Some(new_text), Some(old_text)) = (file.text(), old.text()) else {
                continue;
            };
            let sides = (
                read(&file.path, old_text, base),
                read(&file.path, new_text, head),
            );
            match sides {
                (Ok(old), Ok(new)) => {
                    let changes = diff(&old, &new, &Options::default());
                    self.all.push(Comparison {
                        source: Source::Committed(Arc::clone(&file.path)),
                        base: old,
                        head: new,
                        changes,
                    });
                }
                (old, new) => self.errors.extend(old.err().into_iter().chain(new.err())),
            }
        }
    }

    /// The part of an analysis that tells how the API changed; `None` where nothing was compared.
    pub fn part(&self) -> Option<SchemaPart> {
        let first = self.all.first()?;
        let mut part = SchemaPart {
            source: first.source.name().to_owned(),
            ..SchemaPart::default()
        };
        for change in self.all.iter().flat_map(|c| &c.changes.changes) {
            match change.level {
                Level::Error => part.breaking += 1,
                Level::Warning => part.warnings += 1,
                Level::Info => part.additions += 1,
            }
            part.changes.push(told(change));
        }
        part.changes
            .sort_by_key(|change| match change.level.as_str() {
                "error" => 0,
                "warning" => 1,
                _ => 2,
            });
        Some(part)
    }
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

    fn compared(base: &str, head: &str) -> Comparisons {
        let of = |text| Facts::of(Arc::new(Tree::of_texts([("docs/schema.yml", text)])));
        Comparisons::of(Some(&of(base)), &of(head))
    }

    #[test]
    fn a_committed_schema_is_compared() {
        let part = compared(BASE, &BASE.replace("  /b/:", "  /c/d/:"))
            .part()
            .unwrap();
        assert_eq!(part.source, "docs/schema.yml");
        assert_eq!((part.breaking, part.additions), (1, 1));
        assert_eq!(part.changes[0].operations, ["GET /b/"]);
        assert!(compared(BASE, BASE).part().is_none());
    }

    #[test]
    fn a_broken_schema_is_told_not_fatal() {
        let found = compared(BASE, &format!("{BASE}  x: [\n"));
        assert!(found.all.is_empty());
        assert_eq!(found.errors.len(), 1);
    }
}
