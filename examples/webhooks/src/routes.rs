//! The HTTP routes: values and webhooks are written, events announced, and administrators see everything but secrets.

use std::collections::BTreeMap;
use std::io;

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::configuration::configuration;
use crate::error::Error;
use crate::events;
use crate::secret::{MASK, Secret};
use crate::store::Db;
use crate::values;
use crate::webhooks::{self, Webhook};

/// Serves until `end` is ready, and then what is under way.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve(listener: TcpListener, db: Db, end: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    axum::serve(listener, router(db)).with_graceful_shutdown(end).await
}

/// The service, to be served or to be asked in the same process.
pub fn router(db: Db) -> Router {
    Router::new()
        .route("/values/{name}", put(set).delete(remove))
        .route("/webhooks/{id}", put(save).delete(delete))
        .route("/webhooks/{id}/events", post(announce))
        .route("/admin/webhooks", get(shown))
        .route("/admin/cache", get(cache))
        .route("/admin/database", get(database))
        .route("/health", get(health))
        .with_state(db)
}

type Name = Result<Path<String>, PathRejection>;
type Body<T> = Result<Json<T>, JsonRejection>;

/// A value as a client sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct New {
    secret: Secret,
}

async fn set(State(db): State<Db>, name: Name, new: Body<New>) -> Result<StatusCode, Error> {
    let (Path(name), Json(new)) = (name?, new?);
    values::set(&db, &name, &new.secret).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove(State(db): State<Db>, name: Name) -> Result<StatusCode, Error> {
    let Path(name) = name?;
    values::remove(&db, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn save(State(db): State<Db>, id: Name, webhook: Body<Webhook>) -> Result<StatusCode, Error> {
    let (Path(id), Json(webhook)) = (id?, webhook?);
    webhooks::save(&db, &id, &webhook).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(State(db): State<Db>, id: Name) -> Result<StatusCode, Error> {
    let Path(id) = id?;
    webhooks::delete(&db, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn announce(State(db): State<Db>, id: Name, payload: Body<Value>) -> Result<(StatusCode, Json<Value>), Error> {
    let (Path(id), Json(payload)) = (id?, payload?);
    let event = events::announce(&db, &id, &payload).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "event": event }))))
}

/// A webhook as administrators see it.
#[derive(Serialize)]
struct Shown {
    id: String,
    url: String,
    /// Each header with the name of its value, and whether that is set.
    headers: BTreeMap<String, (String, Option<&'static str>)>,
}

/// The very configurations that workers of this process fire with, masked.
async fn shown(State(db): State<Db>) -> Result<Json<Vec<Shown>>, Error> {
    let mut all = Vec::new();
    for id in db.webhooks().await? {
        if let Some(found) = configuration(&db, &id).await? {
            let headers = found.headers.iter();
            let masked = headers.map(|(name, of)| (name.clone(), (of.value.clone(), of.secret.as_ref().map(|_| MASK))));
            all.push(Shown { id, url: found.url.clone(), headers: masked.collect() });
        }
    }
    Ok(Json(all))
}

/// Hits, misses and all the other counters of the cache.
async fn cache() -> Json<larder::Stats> {
    Json(larder::stats())
}

/// How often this process read from the database.
async fn database(State(db): State<Db>) -> Json<Value> {
    Json(json!({ "asked": db.asked_in_all() }))
}

/// Without Redis each process still fires its webhooks; it says what is away.
async fn health() -> Json<larder::Health> {
    Json(larder::health().await)
}
