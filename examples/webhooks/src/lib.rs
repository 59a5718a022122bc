//! Webhooks that share secret header values: configurations are cached, and never sent with a value that was changed.
//!
//! Begin with `configuration.rs`: what is cached, and how a webhook knows the values it uses. `values.rs` has the writes
//! that end exactly those webhooks, `worker.rs` what fires them.

mod configuration;
mod error;
mod events;
mod routes;
mod secret;
mod store;
mod values;
mod webhooks;
mod worker;

pub use crate::configuration::{Configuration, Header, configuration};
pub use crate::error::Error;
pub use crate::events::{Event, announce};
pub use crate::routes::{router, serve};
pub use crate::secret::Secret;
pub use crate::store::Db;
pub use crate::values::{remove, set};
pub use crate::webhooks::{Webhook, delete, save};
pub use crate::worker::{Delivery, Outcome, Worker};
