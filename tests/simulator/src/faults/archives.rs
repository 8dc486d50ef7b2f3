//! Archives that a careful reader must refuse: bombs, entries that lead elsewhere. Made in memory,
//! never unpacked here.

use std::io::Write;

use flate2::{Compression, Crc, write::DeflateEncoder, write::GzEncoder};
use tar::{EntryType, Header};

/// Zeros compressed at a time.
const BLOCK: usize = 1 << 20;

/// A pax global header whose comment is the commit, as `git archive` begins every archive.
fn pax_header(commit: &str) -> Vec<u8> {
    let record = format!("52 comment={commit}\n");
    let mut header = Header::new_ustar();
    let _ = header.set_path("pax_global_header");
    header.set_entry_type(EntryType::XGlobalHeader);
    header.set_size(record.len() as u64);
    header.set_mode(0o666);
    header.set_cksum();
    let mut out = header.as_bytes().to_vec();
    out.extend_from_slice(record.as_bytes());
    pad(&mut out);
    out
}

fn pad(out: &mut Vec<u8>) {
    let over = out.len() % 512;
    if over != 0 {
        out.resize(out.len() + 512 - over, 0);
    }
}

/// A header whose name is written as it is: the `tar` crate would refuse these.
fn raw_header(name: &str, kind: EntryType, link: &str, size: u64) -> Header {
    let mut header = Header::new_ustar();
    if let Some(ustar) = header.as_ustar_mut() {
        for (to, from) in ustar.name.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        for (to, from) in ustar.linkname.iter_mut().zip(link.bytes()) {
            *to = from;
        }
    }
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(size);
    header.set_cksum();
    header
}

/// Entries that lead out of the archive's folder, absolute names, links of both kinds, a device.
pub(crate) fn traversal(commit: &str, top: &str) -> Vec<u8> {
    let mut tar = pax_header(commit);
    let mut add = |name: &str, kind: EntryType, link: &str, content: &[u8]| {
        tar.extend_from_slice(raw_header(name, kind, link, content.len() as u64).as_bytes());
        tar.extend_from_slice(content);
        pad(&mut tar);
    };
    add(
        &format!("{top}/README.md"),
        EntryType::Regular,
        "",
        b"# An ordinary file\n",
    );
    add(
        &format!("{top}/../../../../tmp/escaped.py"),
        EntryType::Regular,
        "",
        b"escaped = 1\n",
    );
    add("/etc/escaped.py", EntryType::Regular, "", b"escaped = 2\n");
    add(&format!("{top}/outside"), EntryType::Symlink, "/etc", b"");
    add(
        &format!("{top}/outside/escaped.py"),
        EntryType::Regular,
        "",
        b"escaped = 3\n",
    );
    add(&format!("{top}/hard"), EntryType::Link, "/etc/passwd", b"");
    add(&format!("{top}/device"), EntryType::Block, "", b"");
    add(
        "elsewhere/escaped.py",
        EntryType::Regular,
        "",
        b"escaped = 4\n",
    );
    tar.resize(tar.len() + 1024, 0);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    let _ = gzip.write_all(&tar);
    gzip.finish().unwrap_or_default()
}

/// An archive of one file of about `bytes` zeros, in a thousandth of that.
pub(crate) fn bomb(commit: &str, top: &str, bytes: u64) -> Vec<u8> {
    let blocks = bytes.div_ceil(BLOCK as u64).max(1);
    let size = blocks * BLOCK as u64;
    let mut start = pax_header(commit);
    let mut header = raw_header(&format!("{top}/zeros.py"), EntryType::Regular, "", 0);
    // Sizes above 8 GiB do not fit eleven octal digits; the crate writes them in binary.
    header.set_size(size);
    header.set_cksum();
    start.extend_from_slice(header.as_bytes());
    let zeros = vec![0u8; BLOCK];
    // A flushed block ends at a byte and refers to nothing before it, so it can stand many times.
    let first = deflated(&start, false);
    let block = deflated(&zeros, false);
    let end = deflated(&[0u8; 1024], true);
    let mut crc = Crc::new();
    crc.update(&start);
    let mut block_crc = Crc::new();
    block_crc.update(&zeros);
    for _ in 0..blocks {
        crc.combine(&block_crc);
    }
    crc.update(&[0u8; 1024]);
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    out.extend_from_slice(&first);
    for _ in 0..blocks {
        out.extend_from_slice(&block);
    }
    out.extend_from_slice(&end);
    out.extend_from_slice(&crc.sum().to_le_bytes());
    out.extend_from_slice(&crc.amount().to_le_bytes());
    out
}

fn deflated(bytes: &[u8], last: bool) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let _ = encoder.write_all(bytes);
    if last {
        return encoder.finish().unwrap_or_default();
    }
    let _ = encoder.flush();
    std::mem::take(encoder.get_mut())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn a_bomb_is_small_and_unpacks_to_its_size() {
        let commit = "a".repeat(40);
        let packed = bomb(&commit, "top", 8 << 20);
        assert!(packed.len() < 64 * 1024, "{}", packed.len());
        let mut unpacked = Vec::new();
        GzDecoder::new(packed.as_slice())
            .read_to_end(&mut unpacked)
            .unwrap();
        let mut archive = tar::Archive::new(unpacked.as_slice());
        let sizes: Vec<u64> = archive
            .entries()
            .unwrap()
            .map(|e| e.unwrap().size())
            .collect();
        assert_eq!(sizes.last(), Some(&(8 << 20)));
    }

    #[test]
    fn traversal_keeps_its_names() {
        let packed = traversal(&"b".repeat(40), "top");
        let mut archive = tar::Archive::new(GzDecoder::new(packed.as_slice()));
        let names: Vec<String> = archive
            .entries()
            .unwrap()
            .map(|e| String::from_utf8_lossy(&e.unwrap().path_bytes()).into_owned())
            .collect();
        assert!(
            names.contains(&"top/../../../../tmp/escaped.py".to_owned()),
            "{names:?}"
        );
        assert!(names.contains(&"/etc/escaped.py".to_owned()));
    }
}
