//! A handler's response: made where the client needs it, and dressed in its validators.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use ::http::request::Parts;
use ::http::{HeaderMap, HeaderValue, Method, Response};
use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::IntoResponse;

use crate::http::{Conditional, Decision};

/// The method and the preconditions of a request: an extractor that never fails.
///
/// # Examples
///
/// ```
/// use http::{HeaderMap, Method};
/// use larder::axum::Preconditions;
///
/// let none = Preconditions::new(&Method::HEAD, &HeaderMap::new());
/// let conditional = larder::http::Conditional::revision(&larder::Revisioned::new(1));
/// assert_eq!(conditional.respond(&none, || "body").status(), 200);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Preconditions {
    method: Method,
    headers: HeaderMap,
}

impl Preconditions {
    /// Those of a request (default: a `GET` without any).
    #[must_use]
    pub fn new(method: &Method, headers: &HeaderMap) -> Self {
        let mut own = HeaderMap::new();
        for name in [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE] {
            for value in headers.get_all(&name) {
                own.append(&name, HeaderValue::clone(value));
            }
        }
        Self { method: method.clone(), headers: own }
    }

    /// Whether what is asked for is the representation, with a body or without.
    pub(super) fn read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    pub(super) fn of(&self, conditional: &Conditional) -> Decision {
        conditional.evaluate(&self.method, &self.headers)
    }

    pub(super) fn name(&self, conditional: &Conditional) -> bool {
        conditional.is_named_in(&self.headers)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Preconditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::new(&parts.method, &parts.headers))
    }
}

impl Conditional {
    /// Answers 304 or 412 where the preconditions say so, and otherwise what `make` makes, dressed in `ETag`, `Cache-Control`,
    /// `Vary` and `Last-Modified`.
    ///
    /// `make` is not run where the request names the very tag, nor for a write that is stopped. All other preconditions of a
    /// `GET` or `HEAD` (`*`, dates, `If-Match`) are answered behind it, since they mean nothing where it fails. Only a success of
    /// these two is dressed: an error may be returned without a thought, and the response to a write shows another state than the
    /// one that was asked about.
    ///
    /// # Examples
    ///
    /// ```
    /// use larder::axum::Preconditions;
    /// use larder::http::Conditional;
    ///
    /// let config = larder::Revisioned::new("the configuration");
    /// let response = Conditional::revision(&config).respond(&Preconditions::default(), || "body");
    /// assert_eq!(response.headers()["cache-control"], "private, no-cache");
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
    pub fn respond<R: IntoResponse>(&self, preconditions: &Preconditions, make: impl FnOnce() -> R) -> Response<Body> {
        match self.early(preconditions) {
            Some(response) => response,
            None => self.dressed(preconditions, make().into_response()),
        }
    }

    /// [`respond`](Self::respond) for what is awaited: nothing is computed for a client that has it.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use larder::axum::Preconditions;
    /// use larder::http::Conditional;
    ///
    /// let config = larder::Revisioned::new("the configuration");
    /// let render = async || "a page that takes long".to_owned();
    /// let response = Conditional::revision(&config).respond_with(&Preconditions::default(), render).await;
    /// assert_eq!(response.status(), 200);
    /// # });
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
    pub async fn respond_with<F>(&self, preconditions: &Preconditions, make: impl FnOnce() -> F) -> Response<Body>
    where
        F: Future<Output: IntoResponse>,
    {
        match self.early(preconditions) {
            Some(response) => response,
            None => self.dressed(preconditions, make().await.into_response()),
        }
    }

    /// What is sure before the handler runs: a request to read names the very tag, and was answered with success before; or a
    /// write expects another state.
    pub(super) fn early(&self, preconditions: &Preconditions) -> Option<Response<Body>> {
        let decision = preconditions.of(self);
        let is_sure = !preconditions.read() || (decision == Decision::NotModified && preconditions.name(self));
        (is_sure && decision != Decision::Send).then(|| self.answer(decision))
    }

    /// What the handler said, by what is known behind it.
    pub(super) fn dressed(&self, preconditions: &Preconditions, mut response: Response<Body>) -> Response<Body> {
        if !(preconditions.read() && response.status().is_success()) {
            return response;
        }
        match preconditions.of(self) {
            Decision::Send => {
                self.apply(response.headers_mut());
                response
            }
            decision => self.answer(decision),
        }
    }

    /// The response without a body that a decision is.
    fn answer(&self, decision: Decision) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = decision.status().unwrap_or_default();
        if decision == Decision::NotModified {
            self.apply(response.headers_mut());
            *response.body_mut() = Body::new(Absent);
        }
        response
    }
}

/// The body of a 304: none, of a length that is not told. axum would write `Content-Length: 0` for an empty one, and a client
/// take that for the length of what it has.
struct Absent;

impl http_body::Body for Absent {
    type Data = <Body as http_body::Body>::Data;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Self::Data>, Infallible>>> {
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}
