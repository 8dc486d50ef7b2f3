//! DRF865: the image carries what production does not need.

use crate::catalog::{Anchor, Answers, Check, Cx, Evidence, Scope};
use crate::evidence::{Competency, Confidence, Polarity, Severity};
use crate::infra::{Dockerfile, Stage, commands::commands};

pub(super) static CHECK: Check = Check {
    id: "DRF865",
    name: "image-bloat",
    competency: Competency::C24,
    polarity: Polarity::Gap,
    severity: Severity::Info,
    confidence: Confidence::Certain,
    scope: Scope::File,
    page: include_str!("image_bloat.md"),
    yields_to: &[],
    run,
};

fn run(cx: &Cx<'_>, out: &mut Answers) {
    for dockerfile in &cx.head.infra.dockerfiles {
        let path = &cx.head.tree.file(dockerfile.file).path;
        let name = path.to_ascii_lowercase();
        if ["dev", "local", "test"]
            .iter()
            .any(|word| name.contains(word))
        {
            continue;
        }
        let Some(stage) = dockerfile.last_stage() else {
            continue;
        };
        out.looked();
        let (line, reasons) = reasons(dockerfile, stage);
        if !reasons.is_empty() {
            out.found(Evidence::new(
                path.to_string(),
                Anchor::line(dockerfile.file, line),
                format!(
                    "The image holds more than production needs: {}.",
                    reasons.join("; ")
                ),
            ));
        }
    }
}

/// Why the final stage is larger than it need be, with the line of the first reason.
fn reasons(dockerfile: &Dockerfile, stage: &Stage) -> (u32, Vec<String>) {
    let mut found: Vec<(u32, String)> = Vec::new();
    let full_base = dockerfile.final_image().is_some_and(is_full_python);
    let no_cache_env = stage
        .all("ENV")
        .any(|e| e.rest.contains("PIP_NO_CACHE_DIR"));
    let mut compilers = None;
    for run in stage.all("RUN") {
        for command in commands(&run.rest) {
            let has = |wanted: &str| command.words.iter().any(|word| word == wanted);
            match command.program() {
                "pip" | "pip3" if has("install") => {
                    let cached = !has("--no-cache-dir")
                        && !no_cache_env
                        && !run.rest.contains("--mount=type=cache");
                    if cached {
                        found.push((
                            run.line,
                            "`pip install` keeps its cache (`--no-cache-dir`)".to_owned(),
                        ));
                    }
                    let dev = command.words.iter().find(|word| {
                        let word = word.to_ascii_lowercase();
                        word.ends_with(".txt")
                            && (word.contains("dev")
                                || word.contains("test")
                                || word.contains("local"))
                    });
                    if let Some(file) = dev {
                        found.push((
                            run.line,
                            format!("dependencies for development are installed (`{file}`)"),
                        ));
                    }
                }
                "apt-get" | "apt" if has("install") => {
                    let removed = run.rest.contains("purge") || run.rest.contains("remove");
                    if !removed && (has("gcc") || has("build-essential") || has("g++")) {
                        compilers = Some(run.line);
                    }
                }
                _ => {}
            }
        }
    }
    if full_base && dockerfile.stages.len() == 1 {
        let base = &stage.base;
        found.push((
            stage.line,
            format!("`{base}` is the full base image, in a single stage"),
        ));
    }
    if let Some(line) = compilers.filter(|_| dockerfile.stages.len() == 1) {
        found.push((line, "a compiler stays in the image".to_owned()));
    }
    found.sort();
    found.dedup();
    (
        found.first().map_or(stage.line, |(line, _)| *line),
        found.into_iter().map(|(_, reason)| reason).collect(),
    )
}

/// `python:3.12`, `python`, `python:latest`: neither slim nor alpine.
fn is_full_python(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    let (name, tag) = name.split_once(':').unwrap_or((name, "latest"));
    name == "python" && !["slim", "alpine"].iter().any(|small| tag.contains(small))
}
