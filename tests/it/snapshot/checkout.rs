//! `read_checkout` on git checkouts, parts of them, plain folders, and hostile ones.

use std::path::Path;
use std::process::Command;

use takehome::snapshot::{CheckoutError, read_checkout};
use takehome_checks::source::{Decoded, NotRead, Role, Tree};

/// A git repository in a temporary folder.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        this.git(&["init", "--quiet", "--initial-branch=main"]);
        this
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
            .args(["-c", "commit.gpgsign=false"])
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .current_dir(self.path())
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}

fn paths(tree: &Tree) -> Vec<&str> {
    tree.files().map(|(_, file)| &*file.path).collect()
}

#[test]
fn the_base_is_the_merge_base_as_on_github() {
    let repository = Repository::new();
    repository.write("app.py", "x = 1\n");
    let root = repository.commit("start");
    repository.git(&["switch", "--quiet", "-c", "candidate"]);
    repository.write("app.py", "x = 2\n");
    repository.write("new.py", "y = 1\n");
    let head = repository.commit("work");
    repository.git(&["switch", "--quiet", "main"]);
    repository.write("later.py", "z = 1\n");
    repository.commit("after the fork");

    let checkout = read_checkout(repository.path(), Some("main"), Some("candidate")).unwrap();
    assert_eq!(checkout.head_commit, Some(head));
    assert_eq!(checkout.base_commit, Some(root));
    assert_eq!(paths(&checkout.head), ["app.py", "new.py"]);
    let base = checkout.base.unwrap();
    assert_eq!(paths(&base), ["app.py"]);
    assert_eq!(base.get("app.py").unwrap().text(), Some("x = 1\n"));
    assert_eq!(checkout.notes, Vec::<String>::new());
}

#[test]
fn the_working_tree_is_read_as_it_stands_without_what_git_ignores() {
    let repository = Repository::new();
    repository.write(".gitignore", "venv/\n*.log\n");
    repository.write("app.py", "x = 1\n");
    repository.write("gone.py", "x = 1\n");
    let head = repository.commit("start");
    repository.write("app.py", "x = 2\n");
    repository.write("untracked.py", "y = 1\n");
    repository.write("venv/lib/site.py", "secret = 1\n");
    repository.write("debug.log", "line\n");
    std::fs::remove_file(repository.path().join("gone.py")).unwrap();

    let checkout = read_checkout(repository.path(), None, None).unwrap();
    assert_eq!(
        paths(&checkout.head),
        [".gitignore", "app.py", "untracked.py"]
    );
    assert_eq!(checkout.head.get("app.py").unwrap().text(), Some("x = 2\n"));
    assert_eq!(checkout.head_commit.as_deref(), Some(head.as_str()));
    let short = &head[..10];
    assert_eq!(
        checkout.notes,
        [
            "1 files that git tracks are not in the working tree; they count as deleted."
                .to_owned(),
            format!("The working tree was read as it stands: 3 files differ from commit {short}."),
        ]
    );
}

#[test]
fn a_folder_inside_a_checkout_has_paths_of_its_own() {
    let repository = Repository::new();
    repository.write("README.md", "# both\n");
    repository.write("backend/manage.py", "import django\n");
    let base = repository.commit("start");
    repository.write("backend/shop/models.py", "a = 1\n");
    repository.commit("work");
    for head in [None, Some("HEAD")] {
        let checkout =
            read_checkout(&repository.path().join("backend"), Some(&base), head).unwrap();
        assert_eq!(paths(&checkout.head), ["manage.py", "shop/models.py"]);
        assert_eq!(paths(&checkout.base.unwrap()), ["manage.py"]);
    }
}

#[test]
fn a_plain_folder_is_read_without_git() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("env/lib")).unwrap();
    std::fs::write(folder.path().join("env/pyvenv.cfg"), "home = /usr\n").unwrap();
    std::fs::write(folder.path().join("env/lib/big.py"), "x = 1\n").unwrap();
    std::fs::write(folder.path().join("app.py"), "x = 1\n").unwrap();
    std::fs::write(folder.path().join("logo.png"), [0x89, b'P', 0, 0]).unwrap();
    std::fs::write(folder.path().join("dump.sql"), vec![b'\n'; (1 << 20) + 1]).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("passwd")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();

    let checkout = read_checkout(folder.path(), None, None).unwrap();
    let content = |path: &str| &checkout.head.get(path).unwrap().content;
    assert_eq!(content("app.py"), &Decoded::Utf8("x = 1\n".into()));
    assert_eq!(content("logo.png"), &Decoded::NotRead(NotRead::Binary));
    assert_eq!(content("dump.sql"), &Decoded::NotRead(NotRead::TooLarge));
    assert_eq!(
        content("env/lib/big.py"),
        &Decoded::NotRead(NotRead::Vendored)
    );
    assert_eq!(
        checkout.head.get("env/lib/big.py").unwrap().role,
        Role::Vendored
    );
    #[cfg(unix)]
    for link in ["passwd", "loop"] {
        assert_eq!(content(link), &Decoded::NotRead(NotRead::Symlink));
    }
    assert_eq!(checkout.head_commit, None);

    let error = read_checkout(folder.path(), Some("main"), None).unwrap_err();
    assert!(matches!(error, CheckoutError::NoGit { .. }), "{error}");
}

#[test]
fn an_ignored_folder_of_a_checkout_is_read_as_a_plain_one() {
    let repository = Repository::new();
    repository.write(".gitignore", "samples/\n");
    repository.commit("start");
    repository.write("samples/one/app.py", "x = 1\n");
    let checkout = read_checkout(&repository.path().join("samples/one"), None, None).unwrap();
    assert_eq!(paths(&checkout.head), ["app.py"]);
}

#[test]
fn links_submodules_and_names_that_are_not_utf_8() {
    let repository = Repository::new();
    repository.write("app.py", "x = 1\n");
    repository.commit("start");
    let commit = repository.git(&["rev-parse", "HEAD"]);
    let entry = format!("160000,{commit},lib");
    repository.git(&["update-index", "--add", "--cacheinfo", &entry]);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        std::os::unix::fs::symlink("../../etc/passwd", repository.path().join("link.py")).unwrap();
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.py");
        std::fs::write(repository.path().join(name), "y = 1\n").unwrap();
    }
    repository.git(&["add", "--", "."]);
    repository.git(&["update-index", "--add", "--cacheinfo", &entry]);
    repository.git(&["commit", "--quiet", "-m", "odd"]);
    for head in [None, Some("HEAD")] {
        let tree = read_checkout(repository.path(), None, head).unwrap().head;
        assert_eq!(
            tree.get("lib").unwrap().content,
            Decoded::NotRead(NotRead::Submodule)
        );
        #[cfg(unix)]
        {
            assert_eq!(
                tree.get("link.py").unwrap().content,
                Decoded::NotRead(NotRead::Symlink)
            );
            assert_eq!(tree.get("caf\u{FFFD}.py").unwrap().text(), Some("y = 1\n"));
        }
    }
}

#[test]
fn nothing_that_the_checkout_configures_is_run() {
    let repository = Repository::new();
    let witness = repository.path().join("witness");
    let run = format!("touch {}", witness.display());
    repository.write("app.py", "x = 1\n");
    repository.write(".gitattributes", "*.py filter=evil diff=evil\n");
    repository.commit("start");
    for (key, value) in [
        ("core.fsmonitor", run.as_str()),
        ("core.pager", &run),
        ("filter.evil.clean", &run),
        ("filter.evil.smudge", &run),
        ("filter.evil.process", &run),
        ("diff.evil.command", &run),
        ("diff.evil.textconv", &run),
        ("core.sshCommand", &run),
        ("alias.ls-files", &format!("!{run}")),
    ] {
        repository.git(&["config", key, value]);
    }
    let hook = repository.path().join(".git/hooks/post-index-change");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, format!("#!/bin/sh\n{run}\n")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    // Newer than the index: git would look at it again.
    repository.write("app.py", "x = 2\n");
    for head in [None, Some("HEAD")] {
        let checkout = read_checkout(repository.path(), Some("HEAD"), head).unwrap();
        assert!(checkout.head.get("app.py").is_some());
    }
    assert!(!witness.exists(), "something of the checkout was run");
}

#[test]
fn a_partial_clone_is_read_as_far_as_it_goes() {
    let origin = Repository::new();
    origin.write("a.py", "x = 1\n");
    let base = origin.commit("one");
    origin.write("a.py", "x = 2\n");
    origin.commit("two");
    origin.git(&["config", "uploadpack.allowFilter", "true"]);
    let folder = tempfile::tempdir().unwrap();
    let clone = folder.path().join("clone");
    let url = format!("file://{}", origin.path().display());
    origin.git(&[
        "clone",
        "--quiet",
        "--filter=blob:none",
        &url,
        clone.to_str().unwrap(),
    ]);

    let checkout = read_checkout(&clone, Some(&base), Some("HEAD")).unwrap();
    assert_eq!(checkout.head.get("a.py").unwrap().text(), Some("x = 2\n"));
    let base = checkout.base.unwrap();
    assert_eq!(
        base.get("a.py").unwrap().content,
        Decoded::NotRead(NotRead::Missing)
    );
}

#[test]
fn wrong_input_is_answered_in_a_sentence() {
    let repository = Repository::new();
    repository.write("app.py", "x = 1\n");
    repository.commit("start");
    let place = repository.path().display().to_string();
    let say = |path: &Path, base| {
        read_checkout(path, base, None)
            .unwrap_err()
            .to_string()
            .replace(&place, "PLACE")
    };
    insta::assert_snapshot!(say(repository.path(), Some("nowhere")), @"there is no commit `nowhere` in the checkout of `PLACE`; fetch it first (a shallow clone holds only a few commits), or see `git log` for those there are");
    insta::assert_snapshot!(say(repository.path(), Some("--output=/tmp/x")), @"there is no commit `--output=/tmp/x` in the checkout of `PLACE`; fetch it first (a shallow clone holds only a few commits), or see `git log` for those there are");
    insta::assert_snapshot!(say(&repository.path().join("app.py"), None), @"`PLACE/app.py` is not a folder; name the folder that holds the project (where `manage.py` is, or above)");
    insta::assert_snapshot!(say(&repository.path().join("nothing"), None), @"`PLACE/nothing` cannot be read: No such file or directory (os error 2)");
}

#[test]
fn a_repository_without_commits_is_its_working_tree() {
    let repository = Repository::new();
    repository.write("app.py", "x = 1\n");
    let checkout = read_checkout(repository.path(), None, None).unwrap();
    assert_eq!(paths(&checkout.head), ["app.py"]);
    assert_eq!(checkout.head_commit, None);
}
