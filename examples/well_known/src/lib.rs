//! What an identity service says of itself, served by axum, of the `HEAD` of a git repository, cached by larder.
//!
//! Begin with [`documents`]: the cached functions. Every document is a pure function of a configuration, and of the origin
//! where it names addresses. [`extension`] lays its own function over one of them. [`source`] says which configuration is
//! the present one, and what is answered where a commit is broken; [`routes`] puts the documents on the network.

pub mod config;
pub mod documents;
mod error;
pub mod extension;
pub mod git;
mod head;
pub mod keys;
pub mod origin;
pub mod routes;
pub mod sample;
pub mod source;

pub use error::Error;
