//! From the text of a YAML or JSON file to a [`Document`].
//!
//! JSON has a reader of its own because schema files of ten megabytes are JSON; everything else
//! goes through the events of `granit-parser`. Depth, size, nodes, anchors and aliases are limited, so that
//! no file, whatever it holds, costs more than its size. Nothing here knows OpenAPI.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle};

use super::tree::{Builder, Document, Kind, NodeId, Position};

/// Bytes of one file. GitHub's description, the largest in common use, has 11 MB.
pub const MAX_BYTES: usize = 48 << 20;
/// Collections inside one another; granit-parser's own limit too.
const MAX_DEPTH: usize = 250;
/// Nodes of one file; a node costs about 32 bytes.
const MAX_NODES: usize = 8_000_000;
/// Aliases (`*name`) of one file. OpenAPI has `$ref` for this.
const MAX_ALIASES: usize = 10_000;
/// Anchors (`&name`) of one file; each is remembered until the file ends.
const MAX_ANCHORS: usize = 100_000;

/// Why a text is not a document, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) at: Position,
    /// What was wrong and what was expected, without a full stop.
    pub(crate) message: String,
}

impl SyntaxError {
    fn new(at: Position, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

const START: Position = Position { line: 1, column: 1 };

/// Reads a text; JSON where it begins with `{` and is JSON, YAML otherwise.
pub(crate) fn read(text: &str) -> Result<Document, SyntaxError> {
    if text.len() > MAX_BYTES {
        return Err(SyntaxError::new(
            START,
            format!(
                "the file has {} bytes, more than the limit of {MAX_BYTES}",
                text.len()
            ),
        ));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with(['{', '[']) {
        match json(text) {
            Ok(document) => return Ok(document),
            // YAML's flow style begins with a brace too; what is neither gets JSON's message.
            Err(Failure::Syntax(error)) => return yaml(text).map_err(|_| error),
            Err(Failure::Limit(error)) => return Err(error),
        }
    }
    yaml(text)
}

enum Failure {
    Syntax(SyntaxError),
    Limit(SyntaxError),
}

fn json(text: &str) -> Result<Document, Failure> {
    Json {
        bytes: text.as_bytes(),
        text,
        at: 0,
        line: 1,
        line_start: 0,
        line_is_ascii: true,
        builder: Builder::default(),
    }
    .read()
}

/// A JSON reader that keeps places. It is a loop, not a recursion.
struct Json<'t> {
    bytes: &'t [u8],
    text: &'t str,
    at: usize,
    line: u32,
    line_start: usize,
    /// Until a byte above 127 was seen in this line, columns are differences of offsets.
    line_is_ascii: bool,
    builder: Builder,
}

impl Json<'_> {
    fn position(&self, offset: usize) -> Position {
        let column = if self.line_is_ascii {
            offset - self.line_start
        } else {
            self.text
                .get(self.line_start..offset)
                .map_or(0, |before| before.chars().count())
        };
        Position {
            line: self.line,
            column: column as u32 + 1,
        }
    }

    fn expected<T>(&self, what: &str) -> Result<T, Failure> {
        let found = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next())
            .map_or("the end of the file".to_owned(), |c| format!("`{c}`"));
        Err(Failure::Syntax(SyntaxError::new(
            self.position(self.at),
            format!("expected {what}, found {found}"),
        )))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.line += 1;
                    self.line_start = self.at;
                    self.line_is_ascii = true;
                }
                _ => return,
            }
        }
    }

    fn read(mut self) -> Result<Document, Failure> {
        // The collections that are open: true for an object.
        let mut open: Vec<bool> = Vec::new();
        self.space();
        'value: loop {
            if self.builder.len() > MAX_NODES {
                return Err(Failure::Limit(SyntaxError::new(
                    self.position(self.at),
                    format!("more than {MAX_NODES} values in one file"),
                )));
            }
            let at = self.position(self.at);
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if open.len() >= MAX_DEPTH {
                        return Err(Failure::Limit(SyntaxError::new(
                            at,
                            format!("more than {MAX_DEPTH} collections inside one another"),
                        )));
                    }
                    self.at += 1;
                    let mapping = bracket == b'{';
                    self.builder.start(mapping, at);
                    open.push(mapping);
                    self.space();
                    if self.peek() == Some(if mapping { b'}' } else { b']' }) {
                        self.at += 1;
                        self.builder.end();
                        open.pop();
                    } else {
                        if mapping {
                            self.member()?;
                        }
                        continue 'value;
                    }
                }
                Some(b'"') => {
                    let range = self.string()?;
                    match range {
                        Ok((from, to)) => {
                            let text = self.text.get(from..to).unwrap_or("");
                            self.builder.text(text, at);
                        }
                        Err(owned) => {
                            self.builder.text(&owned, at);
                        }
                    }
                }
                Some(b't') => self.word("true", Kind::Bool(true), at)?,
                Some(b'f') => self.word("false", Kind::Bool(false), at)?,
                Some(b'n') => self.word("null", Kind::Null, at)?,
                Some(b'-' | b'0'..=b'9') => self.number(at)?,
                _ => return self.expected("a value"),
            }
            // A value is done: what may follow it?
            loop {
                self.space();
                match (open.last(), self.peek()) {
                    (None, None) => return Ok(self.builder.finish()),
                    (None, Some(_)) => return self.expected("the end of the file"),
                    (Some(mapping), Some(b',')) => {
                        let mapping = *mapping;
                        self.at += 1;
                        self.space();
                        if mapping {
                            self.member()?;
                        }
                        continue 'value;
                    }
                    (Some(true), Some(b'}')) | (Some(false), Some(b']')) => {
                        self.at += 1;
                        self.builder.end();
                        open.pop();
                    }
                    (Some(true), _) => return self.expected("`,` or `}`"),
                    (Some(false), _) => return self.expected("`,` or `]`"),
                }
            }
        }
    }

    /// `"key":`
    fn member(&mut self) -> Result<(), Failure> {
        let at = self.position(self.at);
        if self.peek() != Some(b'"') {
            return self.expected("a key in double quotes");
        }
        match self.string()? {
            Ok((from, to)) => {
                let text = self.text.get(from..to).unwrap_or("");
                self.builder.key(text, at);
            }
            Err(owned) => self.builder.key(&owned, at),
        }
        self.space();
        if self.peek() != Some(b':') {
            return self.expected("`:`");
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn word(&mut self, word: &str, kind: Kind, at: Position) -> Result<(), Failure> {
        if !self
            .bytes
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word.as_bytes()))
        {
            return self.expected("a value");
        }
        self.at += word.len();
        self.builder.scalar(kind, at);
        Ok(())
    }

    fn number(&mut self, at: Position) -> Result<(), Failure> {
        let from = self.at;
        while matches!(
            self.peek(),
            Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
        ) {
            self.at += 1;
        }
        let parsed = self.text.get(from..self.at).and_then(|t| t.parse().ok());
        let Some(value) = parsed else {
            self.at = from;
            return self.expected("a number");
        };
        self.builder.scalar(Kind::Number(value), at);
        Ok(())
    }

    /// A string without its quotes: the range where there is no escape, else the text.
    fn string(&mut self) -> Result<Result<(usize, usize), String>, Failure> {
        self.at += 1;
        let from = self.at;
        let mut owned: Option<String> = None;
        let mut clean = from;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or(&[]);
            let Some(step) = memchr::memchr2(b'"', b'\\', rest) else {
                self.at = self.bytes.len();
                return self.expected("the closing `\"` of a string");
            };
            let chunk = rest.get(..step).unwrap_or(&[]);
            if let Some(bad) = chunk.iter().position(|&b| b < 0x20) {
                self.at += bad;
                return self.expected("a string without control characters");
            }
            if self.line_is_ascii && !chunk.is_ascii() {
                self.line_is_ascii = false;
            }
            self.at += step;
            if self.peek() == Some(b'"') {
                let to = self.at;
                self.at += 1;
                return Ok(match owned {
                    None => Ok((from, to)),
                    Some(mut text) => {
                        text.push_str(self.text.get(clean..to).unwrap_or(""));
                        Err(text)
                    }
                });
            }
            let text = owned.get_or_insert_with(String::new);
            text.push_str(self.text.get(clean..self.at).unwrap_or(""));
            let escape = self.bytes.get(self.at + 1).copied();
            let c = match escape {
                Some(b'"') => '"',
                Some(b'\\') => '\\',
                Some(b'/') => '/',
                Some(b'b') => '\u{8}',
                Some(b'f') => '\u{c}',
                Some(b'n') => '\n',
                Some(b'r') => '\r',
                Some(b't') => '\t',
                Some(b'u') => {
                    let first = self.hex(self.at + 2);
                    match first {
                        Some(high @ 0xd800..=0xdbff) => {
                            let low = (self.bytes.get(self.at + 6..self.at + 8) == Some(b"\\u"))
                                .then(|| self.hex(self.at + 8))
                                .flatten();
                            match low {
                                Some(low @ 0xdc00..=0xdfff) => {
                                    self.at += 6;
                                    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                                    self.at += 4;
                                    char::from_u32(code).unwrap_or('\u{fffd}')
                                }
                                _ => {
                                    self.at += 4;
                                    '\u{fffd}'
                                }
                            }
                        }
                        Some(code) => {
                            self.at += 4;
                            char::from_u32(code).unwrap_or('\u{fffd}')
                        }
                        None => return self.expected("four hexadecimal digits after `\\u`"),
                    }
                }
                _ => return self.expected("an escape that JSON knows"),
            };
            if let Some(text) = owned.as_mut() {
                text.push(c);
            }
            self.at += 2;
            clean = self.at;
        }
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.text.get(at..at + 4)?;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Reads the first document of a YAML stream.
fn yaml(text: &str) -> Result<Document, SyntaxError> {
    let options = granit_parser::options! {
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder::default();
    let mut anchors: HashMap<usize, NodeId> = HashMap::new();
    let mut aliases = 0usize;
    let mut documents = 0usize;
    let mut merge_at: Vec<usize> = Vec::new();
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = next.map_err(|error| {
            let mark = error.marker();
            SyntaxError::new(
                Position {
                    line: mark.line() as u32,
                    column: mark.col() as u32 + 1,
                },
                error.info(),
            )
        })?;
        let at = Position {
            line: span.start.line() as u32,
            column: span.start.col() as u32 + 1,
        };
        if builder.len() > MAX_NODES {
            return Err(SyntaxError::new(
                at,
                format!("more than {MAX_NODES} values in one file"),
            ));
        }
        if anchors.len() > MAX_ANCHORS {
            return Err(SyntaxError::new(
                at,
                format!("more than {MAX_ANCHORS} anchors in one file"),
            ));
        }
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    break;
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                if builder.expects_key() {
                    if matches!(style, ScalarStyle::Plain) && &*text == "<<" {
                        merge_at.push(builder.depth());
                    }
                    builder.key(&text, at);
                } else {
                    let is_text = tag.as_deref().is_some_and(|tag| tag.suffix() == "str");
                    let node = if is_text || !matches!(style, ScalarStyle::Plain) {
                        builder.text(&text, at)
                    } else {
                        match plain(&text) {
                            Some(kind) => builder.scalar(kind, at),
                            None => builder.text(&text, at),
                        }
                    };
                    if anchor > 0 {
                        anchors.insert(anchor, node);
                    }
                    merge_at.retain(|&depth| depth != builder.depth());
                }
            }
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                let mapping = matches!(event, Event::MappingStart(..));
                if builder.expects_key() {
                    return Err(SyntaxError::new(
                        at,
                        "expected a word as the key, found a collection",
                    ));
                }
                let node = builder.start(mapping, at);
                if anchor > 0 {
                    anchors.insert(anchor, node);
                }
            }
            Event::SequenceEnd | Event::MappingEnd => {
                builder.end();
                merge_at.retain(|&depth| depth < builder.depth());
            }
            Event::Alias(anchor) => {
                aliases += 1;
                if aliases > MAX_ALIASES {
                    return Err(SyntaxError::new(
                        at,
                        format!("more than {MAX_ALIASES} aliases in one file"),
                    ));
                }
                let Some(&node) = anchors.get(&anchor) else {
                    return Err(SyntaxError::new(at, "an alias without its anchor"));
                };
                if builder.expects_key() {
                    return Err(SyntaxError::new(at, "an alias cannot be a key here"));
                }
                if merge_at.last() == Some(&builder.depth()) {
                    merge_at.pop();
                    builder.drop_key();
                    builder.merge_into_open(node);
                } else {
                    builder.place(node);
                }
            }
            _ => {}
        }
    }
    let document = builder.finish();
    if document.root().is_none() {
        return Err(SyntaxError::new(START, "the file is empty"));
    }
    Ok(document)
}

/// The value of a plain scalar by YAML's core schema; `None` for a string.
fn plain(text: &str) -> Option<Kind> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Kind::Null),
        "true" | "True" | "TRUE" => return Some(Kind::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Kind::Bool(false)),
        _ => {}
    }
    let first = text.bytes().next()?;
    if !matches!(first, b'-' | b'+' | b'.' | b'0'..=b'9') {
        return None;
    }
    if let Some(hex) = text.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16)
            .ok()
            .map(|n| Kind::Number(n as f64));
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8)
            .ok()
            .map(|n| Kind::Number(n as f64));
    }
    if !text
        .bytes()
        .all(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
    {
        return None;
    }
    text.parse()
        .ok()
        .filter(|n: &f64| n.is_finite())
        .map(Kind::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> serde_json::Value {
        let document = read(text).unwrap();
        document.value(document.root().unwrap())
    }

    #[test]
    fn json_and_yaml_give_the_same_values() {
        let json = value(r#"{"a": [1, 2.5, true, null, "x\n\u00e9\ud83d\ude00"], "b": {}}"#);
        let yaml = value("a:\n- 1\n- 2.5\n- true\n-\n- \"x\\né😀\"\nb: {}\n");
        assert_eq!(json, yaml);
    }

    #[test]
    fn places_are_those_of_keys_and_items() {
        for text in ["{\n \"é\": {\"k\": 1}\n}", "\"é\":  {k: 1}\n"] {
            let document = read(text).unwrap();
            let root = document.root().unwrap();
            let outer = document.entries(root)[0];
            let inner = document.entries(outer.value)[0];
            assert_eq!(document.key(&outer).as_ref(), "é");
            let line = if text.starts_with('{') { 2 } else { 1 };
            assert_eq!(inner.at.line, line, "{text}");
            assert_eq!(inner.at.column, 8, "{text}");
        }
    }

    #[test]
    fn errors_name_the_place() {
        let error = read("{\"a\": 1,\n  b[}").unwrap_err();
        assert_eq!((error.at.line, error.at.column), (2, 3));
        assert_eq!(error.message, "expected a key in double quotes, found `b`");
        let error = read("a: [1\nb: 2").unwrap_err();
        assert_eq!(error.at.line, 2, "{error:?}");
        assert!(read("").is_err());
    }

    #[test]
    fn hostile_texts_end_quickly() {
        assert!(read(&"[".repeat(100_000)).is_err());
        assert!(read(&"{\"a\":".repeat(100_000)).is_err());
        assert!(read(&"- ".repeat(100_000)).is_err());
        let mut bomb = "a: &a [x]\nb: [".to_owned();
        bomb.push_str(&"*a,".repeat(MAX_ALIASES + 1));
        bomb.push_str("]\n");
        assert!(read(&bomb).unwrap_err().message.contains("aliases"));
        assert!(read("a: &a [*a]").is_ok() || read("a: &a [*a]").is_err());
    }

    #[test]
    fn duplicate_keys_are_told_and_the_first_counts() {
        let document = read("{\"a\": 1,\n\"a\": 2}").unwrap();
        assert_eq!(document.duplicates.len(), 1);
        assert_eq!(document.duplicates[0].at.line, 2);
        assert_eq!(value("{\"a\": 1, \"a\": 2}"), serde_json::json!({"a": 1}));
    }

    #[test]
    fn merge_keys_of_yaml_are_merged() {
        assert_eq!(
            value("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n"),
            serde_json::json!({"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}})
        );
    }
}
