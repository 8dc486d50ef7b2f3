//! The binary: a thread with a stack that parsers of hostile files can live with, then
//! [`takehome::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    // Parsers are bounded in depth; the stack is sized so that the bound is reached first.
    let worker = std::thread::Builder::new()
        .name("takehome".to_owned())
        .stack_size(takehome::cli::STACK_BYTES)
        .spawn(takehome::cli::main);
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // The panic has been told on stderr already.
        Ok(Err(_)) | Err(_) => ExitCode::from(takehome::cli::INTERNAL_ERROR),
    }
}
