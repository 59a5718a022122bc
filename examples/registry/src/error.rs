//! What can go wrong in the registry, with the HTTP answer that it becomes.

use std::fmt;
use std::io::{self, Write as _};

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What can go wrong in the registry. None of these shows what a client sent: it may be a secret.
#[derive(Debug)]
pub enum Error {
    /// The viewer sees no such row.
    NotFound,
    /// The viewer has a row of this name already.
    AlreadyExists,
    /// Nobody is logged in, or somebody whom the registry does not know.
    Unknown,
    /// The viewer may not do this.
    Forbidden,
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
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists => StatusCode::CONFLICT,
            Self::Unknown => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unreadable(status, _) => *status,
            Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "there is no such row, or none that you may see",
            Self::AlreadyExists => "you have a row of this name already: change that one with PATCH",
            Self::Unknown => "this needs somebody whom the registry knows: say who it is by `Remote-User`",
            Self::Forbidden => "this is for its owner, its team and administrators",
            Self::Invalid(text) | Self::Unreadable(_, text) => text,
            Self::Database(_) => "the database failed",
        })
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
        match error.as_database_error() {
            Some(cause) if cause.is_unique_violation() => Self::AlreadyExists,
            _ => Self::Database(error),
        }
    }
}

impl From<QueryRejection> for Error {
    fn from(rejection: QueryRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        // The text of the rejection may quote a value, and one of the values is a secret.
        let text = "the body is no JSON, or has a field that this address does not know or that is of another type";
        Self::Unreadable(rejection.status(), text.to_owned())
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
