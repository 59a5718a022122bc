//! The tour: changes a shared header value between two events, prints what the receiver got, and checks it.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::routing::post;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use larder::Larder;
use larder_example_webhooks::{self as webhooks, Db, Outcome, Worker};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Failure;

type Got = Arc<Mutex<Option<String>>>;

/// Runs the whole tour, and leaves nothing behind.
pub(crate) async fn run(namespace: &str) -> Result<(), Failure> {
    let larder = Larder::builder().namespace(namespace).build().await?;
    larder.install()?;
    let _ = larder::clear().await?;
    // Without Redis two instances know nothing of each other: then the worker is one of this one's.
    let elsewhere = larder.stats().redis.configured;
    let workers = if elsewhere { Larder::builder().namespace(namespace).build().await? } else { larder.clone() };
    let folder = tempfile::tempdir()?;
    let tour = Tour::start(workers, &folder.path().join("webhooks.db")).await?;
    say(&format!(
        "served at http://{}, the worker is {}\n",
        tour.server,
        if elsewhere { "elsewhere" } else { "here" }
    ))?;
    say(&format!("{:<52}  {:<12}  {:<12}  bodies run", "step", "receiver got", "outcome"))?;
    say(&format!("{:-<52}  {:-<12}  {:-<12}  {:-<10}", "", "", "", ""))?;
    tour.all().await?;
    let _ = larder::clear().await?;
    tour.db.close().await;
    Ok(folder.close()?)
}

struct Tour {
    client: Client<HttpConnector, Body>,
    server: SocketAddr,
    receiver: SocketAddr,
    got: Got,
    workers: Larder,
    worker: Worker,
    db: Db,
}

impl Tour {
    async fn start(workers: Larder, file: &Path) -> Result<Self, Failure> {
        let db = Db::open(file).await?;
        let (served, received) = (listener().await?, listener().await?);
        let (server, receiver) = (served.local_addr()?, received.local_addr()?);
        let got = Got::default();
        let hook = Router::new().route("/", post(receive)).with_state(Arc::clone(&got));
        tokio::spawn(async move { axum::serve(received, hook).await });
        tokio::spawn(webhooks::serve(served, db.clone(), std::future::pending()));
        let client = Client::builder(TokioExecutor::new()).build_http();
        Ok(Self { client, server, receiver, got, workers, worker: Worker::new(db.clone()), db })
    }

    async fn all(&self) -> Result<(), Failure> {
        let url = format!("http://{}/", self.receiver);
        self.send(Method::PUT, "/values/token", &json!({ "secret": "first" })).await?;
        self.send(Method::PUT, "/values/other", &json!({ "secret": "other" })).await?;
        for (id, value) in [("orders", "token"), ("refunds", "token"), ("alerts", "other")] {
            let webhook = json!({ "url": url, "headers": { "authorization": value } });
            self.send(Method::PUT, &format!("/webhooks/{id}"), &webhook).await?;
        }
        self.fire("orders, cold", "orders", Some("first"), 1).await?;
        self.fire("orders, cached", "orders", Some("first"), 0).await?;
        self.fire("refunds, cold", "refunds", Some("first"), 1).await?;
        self.fire("alerts, cold", "alerts", Some("other"), 1).await?;
        self.send(Method::PUT, "/values/token", &json!({ "secret": "second" })).await?;
        self.fire("orders, when the token was changed", "orders", Some("second"), 1).await?;
        self.fire("refunds, which share it", "refunds", Some("second"), 1).await?;
        self.fire("alerts: untouched", "alerts", Some("other"), 0).await?;
        self.send(Method::DELETE, "/values/token", &Value::Null).await?;
        self.fire("orders, when the token was deleted: held back", "orders", None, 1).await?;
        self.fire("alerts: untouched", "alerts", Some("other"), 0).await?;
        self.send(Method::PUT, "/values/token", &json!({ "secret": "third" })).await?;
        self.fire("orders, when it was set again", "orders", Some("third"), 1).await
    }

    /// Announces an event, has it delivered, and checks what the receiver got and how many bodies ran for it.
    async fn fire(&self, step: &str, id: &str, wanted: Option<&str>, bodies: u64) -> Result<(), Failure> {
        let name = format!("webhook:{id}");
        let before = self.db.asked(&name);
        *self.got.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.send(Method::POST, &format!("/webhooks/{id}/events"), &json!({ "what": "happened" })).await?;
        let delivery = self.workers.scope(self.worker.next()).await?.ok_or("the event is lost")?;
        let ran = self.db.asked(&name) - before;
        let got = self.got.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let outcome = match delivery.outcome {
            Outcome::Answered(status) => status.as_u16().to_string(),
            Outcome::Unreachable => "unreachable".to_owned(),
            Outcome::Gone => "gone".to_owned(),
            Outcome::Incomplete(value) => format!("no `{value}`"),
        };
        say(&format!("{step:<52}  {:<12}  {outcome:<12}  {ran:>10}", got.as_deref().unwrap_or("nothing")))?;
        if got.as_deref() != wanted || ran != bodies {
            return Err(format!("`{step}` should have sent {wanted:?} with {bodies} bodies run").into());
        }
        Ok(())
    }

    async fn send(&self, method: Method, path: &str, json: &Value) -> Result<(), Failure> {
        let request = Request::builder().method(method).uri(format!("http://{}{path}", self.server));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(Body::from(json.to_string()))?;
        let status = self.client.request(request).await?.status();
        if status.is_success() { Ok(()) } else { Err(format!("{path} was answered with {status}").into()) }
    }
}

/// The tour's own receiver shows what it got; a real one compares.
async fn receive(State(got): State<Got>, headers: HeaderMap) -> StatusCode {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    *got.lock().unwrap_or_else(PoisonError::into_inner) = value;
    StatusCode::NO_CONTENT
}

async fn listener() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await
}

/// Prints a line.
pub(crate) fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}
