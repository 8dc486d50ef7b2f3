//! DRF737: a section on assumptions, trade-offs or limits that names things in the code.

use std::collections::BTreeSet;

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::infra::Markdown;
use crate::source::Role;

pub(super) static CHECK: Check = Check {
    id: "DRF737",
    name: "tradeoffs-documented",
    competency: Competency::C20,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Project,
    page: include_str!("tradeoffs_documented.md"),
    yields_to: &[],
    run,
};

/// Things of the code that the section must name.
const WANTED: usize = 2;

/// Words that head such a section, in the languages seen in submissions; lower case.
const TOPICS: [&str; 30] = [
    "trade-off",
    "tradeoff",
    "trade off",
    "assumption",
    "limitation",
    "decision",
    "design choice",
    "with more time",
    "more time",
    "future work",
    "improvement",
    "next step",
    "known issue",
    "what i would",
    "would do differently",
    "rationale",
    "out of scope",
    "considerations",
    "suposicion",
    "supuesto",
    "decisiones",
    "limitaciones",
    "mejoras",
    "decisões",
    "melhorias",
    "limites",
    "choix",
    "améliorations",
    "annahmen",
    "entscheidungen",
];

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let names = names_of_the_code(cx);
    for doc in &cx.head.infra.markdown {
        out.looked();
        if let Some((line, named)) = section(doc, &names) {
            let named = named.into_iter().take(4).collect::<Vec<_>>().join("`, `");
            out.found(Evidence::new(
                cx.head.tree.file(doc.file).path.to_string(),
                Anchor::line(doc.file, line),
                format!(
                    "Assumptions or trade-offs are written down and speak of this code (`{named}`)."
                ),
            ));
        }
    }
}

/// The first section on such a topic that names enough things: its line, and what it names.
fn section(doc: &Markdown, names: &BTreeSet<String>) -> Option<(u32, BTreeSet<String>)> {
    for (at, heading) in doc.headings.iter().enumerate() {
        let title = heading.text.to_lowercase();
        if !TOPICS.iter().any(|topic| title.contains(topic)) {
            continue;
        }
        let rest = doc.headings.get(at + 1..).unwrap_or_default();
        let end = rest
            .iter()
            .find(|h| h.level <= heading.level)
            .map_or(u32::MAX, |h| h.line);
        let within = |line: u32| heading.line < line && line < end;
        let named: BTreeSet<String> = doc
            .prose
            .iter()
            .filter(|(line, _)| within(*line))
            .flat_map(|(_, text)| words(text))
            .filter(|word| names.contains(&word.to_lowercase()))
            .collect();
        if named.len() >= WANTED {
            return Some((heading.line, named));
        }
    }
    None
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
        .filter(|word| word.len() > 2)
        .map(str::to_owned)
}

/// Names that stand in the code, in lower case: classes and functions, the words of class names,
/// declared dependencies.
fn names_of_the_code(cx: &Cx<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let program = &cx.head.program;
    let in_product = |module| {
        let file = program.module(module).file;
        cx.head.tree.file(file).role != Role::Test
    };
    for (id, class) in program
        .classes()
        .filter(|(_, class)| in_product(class.module))
    {
        let name = program.class_def(id).name.to_string();
        let _ = class;
        let mut word = String::new();
        for c in name.chars() {
            if c.is_uppercase() && word.len() > 3 {
                names.insert(std::mem::take(&mut word).to_lowercase());
            }
            word.push(c);
        }
        if word.len() > 3 {
            names.insert(word.to_lowercase());
        }
        names.insert(name.to_lowercase());
    }
    for (id, _) in program
        .functions()
        .filter(|(_, func)| in_product(func.module))
    {
        names.insert(program.func_def(id).name.to_lowercase());
    }
    names.extend(
        cx.head
            .infra
            .dependencies
            .requirements
            .iter()
            .map(|r| r.name.clone()),
    );
    names
}
