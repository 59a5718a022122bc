//! What can go wrong in the service, with the HTTP answer that it becomes.

use std::fmt;
use std::io::{self, Write as _};

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use larder::ErrorKind;
use serde_json::json;

/// What can go wrong in the service.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// What was asked for is not there.
    NotFound(String),
    /// The request cannot be followed.
    Invalid(StatusCode, String),
    /// The YAML file cannot be used.
    Defaults(String),
    /// Redis is required, and none is named.
    NoRedis,
    /// The cache, or the records in Redis.
    Larder(larder::Error),
    /// The database failed.
    Database(sqlx::Error),
    /// No worker prepared the database in time.
    Unprepared,
}

impl Error {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Invalid(status, _) => *status,
            Self::Larder(error) if error.kind() == ErrorKind::Conflict => StatusCode::CONFLICT,
            // Records have no second place: without Redis there are none.
            Self::Larder(error) if matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Configuration) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(text) | Self::Invalid(_, text) => f.write_str(text),
            Self::Defaults(text) => write!(f, "the file of defaults cannot be used: {text}"),
            Self::NoRedis => f.write_str("Redis is required, and none is named: set `LARDER_REDIS_URL`"),
            Self::Larder(error) => error.fmt(f),
            Self::Database(_) => f.write_str("the database failed"),
            Self::Unprepared => f.write_str("no worker prepared the database in time: look at the one that leads"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Database(error) => Some(error),
            Self::Larder(error) => Some(error),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<larder::Error> for Error {
    fn from(error: larder::Error) -> Self {
        Self::Larder(error)
    }
}

impl From<JsonRejection> for Error {
    fn from(rejection: JsonRejection) -> Self {
        Self::Invalid(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Error {
    fn from(rejection: PathRejection) -> Self {
        Self::Invalid(rejection.status(), rejection.body_text())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Database(cause) = &self {
            // For the operator; the client learns only that it was not its fault.
            let _ = writeln!(io::stderr(), "tenants: the database failed: {cause}");
        }
        (self.status(), Json(json!({ "error": self.to_string() }))).into_response()
    }
}
