//! Runs git's reading commands on a checkout whose configuration nobody should trust.
//!
//! Commands see no user or system configuration, no hooks, no file-system monitor, no network, no
//! replaced objects; none of those used here runs a filter or a diff driver. Nothing is written:
//! not even the index is refreshed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use takehome_checks::source::{BlobId, EntryKind, MAX_TEXT_BYTES};

use super::select::Listed;

/// Most bytes of one listing: 100,000 entries with paths of 500 bytes and more.
const MAX_LISTING_BYTES: u64 = 64 << 20;
/// Most bytes of git's own words that an error repeats.
const MAX_STDERR_BYTES: u64 = 2_000;

#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("git could not be started ({0}); is it installed and in PATH?")]
    Start(#[source] std::io::Error),
    #[error("reading from git failed: {0}")]
    Pipe(#[source] std::io::Error),
    /// With what git wrote to its error output.
    #[error("`git {command}` failed: {stderr}")]
    Failed { command: String, stderr: String },
    #[error("`git {0}` answered with more than 64 MiB")]
    TooMuch(String),
}

/// Git in one folder.
#[derive(Debug)]
pub(super) struct Git<'p> {
    folder: &'p Path,
}

impl<'p> Git<'p> {
    pub(super) fn new(folder: &'p Path) -> Self {
        Self { folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.env_clear();
        // What a program needs to be found and to start, on Unix and on Windows.
        for name in ["PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let nowhere = if cfg!(windows) { "NUL" } else { "/dev/null" };
        command
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", nowhere)
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            // A partial clone would fetch what is missing; the second holds for git before 2.44.
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_ALLOW_PROTOCOL", "none")
            .args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"])
            .arg("-c")
            .arg(format!("core.hooksPath={nowhere}"))
            .args(["-c", "core.fsmonitor=false"])
            .args(["-c", "core.untrackedCache=false"])
            .args(["-c", "core.quotePath=false"])
            // The folder of another user (a container's volume) is read, never obeyed.
            .args(["-c", "safe.directory=*"])
            .arg("-C")
            .arg(self.folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn spawn(&self, arguments: &[&str], stdin: Stdio) -> Result<Child, GitError> {
        self.command(arguments)
            .stdin(stdin)
            .spawn()
            .map_err(GitError::Start)
    }

    /// Standard output of a command that succeeded.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let name = arguments.first().copied().unwrap_or_default();
        let mut child = self.spawn(arguments, Stdio::null())?;
        let stderr = drain(child.stderr.take());
        let mut output = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout
                .take(MAX_LISTING_BYTES + 1)
                .read_to_end(&mut output)
                .map_err(GitError::Pipe)?;
        }
        if output.len() as u64 > MAX_LISTING_BYTES {
            let _ = child.kill();
            let _ = child.wait();
            return Err(GitError::TooMuch(name.to_owned()));
        }
        let status = child.wait().map_err(GitError::Pipe)?;
        let stderr = stderr.and_then(|handle| handle.join().ok());
        if !status.success() {
            return Err(GitError::Failed {
                command: name.to_owned(),
                stderr: stderr.unwrap_or_default(),
            });
        }
        Ok(output)
    }

    /// One line of output, without its end.
    pub(super) fn line(&self, arguments: &[&str]) -> Result<String, GitError> {
        let output = self.run(arguments)?;
        Ok(String::from_utf8_lossy(&output).trim_end().to_owned())
    }

    /// The full id of the commit that a revision names; `None` where it names none.
    pub(super) fn commit(&self, revision: &str) -> Result<Option<String>, GitError> {
        let revision = format!("{revision}^{{commit}}");
        let arguments = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &revision,
        ];
        match self.line(&arguments) {
            // `rev-parse` repeats `--end-of-options` in some versions.
            Ok(line) => Ok(line.lines().last().map(str::to_owned)),
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Entries of a commit under this folder, paths relative to it.
    pub(super) fn tree(&self, commit: &str) -> Result<Vec<Listed>, GitError> {
        let output = self.run(&["ls-tree", "-r", "-z", "-l", commit])?;
        Ok(records(&output).filter_map(tree_entry).collect())
    }

    /// Contents by blob id, in order; `None` where the object is not there or not a blob.
    pub(super) fn blobs(&self, ids: &[BlobId]) -> Result<Vec<Option<Arc<[u8]>>>, GitError> {
        let mut child = self.spawn(&["cat-file", "--batch", "--buffer"], Stdio::piped())?;
        let stderr = drain(child.stderr.take());
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Ok(vec![None; ids.len()]);
        };
        let contents = std::thread::scope(|scope| {
            // Both pipes are bounded: asking and reading must go on at once.
            scope.spawn(move || {
                for id in ids {
                    if writeln!(stdin, "{id}").is_err() {
                        break;
                    }
                }
            });
            let mut answers = BufReader::new(stdout);
            let contents = ids
                .iter()
                .map(|_| read_blob(&mut answers))
                .collect::<Result<Vec<_>, _>>();
            if contents.is_err() {
                // The writer stops when the pipe breaks.
                let _ = child.kill();
            }
            contents
        })
        .map_err(GitError::Pipe);
        let _ = child.wait();
        if let Some(handle) = stderr {
            let _ = handle.join();
        }
        contents
    }
}

/// Reads a child's error output on a thread, so that a full pipe stops nobody.
fn drain(stderr: Option<std::process::ChildStderr>) -> Option<std::thread::JoinHandle<String>> {
    let mut stderr = stderr?;
    Some(std::thread::spawn(move || {
        let mut words = Vec::new();
        let _ = (&mut stderr).take(MAX_STDERR_BYTES).read_to_end(&mut words);
        let _ = std::io::copy(&mut stderr, &mut std::io::sink());
        String::from_utf8_lossy(&words).trim().to_owned()
    }))
}

/// One answer of `cat-file --batch`: `<id> blob <size>\n<bytes>\n`, or `<id> missing\n`.
fn read_blob(answers: &mut impl BufRead) -> std::io::Result<Option<Arc<[u8]>>> {
    let mut header = String::new();
    if answers.take(200).read_line(&mut header)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    let mut words = header.split_ascii_whitespace().skip(1);
    let kind = words.next().unwrap_or_default();
    let Some(size) = words.next().and_then(|word| word.parse::<u64>().ok()) else {
        return Ok(None); // missing, ambiguous
    };
    // The listing promised no more; a larger answer is skipped, not held.
    if kind != "blob" || size > MAX_TEXT_BYTES as u64 {
        std::io::copy(&mut answers.take(size + 1), &mut std::io::sink())?;
        return Ok(None);
    }
    let mut bytes = vec![0; size as usize];
    answers.read_exact(&mut bytes)?;
    answers.read_exact(&mut [0])?;
    Ok(Some(bytes.into()))
}

/// NUL-ended records of a `-z` listing.
pub(super) fn records(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|&byte| byte == 0).filter(|r| !r.is_empty())
}

/// A path as text; what is not UTF-8 is replaced.
pub(super) fn path_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The file-system path of a record's bytes.
pub(super) fn os_path(bytes: &[u8]) -> std::path::PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(bytes).into()
    }
    #[cfg(not(unix))]
    {
        OsStr::new(&*String::from_utf8_lossy(bytes)).into()
    }
}

/// The kind of a git mode; `None` for a folder or something unheard of.
pub(crate) fn kind_of_mode(mode: &str) -> Option<EntryKind> {
    match mode {
        "100644" | "100664" => Some(EntryKind::File),
        "100755" => Some(EntryKind::Executable),
        "120000" => Some(EntryKind::Symlink),
        "160000" => Some(EntryKind::Submodule),
        _ => None,
    }
}

/// `<mode> <type> <id> <size>\t<path>`
fn tree_entry(record: &[u8]) -> Option<Listed> {
    let tab = record.iter().position(|&byte| byte == b'\t')?;
    let (head, path) = record.split_at_checked(tab)?;
    let head = std::str::from_utf8(head).ok()?;
    let mut words = head.split_ascii_whitespace();
    let kind = kind_of_mode(words.next()?)?;
    let id = words.nth(1)?;
    let size = words.next().and_then(|size| size.parse().ok());
    Some(Listed {
        path: path_text(path.get(1..)?),
        kind,
        blob: BlobId::from_hex(id),
        size,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_line_of_ls_tree() {
        let id = "ce013625030ba8dba906f756967f9e9ca394464a";
        let record = format!("100755 blob {id}       6\tbin/a b\tc.sh");
        let entry = tree_entry(record.as_bytes()).expect("an entry");
        assert_eq!(entry.path, "bin/a b\tc.sh");
        assert_eq!((entry.kind, entry.size), (EntryKind::Executable, Some(6)));
        let submodule = format!("160000 commit {id}       -\tlib");
        let entry = tree_entry(submodule.as_bytes()).expect("an entry");
        assert_eq!((entry.kind, entry.size), (EntryKind::Submodule, None));
        assert_eq!(tree_entry(b"nonsense"), None);
    }
}
