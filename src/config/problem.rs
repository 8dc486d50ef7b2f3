//! A problem in a file that a person wrote: what is wrong, where, what was expected, and what was
//! probably meant. Rendering is done here too, because a problem without its line is no help.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::{Deserialize, Serialize};

use super::Source;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// It has no effect today; the file is good.
    Warning,
    /// The value is not used.
    Error,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Name of the file as the caller gave it (`acme/.github:takehome.yml`).
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
    /// Bytes of the file that are meant; empty where nothing can be pointed at.
    pub span: Range<usize>,
    pub weight: Weight,
    /// The key's path (`rubric.competencies.C03.weight`); empty for the file as a whole.
    pub key: String,
    /// What is wrong. One sentence without a full stop.
    pub message: String,
    /// What was expected, or what happens instead.
    pub expected: Option<String>,
    /// What was probably meant: put this in place of the marked text.
    pub suggestion: Option<String>,
}

impl std::fmt::Display for Problem {
    /// One line: `file:line:column: message; expected …; did you mean `x`?`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )?;
        if let Some(expected) = &self.expected {
            write!(f, "; {expected}")?;
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        Ok(())
    }
}

/// All problems with the lines they are about, as a compiler shows them.
pub fn render(problems: &[Problem], sources: &[&Source], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for problem in problems {
        let source = sources.iter().find(|source| source.name == problem.file);
        let text = source.map_or("", |source| source.text());
        let level = match problem.weight {
            Weight::Warning => Level::WARNING,
            Weight::Error => Level::ERROR,
        };
        let end = problem.span.end.min(text.len());
        let span = problem.span.start.min(end)..end;
        let snippet = Snippet::source(text)
            .path(problem.file.as_str())
            .annotation(AnnotationKind::Primary.span(span));
        let mut group: Group<'_> = level
            .primary_title(problem.message.as_str())
            .element(snippet);
        if let Some(expected) = &problem.expected {
            group = group.element(Level::NOTE.message(expected.as_str()));
        }
        let help = problem
            .suggestion
            .as_ref()
            .map(|s| format!("did you mean `{s}`?"));
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let _ = writeln!(out, "{}\n", renderer.render(&[group]));
    }
    out
}
