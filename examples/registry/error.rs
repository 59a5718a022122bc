//! What can go wrong in the registry, with the HTTP answer that it becomes.

use std::fmt;
use std::io::{self, Write as _};

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What can go wrong in the registry.
#[derive(Debug)]
pub(crate) enum Error {
    /// No crate has this name.
    NotFound(String),
    /// A crate has this name already.
    AlreadyExists(String),
    /// The request cannot be followed: its values are wrong.
    Invalid(String),
    /// The request cannot be read at all.
    Unreadable(StatusCode, String),
    /// The database failed.
    Database(sqlx::Error),
}

impl Error {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::AlreadyExists(_) => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unreadable(status, _) => *status,
            Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(name) => write!(f, "no crate is named `{name}`"),
            Self::AlreadyExists(name) => write!(f, "a crate named `{name}` exists already: change it with PATCH"),
            Self::Invalid(text) | Self::Unreadable(_, text) => f.write_str(text),
            Self::Database(_) => f.write_str("the database failed"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        Self::Unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Error {
    fn from(rejection: PathRejection) -> Self {
        Self::Unreadable(rejection.status(), rejection.body_text())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Database(cause) = &self {
            // For the operator; the client learns only that it was not its fault.
            let _ = writeln!(io::stderr(), "registry: the database failed: {cause}");
        }
        (self.status(), Json(json!({ "error": self.to_string() }))).into_response()
    }
}
