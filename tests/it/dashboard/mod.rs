//! The dashboard: what it says over HTTP, who may end something by it, and what a browser makes of it.

mod browser;
mod ends;
mod figures;
mod seen;

use axum::Router;
use axum::body::Body;
use http::Request;
use larder::axum::Dashboard;
use larder::{Larder, invalidates};
use serde_json::Value;
use tower_service::Service as _;

#[invalidates("tools")]
async fn rename() {}

/// What was answered.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    #[track_caller]
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("{name} in {:?}", self.headers)).to_str().unwrap()
    }
}

/// The dashboard of an instance.
fn of(larder: &Larder) -> Dashboard {
    larder::axum::dashboard().of(larder.clone())
}

/// The dashboard as a service mounts it.
fn mounted(dashboard: Dashboard) -> Router {
    Router::new().nest_service("/larder", dashboard)
}

async fn ask(dashboard: &Dashboard, method: &str, path: &str, lines: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(format!("/larder{path}"));
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response = mounted(dashboard.clone()).call(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

async fn data(larder: &Larder) -> Value {
    ask(&of(larder), "GET", "/data", &[], "").await.json()
}
