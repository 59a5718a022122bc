//! Leases: at most one holder while it is valid, by a clock that began before the lease was asked for.

mod gate;
mod leadership;
mod local;
mod term;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use gate::LeaderGate;
pub(crate) use gate::check;
pub use leadership::Leadership;
pub(crate) use local::Local;
pub use term::{Lease, lease};

use crate::clock::Clock;
use crate::reactor::Reactor;
use crate::remote::{Refusal, Remote};
/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) key: Arc<str>,
    /// Unique to this attempt.
    pub(crate) owner: Arc<str>,
    /// For people: host and process.
    pub(crate) holder: Arc<str>,
    pub(crate) ttl: Duration,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    Held { token: u64 },
    Taken { holder: String, remaining: Duration },
}

/// How a lease is to be held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Who asked, for errors and events: a key may hold an argument.
    pub(crate) label: &'static str,
    pub(crate) ttl: Duration,
    pub(crate) grace: Duration,
    pub(crate) renew: bool,
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
    clock: Clock,
    reactor: Reactor,
    remote: Option<Arc<dyn Remote>>,
    local: Arc<Local>,
}

impl Leases {
    pub(crate) fn new(clock: Clock, reactor: Reactor, remote: Option<Arc<dyn Remote>>) -> Self {
        Self { clock, reactor, remote, local: Arc::default() }
    }

    pub(crate) const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Tries once to become the holder. The attempt goes on if the returned future is dropped, and what it then gets is
    /// released.
    pub(crate) async fn acquire(&self, key: &str, terms: Terms, alone: bool) -> Result<Attempt, Refusal> {
        let leases = self.clone();
        let key: Arc<str> = Arc::from(key);
        let attempt = self.reactor.spawn(async move { leases.attempt(key, terms, alone).await });
        attempt.result().await.unwrap_or(Err(Refusal::Away))
    }

    async fn attempt(self, key: Arc<str>, terms: Terms, alone: bool) -> Result<Attempt, Refusal> {
        let remote = if alone { None } else { self.remote.clone() };
        let owner: Arc<str> = format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)).into();
        let claim = Claim { key: Arc::clone(&key), owner: Arc::clone(&owner), holder: holder().into(), ttl: terms.ttl };
        let asked = self.clock.precise();
        let granted = match &remote {
            None => Ok(self.local.claim(&claim, asked)),
            Some(remote) => remote.claim(claim).await,
        };
        match granted {
            Ok(Grant::Taken { holder, remaining }) => Ok(Attempt::Taken { holder, remaining }),
            Ok(Grant::Held { token }) => {
                Ok(Attempt::Held(Lease::begin(self, remote.is_some(), key, owner, token, terms, asked)))
            }
            Err(refusal) => {
                if refusal == Refusal::Unknown {
                    self.undo(key, owner, terms.ttl);
                }
                Err(refusal)
            }
        }
    }

    /// An attempt whose outcome is not known may have succeeded: takes it back.
    fn undo(&self, key: Arc<str>, owner: Arc<str>, ttl: Duration) {
        let leases = self.clone();
        let _ = self.reactor.spawn(async move {
            let begun = leases.clock.precise();
            while leases.clock.precise() < begun + ttl {
                match leases.release(true, Arc::clone(&key), Arc::clone(&owner)).await {
                    Ok(true) => return,
                    // The attempt may still lie in a buffer, and be carried out later.
                    Ok(false) if leases.clock.precise() > begun + BUFFERED => return,
                    Ok(false) | Err(_) => {}
                }
                leases.clock.sleep_until(leases.clock.precise() + RETRY).await;
            }
        });
    }

    async fn renew(&self, shared: bool, key: Arc<str>, owner: Arc<str>, ttl: Duration) -> Result<bool, Refusal> {
        match self.remote.as_ref().filter(|_| shared) {
            None => Ok(self.local.renew(&key, &owner, self.clock.precise(), ttl)),
            Some(remote) => remote.renew(key, owner, ttl).await,
        }
    }

    async fn release(&self, shared: bool, key: Arc<str>, owner: Arc<str>) -> Result<bool, Refusal> {
        match self.remote.as_ref().filter(|_| shared) {
            None => Ok(self.local.release(&key, &owner)),
            Some(remote) => remote.release(key, owner).await,
        }
    }
}

/// How long a request that was not answered may still be on its way.
const BUFFERED: Duration = Duration::from_secs(5);

/// The pause between attempts at what must succeed.
const RETRY: Duration = Duration::from_millis(50);

/// This process, for people.
fn holder() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
    let host = host.trim();
    format!("{}:{}", if host.is_empty() { "unknown" } else { host }, std::process::id())
}

impl fmt::Debug for Leases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leases").field("shared", &self.remote.is_some()).finish_non_exhaustive()
    }
}
