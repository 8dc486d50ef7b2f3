//! Dockerfiles: stages and instructions with their lines.

use crate::source::FileId;

#[derive(Debug)]
pub struct Dockerfile {
    pub file: FileId,
    pub stages: Vec<Stage>,
}

#[derive(Debug)]
pub struct Stage {
    /// Image or stage it is built from: `python:3.12-slim`; `ARG`s are substituted where they have
    /// a default.
    pub base: String,
    /// `AS name`
    pub name: Option<String>,
    /// Line of the `FROM`, from 1.
    pub line: u32,
    pub instructions: Vec<Instruction>,
}

#[derive(Debug)]
pub struct Instruction {
    /// In capitals: `RUN`, `COPY` …
    pub keyword: String,
    /// The rest, continuation lines joined by a space.
    pub rest: String,
    /// From 1.
    pub line: u32,
}

pub(super) fn is_dockerfile(name: &str) -> bool {
    name == "dockerfile"
        || name == "containerfile"
        || name.starts_with("dockerfile.")
        || name.starts_with("dockerfile-")
        || name.ends_with(".dockerfile")
}

impl Dockerfile {
    pub(super) fn read(file: FileId, text: &str) -> Self {
        let mut args: Vec<(String, String)> = Vec::new();
        let mut stages: Vec<Stage> = Vec::new();
        for instruction in instructions(text) {
            if instruction.keyword == "FROM" {
                let words: Vec<&str> = instruction
                    .rest
                    .split_whitespace()
                    .filter(|word| !word.starts_with("--"))
                    .collect();
                let name = words
                    .iter()
                    .position(|word| word.eq_ignore_ascii_case("as"))
                    .and_then(|at| words.get(at + 1))
                    .map(|word| (*word).to_owned());
                stages.push(Stage {
                    base: substitute(words.first().copied().unwrap_or(""), &args),
                    name,
                    line: instruction.line,
                    instructions: Vec::new(),
                });
                continue;
            }
            if instruction.keyword == "ARG" && stages.is_empty() {
                if let Some((key, value)) = instruction.rest.split_once('=') {
                    args.push((
                        key.trim().to_owned(),
                        value.trim().trim_matches('"').to_owned(),
                    ));
                }
            }
            if let Some(stage) = stages.last_mut() {
                stage.instructions.push(instruction);
            }
        }
        Self { file, stages }
    }

    /// The stage that is run.
    pub fn last_stage(&self) -> Option<&Stage> {
        self.stages.last()
    }

    /// Whether the base of a stage is an earlier stage of this file.
    pub fn is_internal(&self, base: &str) -> bool {
        self.stages.iter().any(|s| s.name.as_deref() == Some(base))
    }

    /// The base image of the last stage, through stages of this file.
    pub fn final_image(&self) -> Option<&str> {
        let mut base = self.last_stage()?.base.as_str();
        for _ in 0..self.stages.len() {
            match self.stages.iter().find(|s| s.name.as_deref() == Some(base)) {
                Some(stage) => base = &stage.base,
                None => break,
            }
        }
        Some(base)
    }
}

impl Stage {
    /// The last instruction with this keyword.
    pub fn last(&self, keyword: &str) -> Option<&Instruction> {
        self.instructions
            .iter()
            .rev()
            .find(|i| i.keyword == keyword)
    }

    /// All instructions with this keyword.
    pub fn all<'s>(&'s self, keyword: &'s str) -> impl Iterator<Item = &'s Instruction> {
        self.instructions
            .iter()
            .filter(move |i| i.keyword == keyword)
    }
}

impl Instruction {
    /// `CMD ["gunicorn", "x"]` and `CMD gunicorn x` alike, as one line of shell.
    pub fn command_line(&self) -> String {
        match serde_json::from_str::<Vec<String>>(&self.rest) {
            Ok(words) => words.join(" "),
            Err(_) => self.rest.clone(),
        }
    }
}

fn instructions(text: &str) -> Vec<Instruction> {
    let mut found: Vec<Instruction> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.starts_with('#') || (trimmed.is_empty() && !open) {
            continue;
        }
        let continues = trimmed.ends_with('\\');
        let part = trimmed.trim_end_matches('\\').trim();
        if open {
            if let Some(last) = found.last_mut() {
                last.rest.push(' ');
                last.rest.push_str(part);
            }
        } else {
            let (keyword, rest) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
            found.push(Instruction {
                keyword: keyword.to_ascii_uppercase(),
                rest: rest.trim().to_owned(),
                line: number,
            });
        }
        open = continues;
    }
    found
}

fn substitute(text: &str, args: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (key, value) in args {
        text = text
            .replace(&format!("${{{key}}}"), value)
            .replace(&format!("${key}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_and_instructions() {
        let text = "ARG PY=3.12\nFROM python:${PY}-slim AS build\nRUN apt-get update \\\n  # why\n  && true\nFROM build\nUSER app\nCMD [\"gunicorn\", \"core.wsgi\"]\n";
        let file = Dockerfile::read(FileId(0), text);
        assert_eq!(file.stages[0].base, "python:3.12-slim");
        assert_eq!(
            file.stages[0].instructions[0].rest,
            "apt-get update && true"
        );
        assert_eq!(file.final_image(), Some("python:3.12-slim"));
        let last = file.last_stage().unwrap();
        assert_eq!(
            last.last("CMD").unwrap().command_line(),
            "gunicorn core.wsgi"
        );
        assert_eq!(last.last("CMD").unwrap().line, 8);
    }
}
