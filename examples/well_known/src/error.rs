//! Why a request gets no document, as the answer that it becomes.

use std::fmt;

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::git;

/// Why a request gets no document.
#[derive(Debug)]
pub enum Error {
    /// No commit had a valid configuration for as long as the request could wait.
    NoConfiguration,
    /// The repository could not be read, and nothing is known from before.
    Git(git::Error),
    /// The request is meant for a host that the configuration does not name.
    Misdirected,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConfiguration => {
                "no commit with a valid configuration came: commit one, the log says what is wrong"
            }
            Self::Git(_) => "the repository with the configuration cannot be read: the log says why",
            Self::Misdirected => "this host is not served here: use one of `origins`, or add it there",
        })
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Git(error) => Some(error),
            _ => None,
        }
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Git(cause) = &self {
            tracing::error!("{self}: {cause}");
        }
        let body = Json(json!({ "error": self.to_string() }));
        match self {
            Self::Misdirected => (StatusCode::MISDIRECTED_REQUEST, [(CACHE_CONTROL, "no-store")], body).into_response(),
            Self::NoConfiguration | Self::Git(_) => {
                let headers = [(CACHE_CONTROL, "no-store"), (RETRY_AFTER, "1")];
                (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response()
            }
        }
    }
}
