//! HTTP validators: what a client may keep of a response, and whether it still has it.
//!
//! A [`Conditional`] tells of a response, before it is made, its `ETag`, its `Last-Modified`, how long it may be kept and by
//! whom. It comes from the revision of a configuration ([`Conditional::revision`]), from the cached calls that the response is
//! made of ([`observe`]), from a value ([`Conditional::content`]), or from several of these. [`Conditional::evaluate`]
//! answers the preconditions of a request as RFC 9110, section 13 says; [`Conditional::apply`] writes the fields.
//!
//! # Examples
//!
//! ```
//! # pollster::block_on(async {
//! use http::{HeaderMap, Method, Response, StatusCode};
//! use larder::http::{Decision, observe};
//!
//! #[larder::ttl_cached(entity = "tools", ttl = "20s", jitter = 0)]
//! async fn tools(team: &str) -> Vec<String> {
//!     vec![format!("hammer of {team}")]
//! }
//!
//! async fn answer(method: &Method, headers: &HeaderMap) -> Response<String> {
//!     let (tools, conditional) = observe(tools("blue")).await;
//!     let decision = conditional.evaluate(method, headers);
//!     let body = if decision == Decision::Send { tools.join("\n") } else { String::new() };
//!     let mut response = Response::new(body);
//!     *response.status_mut() = decision.status().unwrap_or(StatusCode::OK);
//!     conditional.apply(response.headers_mut());
//!     response
//! }
//!
//! let first = answer(&Method::GET, &HeaderMap::new()).await;
//! let mut headers = HeaderMap::new();
//! headers.insert("if-none-match", first.headers()["etag"].clone());
//! assert_eq!(answer(&Method::GET, &headers).await.status(), 304);
//!
//! larder::invalidate("tools").await?;
//! assert_eq!(answer(&Method::GET, &headers).await.status(), 200);
//! # Ok::<(), larder::Error>(()) }).unwrap();
//! ```

mod conditional;
mod control;
mod evaluate;
mod observe;
mod tags;

pub use conditional::Conditional;
pub use evaluate::Decision;
pub use observe::observe;
