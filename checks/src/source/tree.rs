//! A tree of files, in the order of their paths.

use std::collections::HashMap;
use std::sync::Arc;

use super::{BlobId, Decoded, LineIndex, NotRead, Role};

/// Index of a file in its [`Tree`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// What git says an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum EntryKind {
    File,
    Executable,
    Symlink,
    Submodule,
}

/// One entry to build a tree from.
#[derive(Clone, Debug)]
pub struct Entry {
    /// From the root of the tree, with `/`.
    pub path: String,
    pub kind: EntryKind,
    /// `None` where the content could not be had.
    pub bytes: Option<Arc<[u8]>>,
}

/// An entry that is listed and whose content was not fetched on purpose.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unread {
    /// From the root of the tree, with `/`.
    pub path: String,
    pub kind: EntryKind,
    /// What git's listing says; `None` where nobody listed it. Without it, a change of the content
    /// between two trees goes unseen.
    pub blob: Option<BlobId>,
    /// Size in bytes, 0 where unknown.
    pub size: u64,
    pub why: NotRead,
}

/// A file with its text, read once.
#[derive(Debug)]
pub struct SourceFile {
    pub path: Arc<str>,
    pub kind: EntryKind,
    pub blob: BlobId,
    /// Size in bytes.
    pub size: u64,
    pub content: Decoded,
    pub role: Role,
    pub lines: LineIndex,
}

impl SourceFile {
    /// The text, or nothing where the file was not read.
    pub fn text(&self) -> Option<&str> {
        self.content.text()
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The path without its last part, without a `/` at the end; empty for the root.
    pub fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// All files of one commit.
#[derive(Debug, Default)]
pub struct Tree {
    files: Vec<SourceFile>,
    by_path: HashMap<Arc<str>, FileId>,
}

impl Tree {
    /// Builds a tree; of two entries with one path the first stays. Order of entries is free.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        Self::with_unread(entries, [])
    }

    /// Builds a tree of which some entries are known by their listing alone.
    pub fn with_unread(
        entries: impl IntoIterator<Item = Entry>,
        unread: impl IntoIterator<Item = Unread>,
    ) -> Self {
        let mut files: Vec<SourceFile> = entries
            .into_iter()
            .map(read)
            .chain(unread.into_iter().map(listed))
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|later, first| later.path == first.path);
        let vendored = super::role::vendored_folders(files.iter().map(|f| &*f.path));
        let mut tree = Self::default();
        for mut file in files {
            file.role = Role::of(&file.path, file.text(), &vendored);
            tree.by_path
                .insert(Arc::clone(&file.path), FileId(tree.files.len() as u32));
            tree.files.push(file);
        }
        tree
    }

    /// A tree of text files, for tests and examples.
    pub fn of_texts<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::new(files.into_iter().map(|(path, text)| Entry {
            path: path.to_owned(),
            kind: EntryKind::File,
            bytes: Some(text.as_bytes().into()),
        }))
    }

    /// Files in the order of their paths.
    pub fn files(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(at, file)| (FileId(at as u32), file))
    }

    /// The file with this id. An id of another tree is our own bug.
    #[expect(clippy::indexing_slicing, reason = "ids are made by this tree")]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    pub fn find(&self, path: &str) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The file at this path.
    pub fn get(&self, path: &str) -> Option<&SourceFile> {
        self.find(path).map(|id| self.file(id))
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// A file of an entry with its bytes; its role follows when all paths are known.
fn read(entry: Entry) -> SourceFile {
    let content = match (entry.kind, &entry.bytes) {
        (EntryKind::Symlink, _) => Decoded::NotRead(NotRead::Symlink),
        (EntryKind::Submodule, _) => Decoded::NotRead(NotRead::Submodule),
        (_, None) => Decoded::NotRead(NotRead::Missing),
        (_, Some(bytes)) => Decoded::read(bytes),
    };
    let bytes = entry.bytes.as_deref().unwrap_or_default();
    SourceFile {
        path: entry.path.into(),
        kind: entry.kind,
        blob: BlobId::of(bytes),
        size: bytes.len() as u64,
        lines: content.text().map(LineIndex::new).unwrap_or_default(),
        content,
        role: Role::Other,
    }
}

fn listed(unread: Unread) -> SourceFile {
    SourceFile {
        path: unread.path.into(),
        kind: unread.kind,
        blob: unread.blob.unwrap_or_else(|| BlobId::of(&[])),
        size: unread.size,
        lines: LineIndex::default(),
        content: Decoded::NotRead(unread.why),
        role: Role::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_was_not_fetched_keeps_its_identity() {
        let blob = BlobId::of(b"a very large file");
        let tree = Tree::with_unread(
            [Entry {
                path: "b.py".to_owned(),
                kind: EntryKind::File,
                bytes: Some(b"x = 1\n".as_slice().into()),
            }],
            [Unread {
                path: "a.bin".to_owned(),
                kind: EntryKind::File,
                blob: Some(blob),
                size: 17,
                why: NotRead::TooLarge,
            }],
        );
        let paths: Vec<&str> = tree.files().map(|(_, file)| &*file.path).collect();
        assert_eq!(paths, ["a.bin", "b.py"]);
        let file = tree.get("a.bin").expect("listed");
        assert_eq!((file.blob, file.size), (blob, 17));
        assert_eq!(file.content, Decoded::NotRead(NotRead::TooLarge));
    }
}
