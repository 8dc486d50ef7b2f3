//! A YAML file as a tree whose every node knows its place. Bounded in bytes, nodes and depth;
//! anchors, aliases and tags are refused, so nothing can multiply. Gives no value a meaning: a
//! plain scalar stays the text that was written, whatever YAML 1.1 thought of `no`, `on` and `012`.

use std::collections::BTreeMap;

use granit_parser::{Event, Options, Parser, ScalarStyle};

use super::problem::{Problem, Weight};

/// A rules file is a page or two; the built-in rubric has about 40 KiB.
pub(super) const MAX_BYTES: usize = 256 * 1024;
/// Enough for a rubric that overrides every text (about 1,500 nodes), far below what hurts.
const MAX_NODES: usize = 20_000;
/// The deepest key of the format is six levels down.
const MAX_DEPTH: usize = 24;
/// More problems than this help nobody.
pub(super) const MAX_PROBLEMS: usize = 100;

/// A place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// Bytes.
    pub start: usize,
    pub end: usize,
    /// From 1.
    pub line: u32,
    /// From 1, in characters.
    pub column: u32,
}

impl Spot {
    pub(super) const START: Self = Self {
        start: 0,
        end: 0,
        line: 1,
        column: 1,
    };

    pub(super) fn problem(
        &self,
        file: &str,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> Problem {
        Problem {
            file: file.to_owned(),
            line: self.line,
            column: self.column,
            span: self.start..self.end,
            weight: Weight::Error,
            key: key.into(),
            message: message.into(),
            expected: None,
            suggestion: None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub spot: Spot,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar {
        text: String,
        /// Written without quotes: it may be a number, a boolean or null.
        plain: bool,
    },
    List(Vec<Node>),
    /// In the order of the file; no key twice.
    Map(Vec<Member>),
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub key: String,
    pub key_spot: Spot,
    pub node: Node,
}

impl Node {
    /// Nothing was written, or null.
    pub(super) fn is_empty(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// A collection that is still open.
enum Open {
    List(Spot, Vec<Node>),
    Map(
        Spot,
        Vec<Member>,
        Option<(String, Spot)>,
        BTreeMap<String, u32>,
    ),
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    stack: Vec<Open>,
    root: Option<Node>,
    problems: &'a mut Vec<Problem>,
}

/// Reads a file. `None`: there is nothing in it, or it is no YAML (a problem says so).
pub(super) fn read(file: &str, text: &str, problems: &mut Vec<Problem>) -> Option<Node> {
    if text.len() > MAX_BYTES {
        let mut problem = Spot::START.problem(file, "", "the file is too large");
        problem.expected = Some(format!("a rules file has at most {} KiB", MAX_BYTES / 1024));
        problems.push(problem);
        return None;
    }
    let mut options = Options::default();
    options.emit_comments = false;
    options.emit_unresolved_aliases = true;
    options.block_nesting_limit = options.block_nesting_limit.min(MAX_DEPTH * 2);
    options.flow_nesting_limit = options.flow_nesting_limit.min(MAX_DEPTH * 2);
    let mut reader = Reader {
        file,
        text,
        stack: Vec::new(),
        root: None,
        problems,
    };
    let mut nodes = 0;
    let mut documents = 0;
    for next in Parser::new_from_str_with_options(text, options) {
        let (event, span) = match next {
            Ok(next) => next,
            Err(error) => {
                let marker = error.marker();
                let spot = reader.spot_at(
                    marker.byte_offset().unwrap_or(0),
                    marker.line(),
                    marker.col(),
                );
                let message = format!("this is not YAML: {}", shown(&error.info()));
                let mut problem = spot.problem(file, "", message);
                problem.expected = Some("the whole file is left out until it can be read".into());
                reader.problems.push(problem);
                return None;
            }
        };
        let mut spot = reader.spot_at(
            span.byte_range().map_or(0, |range| range.start),
            span.start.line(),
            span.start.col(),
        );
        if event.is_node() {
            nodes += 1;
            if nodes > MAX_NODES || reader.stack.len() >= MAX_DEPTH {
                let message = if nodes > MAX_NODES {
                    format!("the file has more than {MAX_NODES} values")
                } else {
                    format!("values are nested deeper than {MAX_DEPTH} levels")
                };
                reader.problems.push(spot.problem(file, "", message));
                return None;
            }
            if event.tag().is_some() {
                reader.refuse(&spot, "tags such as `!!str` are not accepted");
            }
            if event.anchor_id().is_some() && !event.is_alias() {
                reader.refuse(&spot, "anchors such as `&name` are not accepted");
            }
        }
        match event {
            Event::DocumentStart(..) => {
                documents += 1;
                if documents > 1 {
                    reader.refuse(&spot, "a rules file is one document; this is a second one");
                    break;
                }
            }
            Event::Alias(..) | Event::UnresolvedAlias(..) => {
                reader.refuse(&spot, "aliases such as `*name` and `<<` are not accepted");
                reader.value(Node {
                    spot,
                    kind: Kind::Scalar {
                        text: String::new(),
                        plain: true,
                    },
                });
            }
            Event::Scalar(value, style, ..) => {
                if let Some(range) = span.byte_range() {
                    spot.end = range.end.max(range.start);
                    // A block scalar reaches over lines; its first line is enough to point at.
                    spot.end = spot.end.min(reader.line_end(spot.start).max(spot.start));
                }
                reader.value(Node {
                    spot,
                    kind: Kind::Scalar {
                        text: value.into_owned(),
                        plain: style == ScalarStyle::Plain,
                    },
                });
            }
            Event::SequenceStart(..) => reader.stack.push(Open::List(spot, Vec::new())),
            Event::MappingStart(..) => {
                reader
                    .stack
                    .push(Open::Map(spot, Vec::new(), None, BTreeMap::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match reader.stack.pop() {
                    Some(Open::List(spot, items)) => Node {
                        spot,
                        kind: Kind::List(items),
                    },
                    Some(Open::Map(spot, members, ..)) => Node {
                        spot,
                        kind: Kind::Map(members),
                    },
                    None => continue,
                };
                reader.value(node);
            }
            _ => {}
        }
    }
    reader.root
}

impl Reader<'_> {
    /// From a byte to the end of its line.
    fn spot_at(&self, byte: usize, line: usize, column: usize) -> Spot {
        let start = (0..=byte.min(self.text.len()))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0);
        Spot {
            start,
            end: self.line_end(start),
            line: u32::try_from(line).unwrap_or(u32::MAX).max(1),
            column: u32::try_from(column).unwrap_or(u32::MAX - 1) + 1,
        }
    }

    fn line_end(&self, start: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or("");
        let line = rest.split(['\n', '\r']).next().unwrap_or("");
        start + line.trim_end().len()
    }

    fn refuse(&mut self, spot: &Spot, message: &str) {
        let mut problem = spot.problem(self.file, "", message);
        problem.expected = Some("write the value out where it is used".into());
        self.problems.push(problem);
    }

    /// Puts a finished node where it belongs.
    fn value(&mut self, node: Node) {
        match self.stack.last_mut() {
            None => self.root = self.root.take().or(Some(node)),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Map(_, members, key, seen)) => match key.take() {
                None => {
                    let text = match node.kind {
                        Kind::Scalar { text, .. } => text,
                        _ => {
                            let problem = node.spot.problem(
                                self.file,
                                "",
                                "a key must be a word, not a list or a mapping",
                            );
                            self.problems.push(problem);
                            String::new()
                        }
                    };
                    *key = Some((text, node.spot));
                }
                Some((text, spot)) => {
                    if let Some(first) = seen.get(&text) {
                        let message = format!("the key `{}` is set twice", shown(&text));
                        let mut problem = spot.problem(self.file, "", message);
                        problem.expected = Some(format!(
                            "the value of line {first} is used; remove one of them"
                        ));
                        self.problems.push(problem);
                        return;
                    }
                    seen.insert(text.clone(), spot.line);
                    members.push(Member {
                        key: text,
                        key_spot: spot,
                        node,
                    });
                }
            },
        }
    }
}

/// Text of a file as a message may show it: short, on one line, nothing invisible.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 120;
    let mut out: String = text
        .chars()
        .take(MOST)
        .map(|c| {
            let hidden = c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            if hidden { '\u{fffd}' } else { c }
        })
        .collect();
    if text.chars().nth(MOST).is_some() {
        out.push('…');
    }
    out
}
