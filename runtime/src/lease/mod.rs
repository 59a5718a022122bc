//! Leases: at most one holder while it is valid, by a clock that began before the lease was asked for.

mod campaign;
mod freed;
mod gate;
mod keeper;
mod leaders;
mod leadership;
mod local;
mod owed;
mod reign;
mod term;
mod waiting;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use campaign::{Campaign, Campaigning, campaign};
pub(crate) use freed::Freed;
pub use gate::LeaderGate;
pub(crate) use gate::check;
pub(crate) use keeper::{Claim, Grant, Keeper, Own};
pub use leaders::{Holder, Leader, leaders};
pub use leadership::Leadership;
pub(crate) use local::{Alone, Local};
pub(crate) use reign::Reign;
pub use term::{Lease, lease};

use crate::clock::Clock;
use crate::reactor::Reactor;
use crate::remote::{Refusal, Remote};
use crate::stats::{LeaseCounters, LeaseStats};

/// How a lease is to be held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Who asked, for errors and events: a key may hold an argument.
    pub(crate) label: &'static str,
    pub(crate) ttl: Duration,
    pub(crate) grace: Duration,
    pub(crate) renew: bool,
    /// For how long to wait where another holds it; zero: not at all.
    pub(crate) wait: Duration,
    pub(crate) min_replicas: u32,
    /// While Redis is away it is held in this process alone, and nobody waits for Redis: only for whom Redis named last.
    pub(crate) alone_if_away: bool,
    /// It is the turn of a computation: no event and no number tells of it, and nobody waits for it while Redis is away.
    pub(crate) turn: bool,
}

impl Terms {
    /// What the keys of such turns begin with.
    pub(crate) const TURN: &'static str = "larder.turn:";

    pub(crate) const fn of(label: &'static str) -> Self {
        let (ttl, grace, wait) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        Self { label, ttl, grace, renew: false, wait, min_replicas: 0, alone_if_away: false, turn: false }
    }
}

/// What became of an attempt.
#[derive(Debug)]
pub(crate) enum Attempt {
    Held(Lease),
    Taken { holder: String, remaining: Duration },
}

/// The leases of one instance.
#[derive(Clone)]
pub(crate) struct Leases {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    reactor: Reactor,
    remote: Option<Arc<dyn Keeper>>,
    alone: Arc<dyn Keeper>,
    /// This process, as it was when the instance was made.
    holder: Holder,
    counters: LeaseCounters,
    /// By key, the owners of attempts whose outcome is not known.
    unsettled: Mutex<HashMap<Arc<str>, Vec<Arc<str>>>>,
}

impl Leases {
    pub(crate) fn new(clock: Clock, reactor: Reactor, remote: Option<Arc<dyn Remote>>) -> Self {
        let remote = remote.map(|remote| -> Arc<dyn Keeper> { remote });
        let alone = Arc::new(Alone { clock: clock.clone(), local: Local::default(), freed: Arc::default() });
        let (counters, unsettled) = (LeaseCounters::default(), Mutex::default());
        let holder = Holder::here();
        Self { shared: Arc::new(Shared { clock, reactor, remote, alone, holder, counters, unsettled }) }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn stats(&self) -> LeaseStats {
        self.shared.counters.stats()
    }

    /// This process, as it is told to those who ask who leads.
    #[cfg(feature = "axum")]
    pub(crate) fn holder(&self) -> &Holder {
        &self.shared.holder
    }

    /// Who keeps the leases; `alone`: this process, whoever else there is.
    fn keeper(&self, alone: bool) -> &Arc<dyn Keeper> {
        let Shared { remote, alone: here, .. } = &*self.shared;
        remote.as_ref().filter(|_| !alone).unwrap_or(here)
    }

    /// Every lease that is held.
    pub(crate) async fn leaders(&self) -> Result<Vec<Leader>, Refusal> {
        let mut leaders = self.keeper(false).leaders().await?;
        leaders.retain(|leader| !leader.key.starts_with(Terms::TURN));
        Ok(leaders)
    }

    /// Tries once to become the holder.
    async fn attempt(&self, key: &Arc<str>, terms: Terms, keeper: &Arc<dyn Keeper>) -> Result<Attempt, Refusal> {
        let owner: Arc<str> = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)).into();
        let own = Own { key: Arc::clone(key), owner, min_replicas: terms.min_replicas };
        let holder = self.shared.holder.clone();
        let claim = Claim { own: own.clone(), former: self.former(key), holder, ttl: terms.ttl };
        let asked = self.clock().precise();
        match keeper.claim(claim).await {
            Ok(Grant::Taken { holder, remaining }) => Ok(Attempt::Taken { holder, remaining }),
            Ok(Grant::Doubtful { remaining }) => {
                self.take_back(keeper, own);
                Ok(Attempt::Taken { holder: String::new(), remaining })
            }
            Ok(Grant::Held { token }) => {
                Ok(Attempt::Held(Lease::begin(self.clone(), Arc::clone(keeper), own, token, terms, asked)))
            }
            Err(refusal) => {
                // Where replicas are asked for, any refusal may come behind the grant.
                if refusal == Refusal::Unknown || terms.min_replicas > 0 && refusal != Refusal::Away {
                    self.take_back(keeper, own);
                }
                Err(refusal)
            }
        }
    }
}

/// The pause between attempts at what must succeed.
const RETRY: Duration = Duration::from_millis(50);

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases").field("shared", &self.shared.remote.is_some()).finish_non_exhaustive()
    }
}
