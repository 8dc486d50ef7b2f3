//! DRF804: a latency, availability or error-rate target with a number.

use regex::Regex;
use std::sync::LazyLock;

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF804",
    name: "slo-stated",
    competency: Competency::C22,
    polarity: Polarity::Strength,
    severity: Severity::Info,
    confidence: Confidence::High,
    scope: Scope::Project,
    page: include_str!("slo_stated.md"),
    yields_to: &[],
    run,
};

/// "p95 < 300 ms", "99.5 % availability", "error rate below 0.1 %".
static TARGET: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        \bp(?:50|90|95|99)(?:\.\d+)?\b [^.\n]{0,40}? \d+(?:\.\d+)?\s*(?:ms|s|sec|seconds|milliseconds)\b
        | \b99(?:\.\d+)?\s*% [^.\n]{0,40}? (?:availab|uptime|success|of\ requests)
        | (?:availab\w*|uptime|success\ rate) [^.\n]{0,30}? \b99(?:\.\d+)?\s*%
        | error\ (?:rate|budget) [^.\n]{0,30}? \d+(?:\.\d+)?\s*%
        ",
    )
    .ok()
});

fn run(cx: &Cx<'_>, out: &mut Answers) {
    let Some(target) = TARGET.as_ref() else {
        return;
    };
    for doc in &cx.head.infra.markdown {
        out.looked();
        if let Some((line, _)) = doc.prose.iter().find(|(_, text)| target.is_match(text)) {
            found(
                cx,
                out,
                doc.file,
                *line,
                "A service level is stated with a number.",
            );
        }
    }
    for (id, file) in cx.head.tree.files() {
        let is_yaml = file.path.ends_with(".yml") || file.path.ends_with(".yaml");
        let Some(text) = file.text().filter(|_| is_yaml) else {
            continue;
        };
        let alert = (1..)
            .zip(text.lines())
            .find(|(_, line)| line.trim_start().starts_with("- alert:"));
        if let Some((line, _)) = alert.filter(|_| text.contains("expr:")) {
            out.looked();
            found(
                cx,
                out,
                id,
                line,
                "An alert rule ties a service level to a metric.",
            );
        }
    }
}

fn found(cx: &Cx<'_>, out: &mut Answers, file: crate::source::FileId, line: u32, message: &str) {
    let path = cx.head.tree.file(file).path.to_string();
    out.found(Evidence::new(path, Anchor::line(file, line), message));
}
