//! The door of larder: what users name.
#![doc = ""]
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "redis")]
#[doc(hidden)]
#[path = "inspect.rs"]
pub mod __inspect;
#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod ambient;
#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod axum;
mod background;
mod blocking;
mod cache;
mod call;
mod clock;
#[cfg_attr(not(any(feature = "redis", feature = "testkit")), allow(dead_code, reason = "what only Redis asks for"))]
mod epoch;
mod error;
#[cfg(all(any(fuzzing, test), feature = "redis"))]
#[doc(hidden)]
pub mod fuzz;
#[cfg(any(doc, doctest))]
pub mod guide;
#[cfg(feature = "http")]
#[cfg_attr(docsrs, doc(cfg(feature = "http")))]
pub mod http;
mod instance;
mod key;
mod lease;
mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod reactor;
#[cfg(any(feature = "redis", feature = "testkit"))]
mod record;
#[cfg(any(feature = "redis", feature = "testkit"))]
mod redis_tier;
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "what only Redis asks for"))]
mod remote;
mod revision;
mod stats;
mod sync;
#[cfg(feature = "testkit")]
#[cfg_attr(docsrs, doc(cfg(feature = "testkit")))]
pub mod testkit;
mod value;

pub use error::{Error, ErrorKind};
pub use instance::{
    Builder, CachedCall, Forget, Frame, Health, Larder, Receipt, Status, after, bypass, clear, detached, forget, frame,
    health, invalidate, receipts, refresh, stats, tag, transaction,
};
pub use key::{BySerde, CacheKey, KeyWriter, by_serde};
#[cfg(any(feature = "redis", feature = "testkit"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "redis", feature = "testkit"))))]
pub use larder_macros::Record;
pub use larder_macros::{CacheKey, hexsha_cached, invalidates, leader, ttl_cached};
pub use lease::{Campaign, Campaigning, Holder, Leader, LeaderGate, Leadership, Lease, campaign, leaders, lease};
#[cfg(any(feature = "redis", feature = "testkit"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "redis", feature = "testkit"))))]
pub use record::{Index, Record, Unique};
pub use revision::{HexSha, Revisioned};
pub use stats::{Breaker, Counts, LeaseStats, RedisStats, Stats};
pub use value::{Cacheable, Conclusion};
