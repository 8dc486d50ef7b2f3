//! Which lines of the head tree the candidate wrote.

use std::collections::BTreeMap;
use std::ops::Range;
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
    /// Of a changed file: lines of the base and of the head that took their place, from 0, end
    /// excluded; in order.
    hunks: BTreeMap<Arc<str>, Vec<(Range<u32>, Range<u32>)>>,
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
                (Some(old), Some(new)) => {
                    let hunks = hunks(old, new);
                    let ranges = new_lines(&hunks);
                    changes.hunks.insert(Arc::clone(&file.path), hunks);
                    ranges
                }
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

    /// The line of the head (from 1) at which a line of the base stands, or at which it was taken
    /// away or rewritten. For a file that both trees have.
    pub fn line_now(&self, path: &str, line: u32) -> u32 {
        let before = line.saturating_sub(1);
        let mut now = i64::from(before);
        for (old, new) in self.hunks.get(path).into_iter().flatten() {
            if old.start > before {
                break;
            }
            if old.contains(&before) {
                // Line by line where something took its place, its last line for what is over.
                let within = (before - old.start).min((new.end - new.start).saturating_sub(1));
                return new.start + within + 1;
            }
            now = i64::from(new.end) + i64::from(before) - i64::from(old.end);
        }
        u32::try_from(now + 1).unwrap_or(1)
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

fn hunks(old: &str, new: &str) -> Vec<(Range<u32>, Range<u32>)> {
    let lines = |range: Range<usize>| range.start as u32..range.end as u32;
    similar::TextDiff::from_lines(old, new)
        .ops()
        .iter()
        .filter(|op| op.tag() != similar::DiffTag::Equal)
        .map(|op| (lines(op.old_range()), lines(op.new_range())))
        .collect()
}

fn new_lines(hunks: &[(Range<u32>, Range<u32>)]) -> Vec<LineRange> {
    let mut ranges: Vec<LineRange> = Vec::new();
    for (_, new) in hunks.iter().filter(|(_, new)| !new.is_empty()) {
        let (first, last) = (new.start + 1, new.end);
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
        assert_eq!(changes.line_now("a.py", 3), 3);
        assert_eq!(changes.line_now("same.py", 1), 1);
        assert!(Changes::everything().touches("any.py", 1, 1));
    }

    #[test]
    fn a_line_of_the_base_is_found_again() {
        let base = Tree::of_texts([("a.py", "1\n2\n3\n4\n5\n6\n")]);
        let head = Tree::of_texts([("a.py", "0\n1\n2\n5\nsix\n7\n")]);
        let changes = Changes::between(&base, &head);
        let now: Vec<u32> = (1..=6).map(|line| changes.line_now("a.py", line)).collect();
        // 3 and 4 are gone: where they stood is 5 now.
        assert_eq!(now, [2, 3, 4, 4, 4, 5]);
    }
}
