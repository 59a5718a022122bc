//! The layer: 304 before the handler runs, for that very URL under that very revision; and never for what is no success.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, Method, StatusCode, header};
use larder::axum::RevisionLayer;
use larder::http::Conditional;

use super::responses::{Answer, ask};

/// A service whose responses are functions of one number.
#[derive(Clone, Default)]
struct Site {
    revision: Arc<AtomicU64>,
    runs: Arc<AtomicU64>,
}

struct Revision(String);

impl larder::HexSha for Revision {
    fn hexsha(&self) -> &str {
        &self.0
    }
}

impl Site {
    fn conditional(&self) -> Conditional {
        Conditional::revision(&Revision(self.revision.load(Ordering::SeqCst).to_string()))
    }

    fn router(&self, dress: fn(Conditional) -> Conditional) -> Router {
        let (here, again, moving, posted) = (self.clone(), self.clone(), self.clone(), self.clone());
        let (part, moving_part) = (self.clone(), self.clone());
        let layer = RevisionLayer::new(move || dress(here.conditional())).scope_by(|parts| {
            let user = parts.headers.get("x-user").and_then(|user| user.to_str().ok());
            user.unwrap_or_default().to_owned()
        });
        Router::new()
            .route("/page", get(async move || again.page()).post(async move || posted.page()))
            .route("/none", get(async || StatusCode::NOT_FOUND))
            .route(
                "/moving",
                get(async move || {
                    moving.revision.fetch_add(1, Ordering::SeqCst);
                    "of two revisions"
                }),
            )
            .route("/part", get(async move |headers: HeaderMap| part.part(&headers, false)))
            .route("/moving-part", get(async move |headers: HeaderMap| moving_part.part(&headers, true)))
            .layer(layer)
    }

    /// A handler that sends the second half where it is asked for a part, and changes the revision while it does, if told so.
    fn part(&self, headers: &HeaderMap, moves: bool) -> Response {
        assert!(!headers.contains_key("if-range"), "a tag that the handler does not know");
        if moves {
            self.revision.fetch_add(1, Ordering::SeqCst);
        }
        match headers.get("range") {
            None => "one two".into_response(),
            Some(_) => (StatusCode::PARTIAL_CONTENT, [("content-range", "bytes 4-6/7")], "two").into_response(),
        }
    }

    fn page(&self) -> String {
        self.runs.fetch_add(1, Ordering::SeqCst);
        format!("page of {}", self.revision.load(Ordering::SeqCst))
    }

    fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }
}

async fn read(router: &Router, path: &str, lines: &[(&str, &str)]) -> Answer {
    ask(router, Method::GET, path, lines).await
}

#[tokio::test]
async fn the_handler_runs_for_whoever_has_another_revision() {
    let site = Site::default();
    let router = site.router(|conditional| conditional.public().vary(header::ACCEPT_ENCODING));
    let first = read(&router, "/page", &[]).await;
    assert_eq!((first.status, first.body.as_str(), site.runs()), (200, "page of 0", 1));
    let tag = first.header("etag").unwrap();
    for method in [Method::GET, Method::HEAD] {
        let again = ask(&router, method, "/page", &[("if-none-match", tag)]).await;
        assert_eq!((again.status, again.body.as_str(), site.runs()), (304, "", 1));
        for (name, value) in [("etag", tag), ("cache-control", "public, no-cache"), ("vary", "accept-encoding")] {
            assert_eq!(again.header(name), Some(value));
        }
    }
    site.revision.store(1, Ordering::SeqCst);
    let changed = read(&router, "/page", &[("if-none-match", tag)]).await;
    assert_eq!((changed.status, changed.body.as_str(), site.runs()), (200, "page of 1", 2));
    // Back to the former one: whoever still has it, has it.
    site.revision.store(0, Ordering::SeqCst);
    assert_eq!(read(&router, "/page", &[("if-none-match", tag)]).await.status, 304);
}

#[tokio::test]
async fn no_two_hosts_urls_or_users_share_a_tag() {
    let site = Site::default();
    let router = site.router(|conditional| conditional);
    let mut tags = Vec::new();
    for (path, lines) in [
        ("/page", &[("host", "a.example")][..]),
        ("/page", &[("host", "b.example")]),
        ("/page?q=1", &[("host", "a.example")]),
        ("/page", &[("host", "a.example"), ("x-user", "ann")]),
        ("http://c.example/page", &[]),
        ("http://d.example/page", &[]),
    ] {
        tags.push(read(&router, path, lines).await.header("etag").unwrap().to_owned());
    }
    for (at, tag) in tags.iter().enumerate() {
        assert_eq!(tags.iter().position(|other| other == tag), Some(at), "{tags:?}");
    }
    let runs = site.runs();
    let of_another = [("host", "b.example"), ("if-none-match", &*tags[0])];
    assert_eq!(read(&router, "/page", &of_another).await.status, 200);
    assert_eq!(site.runs(), runs + 1);
}

#[tokio::test]
async fn what_is_no_success_is_never_said_to_be_had() {
    let site = Site::default();
    let router = site.router(|conditional| conditional.last_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(9)));
    for lines in [
        &[][..],
        &[("if-none-match", "*")],
        &[("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")],
        &[("if-match", "\"another\"")],
    ] {
        let answer = read(&router, "/none", lines).await;
        assert_eq!(
            (answer.status, answer.header("etag"), answer.header("cache-control")),
            (404, None, None),
            "{lines:?}"
        );
    }
    // For a success, the same are answered behind the handler.
    for (lines, status) in [
        (("if-none-match", "*"), 304),
        (("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"), 304),
        (("if-match", "\"another\""), 412),
        (("if-match", "*"), 200),
    ] {
        assert_eq!(read(&router, "/page", &[lines]).await.status, status, "{lines:?}");
    }
    assert_eq!(site.runs(), 4);
}

#[tokio::test]
async fn a_revision_that_changes_meanwhile_gives_no_tag() {
    let site = Site::default();
    let answer = read(&site.router(|conditional| conditional), "/moving", &[]).await;
    assert_eq!((answer.status, answer.header("etag"), answer.header("cache-control")), (200, None, None));
}

#[tokio::test]
async fn other_methods_are_passed_on() {
    let site = Site::default();
    let router = site.router(|conditional| conditional);
    let answer = ask(&router, Method::POST, "/page", &[("if-none-match", "*")]).await;
    assert_eq!((answer.status, answer.body.as_str(), answer.header("etag")), (200, "page of 0", None));
}

#[tokio::test]
async fn a_part_is_joined_only_to_the_very_bytes_that_it_belongs_to() {
    let site = Site::default();
    let router = site.router(|conditional| conditional.last_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(9)));
    let whole = read(&router, "/part", &[]).await;
    let tag = whole.header("etag").unwrap();
    let part = async |if_range: &str| {
        let answer = read(&router, "/part", &[("range", "bytes=4-"), ("if-range", if_range)]).await;
        (answer.status, answer.body.clone(), answer.header("etag").unwrap() == tag)
    };
    assert_eq!(part(tag).await, (206, "two".to_owned(), true));
    let date = whole.header("last-modified").unwrap();
    for other in ["\"another\"", &format!("W/{tag}"), &format!("{tag}, \"another\""), "*", "", date] {
        assert_eq!(part(other).await, (200, "one two".to_owned(), true), "{other}");
    }
    assert_eq!(read(&router, "/part", &[("range", "bytes=4-")]).await.status, 206, "asked for without a condition");
    site.revision.store(1, Ordering::SeqCst);
    assert_eq!(part(tag).await, (200, "one two".to_owned(), false), "of another revision");

    // The revision goes while the handler makes a part.
    site.revision.store(0, Ordering::SeqCst);
    let tag = read(&router, "/moving-part", &[]).await.header("etag").map(str::to_owned);
    assert_eq!(tag, None);
    let layer = RevisionLayer::new(|| Conditional::revision(&Revision("0".to_owned())));
    let page = Router::new().route("/moving-part", get(async || "one two")).layer(layer);
    let tag = read(&page, "/moving-part", &[]).await.header("etag").unwrap().to_owned();
    site.revision.store(0, Ordering::SeqCst);
    let moved = read(&router, "/moving-part", &[("range", "bytes=4-"), ("if-range", &tag)]).await;
    assert_eq!((moved.status, moved.header("retry-after"), moved.body.as_str()), (503, Some("0"), ""));
}

#[tokio::test]
async fn a_weak_tag_joins_no_part() {
    let router = Site::default().router(Conditional::weak);
    let tag = read(&router, "/part", &[]).await.header("etag").unwrap().to_owned();
    for tag in [&*tag, tag.trim_start_matches("W/")] {
        let answer = read(&router, "/part", &[("range", "bytes=4-"), ("if-range", tag)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "one two"), "{tag}");
    }
}
