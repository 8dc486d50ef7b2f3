//! What can go wrong when a test or the demo asks the simulator for something. Answers over HTTP are
//! not errors of this kind.

/// An action that the simulator could not do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of that name or id stands here.
    #[error("no {what} in the simulator")]
    NotFound {
        /// Kind and name, for instance `repository 7` or `pull request acme/notes#3`.
        what: String,
    },
    /// The action contradicts what stands.
    #[error("{0}")]
    Invalid(String),
    /// The `git` program failed.
    #[error("git {arguments}: {message}")]
    Git {
        /// The arguments it was run with.
        arguments: String,
        /// What it wrote on standard error, or why it could not be started.
        message: String,
    },
    /// A file, folder or socket failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The App's key could not be made or read.
    #[error("private key: {0}")]
    Key(String),
    /// GitHub's OpenAPI description could not be used.
    #[error("OpenAPI description: {0}")]
    Contract(String),
}

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

pub(crate) fn not_found(what: impl Into<String>) -> Error {
    Error::NotFound { what: what.into() }
}

pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
    let what = what.into();
    move |source| Error::Io { what, source }
}
