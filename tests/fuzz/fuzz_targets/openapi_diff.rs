//! Two texts, parted by a zero byte: comparing them ends, and a description against itself says
//! nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use takehome_checks::openapi::{NoFiles, Options, diff, read};

fuzz_target!(|text: &str| {
    let (base, revision) = text.split_once('\0').unwrap_or((text, text));
    let (Ok(base), Ok(revision)) = (
        read("base.yaml", base, &NoFiles),
        read("revision.yaml", revision, &NoFiles),
    ) else {
        return;
    };
    for per_operation in [false, true] {
        let options = Options {
            per_operation,
            ..Options::default()
        };
        assert!(diff(&base, &base, &options).changes.is_empty());
        let _ = diff(&base, &revision, &options);
    }
});
