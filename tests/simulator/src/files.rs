//! Files of a commit as tests write them: a path and what stands there. Never touches a disk.

use std::{collections::BTreeMap, fs, io, path::Path};

/// Paths with forward slashes, from the root of the repository, to what stands there.
///
/// In a commit on top of another one these are changes: what is not named stays as it was.
pub type Files = BTreeMap<String, File>;

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// A file of mode 100644.
    Regular(Vec<u8>),
    /// A file of mode 100755.
    Executable(Vec<u8>),
    /// A symbolic link (mode 120000) to this target.
    Symlink(String),
    /// A submodule (mode 160000) at this commit of another repository.
    Submodule(String),
    /// The path is removed.
    Deleted,
}

impl From<&str> for File {
    fn from(text: &str) -> Self {
        Self::Regular(text.as_bytes().to_vec())
    }
}

impl From<String> for File {
    fn from(text: String) -> Self {
        Self::Regular(text.into_bytes())
    }
}

impl From<Vec<u8>> for File {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Regular(bytes)
    }
}

impl From<&[u8]> for File {
    fn from(bytes: &[u8]) -> Self {
        Self::Regular(bytes.to_vec())
    }
}

/// Files from pairs of a path and a content.
///
/// ```
/// let files = github_simulator::files([("README.md", "# Notes"), ("notes/models.py", "")]);
/// assert_eq!(files.len(), 2);
/// ```
pub fn files<P: Into<String>, F: Into<File>>(pairs: impl IntoIterator<Item = (P, F)>) -> Files {
    pairs
        .into_iter()
        .map(|(path, file)| (path.into(), file.into()))
        .collect()
}

/// Files of a folder on disk, without `.git`; symbolic links are kept as links.
///
/// # Errors
/// The folder cannot be read, or holds a path that is not UTF-8.
pub fn files_in(folder: &Path) -> io::Result<Files> {
    fn walk(root: &Path, at: &Path, found: &mut Files) -> io::Result<()> {
        for entry in fs::read_dir(at)? {
            let entry = entry?;
            let path = entry.path();
            let name = path
                .strip_prefix(root)
                .ok()
                .and_then(Path::to_str)
                .ok_or_else(|| io::Error::other(format!("{} is not UTF-8", path.display())))?
                .replace('\\', "/");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if entry.file_name() != ".git" {
                    walk(root, &path, found)?;
                }
            } else if kind.is_symlink() {
                let target = fs::read_link(&path)?;
                found.insert(name, File::Symlink(target.to_string_lossy().into_owned()));
            } else {
                found.insert(name, File::Regular(fs::read(&path)?));
            }
        }
        Ok(())
    }
    let mut found = Files::new();
    walk(folder, folder, &mut found)?;
    Ok(found)
}
