//! The tour's HTTP client: sends a request to the registry over a real connection, and times the answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use hyper_util::client::legacy::{Client as Connections, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use larder_example_registry::Db;
use serde_json::Value;

use crate::Failure;
use crate::origin::{Before, Origin};

/// A client of one server, for one person; cloning shares its connections.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    connections: Connections<HttpConnector, Body>,
    server: SocketAddr,
    person: &'static str,
}

/// An answer of the server.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// `null` if there is none.
    pub(crate) body: Value,
    pub(crate) time: Duration,
}

impl Client {
    pub(crate) fn new(server: SocketAddr, person: &'static str) -> Self {
        Self { connections: Connections::builder(TokioExecutor::new()).build_http(), server, person }
    }

    /// The same for another person.
    pub(crate) fn of(&self, person: &'static str) -> Self {
        Self { person, ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::GET, path, Body::empty()).await
    }

    pub(crate) async fn post(&self, path: &str, json: &Value) -> Result<Answer, Failure> {
        self.send(Method::POST, path, Body::from(json.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, json: &Value) -> Result<Answer, Failure> {
        self.send(Method::PATCH, path, Body::from(json.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, json: &Value) -> Result<Answer, Failure> {
        self.send(Method::PUT, path, Body::from(json.to_string())).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Answer, Failure> {
        self.send(Method::DELETE, path, Body::empty()).await
    }

    /// [`get`](Self::get), and where the answer came from.
    pub(crate) async fn trace(&self, db: &Db, path: &str) -> Result<(Answer, Origin), Failure> {
        let before = Before::now(db);
        let answer = self.get(path).await?;
        Ok((answer, before.origin(db)))
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> Result<Answer, Failure> {
        /// More than any answer of the registry.
        const LONGEST: usize = 1 << 20;
        let request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.server))
            .header(header::CONTENT_TYPE, "application/json")
            .header("remote-user", self.person)
            .body(body)?;
        let start = Instant::now();
        let response = self.connections.request(request).await?;
        let status = response.status();
        let bytes = to_bytes(Body::new(response.into_body()), LONGEST).await?;
        let time = start.elapsed();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        Ok(Answer { status, body, time })
    }
}
