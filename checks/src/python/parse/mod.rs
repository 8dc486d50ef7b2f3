//! From text to our syntax tree, by tree-sitter.
//!
//! One walk with one cursor. It never asks a node for its parent or for a child by name (both are
//! slow on deep trees) and never recurses deeper than [`MAX_DEPTH`](super::syntax::MAX_DEPTH).

mod definition;
mod expr;
mod kinds;
mod stmt;
mod string;
mod text;
mod walker;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::syntax::{Comment, Span, Stmt, StmtKind};
use kinds::{K, kind};
use walker::Walker;

/// A parsed file: statements, comments, and where it did not parse.
#[derive(Debug, Default)]
pub struct ParsedFile {
    pub body: Vec<Stmt>,
    /// In the order of the text.
    pub comments: Vec<Comment>,
    /// Places where the grammar gave up, in the order of the text; the statements around them are
    /// kept.
    pub errors: Vec<Span>,
    /// Nested deeper than our limit somewhere, or parsing ran out of its budget. Ends a sentence
    /// that begins with the path: "`a.py` was read in part: …".
    pub truncated: Option<&'static str>,
}

/// Steps that tree-sitter may take before it gives up on a file, in calls of its progress callback:
/// counted, not timed, so that the same text always gives the same tree. Ordinary source takes one
/// call for 54 bytes, the densest that parses (a call for every three bytes) one for 8; error
/// recovery on random bytes takes many more.
fn step_budget(bytes: usize) -> usize {
    20_000 + bytes / 2
}

const OUT_OF_STEPS: &str = "it takes too many steps to parse";
const TOO_DEEP: &str = "it is nested deeper than 200 levels";

/// Parses Python; never fails, never takes longer than its budget.
pub fn parse(text: &str) -> ParsedFile {
    let mut steps_left = step_budget(text.len());
    let whole = parse_range(text, 0..text.len(), &mut steps_left);
    if whole.errors.is_empty() {
        return whole;
    }
    // One unclosed bracket can take the rest of the file with it. Definitions at the left edge
    // begin anew, so the damage is often smaller when each is parsed for itself.
    let parts = parse_in_parts(text, &mut steps_left);
    if (definitions(&whole), Reverse(lost(&whole))) < (definitions(&parts), Reverse(lost(&parts))) {
        parts
    } else {
        whole
    }
}

/// Classes and functions at the top of the file.
fn definitions(file: &ParsedFile) -> usize {
    file.body
        .iter()
        .filter(|stmt| matches!(stmt.kind, StmtKind::Class(_) | StmtKind::Function(_)))
        .count()
}

/// Bytes within errors, and one for each: a missing token has no width.
fn lost(file: &ParsedFile) -> usize {
    if file.truncated == Some(OUT_OF_STEPS) {
        return usize::MAX;
    }
    file.errors
        .iter()
        .map(|span| (span.end - span.start) as usize + 1)
        .sum()
}

fn parse_in_parts(text: &str, steps_left: &mut usize) -> ParsedFile {
    let mut file = ParsedFile::default();
    let (mut from, mut at, mut decorated) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        let begins = begins_definition(line);
        // A definition stays with the decorators above it.
        if begins && !decorated && at > from {
            file.append(parse_range(text, from..at, steps_left));
            from = at;
        }
        decorated = line.starts_with('@') || (decorated && !begins);
        at += line.len();
    }
    file.append(parse_range(text, from..text.len(), steps_left));
    file
}

fn begins_definition(line: &str) -> bool {
    ["class ", "def ", "async def ", "@", "from ", "import "]
        .iter()
        .any(|start| line.starts_with(start))
}

impl ParsedFile {
    fn append(&mut self, mut other: Self) {
        self.body.append(&mut other.body);
        self.comments.append(&mut other.comments);
        self.errors.append(&mut other.errors);
        self.truncated = self.truncated.or(other.truncated);
    }
}

fn parse_range(text: &str, range: std::ops::Range<usize>, steps_left: &mut usize) -> ParsedFile {
    let mut file = ParsedFile::default();
    let Some(tree) = raw_tree(
        text.get(..range.end).unwrap_or(text),
        range.start,
        steps_left,
    ) else {
        file.truncated = Some(OUT_OF_STEPS);
        file.errors.push(Span {
            start: range.start as u32,
            end: range.end as u32,
        });
        return file;
    };
    let mut walker = Walker::new(text, &tree);
    file.body = walker.module();
    if walker.too_deep {
        file.truncated = Some(TOO_DEEP);
    }
    trivia(text, &tree, &mut file);
    file
}

/// tree-sitter's tree of the text from byte `from` on.
fn raw_tree(text: &str, from: usize, steps_left: &mut usize) -> Option<tree_sitter::Tree> {
    let mut parser = tree_sitter::Parser::new();
    parser
        .set_language(&tree_sitter_python::LANGUAGE.into())
        .ok()?;
    if from > 0 {
        // Offsets stay those of the file. Rows and columns are never asked for.
        parser
            .set_included_ranges(&[tree_sitter::Range {
                start_byte: from,
                end_byte: text.len(),
                start_point: tree_sitter::Point::new(0, 0),
                end_point: tree_sitter::Point::new(usize::MAX >> 33, 0),
            }])
            .ok()?;
    }
    let mut progress = |_: &tree_sitter::ParseState| {
        *steps_left = steps_left.saturating_sub(1);
        if *steps_left == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    parser.parse_with_options(
        &mut |offset, _| text.as_bytes().get(offset..).unwrap_or_default(),
        None,
        Some(tree_sitter::ParseOptions::new().progress_callback(&mut progress)),
    )
}

/// Comments and errors, wherever they stand: a second walk that enters only what holds a `#` or an
/// error, so it costs next to nothing on the rest.
fn trivia(text: &str, tree: &tree_sitter::Tree, file: &mut ParsedFile) {
    let mut hashes = memchr::memchr_iter(b'#', text.as_bytes()).peekable();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let (start, end) = (node.start_byte(), node.end_byte());
        let span = Span {
            start: start as u32,
            end: end as u32,
        };
        while hashes.next_if(|&at| at < start).is_some() {}
        if kind(&node) == K::Comment {
            let raw = text.get(start..end).unwrap_or_default();
            file.comments.push(Comment {
                span,
                text: Arc::from(raw.trim_end()),
            });
        } else if node.is_error() || node.is_missing() {
            file.errors.push(span);
        }
        let holds_comment = hashes.peek().is_some_and(|&at| at < end);
        // What lies within an error is part of it; only comments are looked for there.
        let enter = holds_comment || (node.has_error() && !node.is_error());
        if enter && cursor.goto_first_child() {
            continue;
        }
        loop {
            if cursor.goto_next_sibling() {
                break;
            }
            if !cursor.goto_parent() {
                // An error within an error was not entered for its own sake.
                file.errors.dedup_by(|later, first| first.contains(*later));
                return;
            }
        }
    }
}
