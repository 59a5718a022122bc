//! The tour: two workers, driven over HTTP.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process;
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use hyper_util::client::legacy::{Client as Connections, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use larder::{Larder, Stats};
use larder_example_tenants::{Config, Service};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{Failure, own_defaults};

/// One worker of the tour: an instance of its own makes it another process, as far as the cache can tell.
struct Worker {
    larder: Larder,
    address: SocketAddr,
    connections: Connections<HttpConnector, Body>,
}

/// Starts both workers, and shows them.
pub(crate) async fn run() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("tenants.db");
    let namespace = format!("tenants-tour-{}", process::id());
    let a = Worker::start("a", &database, &namespace).await?;
    let b = Worker::start("b", &database, &namespace).await?;
    let shared = a.larder.stats().redis.configured;
    say("", "worker  request", "answer", "time", "from")?;
    say("", "------  -------", "------", "----", "----")?;

    a.get("/healthcheck", "/status").await?;
    a.get("/admin/jobs", "/bootstraps").await?;
    a.get("/tenants/blue/settings/theme", "").await?;
    a.get("/tenants/blue/settings/theme", "").await?;
    a.get("/tenants/blue/settings/seats", "").await?;
    a.get("/tenants/blue/settings/nothing", "").await?;
    if shared {
        b.get("/tenants/blue/settings/theme", "").await?;
    }
    a.put("/tenants/blue/settings/theme", json!("high contrast")).await?;
    a.get("/tenants/blue/settings/theme", "").await?;
    a.send(Method::DELETE, "/tenants/blue/settings/theme", None, "").await?;
    a.get("/tenants/blue/settings/theme", "").await?;
    a.get("/hosts/www.blue.example", "/tenant").await?;
    a.get("/tenants/blue/hosts", "").await?;
    a.get("/tenants/green/hosts", "").await?;
    a.put("/hosts/www.blue.example", json!({ "tenant": "green" })).await?;
    a.get("/hosts/www.blue.example", "/tenant").await?;
    a.get("/tenants/blue/hosts", "").await?;
    a.get("/tenants/green/hosts", "").await?;

    if shared {
        let made =
            a.send(Method::POST, "/tenants/green/invitations", Some(json!({ "host": "new.example" })), "/host").await?;
        let code = made["code"].as_str().unwrap_or_default().to_owned();
        b.send(Method::POST, "/tenants/blue/invitations", Some(json!({ "host": "new.example" })), "/error").await?;
        b.get("/hosts/new.example/invitation", "/tenant").await?;
        b.get("/tenants/green/invitations", "/0/host").await?;
        b.send(Method::POST, &format!("/invitations/{code}/accept"), None, "/tenant").await?;
        b.get("/hosts/new.example", "/tenant").await?;
        b.get("/hosts/new.example/invitation", "/error").await?;
        a.larder.clear().await?;
    } else {
        a.send(Method::POST, "/tenants/green/invitations", Some(json!({ "host": "new.example" })), "/error").await?;
        writeln!(io::stdout(), "\nwithout `LARDER_REDIS_URL` the workers share nothing but the database")?;
    }
    Ok(())
}

impl Worker {
    async fn start(name: &str, database: &Path, namespace: &str) -> Result<Self, Failure> {
        let larder = Larder::builder().namespace(namespace).build().await?;
        let config = Config {
            database: database.to_owned(),
            defaults: own_defaults()?,
            redis_required: false,
            worker: format!("worker {name}"),
            sweep_every: Duration::from_secs(5),
        };
        let service = larder.scope(Service::start(config)).await?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { service.serve(listener, std::future::pending()).await });
        let connections = Connections::builder(TokioExecutor::new()).build_http();
        writeln!(io::stdout(), "worker {name} serves http://{address}")?;
        Ok(Self { larder, address, connections })
    }

    async fn get(&self, path: &str, show: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None, show).await
    }

    async fn put(&self, path: &str, json: Value) -> Result<Value, Failure> {
        self.send(Method::PUT, path, Some(json), "").await
    }

    /// Sends a request, and prints the part `show` of its answer.
    async fn send(&self, method: Method, path: &str, json: Option<Value>, show: &str) -> Result<Value, Failure> {
        const LONGEST: usize = 1 << 20;
        let body = json.map_or_else(Body::empty, |json| Body::from(json.to_string()));
        let request = Request::builder()
            .method(&method)
            .uri(format!("http://{}{path}", self.address))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)?;
        let (before, start) = (self.larder.stats(), Instant::now());
        let response = self.connections.request(request).await?;
        let status = response.status().as_u16();
        let bytes = to_bytes(Body::new(response.into_body()), LONGEST).await?;
        let time = format!("{:.2} ms", start.elapsed().as_secs_f64() * 1e3);
        let answer: Value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? };
        let shown = answer.pointer(show).map_or_else(String::new, Value::to_string);
        let shown: String = format!("{status} {shown}").chars().take(70).collect();
        say(method.as_str(), path, &shown, &time, origin(&before, &self.larder.stats()))?;
        Ok(answer)
    }
}

/// Where an answer came from, by what the counters did meanwhile.
fn origin(before: &Stats, after: &Stats) -> &'static str {
    let (before, after) = (before.total(), after.total());
    if after.misses > before.misses {
        "database"
    } else if after.hits_redis > before.hits_redis {
        "redis"
    } else if after.hits_memory > before.hits_memory {
        "memory"
    } else {
        "-"
    }
}

fn say(method: &str, path: &str, answer: &str, time: &str, from: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{:<46}  {answer:<70}  {time:>10}  {from}", format!("{method:<6} {path}"))
}
