//! Two processes whose figures are known, for all that shows figures.

use larder::testkit::Testing;
use larder::{Larder, Lease, ttl_cached};

use crate::support::Source;

#[ttl_cached(entity = "tools", skip(source), tags("mail:{mail}"))]
pub(crate) async fn tool_of(source: &Source, mail: &str) -> u64 {
    source.read() + mail.len() as u64
}

#[ttl_cached(entity = "pages", skip(source))]
pub(crate) async fn page(source: &Source) -> Result<u64, u64> {
    Err(source.read())
}

/// What [`calls`] left behind.
pub(crate) struct Called {
    /// One miss and two hits in memory, and the lease "nightly".
    pub(crate) here: Testing,
    /// A hit in Redis, and an error.
    pub(crate) there: Testing,
    pub(crate) source: Source,
    _lease: Lease,
}

/// Calls whose figures are known, in two processes over one Redis.
pub(crate) async fn calls() -> Called {
    let (here, source) = (Larder::testing(), Source::of(1));
    let there = here.another();
    for _ in 0..3 {
        here.scope(tool_of(&source, "a@x")).await;
    }
    there.scope(tool_of(&source, "a@x")).await;
    let _ = there.scope(page(&source)).await;
    let lease = here.leader_gate("nightly").acquire().await.unwrap().expect("nobody else");
    Called { here, there, source, _lease: lease }
}
