//! The Redis tier: values, epochs and leases that several processes share.

#[cfg(feature = "redis")]
mod address;
#[cfg(feature = "redis")]
mod announcements;
#[cfg(feature = "redis")]
mod beat;
mod breaker;
#[cfg(feature = "redis")]
mod catch_up;
#[cfg(feature = "redis")]
mod connect;
#[cfg(feature = "redis")]
mod envelope;
#[cfg(feature = "redis")]
mod exchange;
#[cfg(feature = "redis")]
mod leases;
#[cfg(feature = "redis")]
mod link;
#[cfg(feature = "redis")]
mod names;
#[cfg(feature = "redis")]
mod pace;
mod pending;
#[cfg(feature = "redis")]
mod records;
#[cfg(feature = "redis")]
mod retired;
#[cfg(feature = "redis")]
mod scripts;
#[cfg(feature = "redis")]
mod servers;
#[cfg(feature = "redis")]
mod single_ends;
#[cfg(feature = "redis")]
mod supervise;
#[cfg(feature = "redis")]
mod survey;
#[cfg(feature = "redis")]
mod tier;
#[cfg(feature = "redis")]
mod tls;
#[cfg(feature = "redis")]
mod told;
#[cfg(feature = "redis")]
mod topology;
#[cfg(feature = "redis")]
mod waits;

#[cfg(feature = "testkit")]
pub(crate) use breaker::Breaker;
#[cfg(all(any(fuzzing, test), feature = "redis"))]
pub(crate) use envelope::{pack, unpack};
#[cfg(feature = "testkit")]
pub(crate) use pending::Pending;
#[cfg(all(any(fuzzing, test), feature = "redis"))]
pub(crate) use scripts::read_announcement;
#[cfg(feature = "redis")]
pub(crate) use tier::Redis;
#[cfg(feature = "redis")]
pub(crate) use topology::Topology;
