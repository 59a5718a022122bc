//! The settings and hosts of tenants, served by several workers over one database.
//!
//! Begin with `settings.rs` and `hosts.rs`: the cached functions. `invitations.rs` has records that live in Redis alone,
//! `jobs.rs` what only one worker may do. `service.rs` puts all together; `routes.rs` is what HTTP sees.

mod defaults;
mod error;
mod health;
mod hosts;
mod invitations;
mod jobs;
mod routes;
mod service;
mod settings;
mod store;

pub use defaults::Defaults;
pub use error::Error;
pub use jobs::{Bootstrapped, SWEEP_EVERY};
pub use service::{Config, Service};
