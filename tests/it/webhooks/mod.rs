//! The webhooks among the examples: no receiver ever gets a header value that was changed, and nobody else gets any.

mod ends;
mod receipts;
mod secrets;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use http::{HeaderMap, Method, Request, StatusCode};
use larder::{Larder, Receipt};
use larder_example_webhooks::{self as webhooks, Db, Delivery, Worker};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_service::Service as _;

use crate::support::connected;

/// One process of the service: an instance of larder, a connection to the database, and a worker.
struct Process {
    larder: Larder,
    db: Db,
    router: Router,
    worker: Worker,
}

impl Process {
    async fn of(larder: Larder, folder: &Path) -> Self {
        let db = Db::open(&folder.join("webhooks.db")).await.unwrap();
        let (router, worker) = (webhooks::router(db.clone()), Worker::new(db.clone()));
        Self { larder, db, router, worker }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> (StatusCode, String) {
        self.larder.scope(send(self.router.clone(), method, path, body)).await
    }

    /// Writes, and returns the receipt of what it ended.
    async fn write(&self, method: Method, path: &str, body: &Value) -> Receipt {
        let ((status, text), receipt) = self.larder.receipts(send(self.router.clone(), method, path, body)).await;
        assert!(status.is_success(), "{path}: {status} {text}");
        receipt
    }

    async fn set(&self, value: &str, secret: &str) -> Receipt {
        self.write(Method::PUT, &format!("/values/{value}"), &json!({ "secret": secret })).await
    }

    async fn remove(&self, value: &str) -> Receipt {
        self.write(Method::DELETE, &format!("/values/{value}"), &Value::Null).await
    }

    /// A webhook that sends these values, each in the header `x-` and its name.
    async fn save(&self, id: &str, url: &str, values: &[&str]) {
        let headers: serde_json::Map<_, _> =
            values.iter().map(|value| (format!("x-{value}"), Value::from(*value))).collect();
        self.write(Method::PUT, &format!("/webhooks/{id}"), &json!({ "url": url, "headers": headers })).await;
    }

    async fn announce(&self, id: &str) {
        self.write(Method::POST, &format!("/webhooks/{id}/events"), &json!({ "what": "happened" })).await;
    }

    /// Delivers the oldest event.
    async fn deliver(&self) -> Delivery {
        self.larder.scope(self.worker.next()).await.unwrap().expect("an event")
    }

    /// The values that a webhook would send now, `None` for what is not set.
    async fn configured(&self, id: &str) -> Vec<(String, bool)> {
        let found = self.larder.scope(webhooks::configuration(&self.db, id)).await.unwrap().unwrap();
        found.headers.iter().map(|(name, header)| (name.clone(), header.secret.is_some())).collect()
    }
}

async fn send(mut router: Router, method: Method, path: &str, body: &Value) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request.body(if body.is_null() { Body::empty() } else { Body::from(body.to_string()) }).unwrap();
    let response = router.call(request).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(bytes.into()).unwrap())
}

async fn in_memory() -> Larder {
    Larder::builder().ignore_environment().build().await.unwrap()
}

async fn over(url: &str) -> Larder {
    started(Larder::builder().redis(url)).await
}

/// An instance that takes a silent link for a quiet one, for as long as a test needs on a busy machine.
async fn trusting(url: &str) -> Larder {
    let builder = Larder::builder().redis(url);
    started(builder.heartbeat(Duration::from_secs(10)).tracking_lease(Duration::from_secs(30))).await
}

async fn started(builder: larder::Builder) -> Larder {
    let larder = builder.ignore_environment().namespace("webhooks").build().await.unwrap();
    connected(&larder).await;
    larder
}

/// A real receiver, and what it got.
struct Receiver {
    url: String,
    got: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().route("/hook", axum::routing::post(receive)).with_state(Arc::clone(&got));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, got }
    }

    /// A header of the last request, and how many there were.
    fn last(&self, header: &str) -> (usize, Option<String>) {
        let got = self.got.lock().unwrap();
        let value = got.last().and_then(|headers| headers.get(header));
        (got.len(), value.map(|value| value.to_str().unwrap().to_owned()))
    }
}

async fn receive(State(got): State<Arc<Mutex<Vec<HeaderMap>>>>, headers: HeaderMap, body: String) -> StatusCode {
    assert_eq!(body, r#"{"what":"happened"}"#);
    got.lock().unwrap().push(headers);
    StatusCode::NO_CONTENT
}
