//! A page with live figures of an instance: one service, to be mounted at a path.

mod acts;
mod page;
mod picture;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use ::http::request::Parts;
use ::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum_core::body::Body;
use tower_service::Service;

use crate::instance::Larder;

/// A page that shows what the instance in force does: see [`Dashboard`].
///
/// # Examples
///
/// ```
/// # use axum_core as axum;
/// # use tower_service::Service as _;
/// use axum::body::Body;
/// use http::Request;
///
/// let mut dashboard = larder::axum::dashboard();               // `router.nest_service("/larder", dashboard)`
/// # pollster::block_on(async {
/// let page = dashboard.call(Request::get("/").body(Body::empty())?).await?;
/// assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[must_use]
pub fn dashboard() -> Dashboard {
    Dashboard::default()
}

/// A page with the live figures of one process: a service for `Router::nest_service`.
///
/// It shows each entity and function (hits by tier, misses, joins, stale answers, errors, entries, the hit rate over the time
/// that the page is open), Redis and its breaker, who leads, and what was invalidated lately. Tags and arguments are not
/// shown. It loads nothing from elsewhere, and is sent with a `Content-Security-Policy` that allows nothing else.
///
/// | request | answer |
/// |---|---|
/// | `GET /` | the page |
/// | `GET /data` | its figures in JSON, which it asks for every two seconds |
/// | `POST /end` with `{"entity": "tools"}`, `POST /clear` with `{}` | ends an entity of this process, or everything: `{"applied": true, "names": ["tools"]}`; 403 without a [guard](Self::guard) |
///
/// Whoever can reach it may read it: put what guards your other pages before it.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// let larder = larder::Larder::builder().build().await?;
/// let dashboard = larder::axum::dashboard().of(larder);
/// # let _ = dashboard;
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct Dashboard {
    larder: Option<Larder>,
    guard: Option<Guard>,
}

type Guard = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

impl Dashboard {
    /// Shows this instance (default: the one in force where a request is handled).
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let tenant = larder::Larder::builder().namespace("tenant-7").build().await?;
    /// let dashboard = larder::axum::dashboard().of(tenant);
    /// # let _ = dashboard;
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn of(mut self, larder: Larder) -> Self {
        self.larder = Some(larder);
        self
    }

    /// Lets those end entities, and all, whose requests this approves of (default: nobody may).
    ///
    /// A layer that knows the user can leave word in the extensions of the request. An approved request must also come from the page
    /// itself, because a browser sends what proves a user's identity with the requests of every other site, too. Its
    /// `Sec-Fetch-Site` must say `same-origin`; where a browser sends none (over plain HTTP), its `Origin` must be the
    /// `Host`. And it must carry, in `x-larder-token`, what stands in a cookie that is `SameSite=Strict`: a header of its own that
    /// no other site's page can send unasked, with a value that it can neither read nor set. The token is the same for every
    /// process behind a balancer, since nothing of it is kept here.
    ///
    /// # Examples
    ///
    /// ```
    /// #[derive(Clone)]
    /// struct Operator;
    ///
    /// // Your layer that knows the user: `request.extensions_mut().insert(Operator)`
    /// let dashboard = larder::axum::dashboard().guard(|request| request.extensions.get::<Operator>().is_some());
    /// # let _ = dashboard;
    /// ```
    #[must_use]
    pub fn guard(mut self, guard: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.guard = Some(Arc::new(guard));
        self
    }

    /// Whether this request may end something.
    fn approves(&self, parts: &Parts) -> bool {
        self.guard.as_ref().is_some_and(|guard| guard(parts))
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("larder", &self.larder)
            .field("guard", &self.guard.is_some())
            .finish_non_exhaustive()
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Page,
    Data,
    End,
    Clear,
}

impl Asked {
    fn of(path: &str) -> Option<Self> {
        match path.trim_matches('/') {
            "" => Some(Self::Page),
            "data" => Some(Self::Data),
            "end" => Some(Self::End),
            "clear" => Some(Self::Clear),
            _ => None,
        }
    }

    const fn methods(self) -> &'static str {
        match self {
            Self::Page | Self::Data => "GET, HEAD",
            Self::End | Self::Clear => "POST",
        }
    }

    fn takes(self, method: &Method) -> bool {
        self.methods().split(", ").any(|known| known == method.as_str())
    }
}

impl Service<Request<Body>> for Dashboard {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let dashboard = self.clone();
        let larder = dashboard.larder.clone().unwrap_or_else(Larder::current);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            Ok(dashboard.answer(&larder, parts, body).await)
        })
    }
}

impl Dashboard {
    async fn answer(&self, larder: &Larder, parts: Parts, body: Body) -> Response<Body> {
        let Some(asked) = Asked::of(parts.uri.path()) else {
            return told(StatusCode::NOT_FOUND, "no such page: there are `/`, `/data`, `/end` and `/clear`");
        };
        if !asked.takes(&parts.method) {
            let mut refused = told(StatusCode::METHOD_NOT_ALLOWED, "another method is needed here: see `Allow`");
            refused.headers_mut().insert(ALLOW, HeaderValue::from_static(asked.methods()));
            return refused;
        }
        let (approved, head) = (self.approves(&parts), parts.method == Method::HEAD);
        let mut response = match asked {
            Asked::Page => page::page(&parts, approved),
            Asked::Data => json(StatusCode::OK, &picture::of(larder, approved).await),
            Asked::End | Asked::Clear => match acts::refusal(&parts, self.guard.is_some(), approved) {
                Some(why) => told(StatusCode::FORBIDDEN, why),
                None if asked == Asked::End => acts::end(larder, parts, body).await,
                None => acts::clear(larder).await,
            },
        };
        if head {
            *response.body_mut() = Body::empty();
        }
        response
    }
}

/// A response in JSON that nobody keeps.
fn json(status: StatusCode, value: &serde_json::Value) -> Response<Body> {
    response(status, "application/json", value.to_string())
}

/// Why a request was refused, and what to do.
fn told(status: StatusCode, why: &str) -> Response<Body> {
    json(status, &serde_json::json!({ "error": why }))
}

fn response(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
