//! What the analysis is given is git's tree, whatever the archive says.

use std::collections::BTreeMap;

use github_simulator::{Fault, File, Files, Rule, files};
use takehome::snapshot::Snapshot;
use takehome::worker::ReviewOutcome;
use takehome_checks::source::NotRead;

use super::bench::{Answers, Bench, run, solution};

/// The bytes of every file that was read.
fn contents(snapshot: &Snapshot) -> BTreeMap<String, Vec<u8>> {
    snapshot
        .entries
        .iter()
        .map(|e| (e.path.clone(), e.bytes.as_deref().expect("read").to_vec()))
        .collect()
}

async fn analysed(bench: &Bench, changes: Files) -> (Snapshot, Snapshot) {
    let pull = bench.open_with(changes);
    let outcome = bench.reviewed(pull).await;
    assert!(
        matches!(outcome, ReviewOutcome::Reviewed { .. }),
        "{outcome:?}"
    );
    let work = bench.analysed.lock().unwrap().pop().unwrap();
    (work.head, work.base.unwrap())
}

#[test]
fn a_file_hidden_from_archives_is_read() {
    run(Answers::Gaps(1), async |bench| {
        let mut changes = solution();
        changes.extend(files([
            (
                ".gitattributes",
                "hidden/** export-ignore\nversion.py export-subst\n",
            ),
            ("hidden/views.py", "secret = 'seen'\n"),
            ("version.py", "VERSION = '$Format:%H$'\n"),
        ]));
        let (head, base) = analysed(bench, changes).await;
        let contents = contents(&head);
        assert_eq!(contents["hidden/views.py"], b"secret = 'seen'\n");
        assert_eq!(contents["version.py"], b"VERSION = '$Format:%H$'\n");
        assert!(
            head.notes.iter().any(|n| n.contains("export-ignore")),
            "{:?}",
            head.notes
        );
        assert!(base.notes.is_empty(), "{:?}", base.notes);
        assert!(!base.entries.iter().any(|e| e.path == "app.py"));
    });
}

#[test]
fn a_bad_archive_changes_nothing_but_the_notes() {
    for fault in [
        Fault::TruncatedArchive,
        Fault::WrongCommitArchive,
        Fault::BombArchive { bytes: 64 << 20 },
        Fault::TraversalArchive,
        Fault::HtmlError { status: 500 },
        Fault::ResetBefore,
        Fault::TruncatedBody,
    ] {
        run(Answers::Gaps(1), async |bench| {
            let rule = Rule::archive(fault).times(u64::MAX);
            bench.github.faults().add(rule);
            let (head, _) = analysed(bench, solution()).await;
            let contents = contents(&head);
            assert_eq!(contents.len(), 10, "{fault:?}");
            assert_eq!(
                contents["app.py"],
                "x = 1\n".repeat(200).as_bytes(),
                "{fault:?}"
            );
            assert!(!head.notes.is_empty(), "{fault:?}");
        });
    }
}

#[test]
fn links_submodules_pointers_and_large_files_are_listed_and_not_read() {
    run(Answers::Gaps(1), async |bench| {
        let mut changes = solution();
        changes.insert(
            "link.py".to_owned(),
            File::Symlink("../../etc/passwd".to_owned()),
        );
        changes.insert("lib".to_owned(), File::Submodule("1".repeat(40)));
        changes.insert("dump.json".to_owned(), File::Regular(vec![b' '; 3 << 20]));
        changes.insert(
            "logo.png".to_owned(),
            File::Regular(vec![0x89, b'P', b'N', b'G']),
        );
        let (head, _) = analysed(bench, changes).await;
        let why: BTreeMap<&str, NotRead> = head
            .unread
            .iter()
            .map(|u| (u.path.as_str(), u.why))
            .collect();
        assert_eq!(why["link.py"], NotRead::Symlink);
        assert_eq!(why["lib"], NotRead::Submodule);
        assert_eq!(why["dump.json"], NotRead::TooLarge);
        assert_eq!(why["logo.png"], NotRead::Binary);
    });
}
