//! DRF736: examples that can be sent as they are.

use crate::catalog::{Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use std::collections::BTreeSet;

pub(super) static CHECK: Check = Check {
    id: "DRF736",
    name: "working-examples",
    competency: Competency::C20,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Xfile,
    page: include_str!("working_examples.md"),
    yields_to: &[],
    run,
};

use crate::catalog::Anchor;
use crate::django::{Method, Route};
use crate::source::FileId;

/// So many examples show the API at work.
const WANTED: usize = 3;
/// Items of a collection and lines of a document that are read.
const MAX_EXAMPLES: usize = 500;

/// A request as a document shows it.
struct Example {
    file: FileId,
    line: u32,
    method: Method,
    path: String,
    has_body: bool,
}

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let mut examples = Vec::new();
    for doc in &cx.head.infra.markdown {
        for block in &doc.blocks {
            let bare = block.language.eq_ignore_ascii_case("http");
            in_block(doc.file, &block.text, block.line, bare, &mut examples);
        }
    }
    for (id, file) in cx.head.tree.files() {
        let name = file.name().to_lowercase();
        let is_collection = name.ends_with(".json") && name.contains("postman");
        if let Some(text) = file.text().filter(|_| is_collection)
            && let Ok(value) = serde_json::from_str::<serde_json::Value>(text)
        {
            in_collection(id, &value, &mut examples);
        }
        if let Some(text) = file
            .text()
            .filter(|_| name.ends_with(".http") || name.ends_with(".rest"))
        {
            in_block(id, text, 1, true, &mut examples);
        }
    }
    if examples.is_empty() {
        return;
    }
    out.looked();
    let mut first = None;
    let mut shown = BTreeSet::new();
    for example in &examples {
        let reached = cx.head.django.routes().iter().find(|route| {
            (route.method == example.method || route.method == Method::Any)
                && leads_to(route, &example.path)
        });
        let Some(route) = reached else { continue };
        let needs_body = route
            .input
            .iter()
            .flat_map(|used| cx.head.django.serializer(used.serializer).input_fields())
            .any(|field| field.required == Some(true));
        if needs_body && !example.has_body {
            continue;
        }
        first.get_or_insert((example.file, example.line));
        shown.insert(route.id);
    }
    if let Some((file, line)) = first.filter(|_| shown.len() >= WANTED) {
        out.found(Evidence::new(
            "examples",
            Anchor::line(file, line),
            format!(
                "`{}` shows requests to {} routes of the project as they are sent.",
                cx.head.tree.file(file).path,
                shown.len()
            ),
        ));
    }
}

/// `curl`, `http` (httpie) and, where they are requests and no list of endpoints, bare `POST /path`
/// lines.
fn in_block(file: FileId, text: &str, start: u32, bare: bool, found: &mut Vec<Example>) {
    let joined = text.replace("\\\r\n", "  ").replace("\\\n", "  ");
    // Joining keeps neither lines nor columns: the line is that of the block's start then.
    let exact = joined.len() == text.len() && !text.contains("\\\n");
    for (at, line) in (0..).zip(joined.lines()) {
        if found.len() >= MAX_EXAMPLES {
            return;
        }
        let mut words = line
            .split_whitespace()
            .map(|word| word.trim_matches(['"', '\'']));
        let Some(program) = words.by_ref().find(|word| *word != "$") else {
            continue;
        };
        let rest: Vec<&str> = words.collect();
        let body = |word: &&str| {
            word.starts_with("-d")
                || word.starts_with("--data")
                || word.starts_with("-F")
                || word.starts_with("--json")
                || word.contains(":=")
                || word.contains('{')
        };
        let is_url = |word: &&&str| word.contains("://") || word.starts_with('/');
        let (method, url, has_body) = match program {
            "curl" | "http" | "https" => {
                let Some(url) = rest.iter().find(is_url) else {
                    continue;
                };
                let has_body = rest.iter().any(body);
                let named = rest.iter().find_map(|word| {
                    let word = word
                        .trim_start_matches("-X")
                        .trim_start_matches("--request=");
                    word.chars()
                        .all(|letter| letter.is_ascii_uppercase())
                        .then(|| Method::parse(word))
                        .flatten()
                });
                let usual = if has_body { Method::Post } else { Method::Get };
                (named.unwrap_or(usual), *url, has_body)
            }
            verb if bare && verb.chars().all(|letter| letter.is_ascii_uppercase()) => {
                let (Some(method), Some(url)) = (Method::parse(verb), rest.iter().find(is_url))
                else {
                    continue;
                };
                (method, *url, text.contains('{'))
            }
            _ => continue,
        };
        found.push(Example {
            file,
            line: if exact { start + at } else { start },
            method,
            path: path_of(url),
            has_body,
        });
    }
}

/// The requests of a Postman collection, folders within folders.
fn in_collection(file: FileId, value: &serde_json::Value, found: &mut Vec<Example>) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        if found.len() >= MAX_EXAMPLES {
            return;
        }
        if let Some(items) = value.get("item").and_then(|items| items.as_array()) {
            open.extend(items.iter().rev());
        }
        let Some(request) = value.get("request") else {
            continue;
        };
        let url = request.get("url");
        let url = url
            .and_then(|url| url.get("raw").or(Some(url)))
            .and_then(|url| url.as_str());
        let method = request.get("method").and_then(|method| method.as_str());
        if let (Some(url), Some(method)) = (url, method.and_then(Method::parse)) {
            found.push(Example {
                file,
                line: 1,
                method,
                path: path_of(url),
                has_body: request.get("body").is_some_and(|body| !body.is_null()),
            });
        }
    }
}

/// The path of a URL, without host and query.
fn path_of(url: &str) -> String {
    let after_host = url
        .split_once("://")
        .map_or(url, |(_, rest)| rest)
        .trim_matches(['"', '\'']);
    let path = after_host
        .find('/')
        .map_or("/", |at| after_host.get(at..).unwrap_or("/"));
    path.split(['?', '#']).next().unwrap_or(path).to_owned()
}

/// Whether the path is one of the route's: its parts stand at the holes.
fn leads_to(route: &Route, path: &str) -> bool {
    let parts = |path: &'_ str| -> Vec<String> {
        path.split('/')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (own, given) = (parts(&route.template), parts(path));
    own.len() == given.len()
        && own
            .iter()
            .zip(&given)
            .all(|(own, given)| own.contains('{') || own == given)
}
