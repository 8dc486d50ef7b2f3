//! Decides from a listing of a tree what is worth reading, within fixed limits.
//!
//! A pure function of the listing: the same tree is read the same way whoever lists it. It reads
//! nothing itself and drops no entry in silence: what is not read stays in the tree with a reason.

use takehome_checks::source::{
    BlobId, EntryKind, MAX_TEXT_BYTES, NotRead, Unread, vendored_folders,
};

/// Most entries of one tree; GitHub lists no more in one answer
/// (<https://docs.github.com/rest/git/trees>).
pub const MAX_ENTRIES: usize = 100_000;
/// Most files of one tree that are read. The largest of 400 measured exercises has 2,600.
pub const MAX_FILES_READ: usize = 10_000;
/// Most bytes of one tree that are read. Parsing takes memory many times the source.
pub const MAX_BYTES_READ: u64 = 64 << 20;
/// Longest path, in bytes: Linux's own limit.
pub const MAX_PATH_BYTES: usize = 4_096;
/// Deepest path, in folders; nobody nests an exercise so, and some of our walks go by folder.
pub const MAX_PATH_DEPTH: usize = 64;

/// One entry of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// From the root of the tree, with `/`.
    pub path: String,
    pub kind: EntryKind,
    /// `None` where only a file system listed it.
    pub blob: Option<BlobId>,
    /// Size in bytes; `None` where the content is not there (submodule, missing object).
    pub size: Option<u64>,
}

/// What to read, and what stays unread for which reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// In the order of paths.
    pub read: Vec<Listed>,
    pub unread: Vec<Unread>,
    pub notes: Vec<String>,
}

/// Endings of files that are never text. Everything else is read and decides by its bytes.
const BINARY_ENDINGS: [&str; 48] = [
    "7z", "a", "avi", "bin", "bmp", "bz2", "class", "db", "dll", "doc", "docx", "dylib", "eot",
    "exe", "gif", "gz", "ico", "jar", "jpeg", "jpg", "mo", "mov", "mp3", "mp4", "o", "odt", "ogg",
    "otf", "pdf", "pkl", "png", "ppt", "pptx", "pyc", "pyd", "rar", "so", "sqlite", "sqlite3",
    "tar", "tgz", "ttf", "wav", "webm", "webp", "whl", "woff", "zip",
];

/// Sorts a listing into what is read and what is not.
pub fn select(mut listing: Vec<Listed>) -> Selection {
    let mut selection = Selection::default();
    let odd = listing.len();
    listing.retain(|entry| well_formed(&entry.path));
    if listing.len() < odd {
        selection.notes.push(format!(
            "{} were left out: their paths are longer than {MAX_PATH_BYTES} bytes, deeper than \
             {MAX_PATH_DEPTH} folders, or not paths of a git tree.",
            entries(odd - listing.len())
        ));
    }
    listing.sort_by(|a, b| a.path.cmp(&b.path));
    listing.dedup_by(|later, first| later.path == first.path);
    if listing.len() > MAX_ENTRIES {
        selection.notes.push(format!(
            "The tree has {} entries; only the first {MAX_ENTRIES} in the order of their paths were \
             looked at.",
            listing.len()
        ));
        listing.truncate(MAX_ENTRIES);
    }

    let vendored: Vec<String> = vendored_folders(listing.iter().map(|e| e.path.as_str()))
        .into_iter()
        .collect();
    let mut wanted = Vec::new();
    for entry in listing {
        match reason_not_to_read(&entry, &vendored) {
            Some(why) => selection.unread.push(unread(entry, why)),
            None => wanted.push(entry),
        }
    }

    // Where the budget ends, Python was read first: it is what most checks speak of.
    wanted.sort_by(|a, b| (!is_python(&a.path), &a.path).cmp(&(!is_python(&b.path), &b.path)));
    let (mut bytes, mut over) = (0_u64, 0_usize);
    for entry in wanted {
        let size = entry.size.unwrap_or(0);
        if selection.read.len() >= MAX_FILES_READ || bytes + size > MAX_BYTES_READ {
            over += 1;
            selection.unread.push(unread(entry, NotRead::OverBudget));
        } else {
            bytes += size;
            selection.read.push(entry);
        }
    }
    if over > 0 {
        selection.notes.push(format!(
            "{over} files were not read: one review reads at most {MAX_FILES_READ} files and {} MiB, \
             Python first.",
            MAX_BYTES_READ >> 20
        ));
    }
    selection.read.sort_by(|a, b| a.path.cmp(&b.path));
    selection.unread.sort_by(|a, b| a.path.cmp(&b.path));
    selection
}

/// Whether a path could stand in a git tree and is within the limits: relative, no empty part, no
/// `.` or `..`, no NUL.
pub(crate) fn well_formed(path: &str) -> bool {
    path.len() <= MAX_PATH_BYTES
        && path.split('/').count() <= MAX_PATH_DEPTH
        && !path.contains('\0')
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != ".." && part != ".git")
}

fn reason_not_to_read(entry: &Listed, vendored: &[String]) -> Option<NotRead> {
    match entry.kind {
        EntryKind::Symlink => return Some(NotRead::Symlink),
        EntryKind::Submodule => return Some(NotRead::Submodule),
        EntryKind::File | EntryKind::Executable => {}
    }
    let inside = vendored.iter().any(|folder| {
        entry
            .path
            .strip_prefix(folder.as_str())
            .is_some_and(|rest| rest != "pyvenv.cfg")
    });
    match entry.size {
        _ if inside => Some(NotRead::Vendored),
        None => Some(NotRead::Missing),
        _ if has_binary_ending(&entry.path) => Some(NotRead::Binary),
        Some(size) if size > MAX_TEXT_BYTES as u64 => Some(NotRead::TooLarge),
        Some(_) => None,
    }
}

fn has_binary_ending(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.')
        .is_some_and(|(_, ending)| BINARY_ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}

fn is_python(path: &str) -> bool {
    path.ends_with(".py")
}

fn unread(entry: Listed, why: NotRead) -> Unread {
    Unread {
        path: entry.path,
        kind: entry.kind,
        blob: entry.blob,
        size: entry.size.unwrap_or(0),
        why,
    }
}

fn entries(count: usize) -> String {
    format!("{count} {}", if count == 1 { "entry" } else { "entries" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(path: &str, size: u64) -> Listed {
        Listed {
            path: path.to_owned(),
            kind: EntryKind::File,
            blob: None,
            size: Some(size),
        }
    }

    fn why(selection: &Selection, path: &str) -> Option<NotRead> {
        selection
            .unread
            .iter()
            .find(|u| u.path == path)
            .map(|u| u.why)
    }

    #[test]
    fn reads_text_and_says_why_not_the_rest() {
        let mut link = listed("link", 3);
        link.kind = EntryKind::Symlink;
        let mut gone = listed("gone.py", 0);
        gone.size = None;
        let selection = select(vec![
            listed("b.py", 10),
            listed("a.PNG", 10),
            listed("dump.json", 5 << 20),
            listed("venv/pyvenv.cfg", 30),
            listed("venv/lib/site.py", 30),
            link,
            gone,
        ]);
        let read: Vec<&str> = selection.read.iter().map(|e| e.path.as_str()).collect();
        assert_eq!(read, ["b.py", "venv/pyvenv.cfg"]);
        assert_eq!(why(&selection, "a.PNG"), Some(NotRead::Binary));
        assert_eq!(why(&selection, "dump.json"), Some(NotRead::TooLarge));
        assert_eq!(why(&selection, "venv/lib/site.py"), Some(NotRead::Vendored));
        assert_eq!(why(&selection, "link"), Some(NotRead::Symlink));
        assert_eq!(why(&selection, "gone.py"), Some(NotRead::Missing));
        assert!(selection.notes.is_empty());
    }

    #[test]
    fn where_the_budget_ends_python_was_read_first() {
        let mut listing: Vec<Listed> = (0..MAX_FILES_READ)
            .map(|n| listed(&format!("data/{n:05}.json"), 1))
            .collect();
        listing.push(listed("shop/models.py", 1));
        let selection = select(listing);
        assert_eq!(selection.read.len(), MAX_FILES_READ);
        assert!(selection.read.iter().any(|e| e.path == "shop/models.py"));
        assert_eq!(
            why(&selection, "data/09999.json"),
            Some(NotRead::OverBudget)
        );
        assert_eq!(
            selection.notes,
            [
                "1 files were not read: one review reads at most 10000 files and 64 MiB, Python first."
            ]
        );
    }

    #[test]
    fn odd_paths_are_counted_and_left_out() {
        let selection = select(vec![
            listed("../etc/passwd", 1),
            listed("/etc/passwd", 1),
            listed("a//b", 1),
            listed(".git/config", 1),
            listed(&"d/".repeat(MAX_PATH_DEPTH), 1),
            listed("ok.py", 1),
        ]);
        assert_eq!(selection.read.len(), 1);
        assert!(
            selection
                .notes
                .first()
                .is_some_and(|n| n.starts_with("5 entries"))
        );
    }
}
