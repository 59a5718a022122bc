//! The registry's HTTP routes: each handler calls one operation, and knows nothing of how it is cached.

use std::io;
use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use tokio::net::TcpListener;

use crate::crates;
use crate::error::Error;
use crate::model::{Change, Crate, Filter, Page, Statistics};
use crate::store::Db;

/// Serves the registry until `end` is ready, and then what is under way.
pub(crate) async fn serve(
    listener: TcpListener,
    db: Db,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(db)).with_graceful_shutdown(end).await
}

fn router(db: Db) -> Router {
    Router::new()
        .route("/crates", get(list).post(create))
        .route("/crates/{name}", get(details).patch(update).delete(delete))
        .route("/statistics", get(statistics))
        .route("/admin/cache", get(cache))
        .route("/health", get(health))
        .fallback(nowhere)
        .method_not_allowed_fallback(refused)
        .with_state(db)
}

/// The name in an address.
type Name = Result<Path<String>, PathRejection>;

async fn list(State(db): State<Db>, filter: Result<Query<Filter>, QueryRejection>) -> Result<Json<Arc<Page>>, Error> {
    let Query(filter) = filter?;
    Ok(Json(crates::list(&db, &filter).await?))
}

async fn details(State(db): State<Db>, name: Name) -> Result<Json<Arc<Crate>>, Error> {
    let Path(name) = name?;
    crates::get(&db, &name).await?.map(Json).ok_or(Error::NotFound(name))
}

async fn create(State(db): State<Db>, new: Result<Json<Crate>, JsonRejection>) -> Result<impl IntoResponse, Error> {
    let Json(new) = new?;
    crates::create(&db, &new).await?;
    let place = [(header::LOCATION, format!("/crates/{}", escaped(&new.name)))];
    Ok((StatusCode::CREATED, place, Json(new)))
}

async fn update(
    State(db): State<Db>,
    name: Name,
    change: Result<Json<Change>, JsonRejection>,
) -> Result<Json<Crate>, Error> {
    let (Path(name), Json(change)) = (name?, change?);
    Ok(Json(crates::update(&db, &name, &change).await?))
}

async fn delete(State(db): State<Db>, name: Name) -> Result<StatusCode, Error> {
    let Path(name) = name?;
    crates::delete(&db, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn statistics(State(db): State<Db>) -> Result<Json<Arc<Statistics>>, Error> {
    Ok(Json(crates::statistics(&db).await?))
}

/// Hits, misses and all the other counters of the cache.
async fn cache() -> Json<larder::Stats> {
    Json(larder::stats())
}

/// The registry works without Redis, only slower: it stays healthy, and says what is away.
async fn health() -> Json<larder::Health> {
    Json(larder::health().await)
}

async fn nowhere(uri: Uri) -> Error {
    Error::Unreadable(StatusCode::NOT_FOUND, format!("nothing is at `{}`", uri.path()))
}

async fn refused() -> Error {
    let text = "this address does not take this method: see the `Allow` header";
    Error::Unreadable(StatusCode::METHOD_NOT_ALLOWED, text.to_owned())
}

/// Text as it stands in an address: whatever is not plain is percent-encoded.
pub(crate) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
