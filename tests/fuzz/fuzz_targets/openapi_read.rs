//! No text makes the reader panic, run away or answer with a place outside the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use takehome_checks::openapi::{NoFiles, read};

fuzz_target!(|text: &str| {
    match read("fuzz.yaml", text, &NoFiles) {
        Ok(api) => assert!(api.problems.iter().all(|p| p.at.line >= 1)),
        Err(error) => assert!(error.at.line >= 1),
    }
});
