//! What is asked of whoever keeps leases: Redis, or this process alone.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Freed, Holder, Leader};
use crate::remote::Reply;

/// Whose lease: one attempt at one key.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(crate) key: Arc<str>,
    /// Unique to this attempt.
    pub(crate) owner: Arc<str>,
    /// How many replicas must have a grant or a renewal before it counts.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "only Redis has replicas"))]
    pub(crate) min_replicas: u32,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) own: Own,
    /// Earlier attempts of this process at the key whose outcome is not known: what they got is taken back first, in the
    /// same step.
    pub(crate) former: Vec<Arc<str>>,
    pub(crate) holder: Holder,
    pub(crate) ttl: Duration,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    Held {
        token: u64,
    },
    Taken {
        holder: String,
        remaining: Duration,
    },
    /// Granted, perhaps too early: another may hold it for so long. What was granted must be taken back.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "only a server has a clock of its own"))]
    Doubtful {
        remaining: Duration,
    },
}

/// Keeps leases. Each request is one atomic step, and only the owner's own name changes a lease. What was asked goes on if
/// the reply is dropped.
pub(crate) trait Keeper: fmt::Debug + Send + Sync {
    /// Asks for a lease; with its ttl counted by the keeper.
    fn claim(&self, claim: Claim) -> Reply<'static, Grant>;

    /// Makes a lease last `ttl` from now. `false`: it is another's, or over.
    fn renew(&self, own: Own, ttl: Duration) -> Reply<'static, bool>;

    /// Ends a lease, or keeps others out for `grace` more, and wakes those who wait for it.
    fn release(&self, own: Own, grace: Duration) -> Reply<'static, bool>;

    /// Whether the lease is still this owner's.
    fn holds(&self, own: Own) -> Reply<'static, bool>;

    /// Every lease that is held, by key.
    fn leaders(&self) -> Reply<'static, Vec<Leader>>;

    /// Who waits here.
    fn freed(&self) -> Arc<Freed>;
}
