//! The Redis tier: values, epochs and leases that several processes share.

mod address;
mod breaker;
mod envelope;
mod exchange;
mod link;
mod names;
mod pending;
mod scripts;
mod tier;
mod waits;

pub(crate) use address::Address;
pub(crate) use tier::Redis;
