//! A handler's response: made where the client needs it, and dressed in its validators.

use std::convert::Infallible;
use std::future::Future;

use ::http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_UNMODIFIED_SINCE};
use ::http::request::Parts;
use ::http::{HeaderMap, HeaderValue, Method};
use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};

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
    /// Only a success of a `GET` or `HEAD` is dressed: an error may be returned without a thought, and the response to a
    /// write shows another state than the one that was asked about. `make` is not run for a 304 or a 412.
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
    pub fn respond<R: IntoResponse>(&self, preconditions: &Preconditions, make: impl FnOnce() -> R) -> Response {
        match self.refused(preconditions) {
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
    pub async fn respond_with<F>(&self, preconditions: &Preconditions, make: impl FnOnce() -> F) -> Response
    where
        F: Future<Output: IntoResponse>,
    {
        match self.refused(preconditions) {
            Some(response) => response,
            None => self.dressed(preconditions, make().await.into_response()),
        }
    }

    fn refused(&self, preconditions: &Preconditions) -> Option<Response> {
        let decision = preconditions.of(self);
        decision.status().map(|_| self.answer(decision))
    }

    fn dressed(&self, preconditions: &Preconditions, mut response: Response) -> Response {
        if preconditions.read() && response.status().is_success() {
            self.apply(response.headers_mut());
        }
        response
    }

    /// The response without a body that a decision is.
    pub(super) fn answer<B: Default>(&self, decision: Decision) -> ::http::Response<B> {
        let mut response = ::http::Response::new(B::default());
        *response.status_mut() = decision.status().unwrap_or_default();
        if decision == Decision::NotModified {
            self.apply(response.headers_mut());
        }
        response
    }
}
