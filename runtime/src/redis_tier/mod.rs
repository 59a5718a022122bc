//! The Redis tier: values, epochs and leases that several processes share.

#[cfg(feature = "redis")]
mod address;
mod breaker;
#[cfg(feature = "redis")]
mod envelope;
#[cfg(feature = "redis")]
mod exchange;
#[cfg(feature = "redis")]
mod link;
#[cfg(feature = "redis")]
mod names;
mod pending;
#[cfg(feature = "redis")]
mod scripts;
#[cfg(feature = "redis")]
mod tier;
#[cfg(feature = "redis")]
mod waits;

#[cfg(feature = "redis")]
pub(crate) use address::Address;
#[cfg(feature = "testkit")]
pub(crate) use breaker::Breaker;
#[cfg(all(any(fuzzing, test), feature = "redis"))]
pub(crate) use envelope::{pack, unpack};
#[cfg(feature = "testkit")]
pub(crate) use pending::Pending;
#[cfg(all(any(fuzzing, test), feature = "redis"))]
pub(crate) use scripts::{read_announcement, read_epoch};
#[cfg(feature = "redis")]
pub(crate) use tier::Redis;
