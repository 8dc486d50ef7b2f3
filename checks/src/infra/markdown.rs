//! Prose files: headings, code blocks, words. Markdown in full, reStructuredText and plain text as
//! far as headings and indented or fenced blocks go.

use super::commands::{Command, commands};
use crate::source::FileId;

#[derive(Debug)]
pub struct Markdown {
    pub file: FileId,
    pub headings: Vec<Heading>,
    pub blocks: Vec<CodeBlock>,
    /// Text in backquotes, with its line.
    pub inline_code: Vec<(String, u32)>,
    /// Lines of prose (neither code nor heading) that hold a word, with their numbers from 1.
    pub prose: Vec<(u32, String)>,
    /// Words of prose and headings.
    pub words: usize,
}

#[derive(Debug)]
pub struct Heading {
    /// From 1.
    pub level: u32,
    pub text: String,
    /// From 1.
    pub line: u32,
}

#[derive(Debug)]
pub struct CodeBlock {
    /// `bash`, or empty.
    pub language: String,
    pub text: String,
    /// Line of the block's first line of content, from 1.
    pub line: u32,
}

pub(super) fn is_prose(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
    matches!(extension, "md" | "markdown" | "rst" | "adoc")
        || ((extension == "txt" || !name.contains('.'))
            && ["readme", "notes", "decisions", "explanation", "changelog"]
                .iter()
                .any(|stem| name.starts_with(stem)))
}

impl Markdown {
    pub(super) fn read(file: FileId, text: &str) -> Self {
        let mut doc = Self {
            file,
            headings: Vec::new(),
            blocks: Vec::new(),
            inline_code: Vec::new(),
            prose: Vec::new(),
            words: 0,
        };
        let mut fence: Option<(char, usize)> = None;
        let mut previous = "";
        for (number, line) in (1..).zip(text.lines()) {
            let trimmed = line.trim();
            let run = |c: char| trimmed.chars().take_while(|&x| x == c).count();
            if let Some((mark, length)) = fence {
                if run(mark) >= length && trimmed.chars().all(|c| c == mark) {
                    fence = None;
                } else if let Some(block) = doc.blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                previous = "";
                continue;
            }
            let opens = ['`', '~'].into_iter().find(|&c| run(c) >= 3);
            if let Some(mark) = opens {
                fence = Some((mark, run(mark)));
                let language = trimmed.trim_start_matches(mark).trim();
                let language = language.split_whitespace().next().unwrap_or("");
                doc.open_block(language, number + 1);
            } else if trimmed.starts_with('#') && run('#') <= 6 {
                doc.heading(run('#') as u32, trimmed.trim_matches(['#', ' ']), number);
            } else if is_underline(trimmed) && !previous.trim().is_empty() {
                let level = if trimmed.starts_with('=') { 1 } else { 2 };
                doc.prose.pop();
                doc.heading(level, previous.trim(), number - 1);
            } else if line.starts_with("    ")
                && (previous.trim().is_empty()
                    || previous.starts_with(['#', '=', '-'])
                    || previous.starts_with("    "))
                && !trimmed.is_empty()
                && !is_list_item(trimmed)
            {
                let continues = doc.blocks.last().is_some_and(|b| {
                    previous.starts_with("    ") && b.line + b.text.lines().count() as u32 == number
                });
                if !continues {
                    doc.open_block("", number);
                }
                if let Some(block) = doc.blocks.last_mut() {
                    block.text.push_str(trimmed);
                    block.text.push('\n');
                }
            } else if trimmed.chars().any(char::is_alphanumeric) {
                doc.words += trimmed.split_whitespace().count();
                let pieces = trimmed.split('`').skip(1).step_by(2);
                doc.inline_code
                    .extend(pieces.map(|piece| (piece.to_owned(), number)));
                doc.prose.push((number, trimmed.to_owned()));
            }
            previous = line;
        }
        doc
    }

    fn heading(&mut self, level: u32, text: &str, line: u32) {
        self.words += text.split_whitespace().count();
        self.headings.push(Heading {
            level,
            text: text.to_owned(),
            line,
        });
    }

    fn open_block(&mut self, language: &str, line: u32) {
        self.blocks.push(CodeBlock {
            language: language.to_ascii_lowercase(),
            text: String::new(),
            line,
        });
    }

    /// Everything that reads like a command: shell blocks and inline code, with lines of this file.
    pub fn commands(&self) -> Vec<Command> {
        let shell = [
            "",
            "bash",
            "sh",
            "shell",
            "console",
            "zsh",
            "text",
            "powershell",
            "cmd",
            "commandline",
            "terminal",
        ];
        let blocks = self
            .blocks
            .iter()
            .filter(|b| shell.contains(&b.language.as_str()))
            .flat_map(|block| {
                let lines: Vec<&str> = block
                    .text
                    .lines()
                    .map(|line| {
                        let line = line.trim();
                        line.strip_prefix("$ ")
                            .or_else(|| line.strip_prefix("> "))
                            .unwrap_or(line)
                    })
                    .collect();
                let text = lines.join("\n");
                commands(&text).into_iter().map(|c| Command {
                    line: c.line + block.line - 1,
                    ..c
                })
            });
        let inline = self.inline_code.iter().flat_map(|(text, line)| {
            commands(text)
                .into_iter()
                .map(|c| Command { line: *line, ..c })
        });
        blocks.chain(inline).collect()
    }
}

fn is_underline(line: &str) -> bool {
    line.len() >= 3 && (line.chars().all(|c| c == '=') || line.chars().all(|c| c == '-'))
}

fn is_list_item(line: &str) -> bool {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with(['-', '*', '+']) || (rest.len() < line.len() && rest.starts_with(['.', ')']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_blocks_and_commands() {
        let text = "# Title\n\nRun `make test` now.\n\n```bash\n$ pip install -r requirements.txt\npython manage.py migrate\n```\n\nUsage\n-----\n\n    pytest -q\n";
        let doc = Markdown::read(FileId(0), text);
        let headings: Vec<_> = doc
            .headings
            .iter()
            .map(|h| (h.level, h.text.as_str(), h.line))
            .collect();
        assert_eq!(headings, [(1, "Title", 1), (2, "Usage", 10)]);
        let commands = doc.commands();
        let found: Vec<_> = commands.iter().map(|c| (c.program(), c.line)).collect();
        assert_eq!(
            found,
            [("pip", 6), ("python", 7), ("pytest", 13), ("make", 3)]
        );
    }

    #[test]
    fn an_open_fence_ends_with_the_file() {
        let doc = Markdown::read(FileId(0), "```\nabc\n");
        assert_eq!(doc.blocks[0].text, "abc\n");
    }
}
