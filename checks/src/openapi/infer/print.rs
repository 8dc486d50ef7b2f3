//! An inferred document as text: YAML as people write it, or JSON.
//!
//! Quotes what YAML would read as something else; keys stand in the order of the document.

use std::fmt::Write as _;

use super::super::model::Certainty;
use super::node::{Kind, Node};

/// Texts longer than this, or with line breaks, stand in a block of their own.
const MAX_PLAIN: usize = 120;

/// The document in YAML. With `certainty`, what is not known says so (`x-certainty`).
pub fn yaml(node: &Node, certainty: bool) -> String {
    let mut out = String::new();
    let value = node.to_value(certainty);
    block(&value, 0, &mut out);
    out
}

/// The document in JSON. With `certainty`, what is not known says so (`x-certainty`).
pub fn json(node: &Node, certainty: bool) -> String {
    let value = node.to_value(certainty);
    format!("{value:#}\n")
}

fn block(value: &serde_json::Value, depth: usize, out: &mut String) {
    use serde_json::Value;
    let pad = "  ".repeat(depth);
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                let _ = write!(out, "{pad}{}:", scalar_text(key));
                after_key(value, depth, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                match item {
                    Value::Object(entries) if !entries.is_empty() => {
                        let mut inner = String::new();
                        block(item, depth + 1, &mut inner);
                        // The first entry stands on the line of the dash.
                        let start = pad.len() + 2;
                        let _ = write!(out, "{pad}- {}", inner.get(start..).unwrap_or(""));
                    }
                    Value::Array(inner) if !inner.is_empty() => {
                        let _ = writeln!(out, "{pad}-");
                        block(item, depth + 1, out);
                    }
                    _ => {
                        let _ = write!(out, "{pad}-");
                        after_key(item, depth, out);
                    }
                }
            }
        }
        _ => {
            let _ = writeln!(out, "{pad}{}", scalar(value));
        }
    }
}

fn after_key(value: &serde_json::Value, depth: usize, out: &mut String) {
    use serde_json::Value;
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            out.push('\n');
            block(value, depth + 1, out);
        }
        // A list stands under its key without more room, as drf-spectacular writes it.
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            block(value, depth, out);
        }
        Value::String(text) if is_block(text) => {
            let chomp = if text.ends_with('\n') { "" } else { "-" };
            let _ = writeln!(out, " |{chomp}");
            let pad = "  ".repeat(depth + 1);
            for line in text.trim_end_matches('\n').split('\n') {
                if line.is_empty() {
                    out.push('\n');
                } else {
                    let _ = writeln!(out, "{pad}{line}");
                }
            }
        }
        _ => {
            let _ = writeln!(out, " {}", scalar(value));
        }
    }
}

/// A text that reads best as a block and may stand in one.
fn is_block(text: &str) -> bool {
    text.contains('\n')
        && !text.starts_with([' ', '\n'])
        && !text.ends_with("\n\n")
        && text.chars().all(|c| {
            c == '\n'
                || (!c.is_control()
                    && c != '\u{feff}'
                    && c != '\u{2028}'
                    && c != '\u{2029}'
                    && c != '\u{85}')
        })
}

fn scalar(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::String(text) => scalar_text(text),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        other => other.to_string(),
    }
}

/// A text as a plain scalar where YAML reads it back as that text, else in quotes.
fn scalar_text(text: &str) -> String {
    if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{85}'))
    {
        return in_double_quotes(text);
    }
    let is_plain = text.len() <= MAX_PLAIN
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_' | '$'))
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_word(text);
    if is_plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// With everything escaped that a reader may refuse or fold.
fn in_double_quotes(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Words that some reader of YAML takes for something else than text.
fn is_word(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "true" | "false" | "yes" | "no" | "on" | "off" | "null" | "y" | "n"
    )
}

/// How much of a document is certain, counted over its mappings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    pub known: usize,
    pub assumed: usize,
    pub unknown: usize,
}

impl Share {
    pub(super) fn of(node: &Node) -> Self {
        let mut out = Self::default();
        let mut open = vec![(node, 0_u8)];
        while let Some((node, above)) = open.pop() {
            let own = match node.certainty {
                Certainty::Known => 0,
                Certainty::Assumed(_) => 1,
                Certainty::Unknown(_) => 2,
            };
            let level = own.max(above);
            match &node.kind {
                Kind::Map(entries) => {
                    match level {
                        0 => out.known += 1,
                        1 => out.assumed += 1,
                        _ => out.unknown += 1,
                    }
                    open.extend(entries.values().map(|n| (n, level)));
                }
                Kind::List(items) => open.extend(items.iter().map(|n| (n, level))),
                _ => {}
            }
        }
        out
    }

    pub fn all(self) -> usize {
        self.known + self.assumed + self.unknown
    }

    /// Percent that is known or assumed, rounded down; 100 where there is nothing.
    pub fn percent(self) -> usize {
        ((self.known + self.assumed) * 100)
            .checked_div(self.all())
            .unwrap_or(100)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;
    use crate::openapi::syntax;

    /// What is written is read back as it was, whatever the texts hold.
    #[test]
    fn texts_are_read_back_as_they_were() {
        let texts = [
            "",
            " ",
            "yes",
            "NO",
            "1",
            "1.5",
            "0x1f",
            "null",
            "~",
            "a: b",
            "a #b",
            "- a",
            "it's",
            "\"q\"",
            "two\nlines",
            "two\nlines\n",
            "\n",
            "end:",
            "tab\there",
            "{a}",
            "[a]",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a`",
            "2026-01-01",
            "é",
            "\u{feff}x",
            " lead",
            "trail ",
            "a\n\n\nb",
            "a\r\nb",
            "\u{7f}",
            "\u{85}",
            "<<",
            "=",
            "|",
            ">",
            "?",
            "? a",
            ",",
        ];
        let mut document = Node::map().with("openapi", "3.0.3");
        let mut list: Vec<Node> = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            document.insert(&format!("k{at}"), *text);
            document.insert(&format!("x{at}{text}"), 1_i64);
            list.push((*text).into());
        }
        document.insert("list", list);
        let text = yaml(&document, false);
        let read = syntax::read(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
        let root = read.root().unwrap();
        for (at, wanted) in texts.iter().enumerate() {
            let entry = read.entry(root, &format!("k{at}")).unwrap();
            match read.kind(entry.value) {
                crate::openapi::tree::Kind::Text(found) => {
                    assert_eq!(&**read.text_of(found), *wanted, "{text}");
                }
                other => panic!("{wanted:?} became {other:?}\n{text}"),
            }
            assert!(
                read.entry(root, &format!("x{at}{wanted}")).is_some(),
                "{wanted:?}\n{text}"
            );
        }
    }
}
