//! The documents, and a router behind `RevisionLayer`, through a real layer that compresses them.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use http::{Extensions, HeaderMap, Method, Request, StatusCode, Version, header};
use larder::axum::RevisionLayer;
use larder::http::Conditional;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_http::decompression::DecompressionLayer;
use tower_service::Service as _;

use super::{A, ALL, Site};
use crate::support::Config;

struct Sent {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    fn header(&self, name: header::HeaderName) -> String {
        let lines: Vec<&str> = self.headers.get_all(name).iter().map(|line| line.to_str().unwrap()).collect();
        lines.join(", ").to_ascii_lowercase()
    }

    fn is_gzip(&self) -> bool {
        assert_eq!(self.body.starts_with(&[0x1f, 0x8b]), self.header(header::CONTENT_ENCODING) == "gzip");
        self.body.starts_with(&[0x1f, 0x8b])
    }
}

async fn send(router: &Router, method: Method, path: &str, coding: &str, tag: Option<&str>) -> Sent {
    let mut request = Request::builder().method(method).uri(path).header("host", A).header("accept-encoding", coding);
    if let Some(tag) = tag {
        request = request.header("if-none-match", tag);
    }
    let response = router.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    Sent { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// Asks for one document in both codings, and again with the tag of each.
async fn is_right(router: &Router, path: &str) {
    let (plain, packed) =
        (send(router, Method::GET, path, "identity", None).await, send(router, Method::GET, path, "gzip", None).await);
    assert_eq!((plain.status, packed.status, plain.is_gzip(), packed.is_gzip()), (200, 200, false, true), "{path}");
    let unpacked = send(&router.clone().layer(DecompressionLayer::new()), Method::GET, path, "gzip", None).await;
    assert_eq!(unpacked.body, plain.body, "{path}");
    for sent in [&plain, &packed] {
        let tag = sent.headers[header::ETAG].to_str().unwrap();
        assert!(tag.starts_with("W/\""), "two codings are not byte for byte the same: {tag}");
        assert!(sent.header(header::VARY).contains("accept-encoding"), "{path}: {:?}", sent.headers);
        for method in [Method::GET, Method::HEAD] {
            for coding in ["identity", "gzip"] {
                let again = send(router, method.clone(), path, coding, Some(tag)).await;
                assert_eq!((again.status, again.body.len()), (304, 0), "{path} {method} {coding}");
                assert_eq!(again.header(header::CONTENT_ENCODING), "", "{path}");
                assert_eq!(again.headers[header::ETAG], tag);
                assert!(again.header(header::VARY).contains("accept-encoding"), "{path}: {:?}", again.headers);
                for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE] {
                    assert_eq!(again.headers.get(&name), None, "{path}: {name}");
                }
            }
        }
    }
    assert_eq!(plain.headers[header::ETAG], packed.headers[header::ETAG]);
    assert_eq!(plain.headers[header::CACHE_CONTROL], packed.headers[header::CACHE_CONTROL]);
}

/// Compresses what is long enough, and leaves a 304 alone: it takes a body of unknown length for a long one.
fn compressing() -> CompressionLayer<impl Predicate> {
    let is_sent = |status: StatusCode, _: Version, _: &HeaderMap, _: &Extensions| status != StatusCode::NOT_MODIFIED;
    CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_sent))
}

#[tokio::test]
async fn documents_are_compressed_and_asked_about_under_one_weak_tag() {
    let site = Site::new().await;
    let router = site.router.clone().layer(compressing());
    for path in ALL {
        site.larder.scope(is_right(&router, path)).await;
    }
    let old = site.get(A, ALL[0]).await.header("etag").unwrap().to_owned();
    site.commit_vo("new").await;
    let changed = site.larder.scope(send(&router, Method::GET, ALL[0], "gzip", Some(&old))).await;
    assert_eq!((changed.status, changed.is_gzip()), (200, true));
}

#[tokio::test]
async fn the_layer_stands_on_either_side_of_one_that_compresses() {
    let page = Router::new().route("/page", get(async || "a page that is long enough to be compressed ".repeat(20)));
    let validators = RevisionLayer::new(|| Conditional::revision(&Config("8f3c")).weak().vary(header::ACCEPT_ENCODING));
    is_right(&page.clone().layer(validators.clone()).layer(compressing()), "/page").await;
    is_right(&page.layer(CompressionLayer::new()).layer(validators), "/page").await;
}
