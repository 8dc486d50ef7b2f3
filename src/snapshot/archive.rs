//! An archive of a commit, read in memory: nothing is unpacked to disk, and a file counts only if
//! its bytes are the blob that git's tree names.
//!
//! `git archive` leaves out and rewrites files as the commit's own `.gitattributes` asks
//! (`export-ignore`, `export-subst`), so the archive is a quick way to bytes and never the listing.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use takehome_checks::source::BlobId;

use super::select::MAX_ENTRIES;

/// Most bytes of an unpacked archive that are looked at; large files that nobody reads lie in it.
const MAX_UNPACKED_BYTES: u64 = 256 << 20;
/// Most unpacked bytes for each packed one. Source packs to a quarter, logs to a fiftieth; zeros to
/// a thousandth.
const MAX_RATIO: u64 = 200;
/// Below this many bytes the ratio says nothing.
const RATIO_FROM: u64 = 16 << 20;

/// A file to take from the archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) blob: BlobId,
    pub(super) size: u64,
}

/// What an archive gave.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) blobs: BTreeMap<BlobId, Arc<[u8]>>,
    /// Why the archive was not read to its end.
    pub(super) problem: Option<String>,
}

/// Takes the wanted files (by path below the archive's one folder) whose bytes are what git says.
pub(super) fn take(packed: &[u8], commit: &str, wanted: &BTreeMap<String, Wanted>) -> Taken {
    let mut taken = Taken::default();
    if let Err(problem) = read(packed, commit, wanted, &mut taken.blobs) {
        taken.problem = Some(problem.to_string());
    }
    taken
}

fn read(
    packed: &[u8],
    commit: &str,
    wanted: &BTreeMap<String, Wanted>,
    blobs: &mut BTreeMap<BlobId, Arc<[u8]>>,
) -> io::Result<()> {
    let limit = (packed.len() as u64 * MAX_RATIO).clamp(RATIO_FROM, MAX_UNPACKED_BYTES);
    let unpacked = Bounded {
        inner: flate2::read::GzDecoder::new(packed),
        left: limit,
    };
    let mut archive = tar::Archive::new(unpacked);
    let mut verified = false;
    for (count, entry) in archive.entries()?.enumerate() {
        if count > 2 * MAX_ENTRIES {
            return Err(io::Error::other("it has too many entries"));
        }
        let mut entry = entry?;
        if entry.header().entry_type().is_pax_global_extensions() {
            let mut words = Vec::new();
            (&mut entry).take(1_000).read_to_end(&mut words)?;
            if !names_commit(&words, commit) {
                return Err(io::Error::other("it is the archive of another commit"));
            }
            verified = true;
            continue;
        }
        if !verified {
            return Err(io::Error::other("it does not say which commit it is of"));
        }
        if !entry.header().entry_type().is_file() {
            continue; // folders, links, devices
        }
        let path = entry.path_bytes().into_owned();
        let path = String::from_utf8_lossy(&path);
        let Some(file) = path.split_once('/').and_then(|(_, path)| wanted.get(path)) else {
            continue;
        };
        // A file of another size is another file.
        if entry.size() != file.size {
            continue;
        }
        let mut bytes = Vec::with_capacity(file.size as usize);
        entry.read_to_end(&mut bytes)?;
        if BlobId::of(&bytes) == file.blob {
            blobs.insert(file.blob, bytes.into());
        }
    }
    if verified {
        Ok(())
    } else {
        Err(io::Error::other("it is empty"))
    }
}

/// `52 comment=<commit>\n`: what `git archive` writes into the global header.
fn names_commit(header: &[u8], commit: &str) -> bool {
    String::from_utf8_lossy(header).lines().any(|line| {
        line.split_once(' ')
            .and_then(|(_, record)| record.strip_prefix("comment="))
            .is_some_and(|id| id.eq_ignore_ascii_case(commit))
    })
}

/// Ends with an error, not in silence, where there is more than allowed.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other("it unpacks to more than is read"))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const COMMIT: &str = "0123456789012345678901234567890123456789";

    fn pack(tar: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(tar).unwrap();
        gzip.finish().unwrap()
    }

    fn archive(commit: Option<&str>, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        if let Some(commit) = commit {
            let record = format!("52 comment={commit}\n");
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(tar::EntryType::XGlobalHeader);
            header.set_size(record.len() as u64);
            header.set_cksum();
            builder
                .append_data(&mut header, "pax_global_header", record.as_bytes())
                .unwrap();
        }
        for (path, bytes) in files {
            let mut header = tar::Header::new_ustar();
            // `set_path` refuses what a hostile archive holds.
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn wanted(files: &[(&str, &[u8])]) -> BTreeMap<String, Wanted> {
        files
            .iter()
            .map(|(path, bytes)| {
                let wanted = Wanted {
                    blob: BlobId::of(bytes),
                    size: bytes.len() as u64,
                };
                ((*path).to_owned(), wanted)
            })
            .collect()
    }

    #[test]
    fn takes_only_what_git_vouches_for() {
        let files = wanted(&[
            ("a.py", b"x = 1\n"),
            ("b.py", b"y = 1\n"),
            ("c.py", b"z = 1\n"),
        ]);
        let tar = archive(
            Some(COMMIT),
            &[
                ("acme-shop-0123456/a.py", b"x = 1\n"),
                ("acme-shop-0123456/b.py", b"y = 2\n"), // rewritten, same size
                ("acme-shop-0123456/other.py", b"!"),
                ("../../etc/passwd", b"root"),
            ],
        );
        let taken = take(&pack(&tar), COMMIT, &files);
        assert_eq!(taken.problem, None);
        assert_eq!(taken.blobs.len(), 1);
        assert_eq!(&*taken.blobs[&BlobId::of(b"x = 1\n")], b"x = 1\n");
    }

    #[test]
    fn says_why_it_stopped() {
        let files = wanted(&[("a.py", b"x = 1\n")]);
        let problem = |packed: &[u8]| take(packed, COMMIT, &files).problem.unwrap_or_default();
        let good = archive(Some(COMMIT), &[("d/a.py", b"x = 1\n")]);
        let other = archive(Some(&"f".repeat(40)), &[("d/a.py", b"x = 1\n")]);
        assert_eq!(
            problem(&pack(&other)),
            "it is the archive of another commit"
        );
        let silent = archive(None, &[("d/a.py", b"x = 1\n")]);
        assert_eq!(
            problem(&pack(&silent)),
            "it does not say which commit it is of"
        );
        let packed = pack(&good);
        assert!(!problem(&packed[..packed.len() / 2]).is_empty());
        assert!(!problem(b"<html>").is_empty());
        assert_eq!(problem(&pack(&[0; 1024])), "it is empty");
        assert!(!problem(b"").is_empty());
    }

    #[test]
    fn a_bomb_is_left_alone() {
        let zeros = vec![0_u8; 20 << 20];
        let tar = archive(Some(COMMIT), &[("d/a.bin", &zeros), ("d/a.py", b"x = 1\n")]);
        let packed = pack(&tar);
        assert!(packed.len() < 1 << 20);
        let taken = take(&packed, COMMIT, &wanted(&[("a.py", b"x = 1\n")]));
        assert_eq!(
            taken.problem.as_deref(),
            Some("it unpacks to more than is read")
        );
        assert!(taken.blobs.is_empty());
    }
}
