//! What a check answers: evidence, subjects looked at, what it could not decide.

use crate::evidence::{Confidence, Severity, UnknownSubject};
use crate::python::value::Place;
use crate::source::FileId;

/// A place that belongs to a piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    pub file: FileId,
    /// From 1.
    pub line: u32,
    pub end_line: u32,
    /// From 1, in characters.
    pub column: Option<u32>,
    /// What this place has to do with it ("`OrderSerializer.Meta.fields` names the relation").
    /// Empty for the place to be edited.
    pub note: String,
}

impl Anchor {
    /// A line.
    pub fn line(file: FileId, line: u32) -> Self {
        Self {
            file,
            line,
            end_line: line,
            column: None,
            note: String::new(),
        }
    }

    /// The lines of a span.
    pub fn at(tree: &crate::source::Tree, place: Place) -> Self {
        let file = tree.file(place.file);
        let (line, column) = file
            .lines
            .line_column(file.text().unwrap_or(""), place.span.start);
        let last = place.span.end.max(place.span.start + 1) - 1;
        let end_line = file.lines.line(last).max(line);
        Self {
            file: place.file,
            line,
            end_line,
            column: Some(column),
            note: String::new(),
        }
    }

    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// One thing a check found.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Fully qualified name of what is judged.
    pub subject: String,
    /// The first is the place to edit; the engine puts the comment on the first one that the
    /// candidate wrote, in this order.
    pub anchors: Vec<Anchor>,
    pub message: String,
    /// `None`: the question of the page.
    pub question: Option<String>,
    /// `None`: the check's usual severity.
    pub severity: Option<Severity>,
    /// `None`: the check's confidence.
    pub confidence: Option<Confidence>,
    /// Evidence of one check with the same root is one finding with several places.
    pub root: Option<String>,
    /// A route reaches it; `critical` is kept for those.
    pub reachable: bool,
    /// It was found by comparing base and head, so it is the candidate's even where the line that
    /// shows it was there before (what was taken away leaves no line of its own).
    pub by_change: bool,
}

impl Evidence {
    pub fn new(subject: impl Into<String>, anchor: Anchor, message: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            anchors: vec![anchor],
            message: message.into(),
            question: None,
            severity: None,
            confidence: None,
            root: None,
            reachable: true,
            by_change: false,
        }
    }

    pub fn also(mut self, anchor: Anchor) -> Self {
        self.anchors.push(anchor);
        self
    }

    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = Some(confidence);
        self
    }

    pub fn question(mut self, question: impl Into<String>) -> Self {
        self.question = Some(question.into());
        self
    }

    /// Groups with other evidence of this check that has the same cause.
    pub fn root(mut self, root: impl Into<String>) -> Self {
        self.root = Some(root.into());
        self
    }

    /// Found by comparing base and head: the candidate's, wherever it shows.
    pub fn by_change(mut self) -> Self {
        self.by_change = true;
        self
    }

    /// No route leads there: severity is capped at low.
    pub fn unreachable(mut self) -> Self {
        self.reachable = false;
        self
    }
}

/// Collects what one check answers.
#[derive(Debug, Default)]
pub struct Answers {
    pub(crate) found: Vec<Evidence>,
    pub(crate) unknown: Vec<UnknownSubject>,
    pub(crate) subjects: u32,
    pub(crate) not_applicable: Option<String>,
}

impl Answers {
    /// Says that one more subject was looked at.
    pub fn looked(&mut self) {
        self.subjects += 1;
    }

    pub fn found(&mut self, evidence: Evidence) {
        self.found.push(evidence);
    }

    /// A subject that could not be decided; the reason is a clause for people.
    pub fn unknown(&mut self, subject: impl Into<String>, reason: impl Into<String>) {
        self.unknown.push(UnknownSubject {
            subject: subject.into(),
            reason: reason.into(),
        });
    }

    /// The project has nothing this check speaks of.
    pub fn not_applicable(&mut self, reason: impl Into<String>) {
        self.not_applicable = Some(reason.into());
    }
}
