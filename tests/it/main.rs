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
mod breaker;
mod cli;
mod configuration;
mod dashboard;
mod errors_tell;
mod extension;
mod fallback;
mod fencing;
mod figures;
mod fleet;
mod forget;
mod forget_between;
mod forget_corners;
mod forget_late;
mod fresh_at_home;
mod fresh_elsewhere;
mod gathered;
mod guards;
mod hostile;
mod keys;
mod leader;
mod leader_lost;
mod leader_waits;
mod lost_state;
mod matrix;
mod metrics;
mod negative;
mod no_stale_set;
mod node;
mod noise;
mod off_is_off;
mod one_computation;
mod outages;
mod owed;
mod prometheus;
#[allow(dead_code, reason = "the checker of histories uses the rest")]
mod proxy;
mod receipts;
mod reconnect;
mod record;
mod redis_may_die;
mod registry;
mod renewal;
mod revisions;
mod runtimes;
mod secrets;
mod separate;
mod separate_bytes;
mod server;
mod settle;
mod spans;
mod stacked;
mod support;
mod tenants;
mod testkit;
mod together;
mod topology;
mod transaction;
mod transaction_reads;
mod two_versions;
mod validators;
mod webhooks;
mod well_known;
