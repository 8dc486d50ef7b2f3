//! Real bare repositories, by the `git` program: commits from maps of files, and the reads that
//! GitHub's API is made of. Runs with a fixed identity and without the machine's configuration, so
//! the same files give the same commit ids everywhere. Never has a work tree.

mod memo;
mod read;

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, OnceLock},
};

use memo::{Memo, is_full_id};
pub(crate) use read::{DiffEntry, LogEntry, TreeEntry};

use crate::{
    error::{Error, Result, io},
    files::{File, Files},
};

/// Who wrote a commit, and when (seconds since the epoch).
#[derive(Debug, Clone)]
pub(crate) struct Author {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) at: i64,
}

/// A commit to be made.
#[derive(Debug)]
pub(crate) struct NewCommit<'a> {
    /// Full name of the reference that is set to it.
    pub(crate) reference: &'a str,
    /// Parents, the first one giving the files that `changes` change.
    pub(crate) parents: &'a [String],
    pub(crate) message: &'a str,
    pub(crate) author: Author,
    pub(crate) changes: &'a Files,
}

/// Where `git` is. With its full path a process can be started without copying this one's memory
/// tables, which are large in a test.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .map(|folder| folder.join("git"))
            .find(|file| file.is_absolute() && file.is_file())
            .unwrap_or_else(|| PathBuf::from("git"))
    })
}

/// One bare repository. A fork shares it with the repository it was forked from, as GitHub does.
#[derive(Debug, Clone)]
pub(crate) struct Git {
    folder: PathBuf,
    memo: Memo,
}

impl Git {
    /// Makes an empty bare repository.
    pub(crate) fn init(folder: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&folder).map_err(io(format!("make {}", folder.display())))?;
        let git = Self {
            folder,
            memo: Memo::default(),
        };
        git.run(&[
            "init",
            "-q",
            "--bare",
            "--template=",
            "--initial-branch=main",
        ])?;
        Ok(git)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .current_dir(&self.folder)
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", &self.folder)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .args([
                "-c",
                "core.quotePath=false",
                "-c",
                "gc.auto=0",
                // Gone with the process anyway.
                "-c",
                "core.fsync=none",
                "-c",
                "safe.directory=*",
            ])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    fn run(&self, arguments: &[&str]) -> Result<Vec<u8>> {
        self.run_with(arguments, None)
    }

    /// Runs a question whose answer follows from the full ids of objects alone; with other names it
    /// is asked anew each time.
    fn ask(&self, arguments: &[&str], ids: &[&str]) -> Result<Arc<[u8]>> {
        if !ids.iter().all(|id| is_full_id(id)) {
            return self.run(arguments).map(Arc::from);
        }
        let question = arguments.join("\0");
        if let Some(answer) = self.memo.get(&question) {
            return Ok(answer);
        }
        let answer: Arc<[u8]> = Arc::from(self.run(arguments)?);
        self.memo.keep(question, &answer);
        Ok(answer)
    }

    fn ask_text(&self, arguments: &[&str], ids: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.ask(arguments, ids)?).into_owned())
    }

    fn text(&self, arguments: &[&str]) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.run(arguments)?).into_owned())
    }

    fn run_with(&self, arguments: &[&str], input: Option<&[u8]>) -> Result<Vec<u8>> {
        let (code, out, err) = self.run_raw(arguments, input)?;
        if code == Some(0) {
            Ok(out)
        } else {
            Err(failure(arguments, err.trim()))
        }
    }

    fn run_raw(
        &self,
        arguments: &[&str],
        input: Option<&[u8]>,
    ) -> Result<(Option<i32>, Vec<u8>, String)> {
        let mut command = self.command(arguments);
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command
            .spawn()
            .map_err(|error| failure(arguments, &error.to_string()))?;
        if let (Some(mut pipe), Some(input)) = (child.stdin.take(), input) {
            // A program that stops early closes the pipe; its own words say why.
            let _ = pipe.write_all(input);
        }
        let output = child
            .wait_with_output()
            .map_err(|error| failure(arguments, &error.to_string()))?;
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.code(), output.stdout, err))
    }

    /// Makes a commit and sets its reference to it, whatever the reference was before.
    pub(crate) fn commit(&self, new: &NewCommit<'_>) -> Result<String> {
        let mut input = Vec::new();
        let Author { name, email, at } = &new.author;
        let person = format!("{} <{}> {at} +0000", plain(name), plain(email));
        let mut line = |text: String| {
            input.extend_from_slice(text.as_bytes());
            input.push(b'\n');
        };
        line(format!("commit {}", new.reference));
        line("mark :1".to_owned());
        line(format!("author {person}"));
        line(format!("committer {person}"));
        line(format!("data {}", new.message.len()));
        line(new.message.to_owned());
        for (at, parent) in new.parents.iter().enumerate() {
            line(format!(
                "{} {parent}",
                if at == 0 { "from" } else { "merge" }
            ));
        }
        for (path, file) in new.changes {
            let path = quoted(path);
            let (mode, bytes) = match file {
                File::Regular(bytes) => ("100644", bytes.as_slice()),
                File::Executable(bytes) => ("100755", bytes.as_slice()),
                File::Symlink(target) => ("120000", target.as_bytes()),
                File::Submodule(commit) => {
                    input.extend_from_slice(format!("M 160000 {commit} {path}\n").as_bytes());
                    continue;
                }
                File::Deleted => {
                    input.extend_from_slice(format!("D {path}\n").as_bytes());
                    continue;
                }
            };
            input.extend_from_slice(format!("M {mode} inline {path}\n").as_bytes());
            input.extend_from_slice(format!("data {}\n", bytes.len()).as_bytes());
            input.extend_from_slice(bytes);
            input.push(b'\n');
        }
        input.extend_from_slice(b"\nget-mark :1\ndone\n");
        let out = self.run_with(
            &["fast-import", "--quiet", "--force", "--done"],
            Some(&input),
        )?;
        let id = String::from_utf8_lossy(&out).trim().to_owned();
        if id.len() == 40 {
            Ok(id)
        } else {
            Err(failure(
                &["fast-import"],
                &format!("gave no commit id but {id:?}"),
            ))
        }
    }

    /// Sets a reference.
    pub(crate) fn set(&self, reference: &str, commit: &str) -> Result<()> {
        self.run(&["update-ref", reference, commit]).map(drop)
    }

    /// References below a prefix: name without the prefix, and commit.
    pub(crate) fn references(&self, prefix: &str) -> Result<BTreeMap<String, String>> {
        let text = self.text(&["for-each-ref", "--format=%(refname) %(objectname)", prefix])?;
        Ok(text
            .lines()
            .filter_map(|line| line.rsplit_once(' '))
            .filter_map(|(name, id)| Some((name.strip_prefix(prefix)?.to_owned(), id.to_owned())))
            .collect())
    }
}

fn failure(arguments: &[&str], message: &str) -> Error {
    Error::Git {
        arguments: arguments.join(" "),
        message: message.to_owned(),
    }
}

/// A name without what would break a line of git's.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '<' | '>' | '\n' | '\0'))
        .collect()
}

/// A path in the quoting of `git fast-import`.
fn quoted(path: &str) -> String {
    let mut out = String::from("\"");
    for byte in path.bytes() {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(byte)]),
            0x20..=0x7e => out.push(char::from(byte)),
            other => out.push_str(&format!("\\{other:03o}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::files;

    fn made(git: &Git, parents: &[String], changes: &Files) -> String {
        git.commit(&NewCommit {
            reference: "refs/heads/main",
            parents,
            message: "A commit\n",
            author: Author {
                name: "ada <x>".to_owned(),
                email: "ada@example.org".to_owned(),
                at: 1_767_603_600,
            },
            changes,
        })
        .unwrap()
    }

    #[test]
    fn a_difference_keeps_each_files_hunks_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let git = Git::init(folder.path().join("a.git")).unwrap();
        let long = "a line that stays the same\n".repeat(30);
        let mut first = files([
            ("kind", "text\n"),
            ("last.py", "a\n"),
            ("moved.py", long.as_str()),
        ]);
        first.insert("binary".into(), File::Regular(vec![0, 159, 146, 150]));
        first.insert("gone \"q\" ü.py".into(), File::from("gone\n"));
        let one = made(&git, &[], &first);
        assert_eq!(one, made(&git, &[], &first), "the same files, the same id");
        let mut second = files([("last.py", "a\nb\n"), ("renamed.py", long.as_str())]);
        second.insert("moved.py".into(), File::Deleted);
        second.insert("gone \"q\" ü.py".into(), File::Deleted);
        second.insert("kind".into(), File::Symlink("last.py".into()));
        second.insert("binary".into(), File::Executable(vec![0, 159, 146, 151]));
        let two = made(&git, std::slice::from_ref(&one), &second);
        let found = git.diff(&one, &two).unwrap();
        let facts: Vec<(&str, &str, u64, u64, bool)> = found
            .iter()
            .map(|f| {
                (
                    f.path.as_str(),
                    f.status,
                    f.additions,
                    f.deletions,
                    f.patch.is_some(),
                )
            })
            .collect();
        assert_eq!(
            facts,
            [
                ("binary", "modified", 0, 0, false),
                ("gone \"q\" ü.py", "removed", 0, 1, true),
                ("kind", "changed", 0, 1, true),
                ("last.py", "modified", 1, 0, true),
                ("renamed.py", "renamed", 0, 0, false),
            ]
        );
        assert_eq!(git.diff(&two, &two).unwrap(), []);
        let again = git.changes(&one, &two).unwrap();
        assert_eq!(again.get("kind"), Some(&File::Symlink("last.py".into())));
        assert_eq!(again.get("moved.py"), Some(&File::Deleted));
    }

    #[test]
    fn hostile_revisions_name_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let git = Git::init(folder.path().join("a.git")).unwrap();
        made(&git, &[], &files([("a", "b")]));
        for revision in ["--help", "", "main..main", "HEAD:a", "main:", "@{0}x", "\n"] {
            assert_eq!(git.resolve(revision), None, "{revision:?}");
        }
        assert_eq!(git.object("--batch"), None);
        assert!(git.resolve("refs/heads/main").is_some());
    }
}
