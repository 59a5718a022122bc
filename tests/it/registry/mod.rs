//! The registry among the examples: no list is ever stale, and nobody sees what is not theirs.

mod filters;
mod lives;
mod mutations;
mod scoping;
mod secrets;

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode};
use larder::{Larder, Receipt};
use larder_example_registry::{self as registry, Db, Viewer};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower_service::Service as _;

use crate::server::RedisServer;
use crate::support::connected;

/// The lists.
const LISTS: [&str; 6] = ["tools", "prompts", "resources", "agents", "servers", "gateways"];

/// One process of the registry, as far as a test cares: an instance of larder, and a connection to the database.
struct Process {
    larder: Larder,
    db: Db,
    router: Router,
}

impl Process {
    fn of(larder: Larder, db: Db) -> Self {
        let router = registry::router(db.clone());
        Self { larder, db, router }
    }

    /// Sends a request, and returns status and body of the answer.
    async fn send(&self, person: &str, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        self.larder.scope(send(self.router.clone(), person, method, path, body)).await
    }

    async fn get(&self, person: &str, path: &str) -> Value {
        let (status, body) = self.send(person, Method::GET, path, &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path} for {person}: {body}");
        body
    }

    /// What the database says, whatever is cached.
    async fn uncached(&self, person: &str, path: &str) -> Value {
        let (status, body) =
            self.larder.bypass(send(self.router.clone(), person, Method::GET, path, &Value::Null)).await;
        assert_eq!(status, StatusCode::OK, "{path} for {person}: {body}");
        body
    }

    /// Writes, and returns the answer with the receipt of what it ended.
    async fn write(&self, person: &str, method: Method, path: &str, body: &Value) -> (Value, Receipt) {
        let name = format!("{method} {path}");
        let ((status, body), receipt) =
            self.larder.receipts(send(self.router.clone(), person, method, path, body)).await;
        assert!(status.is_success(), "{name} by {person}: {status} {body}");
        (body, receipt)
    }

    /// Makes a row, and returns its number.
    async fn make(&self, person: &str, list: &str, row: &Value) -> i64 {
        let (made, _) = self.write(person, Method::POST, &format!("/{list}"), row).await;
        made["id"].as_i64().unwrap()
    }

    /// How often values of an entity were new in this process: computed, or read from Redis.
    fn made(&self, entity: &str) -> u64 {
        self.larder.stats().entities.get(entity).map_or(0, |of| of.stores + of.hits_redis)
    }

    /// How often bodies of an entity ran.
    fn misses(&self, entity: &str) -> u64 {
        self.larder.stats().entities.get(entity).map_or(0, |of| of.misses)
    }
}

async fn send(mut router: Router, person: &str, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if person != "guest" {
        request = request.header("remote-user", person);
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let response = router.call(request.body(body).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.into()).unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

/// A new registry with the first rows, in a folder of its own.
async fn filled(larder: Larder) -> (Process, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::create(&folder.path().join("registry.db"), "root").await.unwrap();
    larder
        .scope(async {
            let root = Viewer::of(&db, Some("root")).await.unwrap();
            registry::fill(&root).await.unwrap();
        })
        .await;
    (Process::of(larder, db), folder)
}

/// An instance without Redis.
async fn in_memory() -> Larder {
    registry::depends(Larder::builder().ignore_environment()).build().await.unwrap()
}

/// An instance over an address, its link up. Lists live for an hour, so that nothing but writes ends them.
async fn over(url: &str) -> Larder {
    let builder = Larder::builder().ignore_environment().redis(url).namespace("registry");
    let builder = LISTS.into_iter().fold(builder, |builder, list| builder.ttl(list, Duration::from_secs(3600)));
    let larder = registry::depends(builder).build().await.unwrap();
    connected(&larder).await;
    larder
}

/// Two processes over one Redis and one database.
async fn two(server: &RedisServer) -> (Process, Process, TempDir) {
    let (a, folder) = filled(over(&server.url()).await).await;
    let b = another(&server.url(), folder.path()).await;
    (a, b, folder)
}

/// One more process.
async fn another(url: &str, folder: &Path) -> Process {
    let db = Db::open(&folder.join("registry.db")).await.unwrap();
    Process::of(over(url).await, db)
}

/// What only this entity has.
fn spec(list: &str) -> Value {
    match list {
        "tools" => json!({ "arguments": ["path"] }),
        "prompts" => json!({ "template": "Do {it}." }),
        "resources" => json!({ "uri": "file:///a", "mime": null }),
        "servers" => json!({ "icon": null }),
        _ => json!({ "url": "https://a.example" }),
    }
}

/// The numbers of a list's rows.
fn ids(list: &Value) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}
