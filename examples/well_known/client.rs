//! The tour's HTTP client: asks for a document of one host over a real connection, and tells where the answer came from.

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::http::header::{ETAG, HOST, IF_NONE_MATCH};
use axum::http::{Request, StatusCode};
use hyper_util::client::legacy::{Client as Connections, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use larder_example_well_known::routes::{COMMIT, PASSED_OVER};

use crate::Failure;

/// More than any document here.
const LONGEST: usize = 1 << 20;

/// A client of one server.
#[derive(Debug)]
pub(crate) struct Client {
    connections: Connections<HttpConnector, Body>,
    server: SocketAddr,
}

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) tag: String,
    pub(crate) commit: String,
    pub(crate) passed_over: Option<String>,
    pub(crate) body: String,
    pub(crate) from: &'static str,
}

impl Client {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self { connections: Connections::builder(TokioExecutor::new()).build_http(), server }
    }

    /// Asks for a document, or whether this tag is still its own.
    pub(crate) async fn get(&self, host: &str, path: &str, tag: Option<&str>) -> Result<Answer, Failure> {
        let mut request = Request::get(format!("http://{}{path}", self.server)).header(HOST, host);
        if let Some(tag) = tag {
            request = request.header(IF_NONE_MATCH, tag);
        }
        let before = counts();
        let (parts, body) = self.connections.request(request.body(Body::empty())?).await?.into_parts();
        let body = to_bytes(Body::new(body), LONGEST).await?;
        let field = |name| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
        Ok(Answer {
            status: parts.status,
            tag: field(ETAG).unwrap_or_default(),
            commit: field(COMMIT).unwrap_or_default(),
            passed_over: field(PASSED_OVER),
            body: String::from_utf8(body.to_vec())?,
            from: from(before, counts()),
        })
    }
}

/// Bodies that ran, hits in Redis and hits in memory, for the documents alone: the configuration is looked up each time.
fn counts() -> [u64; 3] {
    let functions = larder::stats().functions;
    let documents = functions.iter().filter(|(name, _)| !name.ends_with("source::load")).map(|(_, counts)| counts);
    documents.fold([0; 3], |sum, of| [sum[0] + of.misses, sum[1] + of.hits_redis, sum[2] + of.hits_memory])
}

/// What the counters did while an answer was made, where nobody else asks meanwhile.
fn from(before: [u64; 3], after: [u64; 3]) -> &'static str {
    let grew: Vec<bool> = before.iter().zip(after).map(|(before, after)| after > *before).collect();
    match *grew {
        [true, ..] => "body",
        [_, true, _] => "redis",
        [.., true] => "memory",
        _ => "-",
    }
}
