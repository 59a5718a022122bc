//! The compile matrix once more, in edition 2021 and over the runtime by another name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

extern crate renamed as larder;

#[path = "../../it/matrix/mod.rs"]
mod matrix;
#[allow(dead_code, reason = "shared with the tests of the promises")]
#[path = "../../it/server.rs"]
mod server;
#[allow(dead_code, reason = "shared with the tests of the promises")]
#[path = "../../it/support.rs"]
mod support;
