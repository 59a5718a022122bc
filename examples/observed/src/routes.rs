//! The routes: what the service answers, `/metrics`, and the dashboard at `/larder`.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use axum::{Json, Router};
use larder::Larder;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Deserialize;

use crate::catalogue::{self, Tool};

/// The whole service. `prometheus` renders what the recorder of the `metrics` facade was told.
pub fn router(prometheus: PrometheusHandle) -> Router {
    Larder::current().describe_metrics();
    Router::new()
        .route("/tools", get(list))
        .route("/tools/{id}", get(show).put(rename))
        .route("/metrics", get(metrics).with_state(prometheus))
        .nest_service("/larder", larder::axum::dashboard().guard(is_at_this_machine))
}

/// A scrape: what larder has counted by now, with whatever else the recorder knows.
async fn metrics(State(prometheus): State<PrometheusHandle>) -> String {
    Larder::current().publish_metrics();
    prometheus.render()
}

/// Who sits at the machine may end what is cached. A real service asks its own login. The name is looked at, too: a page
/// of another site can have its own name point here.
fn is_at_this_machine(request: &Parts) -> bool {
    let from_here = |ConnectInfo(from): &ConnectInfo<SocketAddr>| from.ip().is_loopback();
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Uri>().ok());
    let named = host.as_ref().and_then(Uri::host).is_some_and(|host| ["127.0.0.1", "localhost"].contains(&host));
    named && request.extensions.get().is_some_and(from_here)
}

#[derive(Deserialize)]
struct Filter {
    team: String,
}

async fn list(Query(filter): Query<Filter>) -> Json<Vec<Tool>> {
    Json(catalogue::tools(&filter.team).await)
}

async fn show(Path(id): Path<u32>) -> Result<Json<Tool>, StatusCode> {
    catalogue::tool(id).await.map(Json).ok_or(StatusCode::NOT_FOUND)
}

#[derive(Deserialize)]
struct Renamed {
    name: String,
}

async fn rename(Path(id): Path<u32>, Json(renamed): Json<Renamed>) -> StatusCode {
    catalogue::rename(id, &renamed.name).await;
    StatusCode::NO_CONTENT
}
