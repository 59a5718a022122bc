//! The promises of larder, each attacked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a test fails by panicking, and talks to its parent on stdout"
)]

mod around;
mod bounded;
mod cli;
mod dashboard;
mod fencing;
mod node;
mod prometheus;
#[allow(dead_code, reason = "the checker of histories uses the rest")]
mod proxy;
mod server;
mod spans;
mod support;
mod topology;
