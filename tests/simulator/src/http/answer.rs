//! An answer: status, headers, body; and GitHub's own error bodies.

use serde_json::{Value, json};

/// An answer that is not yet on a socket.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Sent without a length, as GitHub's archive host does.
    pub(crate) chunked: bool,
}

/// `Err` is an answer too: the way out of a handler with `?`.
pub(crate) type Reply = Result<Answer, Answer>;

const DOCS: &str = "https://docs.github.com/rest";

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body,
            chunked: false,
        }
    }

    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::new(
            status,
            "application/json; charset=utf-8",
            value.to_string().into_bytes(),
        )
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            chunked: false,
        }
    }

    pub(crate) fn html(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, "text/html; charset=utf-8", text.into().into_bytes())
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// An error with GitHub's usual body.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        Self::json(
            status,
            &json!({"message": message, "documentation_url": DOCS, "status": status.to_string()}),
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::error(404, "Not Found")
    }

    pub(crate) fn bad_credentials() -> Self {
        Self::error(401, "Bad credentials")
    }

    /// What an installation gets that lacks a permission.
    pub(crate) fn not_accessible() -> Self {
        Self::error(403, "Resource not accessible by integration")
    }

    /// 422 with a list of errors: `{"resource", "code", "field", "message"?}` each.
    pub(crate) fn validation(errors: Value) -> Self {
        Self::json(
            422,
            &json!({"message": "Validation Failed", "errors": errors, "documentation_url": DOCS, "status": "422"}),
        )
    }

    /// 422 in the words of the newer validator, which stands before GitHub's code and says what
    /// is wrong with a request against the schema.
    pub(crate) fn invalid_request(what: &str) -> Self {
        Self::json(
            422,
            &json!({
                "message": format!("Invalid request.\n\n{what}"),
                "documentation_url": DOCS,
                "status": "422",
            }),
        )
    }

    /// 500 for trouble of the simulator itself; the text says so.
    pub(crate) fn simulator_failed(error: &crate::Error) -> Self {
        Self::error(500, &format!("The simulator failed: {error}"))
    }
}

impl From<crate::Error> for Answer {
    fn from(error: crate::Error) -> Self {
        match error {
            crate::Error::NotFound { .. } => Self::not_found(),
            crate::Error::Invalid(message) => Self::error(422, &message),
            other => Self::simulator_failed(&other),
        }
    }
}
