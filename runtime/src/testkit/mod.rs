//! The door of the test kit: what a test needs to try every path of a cached program without a server.
//!
//! [`Larder::testing()`](crate::Larder::testing) gives an instance of its own, over a stand-in for Redis, on a clock
//! that only the test moves. Nothing sleeps, nothing listens on a port, and no variable of the environment is read.
//!
//! # Examples
//!
//! ```
//! # pollster::block_on(async {
//! use std::time::Duration;
//! use larder::{Larder, ttl_cached};
//!
//! #[ttl_cached(entity = "tools", ttl = "20s")]
//! async fn tool(id: u64) -> u64 {
//!     id
//! }
//!
//! let here = Larder::testing();
//! here.scope(tool(1)).await;                                   // runs the body
//! here.clock().advance(Duration::from_secs(19));
//! here.scope(tool(1)).await;                                   // a hit
//!
//! let there = here.another();                                  // another process on the same Redis
//! there.invalidate("tools").await?;
//! here.scope(tool(1)).await;                                   // runs the body
//! assert_eq!(here.stats().entities["tools"].misses, 2);
//! # Ok::<(), larder::Error>(()) }).unwrap();
//! ```

mod clock;
mod entities;
mod leases;
mod link;
mod records;
mod sabotage;
mod server;
mod stand_in;
mod store;
mod testing;

pub use clock::Clock;
pub(crate) use clock::Hand;
pub(crate) use entities::seen;
pub use entities::{Entities, entities};
pub(crate) use sabotage::is_out;
pub use sabotage::{Protection, sabotage};
pub use stand_in::StandIn;
pub use testing::Testing;
