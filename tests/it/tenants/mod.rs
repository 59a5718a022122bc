//! The example `tenants`: three tiers of settings, hosts both ways, records, elected jobs, and a healthcheck.

mod answers;
mod health;
mod workers;

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use larder_example_tenants::{Config, Defaults, Service};
use serde_json::Value;
use tower_service::Service as _;

use crate::node::answer;

const DEFAULTS: &str = "
settings: { theme: light, seats: 5 }
tenants:
  blue: { hosts: [blue.example, www.blue.example], settings: { theme: dark } }
  green: { hosts: [green.example] }
";

/// A worker over a database, in the instance in force.
async fn worker(database: &Path, redis_required: bool, sweep_every: Duration) -> Service {
    let defaults = Defaults::parse(DEFAULTS).unwrap();
    let worker = format!("worker {}", std::process::id());
    let config = Config { database: database.to_owned(), defaults, redis_required, worker, sweep_every };
    Service::start(config).await.unwrap()
}

/// What a worker answers.
async fn ask(router: &Router, method: Method, path: &str, json: Option<Value>) -> (StatusCode, Value) {
    let body = json.map_or_else(Body::empty, |json| Body::from(json.to_string()));
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    let response = router.clone().call(request.body(body).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() })
}

async fn get(router: &Router, path: &str) -> (StatusCode, Value) {
    ask(router, Method::GET, path, None).await
}

/// What another process does with a line: it becomes a worker, and says whether it prepared the database, and each answer that
/// it is asked for.
pub(crate) fn obey(line: &str) {
    let mut words = line.split(' ');
    let (database, every) = (words.next().unwrap().to_owned(), words.next().unwrap().parse().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = worker(Path::new(&database), false, Duration::from_millis(every)).await;
            let (status, jobs) = get(&service.router(), "/admin/jobs").await;
            answer(format!("{:?} {status} {}", service.bootstrapped(), jobs["bootstraps"]));
            std::future::pending::<()>().await;
        });
    });
}
