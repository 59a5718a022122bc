//! The HTTP routes: each handler answers with one document of the configuration that is present when the request comes.

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use larder::axum::Preconditions;
use larder::http::Conditional;
use tokio::net::TcpListener;

use crate::error::Error;
use crate::origin::{self, Origin};
use crate::source::{Present, Source};
use crate::{documents, extension};

/// The commit that an answer is made of.
pub const COMMIT: HeaderName = HeaderName::from_static("config-commit");

/// The newer commit that is not answered from, because it is broken.
pub const PASSED_OVER: HeaderName = HeaderName::from_static("config-passed-over");

/// All routes.
pub fn router(source: Arc<Source>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(openid_configuration))
        .route("/.well-known/dirac-metadata", get(metadata))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/.well-known/security.txt", get(security_txt))
        .route("/config", get(config))
        .with_state(source)
}

/// Serves until `end` is ready, and then what is under way.
///
/// # Errors
///
/// The listener failed.
pub async fn serve(
    listener: TcpListener,
    source: Arc<Source>,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(listener, router(source)).with_graceful_shutdown(end).await
}

async fn openid_configuration(asked: Asked) -> Response {
    asked.answer(async || Json(documents::openid_configuration(&asked.config, &asked.origin).await)).await
}

async fn metadata(asked: Asked) -> Response {
    asked.answer(async || Json(extension::metadata(&asked.config, &asked.origin).await)).await
}

async fn jwks(asked: Asked) -> Response {
    let kind = [(CONTENT_TYPE, "application/jwk-set+json")];
    asked.answer(async || (kind, Json(documents::jwks(&asked.config).await))).await
}

async fn security_txt(asked: Asked) -> Response {
    let kind = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
    asked.answer(async || (kind, documents::security_txt(&asked.config, &asked.origin).await.to_string())).await
}

async fn config(asked: Asked) -> Response {
    asked.answer(async || Json(documents::shown(&asked.config).await)).await
}

/// A request: its origin, and the configuration that it is answered from.
struct Asked {
    config: Arc<crate::config::Config>,
    origin: Origin,
    commit: HeaderValue,
    passed_over: Option<HeaderValue>,
    preconditions: Preconditions,
}

impl FromRequestParts<Arc<Source>> for Asked {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, source: &Arc<Source>) -> Result<Self, Error> {
        let State(source) =
            State::<Arc<Source>>::from_request_parts(parts, source).await.unwrap_or_else(|never| match never {});
        let Present { config, passed_over } = source.present().await?;
        let origin = origin::asked(&config.origins, parts).ok_or(Error::Misdirected)?.clone();
        let preconditions = Preconditions::new(&parts.method, &parts.headers);
        let value = |text: &str| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        let commit = value(config.commit());
        let passed_over = passed_over.map(|what| value(&what.to_string()));
        Ok(Self { config, origin, commit, passed_over, preconditions })
    }
}

impl Asked {
    /// Answers with what `make` makes, or without a body where the client has it.
    ///
    /// Clients and caches may keep it, and ask each time: a commit is seen at the next request. The tag is weak, since proxies
    /// compress such documents.
    async fn answer<F: Future<Output: IntoResponse>>(&self, make: impl FnOnce() -> F) -> Response {
        let conditional = Conditional::revision(&self.config).scope(self.origin.to_string()).public();
        let conditional = conditional.weak().vary(ACCEPT_ENCODING);
        let mut response = conditional.respond_with(&self.preconditions, make).await;
        response.headers_mut().insert(COMMIT, self.commit.clone());
        if let Some(passed_over) = &self.passed_over {
            response.headers_mut().insert(PASSED_OVER, passed_over.clone());
        }
        response
    }
}
