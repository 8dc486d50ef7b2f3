//! Lists and reads a plain folder: no git, links not followed, limits on entries and depth.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use takehome_checks::source::{EntryKind, MAX_TEXT_BYTES};

use super::select::{Listed, MAX_ENTRIES, MAX_PATH_DEPTH};

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) listing: Vec<Listed>,
    pub(super) notes: Vec<String>,
}

/// Every file and link below a folder, sorted; `.git` is skipped.
pub(super) fn walk(root: &Path) -> io::Result<Walk> {
    let mut walk = Walk::default();
    fs::read_dir(root)?; // the root itself must be readable
    let mut open: Vec<(PathBuf, String, usize)> = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = open.pop() {
        let mut names: Vec<_> = match fs::read_dir(&folder) {
            Ok(entries) => entries.flatten().map(|entry| entry.file_name()).collect(),
            Err(error) => {
                walk.notes
                    .push(format!("`{prefix}` could not be listed: {error}."));
                continue;
            }
        };
        names.sort();
        for name in names {
            if name == ".git" {
                continue;
            }
            if walk.listing.len() > MAX_ENTRIES {
                walk.notes.push(format!(
                    "The folder has more than {MAX_ENTRIES} entries; the rest was not listed."
                ));
                return Ok(walk);
            }
            let path = format!("{prefix}{}", name.to_string_lossy());
            let disk = folder.join(&name);
            match fs::symlink_metadata(&disk) {
                Ok(meta) if meta.is_dir() && depth + 1 >= MAX_PATH_DEPTH => walk.notes.push(
                    format!("`{path}` lies deeper than {MAX_PATH_DEPTH} folders and was skipped."),
                ),
                Ok(meta) if meta.is_dir() => open.push((disk, format!("{path}/"), depth + 1)),
                Ok(meta) => match kind(&meta) {
                    Some(kind) => walk.listing.push(Listed {
                        path,
                        kind,
                        blob: None,
                        size: Some(meta.len()),
                    }),
                    None => walk
                        .notes
                        .push(format!("`{path}` is no regular file and was skipped.")),
                },
                Err(error) => walk
                    .notes
                    .push(format!("`{path}` could not be looked at: {error}.")),
            }
        }
    }
    walk.listing.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk)
}

/// The kind of a file or link; `None` for sockets, pipes and devices.
pub(super) fn kind(meta: &fs::Metadata) -> Option<EntryKind> {
    if meta.is_symlink() {
        return Some(EntryKind::Symlink);
    }
    if !meta.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if meta.permissions().mode() & 0o100 != 0 {
            return Some(EntryKind::Executable);
        }
    }
    Some(EntryKind::File)
}

/// Reads files below a folder without following a link on the way.
#[derive(Debug)]
pub(super) struct Reader<'p> {
    root: &'p Path,
    /// Whether a folder is one, by its path below the root.
    folders: HashMap<PathBuf, bool>,
}

impl<'p> Reader<'p> {
    pub(super) fn new(root: &'p Path) -> Self {
        Self {
            root,
            folders: HashMap::new(),
        }
    }

    /// Looks at an entry itself; `None` where it is gone or lies behind a link.
    pub(super) fn look(&mut self, relative: &Path) -> Option<fs::Metadata> {
        if !self.parents_are_folders(relative) {
            return None;
        }
        fs::symlink_metadata(self.root.join(relative)).ok()
    }

    /// At most [`MAX_TEXT_BYTES`] and one byte more, which says that there is more.
    pub(super) fn read(&mut self, relative: &Path) -> io::Result<Arc<[u8]>> {
        if !self.parents_are_folders(relative) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = open_without_links(&self.root.join(relative))?;
        let mut bytes = Vec::new();
        file.take(MAX_TEXT_BYTES as u64 + 1)
            .read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }

    fn parents_are_folders(&mut self, relative: &Path) -> bool {
        let Some(parent) = relative.parent().filter(|p| !p.as_os_str().is_empty()) else {
            return true;
        };
        if let Some(&known) = self.folders.get(parent) {
            return known;
        }
        let is = fs::symlink_metadata(self.root.join(parent)).is_ok_and(|meta| meta.is_dir())
            && self.parents_are_folders(parent);
        self.folders.insert(parent.to_owned(), is);
        is
    }
}

/// Opens a regular file. A link that appeared since the look is refused where the system can; a
/// pipe is never waited for.
fn open_without_links(path: &Path) -> io::Result<File> {
    let before = fs::symlink_metadata(path)?;
    if !before.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let opened = file.metadata()?;
        if (opened.dev(), opened.ino()) != (before.dev(), before.ino()) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
    }
    Ok(file)
}
