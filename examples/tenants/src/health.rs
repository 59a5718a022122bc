//! Whether this worker should be sent requests.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::Db;

/// How a worker is.
#[derive(Debug, Serialize)]
pub(crate) struct Healthcheck {
    status: &'static str,
    redis_required: bool,
    database: &'static str,
    cache: larder::Health,
}

/// Asks the database and Redis. Takes at most the operation timeout of the cache, and the busy timeout of the database.
pub(crate) async fn check(db: &Db, redis_required: bool) -> Healthcheck {
    let (cache, database) = tokio::join!(larder::health(), db.ping());
    let database = if database.is_ok() { "up" } else { "down" };
    let status = match (database, cache.is_up()) {
        ("down", _) => "down",
        (_, false) if redis_required => "down",
        (_, false) => "degraded",
        (_, true) => "up",
    };
    Healthcheck { status, redis_required, database, cache }
}

/// 503 tells a load balancer to ask another worker. Without Redis this one still answers, and whether that is enough is the
/// operator's to say.
impl IntoResponse for Healthcheck {
    fn into_response(self) -> Response {
        let status = if self.status == "down" { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
        (status, Json(self)).into_response()
    }
}
