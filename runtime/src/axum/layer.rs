//! A layer around handlers that know nothing of validators: their responses are functions of a revision and the URL.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::http::header::{HOST, IF_RANGE, RANGE, RETRY_AFTER};
use ::http::request::Parts;
use ::http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use axum_core::body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::Preconditions;
use crate::http::Conditional;

/// Gives the responses to `GET` and `HEAD` a tag made of a revision, the host, the path and the query; and answers 304 before
/// the handler runs, where the request names that very tag.
///
/// For responses that depend on nothing else. Whatever more there is (the user, the media type) is told by
/// [`scope_by`](Self::scope_by), or two users share a tag. Preconditions that hold for any success (`*`, a date) are answered
/// behind the handler, which may still say 404. Responses that are no success, other methods, and a response during which the
/// revision changed are passed on as they are. Around or inside a layer that compresses, say
/// [`weak`](Conditional::weak) and [`vary`](Conditional::vary). `If-Range` is answered here, since the handler does not know
/// the tag: it sees no `Range` unless [`allows_part`](Conditional::allows_part).
///
/// # Examples
///
/// ```
/// # use axum_core as axum;
/// use std::sync::{Arc, RwLock};
/// use http::{Request, header};
/// use larder::axum::RevisionLayer;
/// use larder::http::Conditional;
/// # use axum::body::Body;
/// # use axum::response::Response;
/// # use std::convert::Infallible;
/// # use std::task::{Context, Poll};
/// # use tower_layer::Layer as _;
/// # use tower_service::Service;
/// # #[derive(Clone)]
/// # struct Router;
/// # impl Service<Request<Body>> for Router {
/// #     type Response = Response;
/// #     type Error = Infallible;
/// #     type Future = std::future::Ready<Result<Response, Infallible>>;
/// #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> { Poll::Ready(Ok(())) }
/// #     fn call(&mut self, _: Request<Body>) -> Self::Future { std::future::ready(Ok(Response::new(Body::from("page")))) }
/// # }
///
/// let config = Arc::new(RwLock::new(larder::Revisioned::new("issuer")));
/// let layer = RevisionLayer::new(move || {
///     Conditional::revision(&*config.read().unwrap()).weak().vary(header::ACCEPT_ENCODING).public()
/// });
/// # pollster::block_on(async {
/// # let router = Router;
/// let mut service = layer.layer(router);                       // `router.layer(layer)`
/// let get = || Request::get("/config").header("host", "a.example");
/// let first = service.call(get().body(Body::empty())?).await?;
/// let again = get().header("if-none-match", &first.headers()["etag"]).body(Body::empty())?;
/// assert_eq!(service.call(again).await?.status(), 304);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct RevisionLayer<F> {
    conditional: F,
    scope: Option<ScopeBy>,
}

type ScopeBy = Arc<dyn Fn(&Parts) -> String + Send + Sync>;

impl<F: Fn() -> Conditional> RevisionLayer<F> {
    /// A layer for what `conditional` tells of, which is asked before each handler and behind it.
    #[must_use]
    pub const fn new(conditional: F) -> Self {
        Self { conditional, scope: None }
    }

    /// What else a response depends on, as text: requests with another text never share a tag.
    ///
    /// # Examples
    ///
    /// ```
    /// use larder::axum::RevisionLayer;
    /// use larder::http::Conditional;
    ///
    /// let config = larder::Revisioned::new("issuer");
    /// let layer = RevisionLayer::new(move || Conditional::revision(&config)).scope_by(|parts| {
    ///     let user = parts.headers.get("x-user").and_then(|user| user.to_str().ok());
    ///     user.unwrap_or_default().to_owned()
    /// });
    /// ```
    #[must_use]
    pub fn scope_by(mut self, scope: impl Fn(&Parts) -> String + Send + Sync + 'static) -> Self {
        self.scope = Some(Arc::new(scope));
        self
    }
}

impl<F> fmt::Debug for RevisionLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevisionLayer").field("scope_by", &self.scope.is_some()).finish_non_exhaustive()
    }
}

impl<S, F: Clone> Layer<S> for RevisionLayer<F> {
    type Service = Revisioned<S, F>;

    fn layer(&self, inner: S) -> Self::Service {
        Revisioned { inner, layer: self.clone() }
    }
}

/// What [`RevisionLayer`] makes of a service.
#[derive(Clone, Debug)]
pub struct Revisioned<S, F> {
    inner: S,
    layer: RevisionLayer<F>,
}

impl<S, F, B> Service<Request<B>> for Revisioned<S, F>
where
    S: Service<Request<B>, Response = Response<Body>>,
    F: Fn() -> Conditional + Clone,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Future, F>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let preconditions = Preconditions::new(request.method(), request.headers());
        if !preconditions.read() {
            return Answering { step: Step::Passing { future: self.inner.call(request) } };
        }
        let (mut parts, body) = request.into_parts();
        let scopes = self.layer.scopes(&parts);
        let before = scoped((self.layer.conditional)(), &scopes);
        if let Some(response) = before.early(&preconditions) {
            return Answering { step: Step::Known { response: Some(response) } };
        }
        let joins = before.joins_part(&mut parts.headers);
        let future = self.inner.call(Request::from_parts(parts, body));
        let asked = Asked { preconditions, before, scopes, joins, conditional: self.layer.conditional.clone() };
        Answering { step: Step::Running { future, asked } }
    }
}

impl<F> RevisionLayer<F> {
    /// What tells this request's response from those to others: host, path and query, and what the user says.
    fn scopes(&self, parts: &Parts) -> [Vec<u8>; 3] {
        let said = parts.headers.get(HOST).map(|host| host.as_bytes().to_vec());
        let host = said.or_else(|| parts.uri.authority().map(|host| host.as_str().as_bytes().to_vec()));
        let path = parts.uri.path_and_query().map(|path| path.as_str().as_bytes().to_vec());
        let own = self.scope.as_ref().map(|scope| scope(parts).into_bytes());
        [host, path, own].map(Option::unwrap_or_default)
    }
}

fn scoped(conditional: Conditional, scopes: &[Vec<u8>]) -> Conditional {
    scopes.iter().fold(conditional, |conditional, scope| conditional.scope(scope))
}

/// A request whose response will be dressed.
struct Asked<F> {
    preconditions: Preconditions,
    before: Conditional,
    scopes: [Vec<u8>; 3],
    /// Whether the client puts what it gets behind what it has of this tag.
    joins: bool,
    conditional: F,
}

impl<F: Fn() -> Conditional> Asked<F> {
    fn dress(&self, response: Response<Body>) -> Response<Body> {
        let now = scoped((self.conditional)(), &self.scopes);
        if now.etag() == self.before.etag() {
            return now.dressed(&self.preconditions, response);
        }
        if self.joins && response.status() == StatusCode::PARTIAL_CONTENT {
            return of_another_revision();
        }
        response
    }
}

impl Conditional {
    /// Answers `If-Range` for a handler that does not know this tag; whether the client joins a part to what it has.
    fn joins_part(&self, headers: &mut HeaderMap) -> bool {
        let allowed = self.allows_part(headers);
        let named = headers.remove(IF_RANGE).is_some();
        if !allowed {
            headers.remove(RANGE);
        }
        named && allowed
    }
}

/// Instead of a part that belongs to other bytes than the client has: it asks again, and gets the whole.
fn of_another_revision() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("0"));
    response
}

pin_project_lite::pin_project! {
    /// The response that a [`Revisioned`] service is about to give.
    pub struct Answering<T, F> {
        #[pin]
        step: Step<T, F>,
    }
}

pin_project_lite::pin_project! {
    #[project = Projected]
    enum Step<T, F> {
        /// The client has it.
        Known { response: Option<Response<Body>> },
        /// Whatever the service says.
        Passing { #[pin] future: T },
        /// What the service says, dressed.
        Running { #[pin] future: T, asked: Asked<F> },
    }
}

impl<T, F, E> Future for Answering<T, F>
where
    T: Future<Output = Result<Response<Body>, E>>,
    F: Fn() -> Conditional,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().step.project() {
            Projected::Known { response } => {
                response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)))
            }
            Projected::Passing { future } => future.poll(cx),
            Projected::Running { future, asked } => {
                let response = ready!(future.poll(cx))?;
                Poll::Ready(Ok(asked.dress(response)))
            }
        }
    }
}

impl<T, F> fmt::Debug for Answering<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answering").finish_non_exhaustive()
    }
}
