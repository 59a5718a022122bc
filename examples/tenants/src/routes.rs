//! The routes: each handler calls one operation, and knows nothing of how it is cached.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State as Shared};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::Error;
use crate::health::{self, Healthcheck};
use crate::hosts;
use crate::invitations::{self, Invitation};
use crate::service::State;
use crate::settings::{self, Setting};

type Said<T> = Result<Json<T>, JsonRejection>;
type Names<T> = Result<Path<T>, PathRejection>;
type Answer<T> = Result<Json<T>, Error>;
type Service = Shared<Arc<State>>;

pub(crate) fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/whoami", get(whoami))
        .route("/hosts/{host}", put(give_host).get(host).delete(take_host))
        .route("/hosts/{host}/invitation", get(invitation))
        .route("/tenants/{tenant}/hosts", get(hosts_of))
        .route("/tenants/{tenant}/settings", get(all_settings))
        .route("/tenants/{tenant}/settings/{name}", get(setting).put(set).delete(unset))
        .route("/tenants/{tenant}/invitations", get(invitations_of).post(invite))
        .route("/invitations/{code}/accept", post(accept))
        .route("/admin/jobs", get(jobs))
        .route("/admin/cache", get(cache))
        .route("/admin/database", get(database))
        .route("/healthcheck", get(healthcheck))
        .fallback(nowhere)
        .with_state(state)
}

/// Who is asked for, by the `Host` of the request, with all settings.
#[derive(Debug, Serialize)]
struct Whoami {
    tenant: Arc<str>,
    settings: Arc<BTreeMap<String, Setting>>,
}

async fn whoami(Shared(state): Service, headers: HeaderMap) -> Answer<Whoami> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(host, _port)| host);
    let tenant = tenant_of(&state, host).await?;
    let settings = settings::all(&state.db, &state.defaults, &tenant).await?;
    Ok(Json(Whoami { tenant, settings }))
}

async fn tenant_of(state: &State, host: &str) -> Result<Arc<str>, Error> {
    let found = hosts::tenant_of(&state.db, host).await?;
    found.ok_or_else(|| Error::NotFound(format!("nobody has the host `{host}`")))
}

async fn host(Shared(state): Service, host: Names<String>) -> Answer<Value> {
    let Path(host) = host?;
    let tenant = tenant_of(&state, &host).await?;
    Ok(Json(json!({ "host": host, "tenant": tenant })))
}

/// Whose a host is to be, and for how many seconds; for good without a number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    tenant: String,
    seconds: Option<u32>,
}

async fn give_host(Shared(state): Service, host: Names<String>, owner: Said<Owner>) -> Answer<Value> {
    let (Path(host), Json(owner)) = (host?, owner?);
    let until = owner.seconds.map(|seconds| SystemTime::now() + Duration::from_secs(seconds.into()));
    hosts::give(&state.db, &host, &owner.tenant, until).await?;
    Ok(Json(json!({ "host": host, "tenant": owner.tenant })))
}

async fn take_host(Shared(state): Service, host: Names<String>) -> Result<StatusCode, Error> {
    let Path(host) = host?;
    hosts::take(&state.db, &host).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn hosts_of(Shared(state): Service, tenant: Names<String>) -> Answer<Arc<Vec<String>>> {
    let Path(tenant) = tenant?;
    Ok(Json(hosts::of(&state.db, &tenant).await?))
}

async fn all_settings(Shared(state): Service, tenant: Names<String>) -> Answer<Arc<BTreeMap<String, Setting>>> {
    let Path(tenant) = tenant?;
    Ok(Json(settings::all(&state.db, &state.defaults, &tenant).await?))
}

async fn setting(Shared(state): Service, names: Names<(String, String)>) -> Answer<Setting> {
    let Path((tenant, name)) = names?;
    let found = settings::one(&state.db, &state.defaults, &tenant, &name).await?;
    found.map(Json).ok_or_else(|| Error::NotFound(format!("nobody knows the setting `{name}`")))
}

async fn set(Shared(state): Service, names: Names<(String, String)>, value: Said<Value>) -> Result<StatusCode, Error> {
    let (Path((tenant, name)), Json(value)) = (names?, value?);
    settings::set(&state.db, &tenant, &name, &value).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn unset(Shared(state): Service, names: Names<(String, String)>) -> Result<StatusCode, Error> {
    let Path((tenant, name)) = names?;
    settings::unset(&state.db, &tenant, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whom to invite.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Guest {
    host: String,
}

async fn invite(
    Shared(state): Service,
    tenant: Names<String>,
    guest: Said<Guest>,
) -> Result<(StatusCode, Json<Invitation>), Error> {
    let (Path(tenant), Json(guest)) = (tenant?, guest?);
    Ok((StatusCode::CREATED, Json(invitations::invite(&state.db, &tenant, &guest.host).await?)))
}

async fn invitations_of(tenant: Names<String>) -> Answer<Vec<Invitation>> {
    let Path(tenant) = tenant?;
    Ok(Json(invitations::of(&tenant).await?))
}

async fn invitation(host: Names<String>) -> Answer<Invitation> {
    let Path(host) = host?;
    let found = invitations::for_host(&host).await?;
    found.map(Json).ok_or_else(|| Error::NotFound(format!("`{host}` is not invited")))
}

async fn accept(Shared(state): Service, code: Names<String>) -> Answer<Invitation> {
    let Path(code) = code?;
    Ok(Json(invitations::accept(&state.db, &code).await?))
}

/// Who prepared the database, and who swept it.
async fn jobs(Shared(state): Service) -> Answer<Value> {
    let (bootstraps, sweeps) = (state.db.runs("bootstrap").await?, state.db.runs("sweep").await?);
    Ok(Json(json!({ "bootstraps": bootstraps, "sweeps": sweeps })))
}

/// Hits, misses and all the other counters of the cache.
async fn cache() -> Json<larder::Stats> {
    Json(larder::stats())
}

/// How often this worker asked the database for a setting or a host.
async fn database(Shared(state): Service) -> Json<Value> {
    Json(json!({ "asked": state.db.asked() }))
}

async fn healthcheck(Shared(state): Service) -> Healthcheck {
    health::check(&state.db, state.redis_required).await
}

async fn nowhere(uri: Uri) -> Error {
    Error::NotFound(format!("nothing is at `{}`", uri.path()))
}
