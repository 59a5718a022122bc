//! What can go wrong with webhooks, with the HTTP answer that it becomes.

use std::fmt;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// What can go wrong with webhooks. None of these shows a value.
#[derive(Debug)]
pub enum Error {
    /// There is no such webhook or value.
    NotFound,
    /// The request cannot be followed: its values are wrong.
    Invalid(String),
    /// The request cannot be read at all.
    Unreadable(StatusCode),
    /// The database failed.
    Database(sqlx::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "there is no such webhook or value: make it with PUT",
            Self::Invalid(text) => text,
            Self::Unreadable(_) => "the request is no JSON, or has a field that is not known or is of another type",
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
        Self::Database(error)
    }
}

// The texts of these may quote what was sent, and that may be a secret.
impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        Self::Unreadable(rejection.status())
    }
}

impl From<PathRejection> for Error {
    fn from(rejection: PathRejection) -> Self {
        Self::Unreadable(rejection.status())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unreadable(status) => *status,
            Self::Database(cause) => {
                tracing::error!(%cause, "the database failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        (status, Json(json!({ "error": self.to_string() }))).into_response()
    }
}
