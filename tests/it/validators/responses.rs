//! A handler over axum: a body only for those who have not got it, and nothing said of what is no success.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{Method, Request, StatusCode, header};
use larder::axum::Preconditions;
use larder::http::{Conditional, observe};
use larder::{Larder, ttl_cached};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower_service::Service as _;

use crate::support::Config;

#[ttl_cached(entity = "tools", ttl = "20s")]
async fn tools(team: &'static str) -> Vec<String> {
    vec![format!("hammer of {team}")]
}

#[ttl_cached(entity = "tools")]
async fn broken() -> Result<String, u16> {
    Err(503)
}

async fn list(preconditions: Preconditions) -> Response {
    let (tools, conditional) = observe(tools("blue")).await;
    conditional.vary(header::ACCEPT_ENCODING).respond(&preconditions, || Json(tools))
}

async fn fail(preconditions: Preconditions) -> Response {
    let (result, conditional) = observe(broken()).await;
    conditional.respond(&preconditions, || result.map_err(|code| StatusCode::from_u16(code).unwrap()))
}

async fn configured(preconditions: Preconditions) -> Response {
    let conditional = Conditional::revision(&Config("8f3c"));
    conditional.respond_with(&preconditions, async || "configured").await
}

async fn gone(preconditions: Preconditions) -> Response {
    Conditional::revision(&Config("8f3c")).respond(&preconditions, || StatusCode::NOT_FOUND)
}

async fn own_words(preconditions: Preconditions) -> Response {
    let headers = [("cache-control", "no-store"), ("vary", "cookie")];
    let conditional = Conditional::revision(&Config("8f3c")).vary(header::COOKIE).vary(header::ACCEPT);
    conditional.respond(&preconditions, || (headers, "mine").into_response())
}

fn router() -> Router {
    Router::new()
        .route("/tools", get(list).put(list))
        .route("/fail", get(fail))
        .route("/configured", get(configured))
        .route("/gone", get(gone))
        .route("/own", get(own_words))
}

/// A response as it came: its status, what it says, its body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        assert!(self.headers.get_all(name).iter().count() <= 1, "one {name}: {:?}", self.headers);
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) async fn ask(router: &Router, method: Method, path: &str, lines: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in lines {
        request = request.header(*name, *value);
    }
    let response = router.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

#[tokio::test]
async fn who_has_it_gets_no_body_until_it_is_ended() {
    let larder = Larder::testing();
    larder
        .scope(async {
            let router = router();
            let first = ask(&router, Method::GET, "/tools", &[]).await;
            assert_eq!((first.status, first.body.as_str()), (200, r#"["hammer of blue"]"#));
            assert_eq!(first.header("cache-control"), Some("private, max-age=20"));
            assert_eq!(first.header("vary"), Some("accept-encoding"));
            let tag = first.header("etag").unwrap();

            for method in [Method::GET, Method::HEAD] {
                let again = ask(&router, method, "/tools", &[("if-none-match", tag)]).await;
                assert_eq!((again.status, again.body.as_str()), (304, ""));
                for name in ["etag", "cache-control", "vary"] {
                    assert_eq!(again.header(name), first.header(name), "{name}");
                }
                assert_eq!(again.header("content-type"), None, "nothing of a body that is not there");
            }
            larder::invalidate("tools").await.unwrap();
            let changed = ask(&router, Method::GET, "/tools", &[("if-none-match", tag)]).await;
            assert_eq!(changed.status, 200);
            assert_ne!(changed.header("etag"), Some(tag));
        })
        .await;
}

#[tokio::test]
async fn a_head_is_a_get_without_its_body() {
    Larder::testing()
        .scope(async {
            let router = router();
            let (get, head) =
                (ask(&router, Method::GET, "/tools", &[]).await, ask(&router, Method::HEAD, "/tools", &[]).await);
            assert_eq!((head.status, head.body.as_str()), (200, ""));
            for name in ["etag", "cache-control", "vary", "content-type"] {
                assert_eq!(head.header(name), get.header(name), "{name}");
            }
        })
        .await;
}

#[tokio::test]
async fn errors_are_passed_on_as_they_are() {
    Larder::testing()
        .scope(async {
            let router = router();
            for (path, status) in [("/fail", 503), ("/gone", 404)] {
                for lines in [&[][..], &[("if-none-match", "*")], &[("if-match", "\"another\"")]] {
                    let answer = ask(&router, Method::GET, path, lines).await;
                    assert_eq!(answer.status, status, "{lines:?}");
                    for name in ["etag", "cache-control"] {
                        assert_eq!(answer.header(name), None, "{path} {name}");
                    }
                }
            }
            // Of a success, the same two are answered.
            assert_eq!(ask(&router, Method::GET, "/configured", &[("if-none-match", "*")]).await.status, 304);
            assert_eq!(ask(&router, Method::GET, "/configured", &[("if-match", "\"another\"")]).await.status, 412);
        })
        .await;
}

#[tokio::test]
async fn a_write_is_stopped_where_it_expects_another_state_and_is_not_dressed_in_the_old_one() {
    Larder::testing()
        .scope(async {
            let router = router();
            let stopped = ask(&router, Method::PUT, "/tools", &[("if-match", "\"another\"")]).await;
            assert_eq!((stopped.status, stopped.body.as_str()), (412, ""));
            let done = ask(&router, Method::PUT, "/tools", &[("if-match", "*")]).await;
            assert_eq!((done.status, done.header("etag"), done.header("cache-control")), (200, None, None));
        })
        .await;
}

#[tokio::test]
async fn what_the_handler_says_itself_stands() {
    let router = router();
    let answer = ask(&router, Method::GET, "/own", &[]).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("vary"), Some("cookie, accept"));
    let configured = ask(&router, Method::GET, "/configured", &[]).await;
    assert_eq!(configured.header("cache-control"), Some("private, no-cache"));
    assert_eq!((configured.body.as_str(), configured.header("vary")), ("configured", None));
}

#[tokio::test]
async fn over_the_wire_a_304_tells_no_length() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let server = tokio::spawn(async move { axum::serve(listener, router()).await });
    let tag = Conditional::revision(&Config("8f3c")).etag().unwrap();
    let tag = tag.to_str().unwrap();
    let mut stream = tokio::net::TcpStream::connect(at).await.unwrap();
    // The second request shows that the connection is still in step.
    let requests =
        [("GET", tag, "304"), ("HEAD", tag, "304"), ("HEAD", "\"another\"", "200"), ("GET", "\"another\"", "200")];
    for (number, (method, tag, _)) in requests.into_iter().enumerate() {
        let last = if number == 3 { "connection: close\r\n" } else { "" };
        let request = format!("{method} /configured HTTP/1.1\r\nhost: a\r\nif-none-match: {tag}\r\n{last}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
    }
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    let responses: Vec<&str> = said.split("HTTP/1.1 ").skip(1).collect();
    assert_eq!(responses.len(), 4, "{said}");
    for ((_, _, status), response) in requests.iter().zip(&responses) {
        assert!(response.starts_with(status), "{said}");
        let length = response.lines().find_map(|line| line.strip_prefix("content-length: "));
        assert_eq!(length, (*status == "200").then_some("10"), "{said}");
        assert!(response.contains("\r\netag: \"") && response.contains("\r\ndate: "), "{said}");
    }
    let bodies: Vec<&str> = responses.iter().map(|response| response.split_once("\r\n\r\n").unwrap().1).collect();
    assert_eq!(bodies, ["", "", "", "configured"]);
    server.abort();
}
