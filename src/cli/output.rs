//! Where commands write: stdout or a file, progress and errors on stderr. Colour only on a terminal.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::Failure;

/// Writes `text` to the file, or to stdout without one. Colours are taken out where the reader is
/// no terminal.
///
/// # Errors
/// The file cannot be written (the person's matter), or stdout cannot.
pub(super) fn write(text: &str, file: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = file else {
        let mut out = anstream::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        return Ok(());
    };
    std::fs::write(path, anstream::adapter::strip_str(text).to_string()).map_err(|error| {
        Failure::usage(format_args!(
            "{} could not be written: {error}. Choose another place with --output.",
            path.display()
        ))
    })
}

/// One line of progress on stderr, and only where a person watches.
pub(super) fn progress(line: std::fmt::Arguments<'_>) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let _ = writeln!(err, "{line}");
    }
}

/// Something to read on stderr beside what stdout holds.
pub(super) fn note(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Tells what went wrong: the error, then each cause on its own line.
pub(super) fn tell(failure: &Failure) {
    let (error, ours) = match failure {
        Failure::Input(error) => (error, false),
        Failure::Internal(error) => (error, true),
    };
    let mut err = anstream::stderr().lock();
    let _ = writeln!(err, "\u{1b}[1;31merror\u{1b}[0m: {}", clean(error));
    for cause in error.chain().skip(1) {
        let _ = writeln!(err, "  because: {}", clean(cause));
    }
    if ours {
        let _ = writeln!(
            err,
            "This is not the fault of the project that was reviewed. If it happens again, report it \
             with the command line and this message."
        );
    }
}

/// An error may quote a candidate's file name: nothing in it may steer the terminal.
fn clean(text: &dyn std::fmt::Display) -> String {
    text.to_string()
        .chars()
        .map(|c| {
            if c.is_control() && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

/// The reader of our output has gone (`takehome checks | head`): nothing is wrong.
pub(super) fn is_broken_pipe(failure: &Failure) -> bool {
    let (Failure::Input(error) | Failure::Internal(error)) = failure;
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
