//! `.gitignore` files: would git ignore this path? The evidence is the line that says so.

use globset::{GlobBuilder, GlobMatcher};

use crate::source::FileId;

/// Patterns beyond this many are left out; no hand-written file comes near.
const MAX_PATTERNS: usize = 5_000;

/// All patterns of a tree, in order of depth and line: the last that matches decides.
#[derive(Debug, Default)]
pub struct Gitignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    file: FileId,
    /// From 1.
    line: u32,
    /// Folder of the file with a `/` at the end; empty at the root.
    prefix: String,
    matcher: GlobMatcher,
    negated: bool,
    only_folders: bool,
}

impl Gitignore {
    pub(super) fn add(&mut self, file: FileId, folder: &str, text: &str) {
        let prefix = if folder.is_empty() {
            String::new()
        } else {
            format!("{folder}/")
        };
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim_end();
            if text.is_empty() || text.starts_with('#') || self.patterns.len() >= MAX_PATTERNS {
                continue;
            }
            let (negated, text) = text
                .strip_prefix('!')
                .map_or((false, text), |rest| (true, rest));
            let only_folders = text.ends_with('/');
            let text = text.trim_end_matches('/');
            let anchored = text.contains('/');
            let text = text.trim_start_matches('/');
            let pattern = if anchored {
                text.to_owned()
            } else {
                format!("**/{text}")
            };
            let glob = GlobBuilder::new(&pattern)
                .literal_separator(true)
                .backslash_escape(true)
                .build();
            if let Ok(glob) = glob {
                let matcher = glob.compile_matcher();
                let prefix = prefix.clone();
                self.patterns.push(Pattern {
                    file,
                    line,
                    prefix,
                    matcher,
                    negated,
                    only_folders,
                });
            }
        }
    }

    /// The file and line (from 1) of the pattern by which git would ignore this path, if any.
    /// `path` names a file; patterns for its folders count.
    pub fn ignores(&self, path: &str) -> Option<(FileId, u32)> {
        let mut at = 0;
        loop {
            let end = path.get(at..)?.find('/').map(|i| at + i);
            let (part, is_folder) = match end {
                Some(end) => (path.get(..end)?, true),
                None => (path, false),
            };
            let decided = self.patterns.iter().rev().find(|p| {
                (is_folder || !p.only_folders)
                    && part
                        .strip_prefix(p.prefix.as_str())
                        .is_some_and(|rest| p.matcher.is_match(rest))
            });
            match (decided, end) {
                (Some(p), _) if !p.negated => return Some((p.file, p.line)),
                (_, Some(end)) => at = end + 1,
                (_, None) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decides_as_git_does() {
        let mut ignore = Gitignore::default();
        ignore.add(
            FileId(0),
            "",
            "*.pyc\nmigrations/\n/build\n.env*\n!.env.example\n",
        );
        ignore.add(FileId(1), "web", "/dist\n");
        let line = |path: &str| ignore.ignores(path).map(|(file, line)| (file.0, line));
        assert_eq!(line("a/b.pyc"), Some((0, 1)));
        assert_eq!(line("shop/migrations/0001_initial.py"), Some((0, 2)));
        assert_eq!(line("build/x"), Some((0, 3)));
        assert_eq!(line("a/build/x"), None);
        assert_eq!(line(".env"), Some((0, 4)));
        assert_eq!(line(".env.example"), None);
        assert_eq!(line("web/dist/a.js"), Some((1, 1)));
        assert_eq!(line("dist/a.js"), None);
        assert_eq!(line("migrations"), None, "a file of that name is no folder");
    }
}
