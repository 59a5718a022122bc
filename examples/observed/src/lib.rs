//! A service that can be looked at: a page with live figures, and its statistics in the text format of Prometheus.

mod catalogue;
mod routes;

pub use catalogue::{rename, tool, tools};
pub use routes::router;
