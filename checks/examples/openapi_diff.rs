//! Compares two API descriptions and prints counts, time and peak memory; for measuring.

use std::time::Instant;

use takehome_checks::openapi::{self, Level, NoFiles, Options, diff};

#[allow(clippy::print_stdout, reason = "a program for measuring")]
fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(base), Some(revision)) = (args.next(), args.next()) else {
        println!("usage: openapi_diff BASE REVISION [--per-operation]");
        return;
    };
    let per_operation = args.next().is_some();
    let start = Instant::now();
    let read = |path: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        openapi::read(path, &text, &NoFiles)
    };
    let (base, revision) = rayon::join(|| read(&base), || read(&revision));
    let (base, revision) = match (base, revision) {
        (Ok(base), Ok(revision)) => (base, revision),
        (base, revision) => {
            println!("{:?} {:?}", base.err(), revision.err());
            return;
        }
    };
    let read_in = start.elapsed();
    let options = Options {
        per_operation,
        ..Options::default()
    };
    let changes = diff(&base, &revision, &options);
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("");
    println!(
        "{} changes ({} breaking); read {read_in:?}, in all {:?}; {} schemas; {peak}",
        changes.changes.len(),
        changes.count(Level::Error),
        start.elapsed(),
        base.schemas.len(),
    );
}
