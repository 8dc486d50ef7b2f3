//! DRF317: a file with secrets of the environment is in the repository.

use crate::catalog::secret_words::{is_placeholder, is_secret_name, url_credentials};
use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};

pub(super) static CHECK: Check = Check {
    id: "DRF317",
    name: "env-file-committed",
    competency: Competency::C07,
    polarity: Polarity::Gap,
    severity: Severity::High,
    confidence: Confidence::Certain,
    scope: Scope::Project,
    page: include_str!("env_file_committed.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for file in &cx.head.infra.env_files {
        if file.example {
            continue;
        }
        out.looked();
        let path = &cx.head.tree.file(file.file).path;
        let secrets: Vec<_> = file
            .entries
            .iter()
            .filter(|entry| {
                !entry.value.is_empty()
                    && (is_secret_name(&entry.key) || url_credentials(&entry.value).is_some())
            })
            .collect();
        let real = secrets.iter().find(|entry| {
            let value = url_credentials(&entry.value)
                .map_or(entry.value.as_str(), |(password, _)| password);
            !is_placeholder(value)
        });
        let (line, message, severity) = match (real, secrets.first()) {
            (Some(entry), _) => (
                entry.line,
                format!(
                    "`{path}` is committed and holds a value for `{}`: it is in the history for good and has to be replaced.",
                    entry.key
                ),
                Severity::High,
            ),
            (None, Some(entry)) => (
                entry.line,
                format!(
                    "`{path}` is committed; the values of its secrets (`{}`) look like placeholders.",
                    entry.key
                ),
                Severity::Low,
            ),
            (None, None) => continue,
        };
        let mut evidence = Evidence::new(path.to_string(), Anchor::line(file.file, line), message)
            .severity(severity);
        if let Some(entry) = secrets.iter().find(|entry| entry.line != line) {
            evidence =
                evidence.also(Anchor::line(file.file, entry.line).note(format!("`{}`", entry.key)));
        }
        out.found(evidence);
    }
}
