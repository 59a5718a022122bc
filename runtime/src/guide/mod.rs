//! The guides: one page for each thing that a team must decide, each with examples that run as tests.
//!
//! | you want to | read |
//! |---|---|
//! | cache the first function | [`getting_started`] |
//! | choose an entity, tags and a key | [`names_and_keys`] |
//! | end what a write changed, also with a database transaction | [`invalidation`] |
//! | cache what is made of other cached values | [`extensions`] |
//! | let only one process do a thing | [`leaders`] |
//! | run with Redis, Cluster or Sentinel | [`redis`] |
//! | test a program that caches | [`testing`] |
//! | come from `cached`, moka, or classes written by hand | [`migrating`] |
//! | know what may go wrong all the same | [`limits`] |

#[doc = include_str!("getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("names_and_keys.md")]
pub mod names_and_keys {}

#[doc = include_str!("invalidation.md")]
pub mod invalidation {}

#[doc = include_str!("extensions.md")]
pub mod extensions {}

#[doc = include_str!("leaders.md")]
pub mod leaders {}

#[doc = include_str!("redis.md")]
pub mod redis {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("migrating.md")]
pub mod migrating {}

#[doc = include_str!("limits.md")]
pub mod limits {}
