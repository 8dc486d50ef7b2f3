//! The page of a check, read: sections, examples, marks.
//!
//! A page is Markdown: `# DRF631 lost-update-race`, then sections `## What it finds`,
//! `## Why it matters`, one or more `## Bad…`, one or more `## Good…`, `## Ask`; the page of a
//! strength says `## Found…` and `## Silent…` instead. Each of these is an example; each fenced block in it is a file, whose path follows the language
//! (```` ```python orders/views.py ````; `base orders/views.py` puts it in the base tree). A line
//! that must be found ends with a comment that holds the check's id.

/// A page, taken apart.
#[derive(Clone, Debug)]
pub struct Page {
    /// `DRF631`
    pub id: String,
    /// `lost-update-race`
    pub name: String,
    pub finds: String,
    pub why: String,
    pub ask: String,
    pub examples: Vec<Example>,
}

/// A small project in which the check must speak on the marked lines, or be silent.
#[derive(Clone, Debug)]
pub struct Example {
    /// The section's heading.
    pub title: String,
    /// The check must not speak here.
    pub silent: bool,
    pub files: Vec<ExampleFile>,
}

#[derive(Clone, Debug)]
pub struct ExampleFile {
    pub path: String,
    /// It stands in the base tree, not in the head.
    pub base: bool,
    pub text: String,
    /// Lines (from 1) marked with the check's id.
    pub marks: Vec<u32>,
}

/// Why a page is no page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct PageError {
    pub line: usize,
    pub problem: String,
}

impl Page {
    /// Reads a page.
    ///
    /// # Errors
    /// The first thing that is missing or malformed, with its line.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let fail = |line: usize, problem: &str| PageError {
            line,
            problem: problem.to_owned(),
        };
        let mut lines = text.lines().enumerate();
        let (id, name) = lines
            .next()
            .and_then(|(_, first)| first.strip_prefix("# ")?.split_once(' '))
            .ok_or_else(|| fail(1, "the first line must be `# DRF123 check-name`"))?;
        let mut page = Self {
            id: id.to_owned(),
            name: name.trim().to_owned(),
            finds: String::new(),
            why: String::new(),
            ask: String::new(),
            examples: Vec::new(),
        };
        let mut section = String::new();
        let mut file: Option<ExampleFile> = None;
        for (at, line) in lines {
            if let Some(mut open) = file.take() {
                if line.trim_end() == "```" {
                    open.marks = marks(&open.text, &page.id);
                    if let Some(example) = page.examples.last_mut() {
                        example.files.push(open);
                    }
                } else {
                    open.text.push_str(line);
                    open.text.push('\n');
                    file = Some(open);
                }
                continue;
            }
            if let Some(title) = line.strip_prefix("## ") {
                title.trim().clone_into(&mut section);
                if let Some(silent) = is_example(&section) {
                    page.examples.push(Example {
                        title: section.clone(),
                        silent,
                        files: Vec::new(),
                    });
                }
            } else if let Some(info) = line.strip_prefix("```") {
                if is_example(&section).is_none() {
                    return Err(fail(
                        at + 1,
                        "a block belongs in a `## Bad`, `## Good`, `## Found` or `## Silent` section",
                    ));
                }
                let words: Vec<&str> = info.split_whitespace().collect();
                let (base, path) = match words.as_slice() {
                    [_, "base", path] => (true, *path),
                    [_, path] => (false, *path),
                    _ => {
                        return Err(fail(
                            at + 1,
                            "a block must name its file: ```python orders/views.py",
                        ));
                    }
                };
                file = Some(ExampleFile {
                    path: path.to_owned(),
                    base,
                    text: String::new(),
                    marks: Vec::new(),
                });
            } else {
                let text = match section.as_str() {
                    "What it finds" => &mut page.finds,
                    "Why it matters" => &mut page.why,
                    "Ask" => &mut page.ask,
                    _ => continue,
                };
                text.push_str(line);
                text.push('\n');
            }
        }
        if file.is_some() {
            return Err(fail(text.lines().count(), "a block is not closed"));
        }
        page.finish()
    }

    fn finish(mut self) -> Result<Self, PageError> {
        for (text, section) in [
            (&mut self.finds, "What it finds"),
            (&mut self.why, "Why it matters"),
            (&mut self.ask, "Ask"),
        ] {
            *text = text.trim().to_owned();
            if text.is_empty() {
                return Err(PageError {
                    line: 1,
                    problem: format!("the section `## {section}` is missing or empty"),
                });
            }
        }
        for example in &self.examples {
            let marked = example.files.iter().any(|file| !file.marks.is_empty());
            let problem = match (example.silent, marked, example.files.is_empty()) {
                (_, _, true) => "has no file",
                (true, true, _) => "must be silent, and a line in it is marked",
                (false, false, _) => "must be found, and no line in it is marked",
                _ => continue,
            };
            return Err(PageError {
                line: 1,
                problem: format!("the example `{}` {problem}", example.title),
            });
        }
        for (silent, word) in [(false, "bad (or found)"), (true, "good (or silent)")] {
            if !self.examples.iter().any(|example| example.silent == silent) {
                return Err(PageError {
                    line: 1,
                    problem: format!("there is no {word} example"),
                });
            }
        }
        Ok(self)
    }
}

/// Whether a section is an example, and if so whether the check must be silent in it.
fn is_example(section: &str) -> Option<bool> {
    let begins = |word: &str| section.starts_with(word);
    match (
        begins("Bad") || begins("Found"),
        begins("Good") || begins("Silent"),
    ) {
        (true, _) => Some(false),
        (_, true) => Some(true),
        _ => None,
    }
}

/// Lines that end with a comment holding the id: `# DRF631`, `// DRF631`, `<!-- DRF631 -->`.
fn marks(text: &str, id: &str) -> Vec<u32> {
    let is_marked = |line: &str| {
        ["# ", "// ", "<!-- "].iter().any(|open| {
            line.rfind(open).is_some_and(|at| {
                line.get(at + open.len()..)
                    .unwrap_or("")
                    .trim_end_matches("-->")
                    .split_whitespace()
                    .any(|word| word == id)
            })
        })
    };
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| is_marked(line))
        .map(|(number, _)| number)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# DRF999 example-check\n\n## What it finds\nA thing.\n\n## Why it matters\nIt does.\n\n\
        ## Bad\n```python a/views.py\nx = 1  # DRF999\ny = 2\n```\n\n## Good: trap one\n```python a/views.py\nx = 2\n```\n\n## Ask\nWhy?\n";

    #[test]
    fn a_page_is_taken_apart() {
        let page = Page::parse(PAGE).unwrap();
        assert_eq!(
            (page.id.as_str(), page.name.as_str()),
            ("DRF999", "example-check")
        );
        assert_eq!(page.ask, "Why?");
        assert_eq!(page.examples[0].files[0].marks, [1]);
        assert!(page.examples[1].silent);
    }

    #[test]
    fn a_page_without_examples_is_refused() {
        let text = PAGE.replace("  # DRF999", "");
        let error = Page::parse(&text).unwrap_err();
        assert_eq!(
            error.problem,
            "the example `Bad` must be found, and no line in it is marked"
        );
        let text = PAGE.replace("## Good: trap one", "## Bad too");
        assert!(Page::parse(&text).is_err());
    }
}
