//! Targets of Makefiles and justfiles, with what they run.

use super::commands::{Command, commands};
use crate::source::FileId;

#[derive(Debug)]
pub struct Target {
    pub file: FileId,
    pub name: String,
    /// From 1.
    pub line: u32,
    /// Other targets it needs first.
    pub needs: Vec<String>,
    pub commands: Vec<Command>,
}

pub(super) fn read(file: FileId, text: &str) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with([' ', '\t']) {
            let Some(target) = targets.last_mut() else {
                continue;
            };
            let recipe = line.trim().trim_start_matches(['@', '-', '+']);
            target
                .commands
                .extend(commands(recipe).into_iter().map(|command| Command {
                    line: number,
                    ..command
                }));
        } else if let Some((head, needs)) = line.split_once(':') {
            let is_rule = !head.is_empty()
                && !needs.starts_with('=')
                && !head.starts_with(['#', '.'])
                && !head.contains('=');
            if is_rule {
                let name = head
                    .split_whitespace()
                    .next()
                    .unwrap_or("")
                    .trim_start_matches('@');
                targets.push(Target {
                    file,
                    name: name.to_owned(),
                    line: number,
                    needs: needs
                        .split_whitespace()
                        .take_while(|w| !w.starts_with('#'))
                        .map(str::to_owned)
                        .collect(),
                    commands: Vec::new(),
                });
            }
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_with_recipes() {
        let targets = read(
            FileId(0),
            ".PHONY: test\nPY := python\ntest: lint\n\t@pytest -q\n\nlint:\n\truff check .\n",
        );
        assert_eq!(targets.len(), 2);
        assert_eq!(
            (targets[0].name.as_str(), targets[0].needs.as_slice()),
            ("test", &["lint".to_owned()][..])
        );
        assert!(targets[0].commands[0].runs_tests());
        assert_eq!(targets[1].commands[0].program(), "ruff");
    }
}
