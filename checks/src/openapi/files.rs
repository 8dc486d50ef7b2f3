//! Schema files that a project commits: found and read.

use super::lower::{ReadError, read};
use super::model::Api;
use crate::source::{FileId, SourceFile, Tree};

/// Schema files of one tree that are read; a project has one or two.
const MAX_FILES: usize = 10;
/// Bytes in which the key `openapi` or `swagger` must stand.
const HEAD: usize = 4_096;

/// The paths of files that say they are an OpenAPI description, in order.
pub fn find(tree: &Tree) -> Vec<&SourceFile> {
    tree.files()
        .map(|(_, file)| file)
        .filter(|file| is_schema(file))
        .take(MAX_FILES)
        .collect()
}

fn is_schema(file: &SourceFile) -> bool {
    let name = file.name().to_ascii_lowercase();
    if ![".yml", ".yaml", ".json"]
        .iter()
        .any(|end| name.ends_with(end))
    {
        return false;
    }
    let Some(text) = file.text() else {
        return false;
    };
    let head: String = text.chars().take(HEAD).collect();
    let head = head.trim_start_matches('\u{feff}').trim_start();
    if head.starts_with('{') {
        return head.contains("\"openapi\"") && text.contains("\"paths\"");
    }
    head.lines()
        .any(|line| line.trim_end().starts_with("openapi:"))
        && text.lines().any(|line| line.starts_with("paths:"))
}

/// The schema files of one tree, read.
#[derive(Debug, Default)]
pub struct Committed {
    /// The API's own file is the first of its files.
    pub apis: Vec<(FileId, Api)>,
    pub errors: Vec<ReadError>,
}

/// Reads every schema file of a tree.
pub fn committed(tree: &Tree) -> Committed {
    let mut found = Committed::default();
    for file in find(tree) {
        if let (Some(id), Some(text)) = (tree.find(&file.path), file.text()) {
            match read(&file.path, text, tree) {
                Ok(api) => found.apis.push((id, api)),
                Err(error) => found.errors.push(error),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_that_say_so_are_descriptions() {
        let text = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\n";
        let tree = Tree::of_texts([("docs/schema.yml", text), ("app.yml", "openapi: x\n")]);
        let found: Vec<&str> = find(&tree).iter().map(|file| &*file.path).collect();
        assert_eq!(found, ["docs/schema.yml"]);
        assert_eq!(committed(&tree).apis.len(), 1);
    }
}
