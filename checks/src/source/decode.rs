//! From bytes to text, saying how.
//!
//! Only encodings that a byte order mark or the file format announces are taken; anything else is
//! UTF-8 or is not read.

use std::sync::Arc;

/// Largest file that is read as text, in bytes. Parsing amplifies memory up to 180 times, and no
/// file a person wrote for an exercise comes near it.
pub const MAX_TEXT_BYTES: usize = 1 << 20;
/// Longest line that is read, in bytes: longer ones are minified or generated.
pub(super) const MAX_LINE_BYTES: usize = 20_000;

/// How a file's bytes were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    Utf8(Arc<str>),
    /// UTF-16 with a byte order mark (PowerShell's `pip freeze >`).
    Utf16(Arc<str>),
    /// Declared by a PEP 263 comment (`# -*- coding: latin-1 -*-`).
    Latin1(Arc<str>),
    /// Invalid UTF-8 was replaced with U+FFFD; columns after the first are approximate.
    Lossy(Arc<str>),
    NotRead(NotRead),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotRead {
    Binary,
    /// More than [`MAX_TEXT_BYTES`].
    TooLarge,
    /// A line longer than [`MAX_LINE_BYTES`].
    LongLine,
    Symlink,
    Submodule,
    /// The content lies in Git LFS; the tree holds a pointer.
    LfsPointer,
    /// It lies in a committed virtual environment, `node_modules` or the like.
    Vendored,
    /// The tree has more files or bytes than one review reads.
    OverBudget,
    /// The entry was listed, and its content could not be had.
    Missing,
}

impl NotRead {
    /// Ends a sentence that begins with the path: "`a.py` was not read: …".
    pub fn reason(self) -> &'static str {
        match self {
            Self::Binary => "it is a binary file",
            Self::TooLarge => "it is larger than 1 MiB",
            Self::LongLine => "a line is longer than 20,000 bytes (minified or generated)",
            Self::Symlink => "it is a symbolic link",
            Self::Submodule => "it is a submodule",
            Self::LfsPointer => "its content lies in Git LFS",
            Self::Vendored => "it is somebody else's code, committed with the project",
            Self::OverBudget => "the tree holds more than one review reads",
            Self::Missing => "its content could not be had",
        }
    }
}

impl Decoded {
    /// The text, where there is one. A byte order mark is not part of it.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Utf8(text) | Self::Utf16(text) | Self::Latin1(text) | Self::Lossy(text) => {
                Some(text)
            }
            Self::NotRead(_) => None,
        }
    }

    /// Reads the bytes of a regular file; never fails.
    pub fn read(bytes: &[u8]) -> Self {
        if bytes.len() > MAX_TEXT_BYTES {
            return Self::NotRead(NotRead::TooLarge);
        }
        if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
            return Self::NotRead(NotRead::LfsPointer);
        }
        let decoded = match bytes {
            [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
            [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
            [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest),
            _ => utf8(bytes),
        };
        match decoded.text() {
            Some(text) if text.split('\n').any(|line| line.len() > MAX_LINE_BYTES) => {
                Self::NotRead(NotRead::LongLine)
            }
            _ => decoded,
        }
    }
}

fn utf8(bytes: &[u8]) -> Decoded {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if text.contains('\0') {
            return Decoded::NotRead(NotRead::Binary);
        }
        return Decoded::Utf8(text.into());
    }
    if declares_latin1(bytes) {
        let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        return Decoded::Latin1(text.into());
    }
    if bytes.contains(&0) {
        return Decoded::NotRead(NotRead::Binary);
    }
    let text = String::from_utf8_lossy(bytes);
    let replaced = text.matches('\u{FFFD}').count();
    // A handful of stray bytes is a slip of an editor; more is not text.
    if replaced * 20 > text.len() {
        return Decoded::NotRead(NotRead::Binary);
    }
    Decoded::Lossy(text.into())
}

/// PEP 263: a comment in the first two lines names the encoding.
fn declares_latin1(bytes: &[u8]) -> bool {
    bytes.split(|&b| b == b'\n').take(2).any(|line| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        line.trim_start().starts_with('#')
            && line.contains("coding")
            && ["latin-1", "latin1", "iso-8859-1", "cp1252"]
                .iter()
                .any(|name| line.contains(name))
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Decoded {
    let units = bytes
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok().map(unit));
    let text: String = char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    if text.contains('\0') {
        return Decoded::NotRead(NotRead::Binary);
    }
    Decoded::Utf16(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_it_read() {
        assert_eq!(Decoded::read(b"a = 1\n"), Decoded::Utf8("a = 1\n".into()));
        assert_eq!(
            Decoded::read(b"\xEF\xBB\xBFa"),
            Decoded::Utf8("a".into()),
            "the byte order mark is not text"
        );
        assert_eq!(
            Decoded::read(b"\xFF\xFED\0j\0"),
            Decoded::Utf16("Dj".into())
        );
        assert_eq!(
            Decoded::read(b"# coding: latin-1\nx = '\xE9'"),
            Decoded::Latin1("# coding: latin-1\nx = 'é'".into())
        );
        assert!(matches!(
            Decoded::read(b"name = 'caf\xE9' # a long enough line of text"),
            Decoded::Lossy(_)
        ));
        assert_eq!(
            Decoded::read(b"\x7fELF\0\0"),
            Decoded::NotRead(NotRead::Binary)
        );
        let long = vec![b'x'; MAX_LINE_BYTES + 1];
        assert_eq!(Decoded::read(&long), Decoded::NotRead(NotRead::LongLine));
        let large = vec![b'\n'; MAX_TEXT_BYTES + 1];
        assert_eq!(Decoded::read(&large), Decoded::NotRead(NotRead::TooLarge));
    }
}
