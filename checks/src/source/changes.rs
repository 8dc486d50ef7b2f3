//! Which lines of the head tree the candidate wrote.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Tree;

/// Lines `first..=last`, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineRange {
    pub first: u32,
    pub last: u32,
}

/// What the head changed against the base.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// No base: everything is the candidate's.
    everything: bool,
    /// Lines added or changed, by path; a new file has one range over all of it.
    lines: BTreeMap<Arc<str>, Vec<LineRange>>,
    /// Paths that the base has and the head has not.
    pub removed: Vec<Arc<str>>,
}

impl Changes {
    /// For a review without a base: every line counts as the candidate's.
    pub fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// Compares two trees by blob id, then changed files line by line.
    pub fn between(base: &Tree, head: &Tree) -> Self {
        let mut changes = Self::default();
        for (_, file) in head.files() {
            let before = base.get(&file.path);
            if before.is_some_and(|b| b.blob == file.blob) {
                continue;
            }
            let ranges = match (before.and_then(|b| b.text()), file.text()) {
                (Some(old), Some(new)) => changed_lines(old, new),
                _ => vec![LineRange {
                    first: 1,
                    last: u32::MAX,
                }],
            };
            changes.lines.insert(Arc::clone(&file.path), ranges);
        }
        changes.removed = base
            .files()
            .filter(|(_, file)| head.get(&file.path).is_none())
            .map(|(_, file)| Arc::clone(&file.path))
            .collect();
        changes
    }

    /// Whether the candidate wrote any of these lines (from 1, inclusive).
    pub fn touches(&self, path: &str, first: u32, last: u32) -> bool {
        self.everything
            || self
                .lines
                .get(path)
                .is_some_and(|ranges| ranges.iter().any(|r| r.first <= last && first <= r.last))
    }

    /// Whether the candidate added or changed this file at all.
    pub fn touches_file(&self, path: &str) -> bool {
        self.everything || self.lines.contains_key(path)
    }

    /// Whether there was no base to compare with.
    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// Paths added or changed, in order; empty when [`Self::is_everything`].
    pub fn files(&self) -> impl Iterator<Item = (&str, &[LineRange])> {
        self.lines
            .iter()
            .map(|(path, ranges)| (&**path, ranges.as_slice()))
    }
}

fn changed_lines(old: &str, new: &str) -> Vec<LineRange> {
    let diff = similar::TextDiff::from_lines(old, new);
    let mut ranges: Vec<LineRange> = Vec::new();
    for op in diff.ops() {
        let range = op.new_range();
        if op.tag() == similar::DiffTag::Equal || range.is_empty() {
            continue;
        }
        let (first, last) = (range.start as u32 + 1, range.end as u32);
        match ranges.last_mut() {
            Some(open) if open.last + 1 == first => open.last = last,
            _ => ranges.push(LineRange { first, last }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lines_that_are_new_or_different() {
        let base = Tree::of_texts([
            ("a.py", "one\ntwo\nthree\n"),
            ("gone.py", ""),
            ("same.py", "x\n"),
        ]);
        let head = Tree::of_texts([
            ("a.py", "one\n2\nthree\nfour\n"),
            ("new.py", "n\n"),
            ("same.py", "x\n"),
        ]);
        let changes = Changes::between(&base, &head);
        assert!(changes.touches("a.py", 2, 2));
        assert!(changes.touches("a.py", 4, 9));
        assert!(!changes.touches("a.py", 3, 3));
        assert!(changes.touches("new.py", 1, 1));
        assert!(!changes.touches_file("same.py"));
        assert_eq!(changes.removed.len(), 1);
        assert!(Changes::everything().touches("any.py", 1, 1));
    }
}
