//! The registry's HTTP routes: each handler calls one function, and knows nothing of how that is cached.
//!
//! Who asks stands in `Remote-User`, as a proxy that logs people in sets it: such a proxy must stand before this.

use std::io;
use std::sync::Arc;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::{StatusCode, Uri, header, request::Parts};
use axum::response::IntoResponse;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;

use crate::changes;
use crate::entities::{Agent, Entity, Gateway, Prompt, Resource, Server, Tool};
use crate::error::Error;
use crate::filter::{Filter, Page};
use crate::item::{Change, Item, New};
use crate::members;
use crate::statistics::{self, Statistics, Usage};
use crate::store::Db;
use crate::viewer::Viewer;

/// Serves the registry until `end` is ready, and then what is under way.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve(listener: TcpListener, db: Db, end: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    axum::serve(listener, router(db)).with_graceful_shutdown(end).await
}

/// The registry, to be served or to be asked in the same process.
pub fn router(db: Db) -> Router {
    Router::new()
        .merge(entity::<Tool>())
        .merge(entity::<Prompt>())
        .merge(entity::<Resource>())
        .merge(entity::<Agent>())
        .merge(entity::<Server>())
        .merge(entity::<Gateway>())
        .route("/tools/{id}/calls", post(called))
        .route("/teams/{team}/{person}", put(join).delete(leave))
        .route("/admin/statistics", get(counted))
        .route("/admin/usage", get(used))
        .route("/admin/cache", get(cache))
        .route("/admin/database", get(database))
        .route("/health", get(health))
        .fallback(nowhere)
        .method_not_allowed_fallback(refused)
        .with_state(db)
}

/// The same six addresses for each entity.
fn entity<E: Entity>() -> Router<Db> {
    let all = format!("/{}", E::LIST);
    Router::new()
        .route(&all, get(list::<E>).post(create::<E>))
        .route(&format!("{all}/bulk"), post(create_all::<E>))
        .route(&format!("{all}/{{id}}"), get(one::<E>).patch(update::<E>).delete(delete::<E>))
        .route(&format!("{all}/{{id}}/state"), put(state::<E>))
}

impl FromRequestParts<Db> for Viewer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, db: &Db) -> Result<Self, Error> {
        let name =
            parts.headers.get("remote-user").map(|name| name.to_str().map_err(|_| Error::Unknown)).transpose()?;
        Self::of(db, name).await
    }
}

type Id = Result<Path<i64>, PathRejection>;
type Body<T> = Result<Json<T>, JsonRejection>;

async fn list<E: Entity>(
    viewer: Viewer,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Arc<Page<E>>>, Error> {
    let Query(filter) = filter?;
    Ok(Json(E::list(&viewer, &filter).await?))
}

async fn one<E: Entity>(viewer: Viewer, id: Id) -> Result<Json<Item<E>>, Error> {
    let Path(id) = id?;
    Ok(Json(viewer.item(id).await?))
}

async fn create<E: Entity>(viewer: Viewer, new: Body<New<E>>) -> Result<impl IntoResponse, Error> {
    let Json(new) = new?;
    let made = changes::create(&viewer, &new).await?;
    let place = [(header::LOCATION, format!("/{}/{}", E::LIST, made.id))];
    Ok((StatusCode::CREATED, place, Json(made)))
}

async fn create_all<E: Entity>(viewer: Viewer, new: Body<Vec<New<E>>>) -> Result<impl IntoResponse, Error> {
    let Json(new) = new?;
    Ok((StatusCode::CREATED, Json(changes::create_all(&viewer, &new).await?)))
}

async fn update<E: Entity>(viewer: Viewer, id: Id, change: Body<Change<E>>) -> Result<Json<Item<E>>, Error> {
    let (Path(id), Json(change)) = (id?, change?);
    Ok(Json(changes::update(&viewer, id, &change).await?))
}

/// What a state is set to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    active: bool,
}

async fn state<E: Entity>(viewer: Viewer, id: Id, switch: Body<Switch>) -> Result<StatusCode, Error> {
    let (Path(id), Json(switch)) = (id?, switch?);
    changes::set_active::<E>(&viewer, id, switch.active).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete<E: Entity>(viewer: Viewer, id: Id) -> Result<StatusCode, Error> {
    let Path(id) = id?;
    changes::delete::<E>(&viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One call of a tool.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    millis: u32,
    failed: bool,
}

async fn called(viewer: Viewer, tool: Id, call: Body<Call>) -> Result<StatusCode, Error> {
    let (Path(tool), Json(call)) = (tool?, call?);
    statistics::called(&viewer, tool, call.millis, call.failed).await?;
    Ok(StatusCode::NO_CONTENT)
}

type Membership = Result<Path<(String, String)>, PathRejection>;

async fn join(viewer: Viewer, membership: Membership) -> Result<StatusCode, Error> {
    let Path((team, person)) = membership?;
    members::join(&viewer, &person, &team).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn leave(viewer: Viewer, membership: Membership) -> Result<StatusCode, Error> {
    let Path((team, person)) = membership?;
    members::leave(&viewer, &person, &team).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn counted(viewer: Viewer) -> Result<Json<Arc<Statistics>>, Error> {
    Ok(Json(statistics::statistics(&viewer).await?))
}

async fn used(viewer: Viewer) -> Result<Json<Arc<Vec<Usage>>>, Error> {
    Ok(Json(statistics::usage(&viewer).await?))
}

/// Hits, misses and all the other counters of the cache.
async fn cache(viewer: Viewer) -> Result<Json<larder::Stats>, Error> {
    viewer.administrates()?;
    Ok(Json(larder::stats()))
}

/// How often this process asked the database.
async fn database(viewer: Viewer, State(db): State<Db>) -> Result<Json<serde_json::Value>, Error> {
    viewer.administrates()?;
    Ok(Json(json!({ "asked": db.asked() })))
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
