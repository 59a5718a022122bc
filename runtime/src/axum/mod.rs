//! Responses of axum by their validators: answered without their body where the client has it.
//!
//! A handler takes [`Preconditions`] and ends with [`Conditional::respond`](crate::http::Conditional::respond). Where a response
//! is a pure function of a revision and its URL, [`RevisionLayer`] stands around the handlers, which then know nothing of it.
//! [`dashboard`] is a page that shows what an instance does.
//!
//! # Examples
//!
//! ```
//! # use axum_core as axum;
//! use axum::response::{IntoResponse, Response};
//! use larder::axum::Preconditions;
//! use larder::http::observe;
//!
//! #[larder::ttl_cached(entity = "tools", ttl = "20s")]
//! async fn tools() -> Vec<String> {
//!     vec!["hammer".into()]
//! }
//!
//! // A handler: `Router::new().route("/tools", get(list))`
//! async fn list(preconditions: Preconditions) -> Response {
//!     let (tools, conditional) = observe(tools()).await;
//!     conditional.respond(&preconditions, || tools.join("\n"))
//! }
//!
//! # pollster::block_on(async {
//! let first = list(Preconditions::default()).await;
//! let mut headers = http::HeaderMap::new();
//! headers.insert("if-none-match", first.headers()["etag"].clone());
//! assert_eq!(list(Preconditions::new(&http::Method::GET, &headers)).await.status(), 304);
//! # });
//! ```

mod dashboard;
mod layer;
mod respond;

pub use dashboard::{Dashboard, dashboard};
pub use layer::{Answering, RevisionLayer, Revisioned};
pub use respond::Preconditions;
